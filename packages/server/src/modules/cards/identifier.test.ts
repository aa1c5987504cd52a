import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { iccidKey, iccidPattern, iccidSuffix, lookupValues, matchesIccid } from "./identifier.ts";

const twentyDigits = "89860012345678901234";
const nineteenDigits = "8986001234567890123";

describe("an ICCID", () => {
  test.each([
    twentyDigits,
    nineteenDigits,
    "8986001234567890123A",
    "89860F1234567890ABCD".slice(0, 5) + "F1234567890ABCD",
  ])("may be %s", (iccid) => {
    expect(iccid).toMatch(iccidPattern);
  });

  test.each([
    "898600123456789012",
    `${twentyDigits}5`,
    "8986001234567890123a",
    "8986A012345678901234",
    "",
    " 89860012345678901234",
  ])("may not be %j", (iccid) => {
    expect(iccid).not.toMatch(iccidPattern);
  });

  test("is printed as its last ten digits, and as nothing when it is not on file", () => {
    expect(iccidSuffix(twentyDigits)).toBe("5678901234");
    expect(iccidSuffix(nineteenDigits)).toBe("4567890123");
    expect(iccidSuffix(null)).toBe("");
  });

  test("is kept apart from others with the same key by its first ten digits", () => {
    expect(iccidKey(twentyDigits)).toEqual({ value: "567890123", qualifier: "8986001234" });
    expect(iccidKey(nineteenDigits)).toEqual(iccidKey(twentyDigits));
  });
});

describe("a card is named", () => {
  test.each([
    ["by its 20 digits", twentyDigits, twentyDigits],
    ["by its 20 digits without the check digit", nineteenDigits, twentyDigits],
    ["by the last ten of 20", "5678901234", twentyDigits],
    ["by its 19 digits", nineteenDigits, nineteenDigits],
    ["by 20 digits when 19 are on file", twentyDigits, nineteenDigits],
    ["by the last ten of 19", "4567890123", nineteenDigits],
    ["in lower case", "8986001234567890123a", "8986001234567890123A"],
  ])("%s", (_name, given, iccid) => {
    expect(matchesIccid(given, iccid)).toBe(true);
    expect(lookupValues(given)).toContain(iccidKey(iccid).value);
  });

  test.each([
    ["by the last ten of another", "5678901235", twentyDigits],
    ["by ten digits from its middle", "4567890123", twentyDigits],
    ["by its last nine", "678901234", twentyDigits],
    ["by its key", "567890123", twentyDigits],
    ["by another's 20 digits", "89860012345678901244", twentyDigits],
    ["by nothing", "", twentyDigits],
  ])("but not %s", (_name, given, iccid) => {
    expect(matchesIccid(given, iccid)).toBe(false);
  });
});

const iccid = fc.stringMatching(/^[0-9]{5}[0-9A-F]{14,15}$/);

test("whatever names a card is looked up under the key it is kept by", () => {
  fc.assert(
    fc.property(iccid, (whole) => {
      for (const given of [
        whole,
        whole.slice(0, 19),
        whole.slice(-10),
        whole.toLowerCase(),
        `${whole.slice(0, 19)}0`,
      ]) {
        expect(matchesIccid(given, whole)).toBe(true);
        expect(lookupValues(given)).toContain(iccidKey(whole).value);
      }
    }),
  );
});

test("what is given is always looked up as it is, for custom numbers", () => {
  fc.assert(
    fc.property(fc.string(), (given) => {
      expect(lookupValues(given)[0]).toBe(given);
    }),
  );
});

test("two ICCIDs are named alike only if their first 19 digits or their last ten are alike", () => {
  fc.assert(
    fc.property(iccid, iccid, (one, other) => {
      expect(matchesIccid(one, other)).toBe(one.slice(0, 19) === other.slice(0, 19));
      expect(matchesIccid(one.slice(-10), other)).toBe(one.slice(-10) === other.slice(-10));
    }),
  );
});
