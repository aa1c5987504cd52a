import type { BillingMonth } from "../packages/billing-month.ts";
import type { Closing } from "./closing.ts";
import { isLaterReading } from "./increments.ts";
import type { Microseconds, UsageKind } from "./usage-record.ts";

/**
 * One day of a card's billing month, as its records have it. Bytes are bigint here and in {@link MonthState}: one source may
 * send a card so many, by a wrong unit for one, that a number does not hold their sum, and no other card is to suffer for it.
 */
export interface DayOfRecords {
  readonly serialNo: string;
  readonly month: BillingMonth;
  readonly dayOfMonth: number;
  /** Deltas: their sum. Readings: the latest one's counter. */
  readonly bytes: bigint;
  readonly at: Microseconds;
  /** Of the records that are no adjustments: their sum, or the latest one's counter and time. Null if there is none. */
  readonly closedBytes: bigint | null;
  readonly closedAt: Microseconds | null;
  readonly adjustments: number;
}

/** What `usage_month` has of a card's billing month by one source, apart from whether it counts. */
export interface MonthState {
  readonly serialNo: string;
  readonly month: BillingMonth;
  readonly version: number;
  readonly usedBytes: bigint;
  /** Null: no record. */
  readonly asOf: Microseconds | null;
  readonly closedBytes: bigint | null;
  /** 31 values, by day of the calendar month. */
  readonly dayBytes: readonly (bigint | null)[];
  readonly dayAt: readonly (Microseconds | null)[] | null;
}

/**
 * What a month comes to, from its days of records. This is the definition; what is written while records arrive must equal it.
 * `closing` of a month about whose end something was decided after it was closed.
 */
export function monthStateOf(
  serialNo: string,
  month: BillingMonth,
  kind: UsageKind,
  days: readonly DayOfRecords[],
  closing?: Closing,
): MonthState {
  const dayBytes = Array.from<bigint | null>({ length: 31 }).fill(kind === "delta" ? 0n : null);
  const dayAt = Array.from<Microseconds | null>({ length: 31 }).fill(null);
  let adjustments = closing?.adjustmentsMore ?? 0;
  let asOf: Microseconds | null = null;
  for (const day of days) {
    dayBytes[day.dayOfMonth - 1] = day.bytes;
    dayAt[day.dayOfMonth - 1] = day.at;
    adjustments += day.adjustments;
    asOf = asOf === null ? day.at : Math.max(asOf, day.at);
  }
  const closed = days.flatMap(({ closedBytes, closedAt }) =>
    closedBytes === null || closedAt === null ? [] : [{ bytes: closedBytes, at: closedAt }],
  );
  return {
    serialNo,
    month,
    version: 1 + adjustments,
    usedBytes: figureOf(kind, days),
    asOf,
    closedBytes: adjustments === 0 ? null : (closing?.closedBytes ?? figureOf(kind, closed)),
    dayBytes,
    dayAt: kind === "delta" ? null : dayAt,
  };
}

/** Deltas are summed; of readings the latest is the figure. */
function figureOf(kind: UsageKind, days: readonly { readonly bytes: bigint; readonly at: Microseconds }[]): bigint {
  if (kind === "delta") return days.reduce((sum, { bytes }) => sum + bytes, 0n);
  let latest: { bytes: bigint; at: Microseconds } | undefined;
  for (const day of days) if (latest === undefined || isLaterReading(day, latest)) latest = day;
  return latest?.bytes ?? 0n;
}
