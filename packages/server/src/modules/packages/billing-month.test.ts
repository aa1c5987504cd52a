import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { billingMonthOf, currentMonths, formatMonth, localDays, monthToDate, parseMonth } from "./billing-month.ts";

describe("a billing month", () => {
  test.each([
    ["2026-11", 24_322],
    ["2017-01", 24_204],
    ["2017-12", 24_215],
    ["0000-01", 0],
  ])("%s is month %i since year 0", (name, month) => {
    expect(parseMonth(name)).toBe(month);
    expect(formatMonth(month)).toBe(name);
    expect(monthToDate(month)).toBe(`${name}-01`);
  });

  test("is read from a date within it", () => {
    expect(parseMonth("2026-11-30")).toBe(24_322);
  });

  test.each([
    "",
    "2026",
    "2026-00",
    "2026-13",
    "2026-1",
    "26-11",
    "2026-11-1",
    " 2026-11",
    "2026-11 ",
    "2026/11",
    "２０２６-11",
  ])("is not read from %j", (value) => {
    expect(parseMonth(value)).toBeUndefined();
  });

  test("is printed and read back the same", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 9999 * 12 + 11 }), (month) => {
        expect(parseMonth(formatMonth(month))).toBe(month);
        expect(parseMonth(monthToDate(month))).toBe(month);
      }),
    );
  });
});

describe("in Shanghai", () => {
  test.each([
    ["2026-10-31T15:59:59.999Z", 1, "2026-10"],
    ["2026-10-31T16:00:00.000Z", 1, "2026-11"],
    ["2026-11-26T15:59:59.999Z", 27, "2026-10"],
    ["2026-11-26T16:00:00.000Z", 27, "2026-11"],
    ["2026-12-31T15:59:59.999Z", 1, "2026-12"],
    ["2026-12-31T16:00:00.000Z", 1, "2027-01"],
    ["2027-01-26T15:59:59.999Z", 27, "2026-12"],
    ["2028-02-28T15:59:59.999Z", 28, "2028-02"],
    ["2028-02-29T16:00:00.000Z", 28, "2028-02"],
  ])("%s is, for cycle day %i, in %s", (moment, cycleDay, month) => {
    const current = currentMonths(() => Date.parse(moment), "Asia/Shanghai");
    expect(formatMonth(current(cycleDay))).toBe(month);
  });
});

const zones = [
  "Asia/Shanghai",
  "UTC",
  "America/New_York",
  "Pacific/Apia",
  "Asia/Kathmandu",
  "America/Sao_Paulo",
  "Africa/Cairo",
];

/**
 * When a billing month starts, found without the code under test: the first millisecond, searched for by halving, at
 * which Intl prints a date of or after the cycle day of that month. Dates printed as sv-SE are ordered like text.
 */
function startOf(zone: string, year: number, month: number, cycleDay: number): number {
  const format = new Intl.DateTimeFormat("sv-SE", { timeZone: zone, dateStyle: "short" });
  const wanted = `${year}-${String(month).padStart(2, "0")}-${String(cycleDay).padStart(2, "0")}`;
  // No zone is further than 14 hours from UTC, so the start lies between these.
  let before = Date.UTC(year, month - 1, cycleDay) - 48 * 3_600_000;
  let after = before + 96 * 3_600_000;
  while (after - before > 1) {
    const middle = Math.floor((before + after) / 2);
    if (format.format(middle) < wanted) before = middle;
    else after = middle;
  }
  return after;
}

describe.each(zones)("in %s", (zone) => {
  /** New York and Cairo change their clocks, São Paulo did so at midnight, and Apia left out 30 December 2011. */
  const years = [2011, 2012, 2018, 2026];

  test.each(years)(
    "every billing month of %i starts at its cycle day's first millisecond, and not one before",
    (year) => {
      const dayOf = localDays(zone);
      for (let month = 1; month <= 12; month++) {
        for (let cycleDay = 1; cycleDay <= 28; cycleDay++) {
          const start = startOf(zone, year, month, cycleDay);
          const name = `${year}-${String(month).padStart(2, "0")}`;
          expect(formatMonth(billingMonthOf(dayOf(start), cycleDay))).toBe(name);
          expect(billingMonthOf(dayOf(start - 1), cycleDay)).toBe((parseMonth(name) ?? 0) - 1);
        }
      }
    },
  );

  test("the days of moments asked for in any order are those that Intl prints", () => {
    const dayOf = localDays(zone);
    const format = new Intl.DateTimeFormat("sv-SE", { timeZone: zone, dateStyle: "short" });
    const near = fc
      .tuple(
        fc.constantFrom(...years),
        fc.integer({ min: 0, max: 370 }),
        fc.integer({ min: -16 * 3_600_000, max: 16 * 3_600_000 }),
      )
      .map(([year, day, offset]) => Date.UTC(year, 0, day) + offset);
    fc.assert(
      fc.property(fc.array(near, { minLength: 1, maxLength: 5 }), (moments) => {
        for (const moment of moments) {
          const { month, day } = dayOf(moment);
          expect(`${formatMonth(month)}-${String(day).padStart(2, "0")}`).toBe(format.format(moment));
        }
      }),
    );
  });
});

test("a clock that moves within one minute is asked again every time", () => {
  let now = Date.parse("2026-10-31T15:59:00.000Z");
  const current = currentMonths(() => now, "Asia/Shanghai");
  expect(formatMonth(current(1))).toBe("2026-10");
  now = Date.parse("2026-10-31T15:59:59.999Z");
  expect(formatMonth(current(1))).toBe("2026-10");
  now += 1;
  expect(formatMonth(current(1))).toBe("2026-11");
  now -= 1;
  expect(formatMonth(current(1))).toBe("2026-10");
});
