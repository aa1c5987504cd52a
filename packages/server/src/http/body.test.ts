import { joinParameters } from "@dakashi/sdk/signature";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { AppError } from "../errors.ts";
import { type Parameters, bodyBytesMax, parseParameters } from "./body.ts";

/** The parameters, or the hint of the refusal. Whatever else is thrown fails the test. */
function read(body: string | Buffer): { parameters: Parameters } | { refusal: AppError } {
  try {
    return { parameters: parseParameters(Buffer.from(body)) };
  } catch (error) {
    if (error instanceof AppError) return { refusal: error };
    throw error;
  }
}

function accepted(body: string | Buffer): Parameters {
  const outcome = read(body);
  if ("refusal" in outcome) throw new Error(`refused ${String(body)}: ${outcome.refusal.message}`);
  return outcome.parameters;
}

function hintFor(body: string | Buffer): string | undefined {
  const outcome = read(body);
  return "refusal" in outcome ? `${outcome.refusal.refusal} ${outcome.refusal.hint}` : undefined;
}

describe("a flat object is read", () => {
  test.each<[string, string, Record<string, string>]>([
    ["of nothing", "{}", {}],
    ["of a string", '{"a":"b"}', { a: "b" }],
    ["of an empty string", '{"a":""}', { a: "" }],
    ["of an integer as its digits", '{"timestamp":1487560009}', { timestamp: "1487560009" }],
    ["of zero", '{"a":0}', { a: "0" }],
    ["of a negative integer", '{"a":-5}', { a: "-5" }],
    ["of the largest safe integer", '{"a":9007199254740991}', { a: "9007199254740991" }],
    ["of the smallest safe integer", '{"a":-9007199254740991}', { a: "-9007199254740991" }],
    ["with white space everywhere", ' \t\r\n{ \n"a"\t: 1 ,\r\n"b" : "c" } \n', { a: "1", b: "c" }],
    ["behind a byte order mark", '\ufeff{"a":"b"}', { a: "b" }],
    ["with escapes in its values", String.raw`{"a":"\u6d41\"\\\/\n"}`, { a: '流"\\/\n' }],
    ["with an escaped surrogate pair", String.raw`{"a":"\ud83d\ude00"}`, { a: "😀" }],
    ["with characters beyond the basic plane", '{"a":"流量卡😀"}', { a: "流量卡😀" }],
    ["with a DEL, which JSON allows", '{"a":"\u007f"}', { a: "\u007f" }],
    ["with a card number as a JSON number", '{"serial_no":87000001}', { serial_no: "87000001" }],
    ["with a parameter called constructor", '{"constructor":"x"}', { constructor: "x" }],
    [
      "with other names of Object's prototype",
      '{"tostring":"x","valueof":1,"hasownproperty":""}',
      { tostring: "x", valueof: "1", hasownproperty: "" },
    ],
  ])("%s", (_name, body, parameters) => {
    expect({ ...accepted(body) }).toEqual(parameters);
  });

  test("without a prototype, so that no parameter is there that was not sent", () => {
    expect(Object.getPrototypeOf(accepted("{}"))).toBeNull();
  });
});

describe("a body is refused, with the cause named:", () => {
  test.each<[string, string | Buffer, string]>([
    ["nothing", "", "bodyWrong body_empty"],
    ["white space", " \n", "bodyWrong body_empty"],
    ["a byte order mark alone", "\ufeff", "bodyWrong body_empty"],
    ["invalid UTF-8", Buffer.from([0x7b, 0x22, 0x61, 0x22, 0x3a, 0x22, 0xff, 0x22, 0x7d]), "bodyWrong not_utf8"],
    ["GB18030", Buffer.from([0x7b, 0x22, 0x61, 0x22, 0x3a, 0x22, 0xc1, 0xf7, 0x22, 0x7d]), "bodyWrong not_utf8"],
    ["an overlong encoding", Buffer.from([0x7b, 0xc0, 0xa2, 0x7d]), "bodyWrong not_utf8"],
    ["a surrogate encoded in UTF-8", Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22]), "bodyWrong not_utf8"],
    ["a form", "client_id=a&timestamp=1", "bodyWrong not_json"],
    ["an object cut short", '{"a":"b"', "bodyWrong not_json"],
    ["an open brace alone", "{", "bodyWrong not_json"],
    ["a trailing comma", '{"a":"b",}', "bodyWrong not_json"],
    ["two commas", '{"a":"b",,"c":1}', "bodyWrong not_json"],
    ["a missing comma", '{"a":"b" "c":1}', "bodyWrong not_json"],
    ["a missing colon", '{"a" "b"}', "bodyWrong not_json"],
    ["something behind the object", '{"a":"b"} x', "bodyWrong not_json"],
    ["two objects", '{"a":"b"}{"a":"b"}', "bodyWrong not_json"],
    ["two byte order marks", '\ufeff\ufeff{"a":"b"}', "bodyWrong not_json"],
    ["single quotes", "{'a':'b'}", "bodyWrong not_json"],
    ["a name without quotes", '{a:"b"}', "bodyWrong not_json"],
    ["a comment", '{"a":"b"/* c */}', "bodyWrong not_json"],
    ["a control character in a string", '{"a":"\n"}', "bodyWrong not_json"],
    ["a NUL in a string", '{"a":"\0"}', "bodyWrong not_json"],
    ["an unknown escape", String.raw`{"a":"\x"}`, "bodyWrong not_json"],
    ["an escape cut short", String.raw`{"a":"\u12"}`, "bodyWrong not_json"],
    ["a number with a leading zero", '{"a":01}', "bodyWrong not_json"],
    ["a number with a plus", '{"a":+1}', "bodyWrong not_json"],
    ["a minus alone", '{"a":-}', "bodyWrong not_json"],
    ["NaN", '{"a":NaN}', "bodyWrong not_json"],
    ["a space that JSON does not know", '{\u00a0"a":1}', "bodyWrong not_json"],
    ["an array", "[1]", "bodyWrong not_an_object"],
    ["a string", '"a"', "bodyWrong not_an_object"],
    ["a number", "1", "bodyWrong not_an_object"],
    ["null", "null", "bodyWrong not_an_object"],
    ["true", "true", "bodyWrong not_an_object"],
    ["nesting deeper than any stack", "[".repeat(8000) + "]".repeat(8000), "bodyWrong not_an_object"],
    ["nesting that never closes", '{"a":'.repeat(3000), "bodyWrong not_json"],
    ["a name in upper case", '{"Client_id":"a"}', "parameterWrong name_malformed"],
    ["an empty name", '{"":"a"}', "parameterWrong name_malformed"],
    ["a name with a line break at its end", String.raw`{"a\n":"b"}`, "parameterWrong name_malformed"],
    ["a name with an equals sign", '{"a=b":"c"}', "parameterWrong name_malformed"],
    ["a name that is Chinese", '{"卡号":"c"}', "parameterWrong name_malformed"],
    ["__proto__", '{"__proto__":"x"}', "parameterWrong name_malformed"],
    ["__proto__ with an object", '{"__proto__":{"client_id":"x"}}', "parameterWrong name_malformed"],
    ["a name spelled with an escape", String.raw`{"\u0061":"b"}`, "parameterWrong name_escaped"],
    ["a name given twice", '{"a":"1","a":"2"}', "parameterWrong name_repeated"],
    ["constructor given twice", '{"constructor":"1","constructor":"1"}', "parameterWrong name_repeated"],
    ["a name given twice, once escaped", String.raw`{"a":"1","\u0061":"2"}`, "parameterWrong name_repeated"],
    ["a fraction", '{"a":1.5}', "parameterWrong not_an_integer"],
    ["1.0", '{"a":1.0}', "parameterWrong not_an_integer"],
    ["1e3", '{"a":1e3}', "parameterWrong not_an_integer"],
    ["-0", '{"a":-0}', "parameterWrong not_an_integer"],
    ["1E400", '{"a":1E400}', "parameterWrong not_an_integer"],
    ["2^53", '{"a":9007199254740992}', "parameterWrong integer_too_large"],
    ["a 20-digit card number as a JSON number", '{"a":89860012345678901234}', "parameterWrong integer_too_large"],
    ["a number of 10,000 digits", `{"a":${"9".repeat(10_000)}}`, "parameterWrong integer_too_large"],
    ["a boolean", '{"a":true}', "parameterWrong value_type"],
    ["null for a value", '{"a":null}', "parameterWrong value_type"],
    ["an array for a value", '{"a":[1,{"b":"}"}]}', "parameterWrong value_type"],
    ["an object for a value", String.raw`{"a":{"b":["\"]","}"]}}`, "parameterWrong value_type"],
    ["an object nested deep in a value", `{"a":${"[".repeat(7000)}${"]".repeat(7000)}}`, "parameterWrong value_type"],
    ["an ampersand", '{"a":"1&b=2"}', "parameterWrong value_ampersand"],
    ["an escaped ampersand", String.raw`{"a":"1\u0026b=2"}`, "parameterWrong value_ampersand"],
    ["half of a surrogate pair", String.raw`{"a":"\ud83d"}`, "parameterWrong value_surrogate"],
    ["the other half", String.raw`{"a":"\ude00"}`, "parameterWrong value_surrogate"],
    ["both halves the wrong way round", String.raw`{"a":"\ude00\ud83d"}`, "parameterWrong value_surrogate"],
  ])("%s", (_name, body, hint) => {
    expect(hintFor(body)).toBe(hint);
  });

  test("the parameter is the one that is wrong, not the first", () => {
    const outcome = read('{"a":"x","b":1,"c":2.5}');
    expect("refusal" in outcome && outcome.refusal.messageIn("en")).toContain('the parameter c is written "2.5"');
    expect("refusal" in outcome && outcome.refusal.messageIn("zh")).toContain('参数 c 的写法 "2.5"');
  });

  test("a long value is quoted in part, and no character of it is cut in two", () => {
    const outcome = read(`{"a${"😀".repeat(1000)}":"b"}`);
    const message = "refusal" in outcome ? outcome.refusal.messageIn("en") : "";
    expect(message.length).toBeLessThan(300);
    expect(message.isWellFormed()).toBe(true);
    expect(message).toContain(`${"😀".repeat(29)}…`);
  });

  test.each([
    `{"${"a".repeat(8_000)}":null}`,
    `{"${"a".repeat(4_000)}":1,"${"a".repeat(4_000)}":1}`,
    `{"${"a".repeat(8_000)}":1.5}`,
  ])("a long name is told in part (%#)", (json) => {
    const outcome = read(json);
    const message = "refusal" in outcome ? outcome.refusal.messageIn("en") : "";
    expect(message).toContain(`the parameter ${"a".repeat(30)}… is`);
  });

  test("where the JSON breaks off is counted in characters from 1", () => {
    const outcome = read('{"a":"b",}');
    expect("refusal" in outcome && outcome.refusal.messageIn("en")).toContain("(at character 10)");
  });
});

const name = fc.stringMatching(/^[a-z][a-z0-9_]{0,8}$/);
const value = fc.oneof(
  fc.string({ unit: "grapheme" }),
  fc.string({ unit: fc.constantFrom("=", "&", "a", "b", "1", '"', "\\", "\u0000", "流", "😀", "\ud83d") }),
  fc.maxSafeInteger(),
  fc.constantFrom<unknown>(0, -0, 1.5, 1e21, 2 ** 53, true, null, [], {}, ["a"], { a: 1 }),
);

/** Bodies near the border of what is accepted: objects written with odd spacing and odd spellings of numbers. */
const nearlyAccepted = fc
  .tuple(
    fc.array(fc.tuple(fc.oneof(name, fc.constantFrom("constructor", "__proto__", "sign", "a")), value), {
      maxLength: 6,
    }),
    fc.constantFrom("", " ", "\n\t", "\u00a0"),
    fc.constantFrom("", "\ufeff"),
  )
  .map(([entries, space, mark]) => {
    const members = entries.map(([key, member]) => `${JSON.stringify(key)}${space}:${JSON.stringify(member)}`);
    return `${mark}{${space}${members.join(`${space},`)}}${space}`;
  });

/** Valid bodies with some characters taken out, doubled or put in: most of them wrong in one place. */
const mutated = fc
  .tuple(
    nearlyAccepted,
    fc.array(
      fc.tuple(fc.nat(), fc.constantFrom("", '"', "{", "}", ",", ":", "\\", "0", "-", ".", "e", " ", "\ufeff", "&")),
      {
        minLength: 1,
        maxLength: 3,
      },
    ),
  )
  .map(([body, changes]) =>
    changes.reduce((text, [where, put]) => {
      const at = where % (text.length + 1);
      return text.slice(0, at) + put + text.slice(at + (put === "" ? 1 : 0));
    }, body),
  );

const anyBody = fc.oneof(
  nearlyAccepted.map((body) => Buffer.from(body)),
  mutated.map((body) => Buffer.from(body)),
  fc.json().map((body) => Buffer.from(body)),
  fc.string({ unit: "binary" }).map((body) => Buffer.from(body)),
  fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
);

describe("for any bytes", () => {
  test("nothing is thrown but a refusal with a hint and a text in both languages", () => {
    fc.assert(
      fc.property(anyBody, (body) => {
        const outcome = read(body);
        if ("parameters" in outcome) return;
        expect(outcome.refusal.refusal).toMatch(/^(bodyWrong|parameterWrong)$/);
        expect(outcome.refusal.hint).toMatch(/^[a-z_0-9]+$/);
        expect(outcome.refusal.messageIn("zh")).toMatch(/\p{Script=Han}.*：/u);
        expect(outcome.refusal.messageIn("en")).toMatch(/^[a-z].*: /);
      }),
      { numRuns: 5000 },
    );
  });

  test("what is accepted is what JSON.parse reads, its numbers printed as their digits", () => {
    fc.assert(
      fc.property(anyBody, (body) => {
        const outcome = read(body);
        if ("refusal" in outcome) return;
        const json = body.toString("utf8").replace(/^\ufeff/, "");
        const parsed: unknown = JSON.parse(json);
        const entries = Object.entries(parsed ?? {}).map(([key, member]) => [key, String(member)]);
        expect(Object.entries(outcome.parameters)).toEqual(entries);
      }),
      { numRuns: 5000 },
    );
  });

  test("a refusal calls JSON what JSON.parse reads, and calls the rest no JSON", () => {
    fc.assert(
      fc.property(anyBody, (body) => {
        const outcome = read(body);
        if ("parameters" in outcome || outcome.refusal.hint === "not_utf8" || outcome.refusal.hint === "body_empty")
          return;
        let isJson = true;
        try {
          JSON.parse(body.toString("utf8").replace(/^\ufeff/, ""));
        } catch {
          isJson = false;
        }
        expect(outcome.refusal.hint === "not_json").toBe(!isJson);
      }),
      { numRuns: 5000 },
    );
  });

  test("an object of valid names, strings without & and safe integers is accepted", () => {
    const entries = fc.uniqueArray(
      fc.tuple(
        name,
        fc.oneof(
          fc.string({ unit: "binary" }).filter((text) => !text.includes("&")),
          fc.maxSafeInteger(),
        ),
      ),
      { selector: ([key]) => key },
    );
    fc.assert(
      fc.property(entries, (members) => {
        // JSON.stringify prints -0 as 0.
        expect(Object.entries(accepted(JSON.stringify(Object.fromEntries(members))))).toEqual(
          members.map(([key, member]) => [key, String(member)]),
        );
      }),
    );
  });
});

describe("no two different accepted bodies share a signed string:", () => {
  /** Values made of the very characters that join names and values, so that a collision would be found if there is one. */
  const collidingValue = fc.oneof(
    fc.string({ unit: fc.constantFrom("=", "a", "b", "1", "&", "&a=", "&b=", "sign="), maxLength: 5 }),
    fc.integer({ min: -2, max: 12 }),
  );
  const colliding = fc.dictionary(fc.constantFrom("a", "b", "a1", "aa", "ab", "sign_a"), collidingValue, {
    maxKeys: 4,
  });

  test("what was signed can be read back from the signed string alone", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          nearlyAccepted,
          mutated,
          colliding.map((members) => JSON.stringify(members)),
        ),
        (body) => {
          const outcome = read(body);
          if ("refusal" in outcome) return;
          const joined = joinParameters(outcome.parameters);
          const back =
            joined === ""
              ? []
              : joined.split("&").map((pair) => {
                  const equals = pair.indexOf("=");
                  return [pair.slice(0, equals), pair.slice(equals + 1)];
                });
          const signed = Object.entries(outcome.parameters).filter(([key]) => key !== "sign");
          expect(Object.fromEntries(back)).toEqual(Object.fromEntries(signed));
          expect(back).toHaveLength(signed.length);
        },
      ),
      { numRuns: 5000 },
    );
  });

  test("pairs of bodies that differ in a parameter differ in the signed string", () => {
    fc.assert(
      fc.property(colliding, colliding, (one, other) => {
        const first = read(JSON.stringify(one));
        const second = read(JSON.stringify(other));
        if ("refusal" in first || "refusal" in second) return;
        const same =
          JSON.stringify(Object.entries(first.parameters).sort()) ===
          JSON.stringify(Object.entries(second.parameters).sort());
        expect(joinParameters(first.parameters) === joinParameters(second.parameters)).toBe(same);
      }),
      { numRuns: 20_000 },
    );
  });
});

test("a body of the greatest size is read", () => {
  const body = JSON.stringify({ a: "x".repeat(bodyBytesMax - 8) });
  expect(Buffer.byteLength(body)).toBe(bodyBytesMax);
  expect(accepted(body)["a"]).toHaveLength(bodyBytesMax - 8);
});
