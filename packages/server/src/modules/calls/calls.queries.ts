import sql, { type Sql, join, raw } from "sql-template-tag";
import type pg from "pg";
import { copyRows } from "../../db/copy.ts";
import type { Db } from "../../db/database.ts";
import { lineColumns } from "./call-line.ts";
import type { LatencyFigure, StatisticFigure } from "./call-statistics.ts";

/** Why calls are not in the log. */
export type GapReason = "buffer_full" | "not_written" | "strangers";

export interface GapRow {
  from_ms: number;
  to_ms: number;
  reason: GapReason;
  calls: number;
}

/**
 * Keeps what a batch has locked from staying locked when its process, or the network, is gone without a word: the server asks
 * after half a minute, and a transaction that nobody goes on with is ended.
 */
export async function limitWriting(db: Db): Promise<void> {
  await db.query(sql`
    select set_config('idle_in_transaction_session_timeout', '10s', true),
      set_config('tcp_keepalives_idle', '10', true),
      set_config('tcp_keepalives_interval', '5', true),
      set_config('tcp_keepalives_count', '4', true)
  `);
}

/**
 * Notes in the batch's own transaction that it is written; false: it has been. One that is being written, by a connection
 * which was taken for lost, is waited for.
 */
export async function claimBatch(db: Db, process: string, batchNo: number): Promise<boolean> {
  const { rowCount } = await db.query(sql`
    insert into call_log_writer (process, batch_no)
    values (${process}, ${batchNo})
    on conflict (process) do update
    set batch_no = excluded.batch_no, written_at = now()
    where call_log_writer.batch_no < excluded.batch_no
  `);
  return rowCount === 1;
}

export async function copyCalls(db: pg.PoolClient, lines: Uint8Array): Promise<void> {
  await copyRows(db, `call_log (${lineColumns})`, lines);
}

export async function insertGap(db: Db, gap: GapRow): Promise<void> {
  await db.query(sql`
    insert into call_log_gap (from_ms, to_ms, reason, calls)
    values (${gap.from_ms}, ${gap.to_ms}, ${gap.reason}, ${gap.calls})
  `);
}

/** Rows are locked in one order everywhere, since every process adds to the same ones. */
export async function addStatistics(db: Db, figures: readonly StatisticFigure[]): Promise<void> {
  await db.query(sql`
    insert into call_statistic as s (at_ms, operation, client_id, errcode, hint, calls, duration_us)
    select at_ms, operation, client_id, errcode, hint, calls, duration_us
    from json_to_recordset(${JSON.stringify(figures)}::json) as figure (
      at_ms bigint, operation text, client_id text, errcode integer, hint text, calls bigint, duration_us bigint
    )
    order by at_ms, operation collate "C", client_id collate "C", errcode, hint collate "C"
    on conflict (at_ms, operation, client_id, errcode, hint) do update
    set calls = s.calls + excluded.calls, duration_us = s.duration_us + excluded.duration_us
  `);
}

export async function addLatencies(db: Db, figures: readonly LatencyFigure[]): Promise<void> {
  await db.query(sql`
    insert into call_latency as l (at_ms, operation, class, calls)
    select at_ms, operation, class, calls
    from json_to_recordset(${JSON.stringify(figures)}::json) as figure (
      at_ms bigint, operation text, class smallint, calls bigint
    )
    order by at_ms, operation collate "C", class
    on conflict (at_ms, operation, class) do update
    set calls = l.calls + excluded.calls
  `);
}

export interface CallRow {
  at_ms: number;
  request_id: string;
  client_id: string | null;
  account_no: number | null;
  operation: string;
  errcode: number;
  hint: string | null;
  http_status: number | null;
  duration_us: number;
  address: string | null;
  user_agent: string | null;
  parameters: string | null;
  detail_zh: string | null;
  detail_en: string | null;
}

/** What the calls that are looked for have in common. */
export interface CallFilter {
  readonly clientId?: string | undefined;
  readonly accountNo?: number | undefined;
  readonly operation?: string | undefined;
  readonly errcode?: number | undefined;
  readonly refusedOnly?: boolean | undefined;
  readonly requestId?: string | undefined;
  readonly address?: string | undefined;
  /** Letters and digits: what the caller named a card by, in the parameter serial_no. */
  readonly serialNo?: string | undefined;
}

/** Between two calls: behind, from the newest to the oldest, the one of that moment and id. */
export interface CallPosition {
  readonly atMs: number;
  /** Empty: behind all of that moment. */
  readonly requestId: string;
}

/** Limits what the transaction's statements may take, and has them use the index, which no statistics speak for at first. */
export async function limitReading(db: Db, timeoutMs: number): Promise<void> {
  await db.query(sql`
    select set_config('statement_timeout', ${`${timeoutMs}ms`}, true), set_config('enable_seqscan', 'off', true)
  `);
}

/** The newest calls before a position and not before a moment. */
export async function selectCalls(
  db: Db,
  filter: CallFilter,
  range: { readonly fromMs: number; readonly before: CallPosition; readonly limit: number },
): Promise<CallRow[]> {
  const { atMs, requestId } = range.before;
  const conditions: Sql[] = [
    sql`at_ms >= ${range.fromMs}`,
    sql`at_ms <= ${atMs}`,
    sql`(at_ms < ${atMs} or request_id < ${requestId})`,
    ...(filter.clientId === undefined ? [] : [sql`client_id = ${filter.clientId}`]),
    // By the clients, which the index knows, unlike accounts; and a call whose body could not be read has no account.
    ...(filter.accountNo === undefined
      ? []
      : [sql`client_id = any(array(select c.client_id from client c where c.account_no = ${filter.accountNo}))`]),
    ...(filter.operation === undefined ? [] : [sql`operation = ${filter.operation}`]),
    ...(filter.errcode === undefined ? [] : [sql`errcode = ${filter.errcode}`]),
    ...(filter.refusedOnly === true || (filter.errcode ?? 0) !== 0 ? [sql`errcode <> 0`] : []),
    ...(filter.requestId === undefined ? [] : [sql`request_id = ${filter.requestId}`]),
    ...(filter.address === undefined ? [] : [sql`address = ${filter.address}`]),
    // As call-line.ts writes it.
    ...(filter.serialNo === undefined ? [] : [sql`strpos(parameters, ${`"serial_no":"${filter.serialNo}"`}) > 0`]),
  ];
  const { rows } = await db.query<CallRow>(sql`
    select at_ms, request_id, client_id, account_no, operation, errcode, hint, http_status, duration_us, address,
      user_agent, parameters, detail_zh, detail_en
    from call_log
    where ${join(conditions, " and ")}
    order by at_ms desc, request_id desc
    limit ${range.limit}
  `);
  return rows;
}

/** The gaps that touch a time, the newest first, one row for each reason and minute. */
export async function selectGaps(db: Db, fromMs: number, toMs: number, limit: number): Promise<GapRow[]> {
  const { rows } = await db.query<GapRow>(sql`
    select min(from_ms) as from_ms, max(to_ms) as to_ms, reason, sum(calls)::bigint as calls
    from call_log_gap
    where to_ms >= ${fromMs} and from_ms < ${toMs}
    group by reason, to_ms / 60000
    order by max(to_ms) desc, reason
    limit ${limit}
  `);
  return rows;
}

export interface StepRow {
  step_ms: number;
  operation: string;
  errcode: number;
  hint: string;
  calls: number;
  duration_us: number;
}

/** What is counted, by steps of a length from a moment on. */
export async function selectSteps(db: Db, fromMs: number, toMs: number, stepMs: number): Promise<StepRow[]> {
  const { rows } = await db.query<StepRow>(sql`
    select at_ms - (at_ms - ${fromMs}) % ${stepMs} as step_ms, operation, errcode, hint,
      sum(calls)::bigint as calls, sum(duration_us)::bigint as duration_us
    from call_statistic
    where at_ms >= ${fromMs} and at_ms < ${toMs}
    group by 1, 2, 3, 4
    order by 1, 2, 3, 4
  `);
  return rows;
}

export interface LatencyStepRow {
  step_ms: number;
  operation: string;
  class: number;
  calls: number;
}

export async function selectLatencies(db: Db, fromMs: number, toMs: number, stepMs: number): Promise<LatencyStepRow[]> {
  const { rows } = await db.query<LatencyStepRow>(sql`
    select at_ms - (at_ms - ${fromMs}) % ${stepMs} as step_ms, operation, class, sum(calls)::bigint as calls
    from call_latency
    where at_ms >= ${fromMs} and at_ms < ${toMs}
    group by 1, 2, 3
    order by 1, 2, 3
  `);
  return rows;
}

export interface ClientCallsRow {
  client_id: string;
  calls: number;
  refused: number;
}

/** The clients that called, those that did most first; an empty id: callers that are no client. */
export async function selectClientCalls(
  db: Db,
  fromMs: number,
  toMs: number,
  limit: number,
): Promise<ClientCallsRow[]> {
  const { rows } = await db.query<ClientCallsRow>(sql`
    select client_id, sum(calls)::bigint as calls,
      coalesce(sum(calls) filter (where errcode <> 0), 0)::bigint as refused
    from call_statistic
    where at_ms >= ${fromMs} and at_ms < ${toMs}
    group by client_id
    order by 2 desc, 1
    limit ${limit}
  `);
  return rows;
}

/** The right to look after the log, until the transaction ends; false while another process does. */
export async function tryLockLog(db: Db): Promise<boolean> {
  const { rows } = await db.query<{ locked: boolean }>(
    sql`select pg_try_advisory_xact_lock(hashtextextended('dks call log', 0)) as locked`,
  );
  return rows[0]?.locked === true;
}

/** The right to make a day's partition, until the transaction ends; others wait. */
export async function lockPartitions(db: Db): Promise<void> {
  await db.query(sql`select pg_advisory_xact_lock(hashtextextended('dks call log partitions', 0))`);
}

/** Lets the transaction's statements fail, with 55P03, that wait so long for a lock. */
export async function limitLockWaits(db: Db, timeoutMs: number): Promise<void> {
  await db.query(sql`select set_config('lock_timeout', ${`${timeoutMs}ms`}, true)`);
}

export interface PartitionRow {
  /** As it is written in SQL. */
  name: string;
  /** The first moment that is not in it. */
  to_ms: number;
}

/** The oldest first. */
export async function selectPartitions(db: Db): Promise<PartitionRow[]> {
  const { rows } = await db.query<PartitionRow>(sql`
    select p.name, p.to_ms
    from (
      select c.oid::regclass::text as name,
        substring(pg_get_expr(c.relpartbound, c.oid) from 'TO [(]''([0-9]+)''[)]')::bigint as to_ms
      from pg_inherits i
      join pg_class c on c.oid = i.inhrelid
      where i.inhparent = 'call_log'::regclass
    ) as p
    where p.to_ms is not null
    order by p.to_ms
  `);
  return rows;
}

export async function partitionExists(db: Db, name: string): Promise<boolean> {
  const { rows } = await db.query<{ exists: boolean }>(sql`select to_regclass(${name}) is not null as exists`);
  return rows[0]?.exists === true;
}

/** A table of its own that is attached afterwards, since "create table … partition of" would wait for whoever reads the log. */
export async function createPartitionTable(db: Db, name: string): Promise<void> {
  await db.query(sql`create table ${raw(name)} (like call_log including defaults)`);
}

export async function attachPartition(db: Db, name: string, fromMs: number, toMs: number): Promise<void> {
  await db.query(
    sql`alter table call_log attach partition ${raw(name)} for values from (${raw(String(fromMs))}) to (${raw(String(toMs))})`,
  );
}

export async function dropPartition(db: Db, name: string): Promise<void> {
  await db.query(sql`drop table if exists ${raw(name)}`);
}

/** Has the index say of what was written since the last time where it is: until then it is always looked through. */
export async function summarizePartitions(db: Db, names: readonly string[]): Promise<void> {
  await db.query(sql`
    select brin_summarize_new_values(i.indexrelid)
    from unnest(${names}::text[]) as partition (name)
    join pg_index i on i.indrelid = to_regclass(partition.name)
    join pg_class c on c.oid = i.indexrelid
    join pg_am a on a.oid = c.relam and a.amname = 'brin'
  `);
}

export async function deleteGaps(db: Db, beforeMs: number): Promise<void> {
  await db.query(sql`delete from call_log_gap where to_ms < ${beforeMs}`);
}

/** Processes that have ended long ago. */
export async function deleteWriters(db: Db, before: Date): Promise<void> {
  await db.query(sql`delete from call_log_writer where written_at < ${before}`);
}

export async function deleteStatistics(db: Db, beforeMs: number): Promise<void> {
  await db.query(sql`delete from call_statistic where at_ms < ${beforeMs}`);
}

export async function deleteLatencies(db: Db, beforeMs: number): Promise<void> {
  await db.query(sql`delete from call_latency where at_ms < ${beforeMs}`);
}

/** Sums the periods before a moment up by hours. Those that are hours already are left. */
export async function condenseStatistics(db: Db, beforeMs: number): Promise<void> {
  await db.query(sql`
    with fine as (
      delete from call_statistic
      where at_ms < ${beforeMs} and at_ms % 3600000 <> 0
      returning at_ms, operation, client_id, errcode, hint, calls, duration_us
    )
    insert into call_statistic as s (at_ms, operation, client_id, errcode, hint, calls, duration_us)
    select at_ms - at_ms % 3600000, operation, client_id, errcode, hint, sum(calls)::bigint, sum(duration_us)::bigint
    from fine
    group by 1, 2, 3, 4, 5
    on conflict (at_ms, operation, client_id, errcode, hint) do update
    set calls = s.calls + excluded.calls, duration_us = s.duration_us + excluded.duration_us
  `);
}

export async function condenseLatencies(db: Db, beforeMs: number): Promise<void> {
  await db.query(sql`
    with fine as (
      delete from call_latency
      where at_ms < ${beforeMs} and at_ms % 3600000 <> 0
      returning at_ms, operation, class, calls
    )
    insert into call_latency as l (at_ms, operation, class, calls)
    select at_ms - at_ms % 3600000, operation, class, sum(calls)::bigint
    from fine
    group by 1, 2, 3
    on conflict (at_ms, operation, class) do update
    set calls = l.calls + excluded.calls
  `);
}
