import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bytesPerMb, formatHundredths, parseMb, toHundredths } from "./megabytes.ts";

function printed(bytes: number): string {
  return formatHundredths(toHundredths(bytes));
}

describe("bytes are printed in MB", () => {
  test.each([
    [0, "0"],
    [bytesPerMb, "1"],
    [10 * bytesPerMb, "10"],
    [1024 * bytesPerMb, "1024"],
    [1536.5 * bytesPerMb, "1536.5"],
    [1.25 * bytesPerMb, "1.25"],
    [10_486, "0.01"],
    [5_242, "0"],
    [5_243, "0.01"],
    [bytesPerMb - 1, "1"],
    [70 * 1024 * 1024 * bytesPerMb, "73400320"],
    [-0, "0"],
    [-5_242, "0"],
    [-5_243, "-0.01"],
    [-131_072, "-0.13"],
    [131_072, "0.13"],
    [-bytesPerMb, "-1"],
    [-1.5 * bytesPerMb, "-1.5"],
    [-1536.25 * bytesPerMb, "-1536.25"],
  ])("%i bytes as %s", (bytes, megabytes) => {
    expect(printed(bytes)).toBe(megabytes);
  });

  test("without trailing zeros, sign or exponent, with two decimals at most", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 46 }), (bytes) => {
        expect(printed(bytes)).toMatch(/^(0|[1-9]\d*)(\.\d?[1-9])?$/);
      }),
    );
  });

  test("alike with and without a minus, but for nothing, which has none", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 46 }), (bytes) => {
        const positive = printed(bytes);
        expect(printed(-bytes)).toBe(positive === "0" ? "0" : `-${positive}`);
      }),
    );
  });

  test("to the nearest hundredth", () => {
    fc.assert(
      fc.property(fc.integer({ min: -(2 ** 46), max: 2 ** 46 }), (bytes) => {
        // In whole numbers, so that the check rounds nothing itself: |h / 100 MB - bytes| <= half a hundredth.
        const off = BigInt(toHundredths(bytes)) * BigInt(bytesPerMb) - BigInt(bytes) * 100n;
        expect((off < 0n ? -off : off) * 2n).toBeLessThanOrEqual(BigInt(bytesPerMb));
      }),
    );
  });
});

describe("a size is read from MB", () => {
  test.each([
    ["10", 10 * bytesPerMb],
    ["1536.5", 1536.5 * bytesPerMb],
    ["0.01", 10_486],
    ["1024.00", 1024 * bytesPerMb],
    ["0", 0],
  ])("%s", (megabytes, bytes) => {
    expect(parseMb(megabytes)).toBe(bytes);
  });

  test.each([
    "",
    " 1",
    "1 ",
    "-1",
    "+1",
    "1.",
    ".5",
    "1.234",
    "1e3",
    "1,024",
    "１",
    "12345678901",
    "0x10",
    "NaN",
    "1\n",
  ])("but not from %j", (megabytes) => {
    expect(parseMb(megabytes)).toBeUndefined();
  });

  test("and prints as it was written", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 999_999_999_999 }), (hundredths) => {
        const written = formatHundredths(hundredths);
        const bytes = parseMb(written);
        expect(bytes).toBeDefined();
        expect(printed(bytes ?? -1)).toBe(written);
      }),
    );
  });
});
