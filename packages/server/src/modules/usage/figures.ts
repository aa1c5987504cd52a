import type pg from "pg";
import type { Db } from "../../db/database.ts";
import { OvertakenError } from "../../db/retry.ts";
import { invariant } from "../../errors.ts";
import { monthToDate, parseMonth } from "../packages/billing-month.ts";
import type { UsageSource } from "../sources/source.ts";
import { type BoundaryList, createBoundaryList, settleBoundary } from "./boundary.ts";
import type { UsageCalendar } from "./calendar.ts";
import { type Increment, byKey, incrementsOf } from "./increments.ts";
import {
  type AssignmentRow,
  type CardMonth,
  type CardMonthRow,
  type RecordRow,
  addDeltas,
  enterReadings,
  insertFirst,
  insertMonths,
  isAdjustment,
  releaseEmptyMonths,
  selectAssignments,
} from "./intake.queries.ts";
import { setCounting } from "./rebuild.queries.ts";
import { recompute } from "./recompute.ts";

/** What records are added to their cards' figures with, in the transaction in which they are written. */
export interface Figures {
  readonly db: pg.PoolClient;
  readonly source: UsageSource;
  readonly calendar: UsageCalendar;
  readonly receivedAtMs: number;
}

/**
 * Brings the figures of days and months up to date with records that have just been written, in the order of byKey. For a
 * source of readings the caller holds lockBoundaries if {@link touchesBoundary} says so.
 */
export async function addToFigures(parts: Figures, rows: readonly RecordRow[]): Promise<void> {
  if (parts.source.kind === "delta") return addUp(parts, rows);
  const boundaries = boundariesOf(parts, rows);
  await addUp(
    parts,
    rows.filter((row) => !boundaries.inGrace.has(monthKey(row))),
  );
  await settleBoundaries(parts, boundaries);
}

/** Whether any of the rows says something about the start of a month. */
export function touchesBoundary(parts: Omit<Figures, "db">, rows: readonly RecordRow[]): boolean {
  return parts.source.kind === "reading" && !boundariesOf(parts, rows).all.isEmpty();
}

/** What a batch says about the starts of months. */
interface Boundaries {
  readonly all: BoundaryList;
  /** The cards' months of which the batch has readings in the hours of grace. */
  readonly inGrace: ReadonlyMap<string, CardMonth>;
}

/**
 * Before a month begins, its end is no boundary yet: nothing of the next month can be there. This much before it is one
 * already, for processes whose clocks differ, records that are ahead of time, and transactions that take their time.
 */
const boundaryAheadMs = 2 * 3_600_000;

function boundariesOf({ source, calendar, receivedAtMs }: Omit<Figures, "db">, rows: readonly RecordRow[]): Boundaries {
  const all = createBoundaryList(calendar, (receivedAtMs + boundaryAheadMs) * 1000);
  const inGrace = new Map<string, CardMonth>();
  for (const row of rows) {
    if (row.record.atUs <= calendar.startOf(row.month, row.cycleDay) + source.graceSeconds * 1_000_000) {
      all.add(row.month, row.cycleDay, row.serialNo);
      inGrace.set(monthKey(row), row);
    }
    all.add(row.month + 1, row.cycleDay, row.serialNo);
  }
  return { all, inGrace };
}

function monthKey({ serialNo, month }: CardMonth): string {
  return `${serialNo} ${month}`;
}

/**
 * Settles what counts in which month, and computes the months anew that this concerns: they hold a few readings yet, or it
 * is a card whose carrier was late to reset its counter. In the order of time, since what is decided at one boundary may
 * take a month its last reading, with which the next compares.
 */
async function settleBoundaries(parts: Figures, { all, inGrace }: Boundaries): Promise<void> {
  const { db, source, calendar } = parts;
  for (let boundary = all.takeFirst(); boundary !== undefined; boundary = all.takeFirst()) {
    const { month, cycleDay, serialNos } = boundary;
    const months = new Map<string, CardMonth>();
    for (const serialNo of serialNos) {
      const key = monthKey({ serialNo, month });
      if (inGrace.has(key)) months.set(key, { serialNo, month });
    }
    for (const serialNo of await settleBoundary(db, source, calendar, boundary)) {
      for (const touched of [month - 1, month])
        months.set(monthKey({ serialNo, month: touched }), { serialNo, month: touched });
      all.add(month + 1, cycleDay, serialNo);
    }
    await recomputeMonths(parts, [...months.values()]);
  }
}

async function recomputeMonths({ db, source, calendar }: Figures, months: readonly CardMonth[]): Promise<void> {
  if (months.length === 0) return;
  const { behind } = await makeMonths(db, source, months.toSorted(byKey), insertMonths);
  for (const [month, ofMonth] of Map.groupBy(months, (one) => one.month))
    await recompute(
      db,
      source,
      calendar,
      month,
      ofMonth.map(({ serialNo }) => serialNo),
    );
  await takeOver(db, source, behind);
}

/** Adds records to their days and months. */
async function addUp(parts: Figures, rows: readonly RecordRow[]): Promise<void> {
  const usages = rows.map((row) => ({
    serialNo: row.serialNo,
    month: row.month,
    dayOfMonth: row.dayOfMonth,
    bytes: row.record.bytes,
    at: row.record.atUs,
    adjusts: isAdjustment(row, parts.receivedAtMs),
  }));
  for (const pass of incrementsOf(usages, parts.source.kind)) {
    if (await addPass(parts, pass)) continue;
    // What an increment cannot say is computed from the records, which are all there already.
    return recomputeMonths(parts, [...new Map(rows.map((row) => [monthKey(row), row])).values()]);
  }
}

/** Whether a pass could be added, all of it. */
async function addPass({ db, source }: Figures, pass: readonly Increment[]): Promise<boolean> {
  const add = source.kind === "delta" ? addDeltas : enterReadings;
  await db.query("savepoint before_pass");
  if ((await add(db, source.sourceNo, pass)) === pass.length) return true;
  // The first records of a month. A row that someone else makes meanwhile is not to be added to twice, or not at all.
  await db.query("rollback to savepoint before_pass");
  const { made, behind } = await makeMonths(db, source, pass, insertFirst);
  await takeOver(db, source, behind);
  const others = pass.filter((increment) => !made.has(monthKey(increment)));
  return others.length === 0 || (await add(db, source.sourceNo, others)) === others.length;
}

/** What became of months whose rows were missing. */
interface MadeMonths<T extends CardMonth> {
  /** The keys of the rows that were made. */
  readonly made: ReadonlySet<string>;
  /** Those of them that do not count because another source does already. */
  readonly behind: readonly T[];
}

/**
 * Makes the rows that are missing. The source that is assigned to the card counts, otherwise the
 * first that reports the month: of two at the same moment the one whose row is there first, since only one can count.
 */
async function makeMonths<T extends CardMonth>(
  db: pg.PoolClient,
  source: UsageSource,
  months: readonly T[],
  insert: (db: Db, source: UsageSource, counts: boolean, months: readonly T[]) => Promise<CardMonthRow[]>,
): Promise<MadeMonths<T>> {
  const assigned = await assignmentsOf(db, months);
  const made = new Set<string>();
  const counting = new Set<string>();
  for (const counts of [true, false]) {
    const wanted = months.filter(
      (month) => !made.has(monthKey(month)) && (!counts || mayCount(month, source.sourceNo, assigned)),
    );
    if (wanted.length === 0) continue;
    for (const row of await insert(db, source, counts, wanted)) {
      made.add(`${row.serial_no} ${parseMonth(row.month)}`);
      if (counts) counting.add(`${row.serial_no} ${parseMonth(row.month)}`);
    }
  }
  // The new rows' foreign keys keep assignments away from here on; one that was made just before is seen now.
  const now = await assignmentsOf(db, months);
  if (months.some((month) => mayCount(month, source.sourceNo, assigned) !== mayCount(month, source.sourceNo, now)))
    throw new OvertakenError("another source was assigned meanwhile");
  const behind = months.filter((month) => {
    const key = monthKey(month);
    return made.has(key) && !counting.has(key) && mayCount(month, source.sourceNo, now);
  });
  return { made, behind };
}

/**
 * Lets the source count for new months for which another one does that has no figure of them: a counter that had not been
 * reset yet when it was read says nothing of the month in which it was.
 */
async function takeOver(db: pg.PoolClient, source: UsageSource, months: readonly CardMonth[]): Promise<void> {
  if (months.length === 0) return;
  const released = await releaseEmptyMonths(db, source.sourceNo, months);
  for (const [date, rows] of Map.groupBy(released, ({ month }) => month)) {
    const month = parseMonth(date);
    invariant(month !== undefined, `${date} is a date`);
    await setCounting(
      db,
      month,
      rows.map(({ serial_no }) => ({ serial_no, source_no: source.sourceNo })),
    );
  }
}

/** By card, the latest first. */
type Assignments = ReadonlyMap<string, readonly AssignmentRow[]>;

async function assignmentsOf(db: pg.PoolClient, months: readonly CardMonth[]): Promise<Assignments> {
  const rows = await selectAssignments(
    db,
    months.map(({ serialNo }) => serialNo),
  );
  return Map.groupBy(rows, (row) => row.serial_no);
}

function mayCount({ serialNo, month }: CardMonth, sourceNo: number, assignments: Assignments): boolean {
  const from = monthToDate(month);
  const inForce = assignments.get(serialNo)?.find((row) => row.from_month <= from);
  return inForce === undefined || inForce.source_no === sourceNo;
}
