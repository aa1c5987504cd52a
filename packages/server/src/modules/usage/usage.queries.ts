import sql, { raw } from "sql-template-tag";
import { type Db, type MomentColumn, withinSafeIntegers } from "../../db/database.ts";

/** A card's billing month by the source that counts. */
export interface MonthRow {
  month: string;
  version: number;
  used_bytes: number;
  as_of: MomentColumn;
  closed_bytes: number | null;
  close_after_seconds: number;
}

/** A card's billing months from `first` to `last`, both included, as far as there is usage in them. */
export async function selectCountingMonths(db: Db, serialNo: string, first: string, last: string): Promise<MonthRow[]> {
  const { rows } = await db.query<MonthRow>(sql`
    select u.month, u.version, ${raw(withinSafeIntegers("u.used_bytes"))}, u.as_of,
      ${raw(withinSafeIntegers("u.closed_bytes"))}, s.close_after_seconds
    from usage_month u
    join usage_source s on s.source_no = u.source_no
    where u.serial_no = ${serialNo} and u.month between ${first}::date and ${last}::date and u.counts
  `);
  return rows;
}

/** A card's billing month by the source that counts, with its days. */
export interface MonthDaysRow {
  month: string;
  as_of: MomentColumn;
  /** 31 values by day of the calendar month; PostgreSQL's bigint, which arrives as text within an array. */
  day_bytes: (string | null)[];
  /** Whether a day's value is the counter at its last reading; otherwise it is the sum of its deltas. */
  by_readings: boolean;
  close_after_seconds: number;
}

/** The days of a card's billing months from `first` to `last`, both included, as far as there is usage in them. */
export async function selectCountingDays(
  db: Db,
  serialNo: string,
  first: string,
  last: string,
): Promise<MonthDaysRow[]> {
  const { rows } = await db.query<MonthDaysRow>(sql`
    select u.month, u.as_of, u.day_bytes, u.day_at is not null as by_readings, s.close_after_seconds
    from usage_month u
    join usage_source s on s.source_no = u.source_no
    where u.serial_no = ${serialNo} and u.month between ${first}::date and ${last}::date and u.counts
  `);
  return rows;
}
