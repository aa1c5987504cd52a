import sql, { raw } from "sql-template-tag";
import type { Db } from "../../db/database.ts";
import { type BillingMonth, monthToDate } from "../packages/billing-month.ts";
import { formatInstant, parseInstant } from "./instant.ts";
import type { MonthState } from "./month-state.ts";
import type { UsageKind } from "./usage-record.ts";

/**
 * Holds back whoever wants to add to these months, until the transaction ends. By an update that changes nothing, since
 * Citus locks rows of several shards in no other way.
 */
export async function lockMonths(
  db: Db,
  sourceNo: number,
  month: BillingMonth,
  serialNos: readonly string[],
): Promise<void> {
  await db.query(sql`
    update usage_month
    set version = version
    where source_no = ${sourceNo} and month = ${monthToDate(month)} and serial_no = any(${serialNos}::text[])
  `);
}

/** A day of a card's billing month; bytes in digits, moments in microseconds since the epoch. */
export interface RecordDayRow {
  serial_no: string;
  day: number;
  bytes: string;
  at: number;
  closed_bytes: string | null;
  closed_at: number | null;
  adjustments: number;
}

/** What the records of these cards come to on each day that counts in the billing month. */
export async function selectRecordDays(
  db: Db,
  source: { readonly sourceNo: number; readonly kind: UsageKind },
  month: BillingMonth,
  serialNos: readonly string[],
): Promise<RecordDayRow[]> {
  const of = (filter: string): string =>
    source.kind === "delta"
      ? `(sum(bytes) ${filter})::bigint`
      : `(array_agg(bytes order by at desc, bytes desc) ${filter})[1]`;
  const { rows } = await db.query<RecordDayRow>(sql`
    select serial_no, extract(day from day)::integer as day,
      (${raw(of(""))})::text as bytes,
      (extract(epoch from max(at)) * 1000000)::bigint as at,
      (${raw(of("filter (where not adjusts)"))})::text as closed_bytes,
      (extract(epoch from max(at) filter (where not adjusts)) * 1000000)::bigint as closed_at,
      (count(*) filter (where adjusts))::integer as adjustments
    from usage_record
    where source_no = ${source.sourceNo} and serial_no = any(${serialNos}::text[])
      and month in (${monthToDate(month)}, ${monthToDate(month + 1)})
      and carried = (month = ${monthToDate(month + 1)})
    group by serial_no, extract(day from day)
  `);
  return rows;
}

/** What `usage_month` has of a card; moments in microseconds since the epoch. */
export interface MonthRow {
  serial_no: string;
  version: number;
  used_bytes: bigint;
  as_of: number | null;
  closed_bytes: bigint | null;
  day_bytes: (bigint | null)[];
  day_at: (number | null)[] | null;
}

export async function selectMonths(
  db: Db,
  sourceNo: number,
  month: BillingMonth,
  serialNos: readonly string[],
): Promise<MonthRow[]> {
  const { rows } = await db.query<StoredMonthRow>(sql`
    select serial_no, ${monthColumns}
    from usage_month
    where source_no = ${sourceNo} and month = ${monthToDate(month)} and serial_no = any(${serialNos}::text[])
  `);
  return rows.map(parseColumns);
}

/** A card's billing month by one of its sources. */
export interface SourceFigureRow extends MonthRow {
  source_no: number;
  counts: boolean;
}

/** A card's billing month by every source that has reported it, the one that counts first. */
export async function selectSourceFigures(db: Db, serialNo: string, month: BillingMonth): Promise<SourceFigureRow[]> {
  const { rows } = await db.query<StoredMonthRow & { source_no: number; counts: boolean }>(sql`
    select serial_no, source_no, counts, ${monthColumns}
    from usage_month
    where serial_no = ${serialNo} and month = ${monthToDate(month)}
    order by counts desc, source_no
  `);
  return rows.map(parseColumns);
}

/** Bytes arrive as digits. Arrays arrive as JSON: pg's own parser loses the microseconds of moments. */
const monthColumns = raw(`
  version, used_bytes::text as used_bytes,
  case when isfinite(as_of) then (extract(epoch from as_of) * 1000000)::bigint end as as_of,
  closed_bytes::text as closed_bytes, to_json(day_bytes::text[])::text as day_bytes, to_json(day_at)::text as day_at`);

type Parsed = "used_bytes" | "closed_bytes" | "day_bytes" | "day_at";

interface StoredMonthRow extends Omit<MonthRow, Parsed> {
  used_bytes: string;
  closed_bytes: string | null;
  day_bytes: string;
  day_at: string | null;
}

function parseColumns<Row extends StoredMonthRow>(row: Row): Omit<Row, Parsed> & MonthRow {
  return {
    ...row,
    used_bytes: BigInt(row.used_bytes),
    closed_bytes: row.closed_bytes === null ? null : BigInt(row.closed_bytes),
    // Digits, moments and nulls, as selected above.
    day_bytes: (JSON.parse(row.day_bytes) as (string | null)[]).map((bytes) => (bytes === null ? null : BigInt(bytes))),
    day_at:
      row.day_at === null
        ? null
        : (JSON.parse(row.day_at) as (string | null)[]).map((at) => (at === null ? null : (parseInstant(at) ?? null))),
  };
}

/**
 * Sets months to what their records come to. Their rows must exist: an insert that always conflicts, since Citus takes no
 * update in which a cast depends on the time zone, and sends an update's rows to every shard besides.
 */
export async function updateMonths(db: Db, sourceNo: number, states: readonly MonthState[]): Promise<void> {
  await db.query(sql`
    insert into usage_month
      (serial_no, month, source_no, counts, version, used_bytes, as_of, closed_bytes, day_bytes, day_at)
    select i.serial_no, i.month, ${sourceNo}::integer, false, i.version, i.used_bytes, coalesce(i.as_of, '-infinity'),
      i.closed_bytes, i.day_bytes::bigint[], i.day_at::timestamptz[]
    from unnest(
      ${states.map(({ serialNo }) => serialNo)}::text[],
      ${states.map(({ month }) => monthToDate(month))}::date[],
      ${states.map(({ version }) => version)}::integer[],
      ${states.map(({ usedBytes }) => String(usedBytes))}::bigint[],
      ${states.map(({ asOf }) => (asOf === null ? null : formatInstant(asOf)))}::timestamptz[],
      ${states.map(({ closedBytes }) => (closedBytes === null ? null : String(closedBytes)))}::bigint[],
      ${states.map(({ dayBytes }) => arrayLiteral(dayBytes.map(String)))}::text[],
      ${states.map(({ dayAt }) => dayAt && arrayLiteral(dayAt.map((at) => (at === null ? "null" : formatInstant(at)))))}::text[]
    ) as i (serial_no, month, version, used_bytes, as_of, closed_bytes, day_bytes, day_at)
    on conflict (serial_no, month, source_no) do update
    set version = excluded.version, used_bytes = excluded.used_bytes, as_of = excluded.as_of,
      closed_bytes = excluded.closed_bytes, day_bytes = excluded.day_bytes, day_at = excluded.day_at
  `);
}

/** Lets these sources count for the cards. Fails with a violation of usage_month_counts_idx where another already does. */
export async function setCounting(
  db: Db,
  month: BillingMonth,
  rows: readonly { readonly serial_no: string; readonly source_no: number }[],
): Promise<void> {
  await db.query(sql`
    update usage_month m
    set counts = true
    from unnest(${rows.map(({ serial_no }) => serial_no)}::text[],
      ${rows.map(({ source_no }) => source_no)}::integer[]) as i (serial_no, source_no)
    where m.serial_no = i.serial_no and m.month = ${monthToDate(month)} and m.source_no = i.source_no
  `);
}

/** An array as PostgreSQL reads one, of elements without commas, quotes and braces. */
function arrayLiteral(elements: readonly string[]): string {
  return `{${elements.join(",")}}`;
}
