import sql from "sql-template-tag";
import type { Db } from "../../db/database.ts";
import { type BillingMonth, monthToDate, parseMonth } from "../packages/billing-month.ts";

/** The cards whose serial_no is `from` or behind it, and in front of `before`. */
export interface CardRange {
  readonly from: string;
  readonly before: string;
}

/**
 * The billing months whose records are kept, oldest first: those that there is a partition for. Of a month that was
 * dropped, what a partition has that was made again is not all.
 */
export async function selectRecordMonths(db: Db): Promise<BillingMonth[]> {
  const { rows } = await db.query<{ month: string }>(sql`
    select p.month
    from (
      select substring(pg_get_expr(c.relpartbound, c.oid) from '[0-9]{4}-[0-9]{2}-[0-9]{2}')::date as month
      from pg_inherits i
      join pg_class c on c.oid = i.inhrelid
      where i.inhparent = 'usage_record'::regclass
    ) as p
    where p.month >= coalesce((select from_month from usage_retention where what = 'record'), '-infinity')
    order by p.month
  `);
  return rows.flatMap(({ month }) => parseMonth(month) ?? []);
}

/** The billing months that there are figures of, oldest first. */
export async function selectFigureMonths(db: Db, { from, before }: CardRange): Promise<BillingMonth[]> {
  const { rows } = await db.query<{ month: string }>(sql`
    select distinct month
    from usage_month
    where serial_no >= ${from} and serial_no < ${before}
    order by month
  `);
  return rows.flatMap(({ month }) => parseMonth(month) ?? []);
}

export async function countCards(db: Db, { from, before }: CardRange): Promise<number> {
  const { rows } = await db.query<{ cards: number }>(sql`
    select count(*) as cards
    from card
    where serial_no >= ${from} and serial_no < ${before}
  `);
  return rows[0]?.cards ?? 0;
}

/** The first card behind the next `count`; undefined if there are no more than these. */
export async function selectCardAfter(db: Db, { from, before }: CardRange, count: number): Promise<string | undefined> {
  const { rows } = await db.query<{ serial_no: string }>(sql`
    select serial_no
    from card
    where serial_no >= ${from} and serial_no < ${before}
    order by serial_no
    offset ${count} limit 1
  `);
  return rows[0]?.serial_no;
}

/** A card's billing month by one source. */
export interface SourceMonthRow {
  serial_no: string;
  source_no: number;
  /** Whether there is a figure; otherwise there are records only. */
  stored: boolean;
}

/** What there is of a billing month: figures, records that count in it, or both. */
export async function selectSourceMonths(
  db: Db,
  month: BillingMonth,
  { from, before }: CardRange,
): Promise<SourceMonthRow[]> {
  const { rows } = await db.query<SourceMonthRow>(sql`
    select serial_no, source_no, bool_or(stored) as stored
    from (
      select serial_no, source_no, true as stored
      from usage_month
      where month = ${monthToDate(month)} and serial_no >= ${from} and serial_no < ${before}
      union all
      select distinct serial_no, source_no, false
      from usage_record
      where month in (${monthToDate(month)}, ${monthToDate(month + 1)})
        and carried = (month = ${monthToDate(month + 1)})
        and serial_no >= ${from} and serial_no < ${before}
    ) as found
    group by serial_no, source_no
    order by serial_no, source_no
  `);
  return rows;
}

/** A card's month that no source counts for. */
export interface UncountedRow {
  serial_no: string;
  /** Those that have reported it, by their numbers. */
  source_nos: number[];
}

/** The cards' months that no source counts for although some have reported them. */
export async function selectUncounted(
  db: Db,
  month: BillingMonth,
  { from, before }: CardRange,
): Promise<UncountedRow[]> {
  const { rows } = await db.query<UncountedRow>(sql`
    select serial_no, array_agg(source_no order by source_no) as source_nos
    from usage_month
    where month = ${monthToDate(month)} and serial_no >= ${from} and serial_no < ${before}
    group by serial_no
    having not bool_or(counts)
    order by serial_no
  `);
  return rows;
}

/** The sources of the records that count in the cards' month; of a card the one whose record was received first comes first. */
export async function selectSourcesByReceipt(
  db: Db,
  month: BillingMonth,
  serialNos: readonly string[],
): Promise<{ serial_no: string; source_no: number }[]> {
  const { rows } = await db.query<{ serial_no: string; source_no: number }>(sql`
    select serial_no, source_no, min(received_at) as first_received_at
    from usage_record
    where serial_no = any(${serialNos}::text[])
      and month in (${monthToDate(month)}, ${monthToDate(month + 1)})
      and carried = (month = ${monthToDate(month + 1)})
    group by serial_no, source_no
    order by serial_no, first_received_at, source_no
  `);
  return rows;
}
