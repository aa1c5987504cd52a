import type { Clock } from "../../clock.ts";
import { type Db, type MomentColumn, finiteMoment } from "../../db/database.ts";
import { invariant } from "../../errors.ts";
import type { Card, CardService } from "../cards/cards.service.ts";
import { allowanceBytes, usageMattersSince } from "../packages/allowance.ts";
import { type BillingMonth, billingMonthOf, monthToDate, parseMonth } from "../packages/billing-month.ts";
import type { CalendarDay, UsageCalendar } from "./calendar.ts";
import { type MonthDaysRow, selectCountingDays, selectCountingMonths } from "./usage.queries.ts";

/** What a card used on one day, in the platform's time zone. */
export interface DayUsage {
  readonly date: string;
  /** Below zero where a correction or a fall of the carrier's counter took back more than was counted. */
  readonly usedBytes: number;
  /** Whether the day's billing month is closed. */
  readonly isFinal: boolean;
  /** Up to which moment of the day usage is known, its end at the latest; null: nothing of this day yet. */
  readonly asOf: Date | null;
}

/** What a card used in one billing month. */
export interface MonthUsage {
  readonly month: BillingMonth;
  readonly allowanceBytes: number;
  /** The sum of its days. */
  readonly usedBytes: number;
  readonly isFinal: boolean;
  readonly asOf: Date | null;
  /** 1, and one more for every adjustment. */
  readonly version: number;
  /** The figure at closing; null unless adjustments followed. */
  readonly closedBytes: number | null;
}

/** What of a card its usage is told by. */
export type UsedCard = Pick<Card, "serialNo" | "cycleDay" | "packages">;

export interface UsageService {
  /** Every day from `first` to `last`, both included, counted from 1970-01-01. Throws cardUnknown. */
  daily(accountNo: number, identifier: string, first: number, last: number): Promise<DayUsage[]>;
  /** Every billing month from `first` to `last`, both included. Throws cardUnknown. */
  monthly(accountNo: number, identifier: string, first: BillingMonth, last: BillingMonth): Promise<MonthUsage[]>;
  /** The same of a card that has been looked up. */
  daysOf(card: UsedCard, first: number, last: number): Promise<DayUsage[]>;
  monthsOf(card: UsedCard, first: BillingMonth, last: BillingMonth): Promise<MonthUsage[]>;
}

/** A month that no source has reported closes as it would by a source with the default. */
const closeAfterSecondsDefault = 72 * 3600;

export function createUsageService(
  db: Db,
  { cards, clock, calendar }: { readonly cards: CardService; readonly clock: Clock; readonly calendar: UsageCalendar },
): UsageService {
  function isClosed(month: BillingMonth, cycleDay: number, closeAfterSeconds: number | undefined): boolean {
    const endMs = calendar.startOf(month + 1, cycleDay) / 1000;
    return clock() >= endMs + (closeAfterSeconds ?? closeAfterSecondsDefault) * 1000;
  }

  const service: UsageService = {
    daily: async (accountNo, identifier, first, last) =>
      service.daysOf(await cards.find(accountNo, identifier), first, last),
    monthly: async (accountNo, identifier, first, last) =>
      service.monthsOf(await cards.find(accountNo, identifier), first, last),
    async daysOf({ serialNo, cycleDay }, first, last) {
      const days = Array.from({ length: last - first + 1 }, (_, offset) => calendar.day(first + offset));
      const monthOf = (number: number): BillingMonth => billingMonthOf(calendar.day(number), cycleDay);
      const [firstMonth, lastMonth] = [monthOf(first), monthOf(last)];
      const rows = await selectCountingDays(db, serialNo, monthToDate(firstMonth), monthToDate(lastMonth));
      const byMonth = new Map(rows.map((row) => [row.month, { row, usedBytes: usedByDay(row, cycleDay) }]));
      const closed = new Map<BillingMonth, boolean>();
      for (let month = firstMonth; month <= lastMonth; month++) {
        const closeAfterSeconds = byMonth.get(monthToDate(month))?.row.close_after_seconds;
        closed.set(month, isClosed(month, cycleDay, closeAfterSeconds));
      }
      return days.map((day) => {
        const month = billingMonthOf(day, cycleDay);
        const found = byMonth.get(monthToDate(month));
        return {
          date: day.date,
          usedBytes: found?.usedBytes[day.day - 1] ?? 0,
          isFinal: closed.get(month) ?? false,
          asOf: found === undefined ? null : asOfDay(found.row.as_of, day, calendar.day(day.number + 1)),
        };
      });
    },
    async monthsOf({ serialNo, cycleDay, packages }, first, last) {
      // What was carried into the first month may depend on usage long before it.
      const since = Math.min(
        first,
        ...monthsBetween(first, last).flatMap((each) => usageMattersSince(packages, each) ?? []),
      );
      const rows = await selectCountingMonths(db, serialNo, monthToDate(since), monthToDate(last));
      const byMonth = new Map(rows.map((row) => [parseMonth(row.month), row]));
      return monthsBetween(first, last).map((month) => {
        const row = byMonth.get(month);
        return {
          month,
          allowanceBytes: allowanceBytes(packages, (each) => byMonth.get(each)?.used_bytes ?? 0, month),
          usedBytes: row?.used_bytes ?? 0,
          isFinal: isClosed(month, cycleDay, row?.close_after_seconds),
          asOf: row === undefined ? null : finiteMoment(row.as_of),
          version: row?.version ?? 1,
          closedBytes: row?.closed_bytes ?? null,
        };
      });
    },
  };
  return service;
}

function monthsBetween(first: BillingMonth, last: BillingMonth): BillingMonth[] {
  return Array.from({ length: last - first + 1 }, (_, offset) => first + offset);
}

/**
 * What was used on each day of a billing month, by day of the calendar month. Of readings, what the counter moved by since
 * the reading before, in the order of the month's own days: so the first counts from zero, a day without a reading has
 * its usage on the next that has one, and the days add up to the last reading, which is the month's figure.
 */
function usedByDay({ day_bytes: dayBytes, by_readings: byReadings }: MonthDaysRow, cycleDay: number): number[] {
  const values = dayBytes.map((bytes) => (bytes === null ? null : Number(bytes)));
  if (!byReadings) return values.map((bytes) => bytes ?? 0);
  const used = values.map(() => 0);
  let before = 0;
  for (let offset = 0; offset < values.length; offset++) {
    const index = (cycleDay - 1 + offset) % values.length;
    const counter = values[index];
    invariant(counter !== undefined, "a day of the month has a place in day_bytes");
    if (counter === null) continue;
    used[index] = counter - before;
    before = counter;
  }
  return used;
}

/** Up to when usage of a day is known, where that of its month is known as of a moment. */
function asOfDay(monthAsOf: MomentColumn, day: CalendarDay, next: CalendarDay): Date | null {
  const asOf = finiteMoment(monthAsOf);
  if (asOf === null || asOf.getTime() <= day.startUs / 1000) return null;
  return new Date(Math.min(asOf.getTime(), next.startUs / 1000));
}
