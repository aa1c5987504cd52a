import type { UsageSource } from "../src/modules/sources/source.ts";

/**
 * The rules of metering once more, as plainly as they can be written down, over a whole history at once: what the platform
 * must come to, whichever way the records reached it. Shares no code with it.
 */
export interface HistoryRecord {
  readonly id: string;
  readonly serialNo: string;
  readonly cycleDay: number;
  /** A delta's end, a reading's time, in milliseconds since the epoch. */
  readonly atMs: number;
  readonly bytes: number;
}

export interface ModelMonth {
  readonly serialNo: string;
  /** As "2026-11". */
  readonly month: string;
  readonly usedBytes: number;
  /** By date; days without usage are missing. */
  readonly days: Readonly<Record<string, number>>;
}

const formats = new Map<string, Intl.DateTimeFormat>();

/** The date, as "2026-11-24", that an instant falls on in a time zone. */
function localDate(ms: number, timeZone: string): string {
  const format = formats.get(timeZone) ?? new Intl.DateTimeFormat("sv-SE", { timeZone, dateStyle: "short" });
  formats.set(timeZone, format);
  return format.format(ms);
}

/** The date and billing month that usage known at a moment counts on: those of the instant before. */
export function placeOf({ atMs, cycleDay }: HistoryRecord, timeZone: string): { date: string; month: string } {
  const date = localDate(atMs - 1, timeZone);
  const [year = 0, month = 0, day = 0] = date.split("-").map(Number);
  return { date, month: day >= cycleDay ? nameOf(year, month) : nameOf(year, month - 1) };
}

function nameOf(year: number, month: number): string {
  return month === 0 ? `${year - 1}-12` : `${year}-${String(month).padStart(2, "0")}`;
}

function monthBefore(name: string): string {
  const [year = 0, month = 0] = name.split("-").map(Number);
  return nameOf(year, month - 1);
}

/** The first instant of the record's billing month: found by going back, first by days and then by quarters of an hour. */
function startOf(record: HistoryRecord, timeZone: string): number {
  const { month } = placeOf(record, timeZone);
  const quarter = 900_000;
  let ms = Math.floor((record.atMs - 1) / quarter) * quarter;
  for (const step of [96 * quarter, quarter])
    while (placeOf({ ...record, atMs: ms - step }, timeZone).month === month) ms -= step;
  return ms - quarter;
}

/** What a history comes to, by card and billing month. */
export function modelOf(history: readonly HistoryRecord[], source: UsageSource, timeZone: string): ModelMonth[] {
  const months: ModelMonth[] = [];
  for (const [serialNo, ofCard] of Map.groupBy(history, (record) => record.serialNo)) {
    const sorted = ofCard.toSorted((a, b) => a.atMs - b.atMs || a.bytes - b.bytes);
    const counted =
      source.kind === "delta"
        ? sorted.map((record) => ({ record, ...placeOf(record, timeZone) }))
        : countedReadings(sorted, source.graceSeconds * 1000, timeZone);
    for (const [month, records] of Map.groupBy(counted, (one) => one.month)) {
      const days: Record<string, number> = {};
      let last = 0;
      for (const { record, date } of records) {
        days[date] = (days[date] ?? 0) + (source.kind === "delta" ? record.bytes : record.bytes - last);
        last = record.bytes;
      }
      const usedBytes = Object.values(days).reduce((sum, bytes) => sum + bytes, 0);
      months.push({ serialNo, month, usedBytes, days });
    }
  }
  return months.sort((a, b) => (a.serialNo + a.month < b.serialNo + b.month ? -1 : 1));
}

interface Counted {
  readonly record: HistoryRecord;
  readonly month: string;
  readonly date: string;
}

/** Readings with the month in which they count, in the order in which they count. */
function countedReadings(sorted: readonly HistoryRecord[], graceMs: number, timeZone: string): Counted[] {
  const counted: Counted[] = [];
  for (const record of sorted) {
    const own = placeOf(record, timeZone);
    const previous = monthBefore(own.month);
    const before = counted.findLast((one) => one.month === previous);
    const resetSeen = counted.some((one) => one.month === own.month);
    const start = before === undefined || resetSeen ? Number.NaN : startOf(record, timeZone);
    // A counter that stood at zero had nothing to be reset.
    const notReset = before !== undefined && before.record.bytes > 0 && record.bytes >= before.record.bytes;
    if (notReset && record.atMs <= start + graceMs)
      counted.push({ record, month: previous, date: localDate(start - 1, timeZone) });
    else counted.push({ record, ...own });
  }
  return counted.sort((a, b) => (a.month < b.month ? -1 : a.month > b.month ? 1 : 0));
}
