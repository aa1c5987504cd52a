import { type BillingMonth, formatMonth } from "../packages/billing-month.ts";

const dayMs = 86_400_000;

/** The days of a billing month in their order, as dates. */
export function cycleDays(month: BillingMonth, cycleDay: number): string[] {
  const firstOf = (each: BillingMonth): number => Date.UTC(Math.floor(each / 12), each % 12, cycleDay);
  const days = [];
  for (let ms = firstOf(month); ms < firstOf(month + 1); ms += dayMs) {
    const date = new Date(ms);
    const named = date.getUTCFullYear() * 12 + date.getUTCMonth();
    days.push(`${formatMonth(named)}-${String(date.getUTCDate()).padStart(2, "0")}`);
  }
  return days;
}

/** Where a day of the calendar month has its place among the 31 of a billing month that starts on `cycleDay`, from 0. */
export function placeOf(dayOfMonth: number, cycleDay: number): number {
  return (dayOfMonth - cycleDay + 31) % 31;
}
