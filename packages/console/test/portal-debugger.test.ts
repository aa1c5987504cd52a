import { hash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { canonicalString, joinParameters, signParameters } from "@dakashi/sdk/signature";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { AppError } from "../../server/src/errors.ts";
import { parseParameters } from "../../server/src/http/body.ts";
import { compareSignature, compareString } from "../src/portal/debugger/compare.ts";
import {
  type Draft,
  type Form,
  canHold,
  example,
  inForm,
  readDraft,
  withTimestamp,
} from "../src/portal/debugger/draft.ts";
import { markOf, occurrencesIn, runsOf } from "../src/portal/debugger/invisible.ts";
import { type Reading, parametersOf, readJson, readLines, readRows } from "../src/portal/debugger/read-parameters.ts";
import { describeSeconds, readTimestamp } from "../src/portal/debugger/time-stamp.ts";

interface Vector {
  readonly name: string;
  readonly secret: string;
  readonly params: Readonly<Record<string, string | number>>;
  readonly string: string;
  readonly sign: string;
}

const repository = join(import.meta.dirname, "../../..");
const vectors = JSON.parse(readFileSync(join(repository, "docs/signature-vectors.json"), "utf8")) as Vector[]; // of another shape, they would not compare equal below

const secret = "9f2c4e8a1b7d3f60";
const parameters = {
  client_id: "iot3355e802d44ay95yeev2",
  remark: "流量 卡+%",
  serial_no: "87000001",
  timestamp: "1487560009",
};
const joined = joinParameters(parameters);

function hintsOf({ entries, refusal }: Reading): (string | undefined)[] {
  return [refusal?.hint, ...entries.map((entry) => entry.refusal?.hint)].filter((hint) => hint !== undefined);
}

/** What the server makes of a body: its parameters, or its refusal. */
function serverReading(body: string): Record<string, string> | AppError {
  try {
    return { ...parseParameters(Buffer.from(body)) };
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
}

const names = fc.stringMatching(/^[a-z][a-z0-9_]{0,8}$/).filter((name) => name !== "sign");
const signable = fc.string({ unit: "grapheme" }).filter((value) => !value.includes("&") && value.isWellFormed());
const signableParameters = fc.dictionary(
  names,
  fc.oneof(
    signable,
    fc.maxSafeInteger().map((n) => n + 0),
  ),
  { minKeys: 1 },
);

describe("the parameters", () => {
  test.each(vectors)("of the vector: $name", ({ params, string, sign, secret }) => {
    const rows = Object.entries(params).map(([name, value], key) => ({ key, name, value: String(value) }));
    const lines = rows.map(({ name, value }) => `${name}=${value}`);
    for (const reading of [
      readJson(JSON.stringify(params)),
      readJson(`\ufeff${JSON.stringify(params, undefined, 2)}`),
      readLines(lines.join("\n"), false),
      readLines(lines.join("\r\n"), false),
      readLines(lines.join("&"), false),
      readLines(`?${new URLSearchParams(rows.map(({ name, value }) => [name, value])).toString()}`, true),
      readRows(rows),
    ]) {
      expect(hintsOf(reading)).toEqual([]);
      expect(joinParameters(parametersOf(reading))).toBe(string);
      expect(signParameters(parametersOf(reading), secret)).toBe(sign);
    }
  });

  test("are signed as the SDK signs them, in whatever form they are given", () => {
    fc.assert(
      fc.property(signableParameters, fc.string(), (given, secret) => {
        const reading = readJson(JSON.stringify(given));
        expect(hintsOf(reading)).toEqual([]);
        expect(joinParameters(parametersOf(reading))).toBe(canonicalString(given));
        expect(signParameters(parametersOf(reading), secret)).toBe(signParameters(given, secret));
        for (const form of ["lines", "rows", "json"] satisfies Form[]) {
          if (!canHold(form, reading)) continue;
          const draft: Draft = { ...example, ...inForm({ ...example, json: JSON.stringify(given) }, form) };
          expect(parametersOf(readDraft(draft))).toEqual(parametersOf(reading));
        }
      }),
    );
  });

  const jsonValue = fc.oneof(
    {
      weight: 4,
      arbitrary: fc.string({ unit: fc.constantFrom("a", "&", "\\", '"', "流", "\ud800", " ", "=", "}", ",", ":") }),
    },
    fc.integer(),
    fc
      .constantFrom("1.0", "1e3", "-0", "9007199254740992", "0", "-1", "12345678901234567890")
      .map((source) => ({ source })),
    fc.constantFrom(true, false, null, [], [1, { a: "}" }], {}, { b: [","] }),
  );
  const jsonName = fc.oneof(
    { weight: 4, arbitrary: names },
    fc.constantFrom("sign", "A", "", "__proto__", "constructor", "a b", "流", "a\\u0062"),
  );
  const bodies = fc
    .array(fc.tuple(jsonName, jsonValue), { maxLength: 5 })
    .map(
      (members) =>
        `{${members.map(([name, value]) => ` "${name}" : ${typeof value === "object" && value !== null && "source" in value ? value.source : JSON.stringify(value)}`).join(" ,\n")} }`,
    );

  test("that the server refuses are refused, under its hint and in its words, and no others", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          { weight: 5, arbitrary: bodies },
          fc.string(),
          fc.json(),
          fc.constantFrom("a=1&b=2", "[1]", " ", '{"a":1}}'),
        ),
        (body) => {
          // In UTF-8, as a body comes, halves of surrogate pairs are only possible as escapes.
          fc.pre(body.isWellFormed());
          const reading = readJson(body);
          const server = serverReading(body);
          if (server instanceof AppError) {
            const refusals = [reading.refusal, ...reading.entries.map((entry) => entry.refusal)];
            expect(refusals).toContainEqual({ hint: server.hint, detail: server.detail });
          } else {
            expect(hintsOf(reading)).toEqual([]);
            expect(parametersOf(reading)).toEqual(server);
          }
        },
      ),
      { numRuns: 1_000 },
    );
  });

  test.each([
    ['{"remark":"a&b"}', "value_ampersand"],
    ['{"is_final":true}', "value_type"],
    ['{"serial_nos":["1"]}', "value_type"],
    ['{"used":1.5}', "not_an_integer"],
    ['{"used":1.0}', "not_an_integer"],
    ['{"serial_no":89860012345678901234}', "integer_too_large"],
    ['{"Serial":"1"}', "name_malformed"],
    ['{"a":"1","a":"2"}', "name_repeated"],
    [`{"a":"${"x".repeat(16 * 1024)}"}`, "body_too_large"],
    ["client_id=1", "not_json"],
  ])("%.40s is refused as %s", (json, hint) => {
    expect(hintsOf(readJson(json))).toEqual([hint]);
  });

  test("of several lines keep their &, which is refused, and of one line are cut at it", () => {
    expect(hintsOf(readLines("a=1&b=2\nc=3", false))).toEqual(["value_ampersand"]);
    expect(parametersOf(readLines("a=1&b=2", false))).toEqual({ a: "1", b: "2" });
    expect(hintsOf(readLines("remark=a&b", false))).toEqual(["without_equals"]);
  });

  test("in lines keep their blanks and stay URL-encoded unless that is undone", () => {
    expect(parametersOf(readLines("remark= a%20b+c \n", false))).toEqual({ remark: " a%20b+c " });
    expect(parametersOf(readLines("remark=a%20b+c", true))).toEqual({ remark: "a b c" });
    expect(parametersOf(readLines("remark=100%", true))).toEqual({ remark: "100%" });
  });

  test.each(["json", "lines", "rows"] satisfies Form[])(
    "in the form %s take a new timestamp in place of theirs",
    (form) => {
      const draft: Draft = { ...example, ...inForm(example, form) };
      const changed: Draft = { ...draft, ...withTimestamp(draft, 1_700_000_000) };
      expect(parametersOf(readDraft(changed))).toEqual({ ...parametersOf(readDraft(draft)), timestamp: "1700000000" });
    },
  );

  test("that cannot be read are not overwritten by a timestamp", () => {
    expect(withTimestamp({ ...example, json: "{" }, 1)).toBeUndefined();
    expect(withTimestamp({ ...example, json: "" }, 1)).toEqual({ json: '{\n  "timestamp": 1\n}' });
  });
});

describe("what cannot be seen", () => {
  test.each([
    [" ", "U+0020", "space"],
    ["\t", "U+0009", "tab"],
    ["\r", "U+000D", "carriage return"],
    ["\n", "U+000A", "line feed"],
    ["\ufeff", "U+FEFF", "byte order mark"],
    ["\u200b", "U+200B", "zero-width space"],
    ["\u00a0", "U+00A0", "no-break space"],
    ["\u3000", "U+3000", "full-width space"],
    ["：", "U+FF1A", "full-width :"],
    ["＝", "U+FF1D", "full-width ="],
    ["×", "U+00D7", "multiplication sign, &times in HTML"],
    ["\u0301", "U+0301", "combining mark"],
    ["\u{e0001}", "U+E0001", "invisible formatting character"],
    ["\u0007", "U+0007", "control character"],
  ])("%j is marked as %s", (character, code, name) => {
    expect(markOf(character)).toMatchObject({ code, name: { en: name } });
  });

  test.each(["a", "0", "=", "流", "é", "😀", "。"])("%s is not", (character) => {
    expect(markOf(character)).toBeUndefined();
  });

  test("is marked without the text being changed", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), (text) => {
        expect(
          runsOf(text)
            .map((run) => run.text)
            .join(""),
        ).toBe(text);
        expect(occurrencesIn(text).reduce((sum, { count }) => sum + count, 0)).toBe(
          runsOf(text).filter(({ mark }) => mark !== undefined).length,
        );
      }),
    );
  });
});

describe("a string of one's own", () => {
  test("is right with the secret and without it", () => {
    expect(compareString(parameters, secret, joined)).toEqual({ same: "joined" });
    expect(compareString(parameters, secret, joined + secret)).toEqual({ same: "with_secret" });
  });

  test.each([
    ["with a line break at its end", `${joined}\n`, "white space or a line break at the end"],
    ["with a line break behind the secret", `${joined}${secret}\n`, "white space or a line break around it"],
    ["with & before the secret", `${joined}&${secret}`, "the secret is appended directly"],
    [
      "not sorted",
      `serial_no=87000001&client_id=iot3355e802d44ay95yeev2&remark=流量 卡+%&timestamp=1487560009`,
      "the order is not right",
    ],
    ["URL-encoded", joined.replace("流量 卡+%", encodeURIComponent("流量 卡+%")), "the values were URL-encoded"],
    ["with one blank URL-encoded", joined.replace(" ", "%20"), "this value was URL-encoded"],
    ["with &amp;", joined.replaceAll("&", "&amp;"), "an HTML renderer"],
    ["with ×tamp", joined.replace("&timestamp", "×tamp"), "an HTML renderer"],
    ["with a full-width equals sign", joined.replace("=", "＝"), "there is a full-width = (U+FF1D) in its place"],
    [
      "with a zero-width space",
      joined.replace("serial", "\u200bserial"),
      "there is a zero-width space (U+200B) too many",
    ],
    ["with a byte order mark", `\ufeff${joined}`, "there is a byte order mark (U+FEFF) too many"],
    ["with a no-break space", joined.replace(" ", "\u00a0"), "there is a no-break space (U+00A0) in its place"],
    ["without a blank", joined.replace(" ", ""), "the value's space (U+0020) is missing"],
    ["with JSON's escapes", joined.replace("流", "\\u6d41"), "as JSON escapes it"],
    ["with quotes", joined.replace("87000001", '"87000001"'), "quotes around the value"],
    ["in upper case", joined.replace("iot", "IOT"), "differ in case"],
    ["decoded as GBK", new TextDecoder("gbk").decode(Buffer.from(joined)), "decoded as GBK"],
    ["decoded as Latin-1", new TextDecoder("windows-1252").decode(Buffer.from(joined)), "decoded as Latin-1"],
    [
      "with sign",
      `client_id=iot3355e802d44ay95yeev2&remark=流量 卡+%&serial_no=87000001&sign=A&timestamp=1487560009`,
      "sign itself is not signed",
    ],
    ["without a parameter", joined.replace("&serial_no=87000001", ""), "parameters are missing: serial_no"],
    ["with a parameter too many", joined.replace("&serial_no", "&page=1&serial_no"), "not sent: page"],
    ["of another moment", joined.replace("1487560009", "1487560010"), "timestamp differs"],
    ["of another value", joined.replace("87000001", "87000002"), "the value of serial_no differs"],
    ["that ends early", joined.slice(0, -1), "timestamp differs"],
  ])("%s is explained", (_name, pasted, meaning) => {
    expect(compareString(parameters, secret, pasted)).toMatchObject({
      same: undefined,
      meaning: { en: expect.stringContaining(meaning) },
    });
  });

  test("normalised differently is explained", () => {
    const accented = { name: "Caf\u00e9" };
    expect(compareString(accented, secret, "name=Cafe\u0301")).toMatchObject({
      position: 9,
      meaning: { en: expect.stringContaining("normalised differently") },
    });
  });

  test("is shown from where it first differs, and the secret is not given away", () => {
    expect(compareString({ a: "1", b: "😀x" }, secret, "a=1&b=😀y")).toMatchObject({
      position: 8,
      before: "a=1&b=😀",
      theirs: "y",
      ours: "x",
      inSecret: false,
    });
    expect(compareString({ a: "1" }, secret, "a=1wrong")).toMatchObject({
      position: 4,
      theirs: "wrong",
      inSecret: true,
    });
  });

  test("is the same only if it is, and differs at the very character", () => {
    fc.assert(
      fc.property(signableParameters, signable, signable, (given, secret, pasted) => {
        const texts = Object.fromEntries(Object.entries(given).map(([name, value]) => [name, String(value)]));
        const joined = joinParameters(texts);
        const comparison = compareString(texts, secret, pasted);
        expect(comparison.same !== undefined).toBe(pasted === joined || pasted === joined + secret);
        if (comparison.same === undefined) {
          const at = comparison.position - 1;
          const either = [[...joined], [...joined, ...secret]];
          expect(either.some((right) => right.slice(0, at).join("") === [...pasted].slice(0, at).join(""))).toBe(true);
          expect(comparison.theirs).not.toBe(comparison.ours);
        }
      }),
    );
  });
});

describe("a signature of one's own", () => {
  const right = signParameters(parameters, secret);

  test("matches when it is right", () => {
    expect(compareSignature(parameters, secret, right)).toBe("same");
  });

  test.each([
    ["in lower case", right.toLowerCase(), "sign_lower_case"],
    ["of 39 digits", right.slice(1), "sign_malformed"],
    ["an MD5", hash("md5", joined + secret), "sign_algorithm"],
    ["a SHA-256", hash("sha256", joined + secret), "sign_algorithm"],
    ["with & before the secret", hash("sha1", `${joined}&${secret}`).toUpperCase(), "sign_ampersand_before_secret"],
    [
      "over encoded values, in lower case",
      hash("sha1", joined.replace("流量 卡+%", encodeURIComponent("流量 卡+%")) + secret),
      "sign_values_url_encoded",
    ],
    ["with another secret", hash("sha1", `${joined}another`).toUpperCase(), "sign_mismatch"],
  ])("%s is explained", (_name, sign, hint) => {
    expect(compareSignature(parameters, secret, sign)).toMatchObject({ hint });
  });
});

describe("a timestamp", () => {
  const nowMs = 1_487_560_009_500;

  test.each([
    [undefined, "timestamp_missing"],
    ["", "timestamp_missing"],
    ["2017-02-20", "timestamp_malformed"],
    ["1487560009.5", "timestamp_malformed"],
    ["1487560009123", "timestamp_milliseconds"],
    ["1487560310", "timestamp_outside_window"],
    ["1487559708", "timestamp_outside_window"],
    ["1487560309", undefined],
    ["1487559709", undefined],
    ["9999999999999999", "timestamp_outside_window"],
  ])("%s is told as %s", (value, hint) => {
    expect(readTimestamp(value, nowMs).hint).toBe(hint);
  });

  test("names the same moment in seconds and in milliseconds", () => {
    expect(readTimestamp("1487560000", nowMs)).toMatchObject({ atMs: 1_487_560_000_000, differenceSeconds: -9 });
    expect(readTimestamp("1487560000000", nowMs)).toMatchObject({ atMs: 1_487_560_000_000, differenceSeconds: -9 });
  });

  test.each([
    [0, "0 秒", "0 seconds"],
    [61, "1 分 1 秒", "1 minute 1 second"],
    [7_200, "2 小时", "2 hours"],
    [90_061, "1 天 1 小时", "1 day 1 hour"],
  ])("%d s are said in words", (seconds, zh, en) => {
    expect(describeSeconds(seconds)).toEqual({ zh, en });
  });
});
