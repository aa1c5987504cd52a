import type pg from "pg";
import sql from "sql-template-tag";
import { bigintArray, dateArray, integerArray, textArray, timestamptzArray } from "../../db/binary-array.ts";
import { copyRows, escapeCopy, escapeCopyNullable } from "../../db/copy.ts";
import type { Db } from "../../db/database.ts";
import { type BillingMonth, firstDayOf, monthToDate } from "../packages/billing-month.ts";
import type { Increment } from "./increments.ts";
import { formatInstant } from "./instant.ts";
import type { Microseconds, RecordStatus, UsageKind, UsageRecord } from "./usage-record.ts";

/** A record in view of its card and of the clock, as it is written. */
export interface RecordRow {
  readonly record: UsageRecord;
  readonly serialNo: string;
  readonly cycleDay: number;
  readonly month: BillingMonth;
  readonly dayOfMonth: number;
  readonly date: string;
  /** When the month closes, as the source says. */
  readonly closesAtUs: Microseconds;
  /** Of its content: a signed 64-bit integer. */
  readonly fingerprint: string;
}

/** Whether a record that was received at this moment is an adjustment of a month that is closed. */
export function isAdjustment({ closesAtUs }: RecordRow, receivedAtMs: number): boolean {
  return receivedAtMs * 1000 >= closesAtUs;
}

export interface KnownIdentityRow {
  record_id: string;
  fingerprint: string;
}

/** Those of the ids that the source has sent before. */
export async function selectIdentities(db: Db, sourceNo: number, ids: readonly string[]): Promise<KnownIdentityRow[]> {
  const { rows } = await db.query<KnownIdentityRow>({
    name: "select_usage_identities",
    text: `
      select record_id, fingerprint::text
      from usage_identity
      where source_no = $1 and record_id = any($2::text[])`,
    values: [sourceNo, ids],
  });
  return rows;
}

/** Claims the identities; fails with a violation of usage_identity_pkey if another process has claimed one meanwhile. */
export async function insertIdentities(db: pg.PoolClient, sourceNo: number, rows: readonly RecordRow[]): Promise<void> {
  let text = "";
  for (const { record, fingerprint, serialNo, month } of rows)
    text += `${sourceNo}\t${escapeCopy(record.id)}\t${fingerprint}\t${serialNo}\t${monthToDate(month)}\n`;
  await copyRows(db, "usage_identity (source_no, record_id, fingerprint, serial_no, month)", text);
}

export async function insertRecords(
  db: pg.PoolClient,
  sourceNo: number,
  receivedAtMs: number,
  rows: readonly RecordRow[],
): Promise<void> {
  const received = new Date(receivedAtMs).toISOString();
  let text = "";
  for (const row of rows) {
    const { record, serialNo, month, date } = row;
    text +=
      `${serialNo}\t${formatInstant(record.atUs)}\t${sourceNo}\t${escapeCopy(record.id)}\t${monthToDate(month)}\t${date}` +
      `\t${record.startUs === null ? "\\N" : formatInstant(record.startUs)}\t${record.bytes}\t${received}` +
      `\t${isAdjustment(row, receivedAtMs) ? "t" : "f"}\t${escapeCopyNullable(record.corrects)}\t${escapeCopyNullable(record.attributes)}\n`;
  }
  await copyRows(
    db,
    "usage_record (serial_no, at, source_no, record_id, month, day, start_at, bytes, received_at, adjusts, corrects, attributes)",
    text,
  );
}

/**
 * Adds a pass of deltas to their months. Returns how many of them there was a row for: not for the first of a month, nor
 * where an adjustment has overtaken one that arrived before the month was closed.
 */
export async function addDeltas(db: Db, sourceNo: number, increments: readonly Increment[]): Promise<number> {
  const { rowCount } = await db.query({
    name: "add_usage_deltas",
    text: `
      update usage_month m
      set used_bytes = m.used_bytes + i.bytes,
        as_of = greatest(m.as_of, i.at),
        day_bytes[i.day] = m.day_bytes[i.day] + i.bytes,
        version = m.version + i.adjustments,
        closed_bytes = case when i.adjustments > 0 then coalesce(m.closed_bytes, m.used_bytes) end
      from unnest($2::text[], $3::date[], $4::integer[], $5::bigint[], $6::timestamptz[], $7::integer[])
        as i (serial_no, month, day, bytes, at, adjustments)
      where m.serial_no = i.serial_no and m.month = i.month and m.source_no = $1
        and (i.adjustments > 0 or m.closed_bytes is null)`,
    values: [sourceNo, ...incrementColumns(increments)],
  });
  return rowCount ?? 0;
}

/** Enters a pass of readings into their months, each if it is its day's or its month's latest. Returns as addDeltas does. */
export async function enterReadings(db: Db, sourceNo: number, increments: readonly Increment[]): Promise<number> {
  const { rowCount } = await db.query({
    name: "enter_usage_readings",
    text: `
      update usage_month m
      set used_bytes = case when (i.at, i.bytes) > (m.as_of, m.used_bytes) then i.bytes else m.used_bytes end,
        as_of = greatest(m.as_of, i.at),
        day_bytes[i.day] = case
          when m.day_at[i.day] is null or (i.at, i.bytes) > (m.day_at[i.day], m.day_bytes[i.day]) then i.bytes
          else m.day_bytes[i.day]
        end,
        day_at[i.day] = greatest(m.day_at[i.day], i.at),
        version = m.version + i.adjustments,
        closed_bytes = case when i.adjustments > 0 then coalesce(m.closed_bytes, m.used_bytes) end
      from unnest($2::text[], $3::date[], $4::integer[], $5::bigint[], $6::timestamptz[], $7::integer[])
        as i (serial_no, month, day, bytes, at, adjustments)
      where m.serial_no = i.serial_no and m.month = i.month and m.source_no = $1
        and (i.adjustments > 0 or m.closed_bytes is null)`,
    values: [sourceNo, ...incrementColumns(increments)],
  });
  return rowCount ?? 0;
}

function incrementColumns(increments: readonly Increment[]): Buffer[] {
  return [
    textArray(increments.map(({ serialNo }) => serialNo)),
    dateArray(increments.map(({ month }) => firstDayOf(month))),
    integerArray(increments.map(({ dayOfMonth }) => dayOfMonth)),
    bigintArray(increments.map(({ bytes }) => bytes)),
    timestamptzArray(increments.map(({ at }) => at)),
    integerArray(increments.map(({ adjustments }) => adjustments)),
  ];
}

/** A card's billing month. */
export interface CardMonth {
  readonly serialNo: string;
  readonly month: BillingMonth;
}

export interface AssignmentRow {
  serial_no: string;
  from_month: string;
  source_no: number;
}

/** Which source was assigned to the cards, from when on; of a card the latest first. */
export async function selectAssignments(db: Db, serialNos: readonly string[]): Promise<AssignmentRow[]> {
  const { rows } = await db.query<AssignmentRow>(sql`
    select serial_no, from_month, source_no
    from card_source
    where serial_no = any(${serialNos}::text[])
    order by serial_no, from_month desc
  `);
  return rows;
}

export interface CardMonthRow {
  serial_no: string;
  month: string;
}

/** Makes empty rows for the months that have none yet; one that may not count because another already does is not made. */
export async function insertMonths(
  db: Db,
  source: { readonly sourceNo: number; readonly kind: UsageKind },
  counts: boolean,
  months: readonly CardMonth[],
): Promise<CardMonthRow[]> {
  const { rows } = await db.query<CardMonthRow>(sql`
    insert into usage_month (serial_no, month, source_no, counts, day_bytes, day_at)
    select i.serial_no, i.month, ${source.sourceNo}::integer, ${counts}::boolean,
      array_fill(${source.kind === "delta" ? 0 : null}::bigint, '{31}'),
      case when ${source.kind === "reading"}::boolean then array_fill(null::timestamptz, '{31}') end
    from unnest(${months.map(({ serialNo }) => serialNo)}::text[],
      ${months.map(({ month }) => monthToDate(month))}::date[]) as i (serial_no, month)
    on conflict do nothing
    returning serial_no, month
  `);
  return rows;
}

/** The same with a month's first increment in it, which spares an update of every new row. */
export async function insertFirst(
  db: Db,
  source: { readonly sourceNo: number; readonly kind: UsageKind },
  counts: boolean,
  increments: readonly Increment[],
): Promise<CardMonthRow[]> {
  const idle = source.kind === "delta" ? "0" : "null";
  const { rows } = await db.query<CardMonthRow>({
    text: `
      insert into usage_month
        (serial_no, month, source_no, counts, version, used_bytes, as_of, closed_bytes, day_bytes, day_at)
      select i.serial_no, i.month, $1, $8, 1 + i.adjustments, i.bytes, i.at, case when i.adjustments > 0 then 0 end,
        array_fill(${idle}::bigint, array[i.day - 1]) || i.bytes || array_fill(${idle}::bigint, array[31 - i.day]),
        case when $9 then
          array_fill(null::timestamptz, array[i.day - 1]) || i.at || array_fill(null::timestamptz, array[31 - i.day])
        end
      from unnest($2::text[], $3::date[], $4::integer[], $5::bigint[], $6::timestamptz[], $7::integer[])
        as i (serial_no, month, day, bytes, at, adjustments)
      on conflict do nothing
      returning serial_no, month`,
    values: [source.sourceNo, ...incrementColumns(increments), counts, source.kind === "reading"],
  });
  return rows;
}

/**
 * Lets no source count any more for those months of which this one has a figure and the one that counts has none, since all
 * that it reported counts in the month before. Returns the months.
 */
export async function releaseEmptyMonths(
  db: Db,
  sourceNo: number,
  months: readonly CardMonth[],
): Promise<CardMonthRow[]> {
  const { rows } = await db.query<CardMonthRow>(sql`
    update usage_month m
    set counts = false
    from usage_month own
    join unnest(${months.map(({ serialNo }) => serialNo)}::text[],
      ${months.map(({ month }) => monthToDate(month))}::date[]) as i (serial_no, month)
      on own.serial_no = i.serial_no and own.month = i.month
    where own.source_no = ${sourceNo} and own.as_of > '-infinity'
      and m.serial_no = own.serial_no and m.month = own.month
      and m.counts and m.as_of = '-infinity' and m.source_no <> ${sourceNo}
    returning m.serial_no, m.month
  `);
  return rows;
}

/** What a source sent that changed nothing. */
export interface QuarantineRow {
  readonly recordId: string;
  readonly entryId: string;
  readonly status: RecordStatus;
  readonly reason: string;
  readonly subject: string | null;
  readonly content: string;
  /** Null: now. */
  readonly receivedAt: string | null;
}

/** Keeps refused records; one that is there already stays as it is. */
export async function insertQuarantined(db: Db, sourceNo: number, rows: readonly QuarantineRow[]): Promise<void> {
  await db.query(sql`
    insert into usage_quarantine (source_no, record_id, entry_id, status, reason, subject, content, received_at)
    select ${sourceNo}::integer, i.record_id, i.entry_id, i.status, i.reason, i.subject, i.content,
      coalesce(i.received_at, now())
    from unnest(${rows.map(({ recordId }) => recordId)}::text[], ${rows.map(({ entryId }) => entryId)}::text[],
      ${rows.map(({ status }) => status)}::text[], ${rows.map(({ reason }) => reason)}::jsonb[],
      ${rows.map(({ subject }) => subject)}::text[], ${rows.map(({ content }) => content)}::text[],
      ${rows.map(({ receivedAt }) => receivedAt)}::timestamptz[])
      as i (record_id, entry_id, status, reason, subject, content, received_at)
    on conflict do nothing
  `);
}
