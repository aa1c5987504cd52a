import sql, { type Sql } from "sql-template-tag";
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
  /** Microseconds since the epoch. */
  received_at: number;
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
    select serial_no, record_id, (extract(epoch from at) * 1000000)::bigint as at, bytes, carried,
      (extract(epoch from received_at) * 1000000)::bigint as received_at
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

/** Those of the cards that have readings of a month, up to the end of the grace, which came when the month before was closed. */
export async function selectCardsReadLate(
  db: Db,
  sourceNo: number,
  month: BillingMonth,
  { graceEnd, closesAt }: { readonly graceEnd: Microseconds; readonly closesAt: Microseconds },
  serialNos: readonly string[],
): Promise<string[]> {
  const { rows } = await db.query<{ serial_no: string }>(sql`
    select distinct serial_no
    from usage_record
    where source_no = ${sourceNo} and month = ${monthToDate(month)} and at <= ${formatInstant(graceEnd)}
      and received_at >= ${formatInstant(closesAt)} and serial_no = any(${serialNos}::text[])
  `);
  return rows.map(({ serial_no }) => serial_no);
}

/** A reading, and when it was received: in microseconds since the epoch, both. */
export interface ReceivedReadingRow {
  serial_no: string;
  at: number;
  bytes: number;
  received_at: number;
}

/** A card, and a moment from which on it is looked at. */
export interface CardSince {
  readonly serialNo: string;
  readonly since: Microseconds;
}

/** The last of the cards' readings of a month that had been received before a moment; none of a card without any. */
export async function selectLastReceivedBefore(
  db: Db,
  sourceNo: number,
  month: BillingMonth,
  cards: readonly CardSince[],
): Promise<ReceivedReadingRow[]> {
  const { rows } = await db.query<ReceivedReadingRow>(sql`
    select distinct on (r.serial_no) ${readingColumns}
    from usage_record r
    join ${cardsSince(cards)} on r.serial_no = c.serial_no and r.received_at < c.since
    where r.source_no = ${sourceNo} and r.month = ${monthToDate(month)} and not r.carried
    order by r.serial_no, r.at desc, r.bytes desc
  `);
  return rows;
}

/** Those received from that moment on, as they came, but for those behind which a later one had come already. */
export async function selectReceivedSince(
  db: Db,
  sourceNo: number,
  month: BillingMonth,
  cards: readonly CardSince[],
): Promise<ReceivedReadingRow[]> {
  const { rows } = await db.query<ReceivedReadingRow>(sql`
    select ${readingColumns}
    from (
      select u.serial_no, u.at, u.bytes, u.received_at,
        max(u.at) over (partition by u.serial_no order by u.received_at) as latest_at
      from usage_record u
      join ${cardsSince(cards)} on u.serial_no = c.serial_no and u.received_at >= c.since
      where u.source_no = ${sourceNo} and u.month = ${monthToDate(month)} and not u.carried
    ) as r
    where r.at = r.latest_at
    order by r.serial_no, r.received_at, r.at, r.bytes
  `);
  return rows;
}

const readingColumns = sql`r.serial_no, (extract(epoch from r.at) * 1000000)::bigint as at, r.bytes,
  (extract(epoch from r.received_at) * 1000000)::bigint as received_at`;

function cardsSince(cards: readonly CardSince[]): Sql {
  return sql`unnest(${cards.map(({ serialNo }) => serialNo)}::text[],
    ${cards.map(({ since }) => formatInstant(since))}::timestamptz[]) as c (serial_no, since)`;
}
