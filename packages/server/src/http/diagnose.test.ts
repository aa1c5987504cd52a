import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { parseParameters } from "./body.ts";
import { diagnose } from "./diagnose.ts";

const secret = "9f2c4e8a1b7d3f60";
const body = {
  timestamp: 1487560009,
  client_id: "iot3355e802d44ay95yeev2",
  remark: "流量 卡+%*~",
  empty: "",
  serial_no: "87000001",
};
const parameters = parseParameters(Buffer.from(JSON.stringify(body)));
const joined = "client_id=iot3355e802d44ay95yeev2&empty=&remark=流量 卡+%*~&serial_no=87000001&timestamp=1487560009";

function sha1(signed: string): string {
  return createHash("sha1").update(signed).digest("hex").toUpperCase();
}

function hintFor(sign: string, expired: readonly string[] = []): string {
  return diagnose(parameters, sign, [secret], expired).hint;
}

describe("a signature that is wrong is explained when it is", () => {
  test.each<[string, string, string]>([
    ["in lower case", sha1(joined + secret).toLowerCase(), "sign_lower_case"],
    ["in mixed case", sha1(joined + secret).replace(/[A-F]/, (digit) => digit.toLowerCase()), "sign_lower_case"],
    [
      "over values encoded as encodeURIComponent does",
      sha1(joined.replace("流量 卡+%*~", "%E6%B5%81%E9%87%8F%20%E5%8D%A1%2B%25*~") + secret),
      "sign_values_url_encoded",
    ],
    [
      "over values encoded as RFC 3986 says",
      sha1(joined.replace("流量 卡+%*~", "%E6%B5%81%E9%87%8F%20%E5%8D%A1%2B%25%2A~") + secret),
      "sign_values_url_encoded",
    ],
    [
      "over values encoded as http_build_query of PHP does",
      sha1(joined.replace("流量 卡+%*~", "%E6%B5%81%E9%87%8F+%E5%8D%A1%2B%25%2A%7E") + secret),
      "sign_values_url_encoded",
    ],
    [
      "over values encoded as URLEncoder of Java does",
      sha1(joined.replace("流量 卡+%*~", "%E6%B5%81%E9%87%8F+%E5%8D%A1%2B%25*%7E") + secret),
      "sign_values_url_encoded",
    ],
    [
      "without client_id",
      sha1(joined.replace("client_id=iot3355e802d44ay95yeev2&", "") + secret),
      "sign_client_id_left_out",
    ],
    ["without timestamp", sha1(joined.replace("&timestamp=1487560009", "") + secret), "sign_timestamp_left_out"],
    ["with an empty sign included", sha1(joined.replace("&timestamp", "&sign=&timestamp") + secret), "sign_included"],
    [
      "with sign included as null",
      sha1(joined.replace("&timestamp", "&sign=null&timestamp") + secret),
      "sign_included",
    ],
    ["with & before the secret", sha1(`${joined}&${secret}`), "sign_ampersand_before_secret"],
    ["with &key= before the secret", sha1(`${joined}&key=${secret}`), "sign_ampersand_before_secret"],
    [
      "with &client_secret= before the secret",
      sha1(`${joined}&client_secret=${secret}`),
      "sign_ampersand_before_secret",
    ],
    ["with the secret in front", sha1(secret + joined), "sign_secret_first"],
    ["with the secret in front and behind", sha1(secret + joined + secret), "sign_secret_first"],
    ["with a line break behind the secret", sha1(`${joined + secret}\n`), "sign_secret_white_space"],
    ["with a Windows line break behind the secret", sha1(`${joined + secret}\r\n`), "sign_secret_white_space"],
    ["with a space before the secret", sha1(`${joined} ${secret}`), "sign_secret_white_space"],
    ["without the secret", sha1(joined), "sign_secret_missing"],
    [
      "over a string that HTML turned into ×tamp",
      sha1(joined.replace("&timestamp", "×tamp") + secret),
      "sign_times_entity",
    ],
    ["over a string with &amp;", sha1(joined.replaceAll("&", "&amp;") + secret), "sign_times_entity"],
    ["over milliseconds when seconds are sent", sha1(`${joined}000${secret}`), "sign_milliseconds"],
    [
      "in the order the parameters were sent",
      sha1(
        `timestamp=1487560009&client_id=iot3355e802d44ay95yeev2&remark=流量 卡+%*~&empty=&serial_no=87000001${secret}`,
      ),
      "sign_not_sorted",
    ],
    ["without the empty values", sha1(joined.replace("empty=&", "") + secret), "sign_empty_left_out"],
    [
      "over the values alone",
      sha1(`iot3355e802d44ay95yeev2流量 卡+%*~870000011487560009${secret}`),
      "sign_without_names",
    ],
    ["over the pairs without & between them", sha1(joined.replaceAll("&", "") + secret), "sign_without_names"],
    [
      "an MD5",
      createHash("md5")
        .update(joined + secret)
        .digest("hex")
        .toUpperCase(),
      "sign_algorithm",
    ],
    [
      "a SHA-256",
      createHash("sha256")
        .update(joined + secret)
        .digest("hex"),
      "sign_algorithm",
    ],
    [
      "a SHA-512",
      createHash("sha512")
        .update(joined + secret)
        .digest("hex"),
      "sign_algorithm",
    ],
    [
      "in Base64",
      createHash("sha1")
        .update(joined + secret)
        .digest("base64"),
      "sign_malformed",
    ],
    ["one digit short", sha1(joined + secret).slice(1), "sign_malformed"],
    ["one digit long", `${sha1(joined + secret)}0`, "sign_malformed"],
    ["followed by a line break", `${sha1(joined + secret)}\n`, "sign_malformed"],
    ["made with a secret that was never valid", sha1(`${joined}another`), "sign_mismatch"],
    ["in lower case and made with a wrong secret", sha1(`${joined}another`).toLowerCase(), "sign_mismatch"],
    ["one digit off", sha1(joined + secret).replace(/.$/, (digit) => (digit === "0" ? "1" : "0")), "sign_mismatch"],
  ])("%s", (_name, sign, hint) => {
    expect(hintFor(sign)).toBe(hint);
  });

  test("of seconds when milliseconds are sent", () => {
    const inMilliseconds = { ...parameters, timestamp: "1487560009123" };
    expect(diagnose(inMilliseconds, sha1(joined + secret), [secret], []).hint).toBe("sign_milliseconds");
  });

  test("made with a secret that has expired", () => {
    expect(hintFor(sha1(`${joined}old`), ["older", "old"])).toBe("sign_old_secret");
    expect(hintFor(sha1(`${joined}old`).toLowerCase(), ["old"])).not.toBe("sign_mismatch");
  });

  test("made with either of two valid secrets", () => {
    const sign = sha1(`${joined}&first`);
    expect(diagnose(parameters, sign, ["second", "first"], []).hint).toBe("sign_ampersand_before_secret");
  });
});

test("a mistake that needs the secret is named to no one who has not got it", () => {
  const withoutSecret = new Set(["sign_mismatch", "sign_malformed", "sign_algorithm", "sign_secret_missing"]);
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.stringMatching(/^[0-9A-Fa-f]{40}$/),
        fc.string().map((guess) => sha1(joined + guess)),
        fc.constant(sha1(joined)),
      ),
      (sign) => {
        fc.pre(sign !== sha1(joined + secret));
        expect(withoutSecret).toContain(hintFor(sign, ["expired"]));
      },
    ),
  );
});

test("no explanation repeats the secret, the signature sent or the one expected", () => {
  fc.assert(
    fc.property(
      fc.constantFrom(sha1(joined + secret).toLowerCase(), sha1(`${joined}&${secret}`), sha1("x"), "x".repeat(39)),
      (sign) => {
        const { detail } = diagnose(parameters, sign, [secret], ["expired"]);
        for (const shown of [detail.zh, detail.en]) {
          expect(shown.toUpperCase()).not.toContain(sha1(joined + secret));
          expect(shown.toUpperCase()).not.toContain(sign.toUpperCase());
          expect(shown).not.toContain(secret);
          expect(shown).not.toContain("expired secret");
        }
      },
    ),
  );
});
