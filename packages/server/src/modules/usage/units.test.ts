import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { bytesMax, toBytes } from "./units.ts";

describe("an amount comes to whole bytes", () => {
  test.each([
    ["0", "B", null, 0],
    ["12345", "B", null, 12_345],
    ["12.000", "B", null, 12],
    ["1", "KB", null, 1024],
    ["1", "kb", null, 1024],
    ["12.34", "MB", null, 12_939_428],
    ["12.34MB", undefined, null, 12_939_428],
    ["12.34 MB", undefined, null, 12_939_428],
    ["12.34mb", "MB", null, 12_939_428],
    ["1.5", "GB", null, 1_610_612_736],
    ["1", "TB", null, 1_099_511_627_776],
    ["1", "MB", "MB-SI", 1_000_000],
    ["1", "MB-SI", "KB", 1_000_000],
    ["1", "mb-si", null, 1_000_000],
    ["1.5GB-SI", undefined, null, 1_500_000_000],
    ["1", "MiB", "MB-SI", 1_048_576],
    ["1", "KiB", null, 1024],
    ["1", "GiB", null, 1_073_741_824],
    ["1", "TiB", null, 1_099_511_627_776],
    ["0.001234", "MB-SI", null, 1234],
    ["007", "KB", null, 7168],
    ["1024", "TB", null, bytesMax],
    ["1125899906842624", "B", null, bytesMax],
    // From half a byte on it is one.
    ["0.000488282", "KB", null, 1],
    ["0.000488281", "KB", null, 0],
    ["0.0005", "KB-SI", null, 1],
    ["0.000499999", "KB-SI", null, 0],
  ])("%s %s of a source in %s", (value, unit, sourceUnit, bytes) => {
    expect(toBytes(value, unit, sourceUnit)).toBe(bytes);
  });

  test("in the source's unit where no other is named", () => {
    expect(toBytes("2", undefined, "KB")).toBe(2048);
    expect(toBytes("2", undefined, "KB-SI")).toBe(2000);
    expect(toBytes("2GB", undefined, "KB")).toBe(2_147_483_648);
    expect(toBytes("2GB", undefined, "KB-SI")).toBe(2_000_000_000);
  });

  test("which a correction takes back exactly", () => {
    expect(toBytes("-12.34", "MB", null)).toBe(-12_939_428);
    expect(toBytes("-0.0005", "KB-SI", null)).toBe(-1);
    expect(toBytes("-0.00", "MB", null)).toBe(0);
  });
});

describe("what is no amount says why:", () => {
  test.each([
    "",
    " ",
    "-",
    ".",
    ".5",
    "1.",
    "+1",
    "--1",
    "1e3",
    "1.5E+3",
    "NaN",
    "Infinity",
    "1,024",
    "1 024",
    "1_024",
    "0x10",
    "１２",
    "1.1234567891",
    "123456789012345678901",
    "MB",
    "1  MB",
    "1MB ",
    "1MB\n",
    "1M1",
  ])("%j is no number", (value) => {
    expect(toBytes(value, "MB", null)).toBe("value_wrong");
  });

  test.each(["M", "Mb/s", "bytes", "PB", "B-SI", "MiB-SI", "兆", "", "constructor"])("%j is no unit", (unit) => {
    expect(toBytes("1", unit, null)).toBe("unit_unknown");
  });

  test.each([
    ["1", undefined, null, "unit_missing"],
    ["1M", undefined, "MB", "unit_unknown"],
    ["1MB", "KB", null, "unit_contradicts"],
    ["1MB", "MB-SI", null, "unit_contradicts"],
    ["1.5", "B", null, "byte_fraction"],
    ["1.5B", undefined, "MB", "byte_fraction"],
    ["1024.000000001", "TB", null, "bytes_too_large"],
    ["1125899906842625", "B", null, "bytes_too_large"],
    ["-1125899906842625", "B", null, "bytes_too_large"],
    ["99999999999999999999", "TB", null, "bytes_too_large"],
  ])("%s with unit %s of a source in %s: %s", (value, unit, sourceUnit, problem) => {
    expect(toBytes(value, unit, sourceUnit)).toBe(problem);
  });
});

const sizes: readonly (readonly [string, bigint, bigint])[] = [
  ["KB", 1024n, 1000n],
  ["MB", 1_048_576n, 1_000_000n],
  ["GB", 1_073_741_824n, 1_000_000_000n],
  ["TB", 1_099_511_627_776n, 1_000_000_000_000n],
  ["KiB", 1024n, 1024n],
  ["MiB", 1_048_576n, 1_048_576n],
];

test("an amount of any size is the nearest number of whole bytes, whatever the unit", () => {
  fc.assert(
    fc.property(
      fc.bigInt({ min: 0n, max: 10n ** 9n }),
      fc
        .integer({ min: 0, max: 9 })
        .chain((places) => fc.tuple(fc.constant(places), fc.bigInt({ min: 0n, max: 10n ** BigInt(places) - 1n }))),
      fc.constantFrom(...sizes),
      fc.boolean(),
      fc.boolean(),
      (whole, [places, fraction], [unit, binary, si], decimal, negative) => {
        const value = places === 0 ? String(whole) : `${whole}.${String(fraction).padStart(places, "0")}`;
        const size = decimal ? si : binary;
        const bytes = toBytes(negative ? `-${value}` : value, unit, decimal ? "B-SI" : null);
        // whole × size + fraction × size / scale, its own way: the two products apart, compared without dividing.
        const scale = 10n ** BigInt(places);
        const exactTimesScale = whole * size * scale + fraction * size;
        if (exactTimesScale * 2n >= (BigInt(bytesMax) * 2n + 1n) * scale) {
          expect(bytes).toBe("bytes_too_large");
          return;
        }
        const magnitude = BigInt(Math.abs(Number(bytes)));
        const doubleError = (magnitude * scale - exactTimesScale) * 2n;
        expect(doubleError > -scale && doubleError <= scale).toBe(true);
        if (magnitude !== 0n) expect(Number(bytes) < 0).toBe(negative);
      },
    ),
    { numRuns: 3000 },
  );
});
