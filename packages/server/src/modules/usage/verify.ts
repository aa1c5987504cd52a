import type pg from "pg";
import { type BillingMonth, formatMonth, parseMonth } from "../packages/billing-month.ts";
import type { UsageSource } from "../sources/source.ts";
import type { UsageCalendar } from "./calendar.ts";
import { findUncounted } from "./counting.ts";
import { daysNotAddingUp, differencesOf } from "./month-differences.ts";
import { type Definitions, bySource } from "./rebuild.ts";
import { selectMonths } from "./rebuild.queries.ts";
import { contentFingerprint } from "./record.ts";
import { statesOfRecords } from "./recompute.ts";
import { snapshot } from "./snapshot.ts";
import {
  type IdentityRow,
  type StoredRecordRow,
  selectIdentitiesOf,
  selectLostRecords,
  selectRecords,
} from "./verify.queries.ts";
import { selectSourceMonths } from "./walk.queries.ts";
import { type WalkOptions, type WalkPlan, type WalkScope, type WalkStep, planWalk, walk } from "./walk.ts";

/**
 * What can be wrong:
 * - month_missing: there are records of a month and no figure;
 * - month_differs: a column of the figure is not what the records come to;
 * - days_differ: the days do not add up to the month;
 * - none_counts: no source counts for a card's month although one should;
 * - identity_missing: a record could be taken in a second time;
 * - identity_differs: a record is not what was taken in under its identity, or is that of another card or month;
 * - record_repeated: a record is there twice;
 * - record_missing: what was taken in is not there any more.
 *
 * The first four are mended by a rebuild. The others are about the records themselves: only a backup has what is right.
 */
export const problems = [
  "month_missing",
  "month_differs",
  "days_differ",
  "none_counts",
  "identity_missing",
  "identity_differs",
  "record_repeated",
  "record_missing",
] as const;

export type Problem = (typeof problems)[number];

/** Whether a rebuild mends it. */
function isMendable(problem: Problem): boolean {
  return problems.indexOf(problem) < problems.indexOf("identity_missing");
}

/** One thing that is wrong. */
export interface Finding {
  readonly problem: Problem;
  readonly serialNo: string;
  /** "2026-11" */
  readonly month: string;
  readonly source: string;
  /** Of what is wrong with a record. */
  readonly recordId: string | null;
  /** The column that differs, with the day of an array's element: "day_bytes[24]". */
  readonly field: string | null;
  /** What is stored, and what it should be; null: nothing. */
  readonly stored: string | null;
  readonly expected: string | null;
}

export interface VerifyOptions extends WalkOptions {
  /** Told of everything that is wrong, one at a time, while its transaction waits. */
  readonly onFinding: (finding: Finding) => Promise<void> | void;
}

/** What a verification has looked at. A month here is a card's billing month by one source. */
export interface VerifyReport {
  readonly months: number;
  readonly records: number;
  readonly findings: number;
  /** How many of the findings are not mended by a rebuild. */
  readonly beyondRebuild: number;
  /** Billing months that could not be looked at, since their records are no longer kept. */
  readonly skipped: readonly BillingMonth[];
}

/**
 * Compares the months' figures with the records, and the records with their identities. Changes nothing and holds nobody
 * back: each piece is one snapshot, in which all that the intake has committed by then is there at once.
 *
 * Throws an OperatorError for a card that does not exist, and for a month by name whose records are not kept.
 */
export async function verifyUsage(
  pool: pg.Pool,
  { listSources, calendar }: Definitions,
  scope: WalkScope,
  options: VerifyOptions,
): Promise<VerifyReport> {
  const plan = await planWalk(pool, scope);
  const report = { months: 0, records: 0, findings: 0, beyondRebuild: 0 };
  async function note(finding: Finding): Promise<void> {
    report.findings++;
    if (!isMendable(finding.problem)) report.beyondRebuild++;
    await options.onFinding(finding);
  }
  for await (const step of walk(pool, plan, options))
    await snapshot(pool, async (db) => {
      const found = await selectSourceMonths(db, step.month, step.range);
      // Later than the snapshot, so that every source which it refers to is there.
      const parts = { db, calendar, step, sources: await listSources(), note };
      report.months += found.length;
      for (const [source, rows] of bySource(parts.sources, found))
        await verifyMonths(
          parts,
          source,
          rows.map(({ serial_no }) => serial_no),
        );
      await verifyCounting(parts);
      report.records += await verifyRecords(parts);
    });
  await verifyIdentities(pool, plan, { scope, options, note, sources: await listSources() });
  return { ...report, skipped: plan.skipped };
}

type Note = (finding: Finding) => Promise<void>;

interface Parts {
  readonly db: pg.PoolClient;
  readonly calendar: UsageCalendar;
  readonly step: WalkStep;
  readonly sources: readonly UsageSource[];
  readonly note: Note;
}

/** Compares the figures of one source with the records. */
async function verifyMonths(
  { db, calendar, step: { month }, note }: Parts,
  source: UsageSource,
  serialNos: readonly string[],
): Promise<void> {
  const stored = new Map(
    (await selectMonths(db, source.sourceNo, month, serialNos)).map((row) => [row.serial_no, row]),
  );
  for (const state of await statesOfRecords(db, source, calendar, month, serialNos)) {
    const of = about(state.serialNo, month, source.name);
    const row = stored.get(state.serialNo);
    if (row === undefined) {
      await note({
        ...of,
        problem: "month_missing",
        field: "used_bytes",
        stored: null,
        expected: String(state.usedBytes),
      });
      continue;
    }
    for (const difference of differencesOf(row, state)) await note({ ...of, problem: "month_differs", ...difference });
    const sum = daysNotAddingUp(row, source.kind);
    if (sum !== undefined) await note({ ...of, problem: "days_differ", ...sum });
  }
}

/** More than one source cannot count: usage_month_counts_idx. */
async function verifyCounting({ db, step: { month, range }, sources, note }: Parts): Promise<void> {
  for (const { serial_no, source_no } of await findUncounted(db, month, range))
    await note({
      ...about(serial_no, month, nameOf(sources, source_no)),
      problem: "none_counts",
      field: "counts",
      stored: "false",
      expected: "true",
    });
}

/** Looks whether each record is there once, with its identity. Returns how many records there are. */
async function verifyRecords({ db, step: { month, range }, sources, note }: Parts): Promise<number> {
  let count = 0;
  let last = "";
  for await (const rows of selectRecords(db, month, range)) {
    count += rows.length;
    const identities = await identitiesOf(db, rows);
    for (const row of rows) {
      const key = identityKey(row);
      const of = { ...about(row.serial_no, month, nameOf(sources, row.source_no)), recordId: row.record_id };
      if (key === last) await note({ ...of, problem: "record_repeated" });
      last = key;
      const identity = identities.get(key);
      if (identity === undefined) await note({ ...of, problem: "identity_missing" });
      else
        for (const difference of identityDifferences(row, month, identity))
          await note({ ...of, problem: "identity_differs", ...difference });
    }
  }
  return count;
}

async function identitiesOf(db: pg.PoolClient, rows: readonly StoredRecordRow[]): Promise<Map<string, IdentityRow>> {
  const identities = await selectIdentitiesOf(
    db,
    [...new Set(rows.map(({ source_no }) => source_no))],
    rows.map(({ record_id }) => record_id),
  );
  return new Map(identities.map((identity) => [identityKey(identity), identity]));
}

/** A number has no space in it, so that no two identities have one key. */
function identityKey({ source_no, record_id }: { source_no: number; record_id: string }): string {
  return `${source_no} ${record_id}`;
}

function* identityDifferences(
  row: StoredRecordRow,
  month: BillingMonth,
  identity: IdentityRow,
): Generator<Pick<Finding, "field" | "stored" | "expected">> {
  const fingerprint = String(fingerprintOf(row));
  if (fingerprint !== identity.fingerprint)
    yield { field: "fingerprint", stored: fingerprint, expected: identity.fingerprint };
  if (row.serial_no !== identity.serial_no)
    yield { field: "serial_no", stored: row.serial_no, expected: identity.serial_no };
  if (month !== parseMonth(identity.month))
    yield { field: "month", stored: formatMonth(month), expected: identity.month.slice(0, 7) };
}

/** What the record was hashed to when it was taken in, if it is still the same. */
function fingerprintOf({ serial_no, record_id, start_at, at, bytes, corrects, attributes }: StoredRecordRow): bigint {
  const record = { id: record_id, subject: serial_no, startUs: start_at, atUs: at, bytes, corrects };
  // jsonb has put the members into an order of its own.
  const sorted = attributes && Object.fromEntries(Object.entries(attributes).sort(([a], [b]) => (a < b ? -1 : 1)));
  return contentFingerprint({ ...record, attributes: sorted && JSON.stringify(sorted) }, serial_no);
}

/** Looks whether the record of each identity is there. */
async function verifyIdentities(
  pool: pg.Pool,
  { months, cards }: WalkPlan,
  {
    scope,
    options,
    note,
    sources,
  }: { scope: WalkScope; options: WalkOptions; note: Note; sources: readonly UsageSource[] },
): Promise<void> {
  // Of one card, all months at once: it is reading the identities that takes the time.
  const rounds = scope.serialNo === undefined ? months.map((month) => [month]) : [months];
  for (const round of rounds) {
    await snapshot(pool, async (db) => {
      for await (const rows of selectLostRecords(db, round, cards))
        for (const { serial_no, month, source_no, record_id } of rows)
          await note({
            ...about(serial_no, parseMonth(month) ?? 0, nameOf(sources, source_no)),
            problem: "record_missing",
            recordId: record_id,
          });
    });
    options.signal?.throwIfAborted();
  }
}

function about(serialNo: string, month: BillingMonth, source: string): Omit<Finding, "problem"> {
  return { serialNo, month: formatMonth(month), source, recordId: null, field: null, stored: null, expected: null };
}

/** Identities and records refer to no source by a foreign key. */
function nameOf(sources: readonly UsageSource[], sourceNo: number): string {
  return sources.find((source) => source.sourceNo === sourceNo)?.name ?? String(sourceNo);
}
