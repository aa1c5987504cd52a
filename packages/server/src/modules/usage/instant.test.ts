import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatInstant, parseInstant } from "./instant.ts";

/** The last microsecond that a number holds exactly: 2255-06-05. */
const lastUs = Number.MAX_SAFE_INTEGER;

describe("a moment is read", () => {
  test.each([
    ["1970-01-01T00:00:00Z", 0],
    ["1970-01-01T00:00:00.000001Z", 1],
    ["2026-11-24T01:02:03Z", 1_795_482_123_000_000],
    ["2026-11-24T09:02:03+08:00", 1_795_482_123_000_000],
    ["2026-11-23T19:32:03-05:30", 1_795_482_123_000_000],
    ["2026-11-24t01:02:03z", 1_795_482_123_000_000],
    ["2026-11-24T01:02:03-00:00", 1_795_482_123_000_000],
    ["2026-11-24T01:02:03.4Z", 1_795_482_123_400_000],
    ["2026-11-24T01:02:03.456789+00:00", 1_795_482_123_456_789],
    ["2024-02-29T00:00:00Z", 1_709_164_800_000_000],
    ["2000-02-29T00:00:00Z", 951_782_400_000_000],
    ["1970-01-01T00:00:00+08:00", -28_800_000_000],
  ])("%s", (text, us) => {
    expect(parseInstant(text)).toBe(us);
  });

  test("with what is behind the microsecond cut off, so that it never moves into the next month", () => {
    expect(parseInstant("2026-11-30T23:59:59.999999999Z")).toBe(parseInstant("2026-11-30T23:59:59.999999Z"));
    expect(parseInstant("2026-11-30T23:59:59.9999999Z")).toBe(1_796_083_199_999_999);
  });

  test("up to the year 9999", () => {
    expect(parseInstant("9999-12-31T23:59:59Z")).toBe(253_402_300_799_000_000);
  });
});

describe("nothing else is a moment:", () => {
  test.each([
    ["no offset", "2026-11-24T01:02:03"],
    ["no time", "2026-11-24"],
    ["no seconds", "2026-11-24T01:02Z"],
    ["a space", "2026-11-24 01:02:03Z"],
    ["a space around it", " 2026-11-24T01:02:03Z"],
    ["a line break behind it", "2026-11-24T01:02:03Z\n"],
    ["29 February of a common year", "2026-02-29T00:00:00Z"],
    ["29 February 2100", "2100-02-29T00:00:00Z"],
    ["30 February", "2024-02-30T00:00:00Z"],
    ["31 April", "2026-04-31T00:00:00Z"],
    ["day 0", "2026-04-00T00:00:00Z"],
    ["day 32", "2026-01-32T00:00:00Z"],
    ["month 0", "2026-00-01T00:00:00Z"],
    ["month 13", "2026-13-01T00:00:00Z"],
    ["hour 24", "2026-11-24T24:00:00Z"],
    ["minute 60", "2026-11-24T01:60:00Z"],
    ["a leap second", "2016-12-31T23:59:60Z"],
    ["offset of 24 hours", "2026-11-24T01:02:03+24:00"],
    ["offset without colon", "2026-11-24T01:02:03+0800"],
    ["offset of 60 minutes", "2026-11-24T01:02:03+08:60"],
    ["a point without decimals", "2026-11-24T01:02:03.Z"],
    ["ten decimals", "2026-11-24T01:02:03.0123456789Z"],
    ["a comma", "2026-11-24T01:02:03,5Z"],
    ["slashes", "2026/11/24T01:02:03Z"],
    ["a year before 1970", "1969-12-31T23:59:59Z"],
    ["five digits of a year", "12026-11-24T01:02:03Z"],
    ["digits of another script", "２０２６-11-24T01:02:03Z"],
    ["seconds since the epoch", "1795482123"],
    ["nothing", ""],
  ])("%s", (_, text) => {
    expect(parseInstant(text)).toBeUndefined();
  });
});

describe("a moment is printed", () => {
  test.each([
    [0, "1970-01-01T00:00:00.000Z"],
    [1_795_482_123_456_000, "2026-11-24T01:02:03.456Z"],
    [1_795_482_123_456_007, "2026-11-24T01:02:03.456007Z"],
    [1_795_482_123_000_700, "2026-11-24T01:02:03.000700Z"],
    [-1, "1969-12-31T23:59:59.999999Z"],
  ])("%i as %s", (us, printed) => {
    expect(formatInstant(us)).toBe(printed);
  });

  test("and read back as the same", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: lastUs }), (us) => {
        expect(parseInstant(formatInstant(us))).toBe(us);
      }),
      { numRuns: 2000 },
    );
  });
});

test("a moment is read as Date reads it, at any offset", () => {
  fc.assert(
    fc.property(
      fc.date({ min: new Date("1970-01-02T00:00:00Z"), max: new Date("2255-01-01T00:00:00Z"), noInvalidDate: true }),
      fc.integer({ min: -1439, max: 1439 }),
      (date, offsetMinutes) => {
        const local = new Date(date.getTime() + offsetMinutes * 60_000);
        const minutes = Math.abs(offsetMinutes);
        const zone = [Math.floor(minutes / 60), minutes % 60].map((part) => String(part).padStart(2, "0")).join(":");
        fc.pre(local.getUTCFullYear() >= 1970);
        const written = `${local.toISOString().slice(0, -1)}${offsetMinutes < 0 ? "-" : "+"}${zone}`;
        expect(parseInstant(written)).toBe(date.getTime() * 1000);
      },
    ),
    { numRuns: 2000 },
  );
});

test("a day is read if the calendar has it", () => {
  for (const year of [1970, 1999, 2000, 2023, 2024, 2100, 2400])
    for (let month = 1; month <= 12; month++)
      for (let day = 1; day <= 31; day++) {
        const date = `${year}-${String(month).padStart(2, "0")}-${String(day).padStart(2, "0")}`;
        // Date.UTC moves what the calendar has not into the next month.
        const ms = Date.UTC(year, month - 1, day);
        const exists = new Date(ms).toISOString().startsWith(date);
        expect(parseInstant(`${date}T00:00:00Z`), date).toBe(exists ? ms * 1000 : undefined);
      }
});
