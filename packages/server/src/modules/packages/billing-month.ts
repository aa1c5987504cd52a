import type { Clock } from "../../clock.ts";
import { invariant } from "../../errors.ts";

/**
 * A billing month, as the number of months since January of the year 0: 2026-11 is 24322. Named by the calendar month
 * it starts in. A number, so that terms and sequences of months are plain arithmetic.
 */
export type BillingMonth = number;

/** 2026-11 as "2026-11", as the API prints it. */
export function formatMonth(month: BillingMonth): string {
  const year = Math.floor(month / 12);
  return `${String(year).padStart(4, "0")}-${String((month % 12) + 1).padStart(2, "0")}`;
}

/** Reads "2026-11", or a date within it as PostgreSQL prints one; undefined for anything else. */
export function parseMonth(value: string): BillingMonth | undefined {
  const match = /^(\d{4})-(\d{2})(?:-\d{2})?$/.exec(value);
  if (match === null) return undefined;
  const month = Number(match[2]);
  return month >= 1 && month <= 12 ? Number(match[1]) * 12 + month - 1 : undefined;
}

/** The month's first day, as PostgreSQL reads a date. */
export function monthToDate(month: BillingMonth): string {
  return `${formatMonth(month)}-01`;
}

/** The month's first day, in days since 1970-01-01. */
export function firstDayOf(month: BillingMonth): number {
  return Date.UTC(Math.floor(month / 12), month % 12) / 86_400_000;
}

/** A day of the calendar in the platform's time zone. */
export interface LocalDay {
  /** The calendar month, counted like a billing month. */
  readonly month: number;
  readonly day: number;
}

/**
 * Makes the function that tells the day of any moment (milliseconds since the epoch) in an IANA time zone.
 *
 * The last minute asked for is remembered: a change of offset, and so of the day, falls on a whole minute, and asking
 * Intl costs more than the rest of a request's arithmetic together.
 */
export function localDays(timeZone: string): (moment: number) => LocalDay {
  const format = new Intl.DateTimeFormat("en-US", {
    timeZone,
    calendar: "iso8601",
    numberingSystem: "latn",
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
  });
  let lastMinute = Number.NaN;
  let last: LocalDay = { month: 0, day: 0 };
  return (moment) => {
    const minute = Math.floor(moment / 60_000);
    if (minute !== lastMinute) {
      const parts = new Map(format.formatToParts(minute * 60_000).map(({ type, value }) => [type, Number(value)]));
      const year = parts.get("year");
      const month = parts.get("month");
      const day = parts.get("day");
      invariant(year !== undefined && month !== undefined && day !== undefined, "Intl formats a date");
      last = { month: year * 12 + month - 1, day };
      lastMinute = minute;
    }
    return last;
  };
}

/** The billing month that a day belongs to, for a card whose months start on `cycleDay`, 1 to 28. */
export function billingMonthOf(day: LocalDay, cycleDay: number): BillingMonth {
  return day.day >= cycleDay ? day.month : day.month - 1;
}

/** Tells the current billing month of a card. */
export type CurrentMonth = (cycleDay: number) => BillingMonth;

export function currentMonths(clock: Clock, timeZone: string): CurrentMonth {
  const dayOf = localDays(timeZone);
  return (cycleDay) => billingMonthOf(dayOf(clock()), cycleDay);
}
