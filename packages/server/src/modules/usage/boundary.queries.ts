import sql from "sql-template-tag";
import type { Db } from "../../db/database.ts";
import { type BillingMonth, monthToDate } from "../packages/billing-month.ts";
import { formatInstant } from "./instant.ts";
import type { Microseconds } from "./usage-record.ts";

/** Lets one process at a time decide for a source which readings about a month's start belong to which month. */
export async function lockBoundaries(db: Db, sourceNo: number): Promise<void> {
  await db.query(sql`select pg_advisory_xact_lock(hashtextextended('dks usage boundary', ${sourceNo}))`);
}

export interface GraceReadingRow {
  serial_no: string;
  record_id: string;
  /** Microseconds since the epoch. */
  at: number;
  bytes: number;
  carried: boolean;
}

/** The cards' readings of a month up to the end of the grace, by time. */
export async function selectGraceReadings(
  db: Db,
  sourceNo: number,
  month: BillingMonth,
  graceEnd: Microseconds,
  serialNos: readonly string[],
): Promise<GraceReadingRow[]> {
  const { rows } = await db.query<GraceReadingRow>(sql`
    select serial_no, record_id, (extract(epoch from at) * 1000000)::bigint as at, bytes, carried
    from usage_record
    where source_no = ${sourceNo} and month = ${monthToDate(month)} and at <= ${formatInstant(graceEnd)}
      and serial_no = any(${serialNos}::text[])
    order by serial_no, at, bytes, record_id
  `);
  return rows;
}

/** The cards' counters at the last reading of a month; none of a card without any. */
export async function selectLastReadings(
  db: Db,
  sourceNo: number,
  month: BillingMonth,
  serialNos: readonly string[],
): Promise<{ serial_no: string; bytes: number }[]> {
  const { rows } = await db.query<{ serial_no: string; bytes: number }>(sql`
    select distinct on (serial_no) serial_no, bytes
    from usage_record
    where source_no = ${sourceNo} and month = ${monthToDate(month)} and not carried
      and serial_no = any(${serialNos}::text[])
    order by serial_no, at desc, bytes desc
  `);
  return rows;
}

/** The same from the month's figures, where none of the next month's readings are among them. */
export async function selectCounters(
  db: Db,
  sourceNo: number,
  month: BillingMonth,
  serialNos: readonly string[],
): Promise<{ serial_no: string; used_bytes: number; as_of: number | null }[]> {
  const { rows } = await db.query<{ serial_no: string; used_bytes: number; as_of: number | null }>(sql`
    select serial_no, used_bytes,
      case when as_of <> '-infinity' then (extract(epoch from as_of) * 1000000)::bigint end as as_of
    from usage_month
    where source_no = ${sourceNo} and month = ${monthToDate(month)} and serial_no = any(${serialNos}::text[])
  `);
  return rows;
}

/** Lets readings count in another month than before. `closesAt` is when the month closes that they count in now. */
export async function moveReadings(
  db: Db,
  sourceNo: number,
  month: BillingMonth,
  to: { readonly carried: boolean; readonly date: string; readonly closesAt: Microseconds },
  readings: readonly GraceReadingRow[],
): Promise<void> {
  await db.query(sql`
    update usage_record
    set carried = ${to.carried}, day = ${to.date}, adjusts = received_at >= ${formatInstant(to.closesAt)}
    where source_no = ${sourceNo} and month = ${monthToDate(month)}
      and serial_no = any(${readings.map(({ serial_no }) => serial_no)}::text[])
      and record_id = any(${readings.map(({ record_id }) => record_id)}::text[])
  `);
}
