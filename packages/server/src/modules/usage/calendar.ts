import { type BillingMonth, billingMonthOf, localDays, monthToDate } from "../packages/billing-month.ts";
import type { Microseconds } from "./usage-record.ts";

/** A day of the calendar in the platform's time zone, and when it begins there. */
export interface CalendarDay {
  /** Days since 1970-01-01, as dates are counted, not hours. */
  readonly number: number;
  /** The calendar month, counted like a billing month. */
  readonly month: number;
  readonly day: number;
  /** As PostgreSQL reads a date. */
  readonly date: string;
  readonly startUs: Microseconds;
}

/** The days and billing months of moments, in one time zone. */
export interface UsageCalendar {
  /**
   * The day that usage known at a moment counts on: the one that the instant before it falls in, since an end or reading
   * at midnight is about the day that is over.
   */
  dayOf(at: Microseconds): CalendarDay;
  day(number: number): CalendarDay;
  /** When a billing month begins, for cards whose months start on `cycleDay`. It ends where the next one begins. */
  startOf(month: BillingMonth, cycleDay: number): Microseconds;
  /** The last day of a billing month. */
  lastDayOf(month: BillingMonth, cycleDay: number): CalendarDay;
}

const dayMs = 86_400_000;
const minuteMs = 60_000;

export function createCalendar(timeZone: string): UsageCalendar {
  const localDay = localDays(timeZone);
  const days = new Map<number, CalendarDay>();
  let latest = 0;

  function numberAt(ms: number): number {
    const { month, day } = localDay(ms);
    return Math.round(Date.UTC(Math.floor(month / 12), month % 12, day) / dayMs);
  }

  /** The first minute whose date is that day or a later one. Offsets change by whole minutes at whole minutes. */
  function firstMinuteOf(number: number): number {
    // No place is further than 14 hours ahead of UTC or 12 behind.
    let before = Math.floor((number * dayMs) / minuteMs) - 15 * 60;
    let from = before + 30 * 60;
    while (from - before > 1) {
      const middle = Math.floor((before + from) / 2);
      if (numberAt(middle * minuteMs) < number) before = middle;
      else from = middle;
    }
    return from * minuteMs;
  }

  function day(number: number): CalendarDay {
    const known = days.get(number);
    if (known !== undefined) return known;
    const date = new Date(number * dayMs);
    const month = date.getUTCFullYear() * 12 + date.getUTCMonth();
    const found: CalendarDay = {
      number,
      month,
      day: date.getUTCDate(),
      date: `${monthToDate(month).slice(0, 8)}${String(date.getUTCDate()).padStart(2, "0")}`,
      startUs: firstMinuteOf(number) * 1000,
    };
    days.set(number, found);
    return found;
  }

  function numberOf(month: BillingMonth, dayOfMonth: number): number {
    return Math.round(Date.UTC(Math.floor(month / 12), month % 12, dayOfMonth) / dayMs);
  }

  return {
    dayOf(at) {
      // Most records are of the same day as the one before.
      let found = day(latest);
      if (!(found.startUs < at && at <= day(latest + 1).startUs)) {
        found = day(Math.floor((at / 1000 - 1) / dayMs));
        while (at <= found.startUs) found = day(found.number - 1);
        while (at > day(found.number + 1).startUs) found = day(found.number + 1);
        latest = found.number;
      }
      return found;
    },
    day,
    startOf: (month, cycleDay) => day(numberOf(month, cycleDay)).startUs,
    lastDayOf: (month, cycleDay) => day(numberOf(month + 1, cycleDay) - 1),
  };
}

/** The billing month that usage known at a moment belongs to. */
export function usageMonth({ month, day }: CalendarDay, cycleDay: number): BillingMonth {
  return billingMonthOf({ month, day }, cycleDay);
}
