import type { BillingMonth } from "../packages/billing-month.ts";
import type { Microseconds, UsageKind } from "./usage-record.ts";

/** What some records of a card do to one day of a billing month. */
export interface Increment {
  readonly serialNo: string;
  readonly month: BillingMonth;
  /** 1 to 31. */
  readonly dayOfMonth: number;
  /** Deltas: their sum. Readings: the latest one's counter. */
  bytes: number;
  /** The latest end or reading time. */
  at: Microseconds;
  /** How many of the records are adjustments of a closed month. */
  adjustments: number;
}

/** A record in view of its card. */
export interface PlacedUsage {
  readonly serialNo: string;
  readonly month: BillingMonth;
  readonly dayOfMonth: number;
  readonly bytes: number;
  readonly at: Microseconds;
  readonly adjusts: boolean;
}

/**
 * Sums up records into increments, in passes: no pass has a card's billing month twice, so that each is one statement.
 * Within a pass they are in the order of their keys, the order in which everyone locks the rows.
 */
export function incrementsOf(records: Iterable<PlacedUsage>, kind: UsageKind): Increment[][] {
  const byMonth = new Map<string, Increment[]>();
  for (const record of records) {
    const key = `${record.serialNo} ${record.month}`;
    const days = byMonth.get(key);
    if (days === undefined) {
      byMonth.set(key, [incrementOf(record)]);
      continue;
    }
    const same = days.find(
      (day) => day.dayOfMonth === record.dayOfMonth && (kind === "reading" || isSafeSum(day.bytes, record.bytes)),
    );
    if (same === undefined) days.push(incrementOf(record));
    else if (kind === "delta") addDelta(same, record);
    else addReading(same, record);
  }
  const passes: Increment[][] = [];
  for (const days of byMonth.values())
    for (const [pass, increment] of days.entries()) (passes[pass] ??= []).push(increment);
  for (const pass of passes) pass.sort(byKey);
  return passes;
}

function incrementOf({ serialNo, month, dayOfMonth, bytes, at, adjusts }: PlacedUsage): Increment {
  return { serialNo, month, dayOfMonth, bytes, at, adjustments: adjusts ? 1 : 0 };
}

/** Absurd counts, which one source may send all the same, must not be rounded: they go on in a pass of their own. */
function isSafeSum(a: number, b: number): boolean {
  return Number.isSafeInteger(a + b);
}

function addDelta(increment: Increment, record: PlacedUsage): void {
  increment.bytes += record.bytes;
  increment.at = Math.max(increment.at, record.at);
  increment.adjustments += record.adjusts ? 1 : 0;
}

function addReading(increment: Increment, record: PlacedUsage): void {
  if (isLaterReading(record, increment)) {
    increment.bytes = record.bytes;
    increment.at = record.at;
  }
  increment.adjustments += record.adjusts ? 1 : 0;
}

/** Of two readings the later one counts; of two of one moment the larger, so that the order of arrival decides nothing. */
export function isLaterReading(
  a: { readonly at: Microseconds; readonly bytes: number | bigint },
  b: { readonly at: Microseconds; readonly bytes: number | bigint },
): boolean {
  return a.at > b.at || (a.at === b.at && a.bytes > b.bytes);
}

/** The order in which rows of a card's billing months are locked, everywhere. */
export function byKey(
  a: { readonly serialNo: string; readonly month: BillingMonth },
  b: { readonly serialNo: string; readonly month: BillingMonth },
): number {
  if (a.serialNo !== b.serialNo) return a.serialNo < b.serialNo ? -1 : 1;
  return a.month - b.month;
}
