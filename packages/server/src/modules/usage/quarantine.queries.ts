import sql, { type Sql, empty, raw } from "sql-template-tag";
import { type Db, withinSafeIntegers } from "../../db/database.ts";
import type { RefusedStatus } from "./usage-record.ts";

/**
 * Holds back whoever wants to release or discard entries, until the transaction ends: an entry that is discarded is never
 * taken in as well. Both are rare, and a batch takes a moment.
 */
export async function lockEntries(db: Db): Promise<void> {
  await db.query(sql`select pg_advisory_xact_lock(hashtextextended('dks usage quarantine', 0))`);
}

/** Makes this transaction the one that goes through what waits for its card; waits for another that does. */
export async function lockPass(db: Db): Promise<void> {
  await db.query(sql`select pg_advisory_xact_lock(hashtextextended('dks usage waiting', 0))`);
}

/** As {@link lockPass}, but only if no other does; tells whether. */
export async function tryLockPass(db: Db): Promise<boolean> {
  const { rows } = await db.query<{ locked: boolean }>(
    sql`select pg_try_advisory_xact_lock(hashtextextended('dks usage waiting', 0)) as locked`,
  );
  return rows[0]?.locked === true;
}

/** Lets a transaction be idle between its statements while others work for it. */
export async function allowIdle(db: Db): Promise<void> {
  await db.query(sql`set local idle_in_transaction_session_timeout = 0`);
}

/** With the source, what an entry is found by. */
export interface EntryKey {
  readonly recordId: string;
  readonly entryId: string;
}

/** How many of the entries are still there. */
export async function countKept(db: Db, sourceNo: number, keys: readonly EntryKey[]): Promise<number> {
  const { rows } = await db.query<{ count: number }>(sql`
    select count(*) as count from usage_quarantine q join ${keyRows(keys)} on ${sameKey(sourceNo)}
  `);
  return rows[0]?.count ?? 0;
}

/** Returns which of them were there. */
export async function deleteEntries(
  db: Db,
  sourceNo: number,
  keys: readonly EntryKey[],
): Promise<{ record_id: string; entry_id: string }[]> {
  const { rows } = await db.query<{ record_id: string; entry_id: string }>(sql`
    delete from usage_quarantine q using ${keyRows(keys)} where ${sameKey(sourceNo)}
    returning q.record_id, q.entry_id
  `);
  return rows;
}

function keyRows(keys: readonly EntryKey[]): Sql {
  return sql`unnest(${keys.map(({ recordId }) => recordId)}::text[], ${keys.map(({ entryId }) => entryId)}::text[])
    as k (record_id, entry_id)`;
}

function sameKey(sourceNo: number): Sql {
  return sql`q.source_no = ${sourceNo} and q.record_id = k.record_id and q.entry_id = k.entry_id`;
}

/** Which entries; what is left out does not matter. */
export interface EntryFilter {
  readonly sourceNo?: number;
  readonly status?: RefusedStatus;
  readonly statusNot?: RefusedStatus;
  /** As it is looked up. */
  readonly subject?: string;
  /** Any subject that begins with this. */
  readonly subjectStart?: string;
  readonly entryIds?: readonly string[];
  /** When it was received: not before the first, and before the second. */
  readonly from?: Date;
  readonly before?: Date;
  /** Not after this: ISO 8601. */
  readonly until?: string;
}

/** What an entry, as "q", has to be for a filter. */
export function matches(filter: EntryFilter): Sql {
  const { sourceNo, status, statusNot, subject, subjectStart, entryIds, from, before, until } = filter;
  return sql`true
    ${sourceNo === undefined ? empty : sql`and q.source_no = ${sourceNo}`}
    ${status === undefined ? empty : sql`and q.status = ${status}`}
    ${statusNot === undefined ? empty : sql`and q.status <> ${statusNot}`}
    ${subject === undefined ? empty : sql`and q.subject = ${subject}`}
    ${subjectStart === undefined ? empty : sql`and starts_with(q.subject, ${subjectStart})`}
    ${entryIds === undefined ? empty : sql`and q.entry_id = any(${entryIds}::text[])`}
    ${from === undefined ? empty : sql`and q.received_at >= ${from}`}
    ${before === undefined ? empty : sql`and q.received_at < ${before}`}
    ${until === undefined ? empty : sql`and q.received_at <= ${until}::timestamptz`}`;
}

export interface EntryRow {
  source_no: number;
  record_id: string;
  entry_id: string;
  status: RefusedStatus;
  reason: { hint: string; zh: string; en: string };
  subject: string | null;
  content: string;
  /** In ISO 8601, with all six decimals: it is written back. */
  received_at: string;
}

const entryColumns = sql`q.source_no, q.record_id, q.entry_id, q.status, q.reason, q.subject, q.content,
  to_char(q.received_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as received_at`;

/** The newest first. */
export async function selectNewest(db: Db, filter: EntryFilter, limit: number): Promise<EntryRow[]> {
  const { rows } = await db.query<EntryRow>(sql`
    select ${entryColumns}
    from usage_quarantine q
    where ${matches(filter)}
    order by q.received_at desc, q.source_no, q.record_id, q.entry_id
    limit ${limit}
  `);
  return rows;
}

export interface CountRow {
  source_no: number;
  status: RefusedStatus;
  count: number;
}

export async function countEntries(db: Db, filter: EntryFilter): Promise<CountRow[]> {
  const { rows } = await db.query<CountRow>(sql`
    select q.source_no, q.status, count(*) as count
    from usage_quarantine q
    where ${matches(filter)}
    group by q.source_no, q.status
    order by q.source_no, q.status
  `);
  return rows;
}

/** Returns how many there were. */
export async function deleteMatching(db: Db, filter: EntryFilter): Promise<number> {
  const { rowCount } = await db.query(sql`delete from usage_quarantine q where ${matches(filter)}`);
  return rowCount ?? 0;
}

/** Those of the entries that are still there. */
export async function selectKept(db: Db, sourceNo: number, keys: readonly EntryKey[]): Promise<EntryRow[]> {
  const { rows } = await db.query<EntryRow>(sql`
    select ${entryColumns}
    from usage_quarantine q
    join ${keyRows(keys)} on ${sameKey(sourceNo)}
    order by q.received_at, q.record_id, q.entry_id
  `);
  return rows;
}

/** All that match, in the order in which they were received, `batchMax` at a time. Within a transaction. */
export function selectMatching(db: Db, filter: EntryFilter, batchMax: number): AsyncGenerator<EntryRow[], void> {
  return fetchEntries(db, matches(filter), batchMax);
}

/** All that wait for a card by one of the subjects, as {@link selectMatching} does. */
export function selectWaiting(
  db: Db,
  subjects: {
    /** That name a card. */
    readonly found: readonly string[];
    /** That name several: only what is not known to wait for that yet. */
    readonly ambiguous: readonly string[];
  },
  batchMax: number,
): AsyncGenerator<EntryRow[], void> {
  return fetchEntries(
    db,
    sql`q.status = 'unknown_card' and (q.subject = any(${subjects.found}::text[])
      or (q.subject = any(${subjects.ambiguous}::text[]) and q.reason->>'hint' <> 'card_ambiguous'))`,
    batchMax,
  );
}

async function* fetchEntries(db: Db, condition: Sql, batchMax: number): AsyncGenerator<EntryRow[], void> {
  await db.query(sql`
    declare quarantine_entries no scroll cursor for
    select ${entryColumns}
    from usage_quarantine q
    where ${condition}
    order by q.received_at, q.source_no, q.record_id, q.entry_id
  `);
  try {
    for (;;) {
      const { rows } = await db.query<EntryRow>({ text: `fetch ${batchMax} from quarantine_entries` });
      if (rows.length === 0) return;
      yield rows;
    }
  } finally {
    // Fails only where a failed statement has ended the transaction, and the cursor with it.
    await db.query(sql`close quarantine_entries`).catch(() => {});
  }
}

/**
 * The next subjects that something waits for, in their order. Looks at `rowsMax` of the index's rows, so that it costs
 * the same however much waits; of a subject with more rows than that the rest is skipped by whoever goes on behind it.
 */
export async function selectWaitingSubjects(db: Db, after: string, rowsMax: number): Promise<string[]> {
  const { rows } = await db.query<{ subject: string }>({
    name: "select_waiting_subjects",
    text: `
      select distinct subject
      from (
        select subject
        from usage_quarantine
        where status = 'unknown_card' and subject > $1
        order by subject
        limit $2
      ) q
      order by subject`,
    values: [after, rowsMax],
  });
  return rows.map(({ subject }) => subject);
}

export interface TakenRow {
  source_no: number;
  record_id: string;
  serial_no: string;
  /** A date: the first day of the billing month that it belongs to. */
  month: string;
  start_us: number | null;
  at_us: number;
  bytes: number;
  corrects: string | null;
  attributes: Record<string, unknown> | null;
  received_at: Date;
}

/**
 * The records that were taken in under these identities, as long as they are kept. Two statements, since on Citus the two
 * tables are sharded differently.
 */
export async function selectTaken(
  db: Db,
  identities: readonly { readonly sourceNo: number; readonly recordId: string }[],
): Promise<TakenRow[]> {
  const { rows: places } = await db.query<{
    source_no: number;
    record_id: string;
    serial_no: string;
    month: string;
  }>(sql`
    select i.source_no, i.record_id, i.serial_no, i.month
    from usage_identity i
    join unnest(${identities.map(({ sourceNo }) => sourceNo)}::integer[],
      ${identities.map(({ recordId }) => recordId)}::text[]) as k (source_no, record_id)
      on i.source_no = k.source_no and i.record_id = k.record_id
  `);
  if (places.length === 0) return [];
  const { rows } = await db.query<TakenRow>(sql`
    select r.source_no, r.record_id, r.serial_no, r.month, (extract(epoch from r.start_at) * 1000000)::bigint as start_us,
      (extract(epoch from r.at) * 1000000)::bigint as at_us, r.bytes, r.corrects, r.attributes, r.received_at
    from usage_record r
    join unnest(${places.map((place) => place.source_no)}::integer[], ${places.map((place) => place.record_id)}::text[],
      ${places.map((place) => place.serial_no)}::text[], ${places.map((place) => place.month)}::date[])
      as p (source_no, record_id, serial_no, month)
      on r.serial_no = p.serial_no and r.month = p.month and r.source_no = p.source_no and r.record_id = p.record_id
  `);
  return rows;
}

/** What a card has used in a billing month (a date, its first day) by a source; undefined without any record of it. */
export async function selectFigure(
  db: Db,
  month: { readonly serialNo: string; readonly month: string; readonly sourceNo: number },
): Promise<{ used_bytes: number; counts: boolean } | undefined> {
  const { rows } = await db.query<{ used_bytes: number; counts: boolean }>(sql`
    select ${raw(withinSafeIntegers("used_bytes"))}, counts
    from usage_month
    where serial_no = ${month.serialNo} and month = ${month.month}::date and source_no = ${month.sourceNo}
  `);
  return rows[0];
}
