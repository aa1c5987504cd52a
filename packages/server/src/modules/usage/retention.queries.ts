import sql, { raw } from "sql-template-tag";
import type { Db } from "../../db/database.ts";
import { type BillingMonth, monthToDate, parseMonth } from "../packages/billing-month.ts";

/** Keeps the records from being dropped until the transaction ends; many may at once. Waits for a month that is going. */
export async function lockRecordsKept(db: Db): Promise<void> {
  await db.query(sql`select pg_advisory_xact_lock_shared(hashtextextended('dks usage retention', 0))`);
}

/** The right to drop records, until the transaction ends; false while somebody needs them kept. */
export async function tryLockRecords(db: Db): Promise<boolean> {
  const { rows } = await db.query<{ locked: boolean }>(
    sql`select pg_try_advisory_xact_lock(hashtextextended('dks usage retention', 0)) as locked`,
  );
  return rows[0]?.locked === true;
}

/** Lets the transaction's statements fail, with 55P03, that wait so long for a lock. */
export async function limitLockWaits(db: Db, timeoutMs: number): Promise<void> {
  await db.query(sql`select set_config('lock_timeout', ${String(timeoutMs)}, true)`);
}

/** A partition of the records. */
export interface RecordPartitionRow {
  /** As it is written in SQL. */
  name: string;
  month: BillingMonth;
  size_bytes: number;
}

/** The partitions of the months before another, oldest first. */
export async function selectPartitionsBefore(db: Db, before: BillingMonth): Promise<RecordPartitionRow[]> {
  const { rows } = await db.query<{ name: string; month: string; size_bytes: number }>(sql`
    select p.name, p.month, p.size_bytes
    from (
      select c.oid::regclass::text as name, pg_total_relation_size(c.oid) as size_bytes,
        substring(pg_get_expr(c.relpartbound, c.oid) from '[0-9]{4}-[0-9]{2}-[0-9]{2}') as month
      from pg_inherits i
      join pg_class c on c.oid = i.inhrelid
      where i.inhparent = 'usage_record'::regclass
    ) as p
    where p.month < ${monthToDate(before)}::text
    order by p.month
  `);
  return rows.flatMap(({ name, month, size_bytes }) => {
    const parsed = parseMonth(month);
    return parsed === undefined ? [] : [{ name, month: parsed, size_bytes }];
  });
}

export async function countRecords(db: Db, month: BillingMonth): Promise<number> {
  const { rows } = await db.query<{ records: number }>(sql`
    select count(*) as records
    from usage_record
    where month = ${monthToDate(month)}
  `);
  return rows[0]?.records ?? 0;
}

export async function dropPartition(db: Db, { name }: Pick<RecordPartitionRow, "name">): Promise<void> {
  await db.query(sql`drop table if exists ${raw(name)}`);
}

/** Forgets that records of this month, and of any before, were taken in. Returns how many these were. */
export async function deleteIdentities(db: Db, month: BillingMonth): Promise<number> {
  const { rowCount } = await db.query(sql`
    delete from usage_identity
    where month <= ${monthToDate(month)}
  `);
  return rowCount ?? 0;
}

/** What is kept for some time only: records, and the identities that make repeated ones known. */
export type Retained = "record" | "identity";

/** From which billing month on these are kept; undefined: nothing of the kind was ever dropped. */
export async function selectKeptFrom(db: Db, what: Retained): Promise<BillingMonth | undefined> {
  const { rows } = await db.query<{ from_month: string }>(sql`
    select from_month
    from usage_retention
    where what = ${what}
  `);
  return rows[0] === undefined ? undefined : parseMonth(rows[0].from_month);
}

/** Notes that there is nothing of the kind before this month; never takes back that more is gone. */
export async function raiseKeptFrom(db: Db, what: Retained, month: BillingMonth): Promise<void> {
  await db.query(sql`
    insert into usage_retention (what, from_month)
    values (${what}, ${monthToDate(month)})
    on conflict (what) do update
    set from_month = greatest(usage_retention.from_month, excluded.from_month)
  `);
}
