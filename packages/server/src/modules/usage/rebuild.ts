import type pg from "pg";
import { retryingTransaction } from "../../db/retry.ts";
import { invariant } from "../../errors.ts";
import type { BillingMonth } from "../packages/billing-month.ts";
import type { UsageSource } from "../sources/source.ts";
import type { UsageCalendar } from "./calendar.ts";
import { findUncounted } from "./counting.ts";
import { insertMonths } from "./intake.queries.ts";
import { differencesOf } from "./month-differences.ts";
import type { MonthState } from "./month-state.ts";
import { lockMonths, selectMonths, setCounting, updateMonths } from "./rebuild.queries.ts";
import { statesOfRecords } from "./recompute.ts";
import { snapshot } from "./snapshot.ts";
import { type SourceMonthRow, selectSourceMonths } from "./walk.queries.ts";
import { type WalkOptions, type WalkScope, type WalkStep, planWalk, walk } from "./walk.ts";

/** Reads every source there is, again and again: one may be created while the work goes on. */
export type ListSources = () => Promise<readonly UsageSource[]>;

/** What months are computed by, beside their records. */
export interface Definitions {
  readonly listSources: ListSources;
  readonly calendar: UsageCalendar;
}

/** What a rebuild has done. A month here is a card's billing month by one source. */
export interface RebuildReport {
  readonly months: number;
  /** How many of them are not as they were, those created among them. */
  readonly changed: number;
  /** How many there were records of and no figure. */
  readonly created: number;
  /** Billing months left as they are, since their records are no longer kept. */
  readonly skipped: readonly BillingMonth[];
}

/**
 * Computes the months' figures anew from the records, and makes those that are missing. Works beside the intake: it
 * compares in snapshots, and holds back only the months that are wrong, of at most 2,000 cards at a time. Which source
 * counts stays as it is, and is decided only where none counts although one should. What was rebuilt before an
 * interruption stays; another run does the rest.
 *
 * Throws an OperatorError for a card that does not exist, and for a month by name whose records are not kept.
 */
export async function rebuildUsage(
  pool: pg.Pool,
  definitions: Definitions,
  scope: WalkScope,
  options: WalkOptions = {},
): Promise<RebuildReport> {
  const { calendar } = definitions;
  const plan = await planWalk(pool, scope);
  const report = { months: 0, changed: 0, created: 0 };
  for await (const step of walk(pool, plan, options)) {
    const { sources, found, wrong } = await snapshot(pool, (db) => compare(db, definitions, step));
    const changed = new Set<string>();
    report.months += found.length;
    report.created += await mendMissing({ pool, calendar, sources, step }, found, changed);
    for (const { source, serialNos } of wrong) {
      const rebuilt = await retryingTransaction(pool, (db) =>
        rebuildMonths(db, source, calendar, step.month, serialNos),
      );
      for (const serialNo of rebuilt) changed.add(monthKey(source.sourceNo, serialNo));
    }
    report.changed += changed.size;
  }
  return { ...report, skipped: plan.skipped };
}

/** Cards of one source. */
interface SourceCards {
  readonly source: UsageSource;
  readonly serialNos: readonly string[];
}

/**
 * Finds out what there is and what of it is wrong, in a snapshot: to lock a row is to write it, and what is right need be
 * neither locked nor written.
 */
async function compare(
  db: pg.PoolClient,
  { listSources, calendar }: Definitions,
  { month, range }: WalkStep,
): Promise<{ sources: readonly UsageSource[]; found: SourceMonthRow[]; wrong: SourceCards[] }> {
  const found = await selectSourceMonths(db, month, range);
  // Later than the snapshot, so that every source which it refers to is there.
  const sources = await listSources();
  const wrong: SourceCards[] = [];
  for (const [source, rows] of bySource(sources, found)) {
    const states = await wrongStates(
      db,
      source,
      calendar,
      month,
      rows.filter(({ stored }) => stored).map(({ serial_no }) => serial_no),
    );
    if (states.length > 0) wrong.push({ source, serialNos: states.map(({ serialNo }) => serialNo) });
  }
  return { sources, found, wrong };
}

interface Step {
  readonly pool: pg.Pool;
  readonly calendar: UsageCalendar;
  readonly sources: readonly UsageSource[];
  readonly step: WalkStep;
}

/**
 * Makes the rows that are missing, with their figures, and lets a source count where none does: in one transaction, so that
 * nobody reads an empty month. Returns how many it made.
 */
async function mendMissing(
  { pool, calendar, sources, step: { month, range } }: Step,
  found: readonly SourceMonthRow[],
  changed: Set<string>,
): Promise<number> {
  const missing = found.filter(({ stored }) => !stored);
  if (missing.length === 0 && (await findUncounted(pool, month, range)).length === 0) return 0;
  await retryingTransaction(
    pool,
    async (db) => {
      for (const [source, rows] of bySource(sources, missing)) {
        const serialNos = rows.map(({ serial_no }) => serial_no);
        const months = serialNos.map((serialNo) => ({ serialNo, month }));
        await insertMonths(db, source, false, months);
        await rebuildMonths(db, source, calendar, month, serialNos);
      }
      const uncounted = await findUncounted(db, month, range);
      await setCounting(db, month, uncounted);
      for (const { source_no, serial_no } of [...missing, ...uncounted]) changed.add(monthKey(source_no, serial_no));
    },
    // The intake may have made the row that counts meanwhile.
    { uniqueConstraint: "usage_month_counts_idx" },
  );
  return missing.length;
}

/** Sets months to what their records come to; their rows must exist. Returns the cards whose month has changed. */
async function rebuildMonths(
  db: pg.PoolClient,
  source: UsageSource,
  calendar: UsageCalendar,
  month: BillingMonth,
  serialNos: readonly string[],
): Promise<string[]> {
  // Locked first and read then: see recompute.
  await lockMonths(db, source.sourceNo, month, serialNos);
  const different = await wrongStates(db, source, calendar, month, serialNos);
  if (different.length > 0) await updateMonths(db, source.sourceNo, different);
  return different.map(({ serialNo }) => serialNo);
}

/** What the records come to where that is not what is stored. */
async function wrongStates(
  db: pg.PoolClient,
  source: UsageSource,
  calendar: UsageCalendar,
  month: BillingMonth,
  serialNos: readonly string[],
): Promise<MonthState[]> {
  const stored = new Map(
    (await selectMonths(db, source.sourceNo, month, serialNos)).map((row) => [row.serial_no, row]),
  );
  return (await statesOfRecords(db, source, calendar, month, serialNos)).filter((state) => {
    const row = stored.get(state.serialNo);
    return row !== undefined && differencesOf(row, state).length > 0;
  });
}

/** The rows of each source, in the order of the sources' numbers. */
export function bySource<Row extends { source_no: number }>(
  sources: readonly UsageSource[],
  rows: readonly Row[],
): [UsageSource, Row[]][] {
  const groups = Map.groupBy(rows, ({ source_no }) => source_no);
  return [...groups]
    .sort(([a], [b]) => a - b)
    .map(([sourceNo, ofSource]) => {
      const source = sources.find((each) => each.sourceNo === sourceNo);
      invariant(source !== undefined, `there is a source ${sourceNo}`);
      return [source, ofSource];
    });
}

function monthKey(sourceNo: number, serialNo: string): string {
  return `${sourceNo} ${serialNo}`;
}
