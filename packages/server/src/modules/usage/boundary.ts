import type pg from "pg";
import type { UsageSource } from "../sources/source.ts";
import type { BillingMonth } from "../packages/billing-month.ts";
import {
  type GraceReadingRow,
  moveReadings,
  selectCounters,
  selectGraceReadings,
  selectLastReadings,
} from "./boundary.queries.ts";
import type { UsageCalendar } from "./calendar.ts";
import { countCarried } from "./grace.ts";
import type { Microseconds } from "./usage-record.ts";

/** Cards about whose start of a billing month something new is known. All have the same cycle day. */
export interface Boundary {
  readonly month: BillingMonth;
  readonly cycleDay: number;
  readonly serialNos: readonly string[];
}

/** Boundaries that are to be settled. */
export interface BoundaryList {
  /** Notes that something new is known about a month's start; nothing if that is still to come. */
  add(month: BillingMonth, cycleDay: number, serialNo: string): void;
  isEmpty(): boolean;
  /** The earliest one. */
  takeFirst(): Boundary | undefined;
}

/** An empty list. A month that starts after `until` has no boundary yet. */
export function createBoundaryList(calendar: UsageCalendar, until: Microseconds): BoundaryList {
  const boundaries = new Map<string, { month: BillingMonth; cycleDay: number; serialNos: Set<string> }>();
  return {
    add(month, cycleDay, serialNo) {
      if (calendar.startOf(month, cycleDay) > until) return;
      const key = `${month} ${cycleDay}`;
      const known = boundaries.get(key);
      if (known === undefined) boundaries.set(key, { month, cycleDay, serialNos: new Set([serialNo]) });
      else known.serialNos.add(serialNo);
    },
    isEmpty: () => boundaries.size === 0,
    takeFirst() {
      let first: string | undefined;
      let firstMonth = Infinity;
      for (const [key, { month }] of boundaries)
        if (month < firstMonth) {
          first = key;
          firstMonth = month;
        }
      const boundary = first === undefined ? undefined : boundaries.get(first);
      if (first === undefined || boundary === undefined) return undefined;
      boundaries.delete(first);
      return { ...boundary, serialNos: [...boundary.serialNos] };
    },
  };
}

/**
 * Decides which readings just after a month's start count in the month before (see countCarried), from all that is
 * stored by now, so that it comes out the same in whatever order the readings arrive. Returns the cards for which that has
 * changed: the figures of both months must be computed anew. The caller holds lockBoundaries.
 */
export async function settleBoundary(
  db: pg.PoolClient,
  source: UsageSource,
  calendar: UsageCalendar,
  { month, cycleDay, serialNos }: Boundary,
): Promise<string[]> {
  const start = calendar.startOf(month, cycleDay);
  const graceEnd = start + source.graceSeconds * 1_000_000;
  const rows = await selectGraceReadings(db, source.sourceNo, month, graceEnd, serialNos);
  if (rows.length === 0) return [];
  const readings = Map.groupBy(rows, (row) => row.serial_no);
  const before = await countersBefore(db, source, month, start, [...readings.keys()]);

  const toCarry: GraceReadingRow[] = [];
  const toLeave: GraceReadingRow[] = [];
  for (const [serialNo, ofCard] of readings) {
    const carried = countCarried(before.get(serialNo), ofCard);
    for (const [index, reading] of ofCard.entries()) {
      if (index < carried && !reading.carried) toCarry.push(reading);
      if (index >= carried && reading.carried) toLeave.push(reading);
    }
  }
  function closeOf(closing: BillingMonth): Microseconds {
    return calendar.startOf(closing + 1, cycleDay) + source.closeAfterSeconds * 1_000_000;
  }
  if (toCarry.length > 0)
    await moveReadings(
      db,
      source.sourceNo,
      month,
      { carried: true, date: calendar.lastDayOf(month - 1, cycleDay).date, closesAt: closeOf(month - 1) },
      toCarry,
    );
  // Hours of grace may reach over a midnight.
  for (const [date, ofDay] of Map.groupBy(toLeave, ({ at }) => calendar.dayOf(at).date))
    await moveReadings(db, source.sourceNo, month, { carried: false, date, closesAt: closeOf(month) }, ofDay);
  return [...new Set([...toCarry, ...toLeave].map(({ serial_no }) => serial_no))];
}

/** The counters as they were last read before the month began. */
async function countersBefore(
  db: pg.PoolClient,
  source: UsageSource,
  month: BillingMonth,
  start: Microseconds,
  serialNos: readonly string[],
): Promise<Map<string, number>> {
  const counters = new Map<string, number>();
  const overtaken: string[] = [];
  for (const row of await selectCounters(db, source.sourceNo, month - 1, serialNos)) {
    if (row.as_of === null) continue;
    if (row.as_of <= start) counters.set(row.serial_no, row.used_bytes);
    else overtaken.push(row.serial_no);
  }
  if (overtaken.length > 0)
    for (const row of await selectLastReadings(db, source.sourceNo, month - 1, overtaken))
      counters.set(row.serial_no, row.bytes);
  return counters;
}
