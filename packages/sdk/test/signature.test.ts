import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import vectors from "../../../docs/signature-vectors.json" with { type: "json" };
import * as node from "../src/sha1.node.ts";
import * as portable from "../src/sha1.portable.ts";
import {
  canonicalString,
  joinParameters,
  type ParameterValue,
  SignatureInputError,
  signParameters,
} from "../src/signature.ts";

describe.each(vectors)("vector: $name", ({ params, string, secret, sign }) => {
  // The vectors' types differ from entry to entry; all their values are strings or integers.
  const parameters = params as unknown as Record<string, ParameterValue>;

  test("the canonical string is the published one", () => {
    expect(canonicalString(parameters)).toBe(string);
  });

  test("the signature is the published one", () => {
    expect(signParameters(parameters, secret)).toBe(sign);
  });

  test.each([
    ["Node's", node],
    ["the portable", portable],
  ])("%s SHA-1 gives the published signature", (_name, { sha1UpperHex }) => {
    expect(sha1UpperHex(string + secret)).toBe(sign);
  });
});

describe("the portable SHA-1", () => {
  test("equals Node's over any text", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 300 }), (text) => {
        expect(portable.sha1UpperHex(text)).toBe(node.sha1UpperHex(text));
      }),
      { numRuns: 1000 },
    );
  });

  test("equals Node's at every length around the ends of blocks", () => {
    for (let length = 0; length <= 200; length++) {
      const text = "a".repeat(length);
      expect(portable.sha1UpperHex(text)).toBe(createHash("sha1").update(text).digest("hex").toUpperCase());
    }
  });
});

describe("the canonical string", () => {
  const name = fc.stringMatching(/^[a-z][a-z0-9_]{0,3}$/).filter((text) => text !== "sign");
  const value = fc.oneof(
    fc.string({ unit: "grapheme" }).filter((text) => !text.includes("&")),
    // Characters that mean something to a reader of the string, more often than chance would have them.
    fc.string({ unit: fc.constantFrom("=", "a", "1", "%", "+", " "), maxLength: 4 }),
    fc.maxSafeInteger().filter((integer) => !Object.is(integer, -0)),
  );
  const parameters = fc.dictionary(name, value, { noNullPrototype: true });

  test("can be read back, so that no two accepted sets of parameters share one", () => {
    fc.assert(
      fc.property(parameters, (given) => {
        const spelled = Object.entries(given).map(([key, item]) => [key, String(item)]);
        expect(readBack(canonicalString(given))).toEqual(Object.fromEntries(spelled));
      }),
      { numRuns: 1000 },
    );
  });

  test("does not depend on the order in which the parameters were given", () => {
    fc.assert(
      fc.property(parameters, (given) => {
        expect(canonicalString(Object.fromEntries(Object.entries(given).toReversed()))).toBe(canonicalString(given));
      }),
    );
  });

  test("is what the unchecked join gives for texts", () => {
    fc.assert(
      fc.property(parameters, (given) => {
        const texts = Object.fromEntries(Object.entries(given).map(([key, item]) => [key, String(item)]));
        expect(joinParameters(texts)).toBe(canonicalString(given));
      }),
    );
  });

  test("leaves sign out, whatever it is", () => {
    expect(canonicalString({ sign: "&", a: "1" })).toBe("a=1");
    expect(joinParameters({ sign: "&", a: "1" })).toBe("a=1");
  });

  function readBack(text: string): Record<string, string> {
    if (text === "") return {};
    return Object.fromEntries(
      text.split("&").map((pair) => [pair.slice(0, pair.indexOf("=")), pair.slice(pair.indexOf("=") + 1)]),
    );
  }
});

describe("what cannot be signed is refused by name", () => {
  test.each<[string, string, unknown, RegExp]>([
    ["a value with &", "remark", "1&serial_no=2", /^remark contains "&".*remove it/],
    ["half of a surrogate pair", "remark", "\ud83d", /^remark contains half of a surrogate pair/],
    [
      "a number beyond safe integers",
      "serial_no",
      Number("89860012345678901234"),
      /^serial_no is .*pass it as a string/,
    ],
    ["a fraction", "size", 1.5, /^size is 1\.5.*pass an integer or a string/],
    ["not a number", "size", NaN, /^size is NaN/],
    ["infinity", "size", Infinity, /^size is Infinity/],
    ["minus zero", "size", -0, /^size is -0.*pass 0/],
    ["a boolean", "flag", true, /^flag is a boolean: pass a string or an integer/],
    ["null", "flag", null, /^flag is null/],
    ["undefined", "flag", undefined, /^flag is undefined/],
    ["an array", "list", ["1"], /^list is an array/],
    ["an object", "object", {}, /^object is an object/],
    ["a bigint", "serial_no", 8986n, /^serial_no is a bigint/],
    ["an upper-case name", "Serial", "1", /^Parameter name "Serial" cannot be signed/],
    ["a name that starts with a digit", "1a", "1", /^Parameter name "1a"/],
    ["a name with =", "a=b", "1", /^Parameter name "a=b"/],
    ["a name with a line break", "a\n", "1", /^Parameter name "a\\n"/],
    ["an empty name", "", "1", /^Parameter name ""/],
    ["__proto__", "__proto__", "1", /^Parameter name "__proto__"/],
  ])("%s", (_case, name, value, message) => {
    // Wrong types on purpose, as a caller without a type checker may pass them.
    const parameters = Object.fromEntries([[name, value]]) as Record<string, ParameterValue>;
    const thrown = errorOf(() => canonicalString(parameters));
    expect(thrown).toBeInstanceOf(SignatureInputError);
    expect(thrown).toMatchObject({ parameter: name, message: expect.stringMatching(message) });
  });

  function errorOf(run: () => unknown): unknown {
    try {
      run();
    } catch (error) {
      return error;
    }
    return undefined;
  }
});
