import type { Sql } from "sql-template-tag";
import sql from "sql-template-tag";
import type { Db } from "../../db/database.ts";
import { type BillingMonth, monthToDate } from "../packages/billing-month.ts";
import type { CardRange } from "./walk.queries.ts";

/** A record as it is stored; moments in microseconds since the epoch. */
export interface StoredRecordRow {
  serial_no: string;
  source_no: number;
  record_id: string;
  start_at: number | null;
  at: number;
  bytes: number;
  corrects: string | null;
  attributes: Readonly<Record<string, unknown>> | null;
}

/** The records of a month's partition in batches; what is stored twice follows itself. Within a transaction only. */
export async function* selectRecords(
  db: Db,
  month: BillingMonth,
  { from, before }: CardRange,
): AsyncGenerator<StoredRecordRow[]> {
  yield* batches<StoredRecordRow>(
    db,
    sql`
      declare usage_batches no scroll cursor for
      select serial_no, source_no, record_id, (extract(epoch from start_at) * 1000000)::bigint as start_at,
        (extract(epoch from at) * 1000000)::bigint as at, bytes, corrects, attributes
      from usage_record
      where month = ${monthToDate(month)} and serial_no >= ${from} and serial_no < ${before}
      order by serial_no, at, source_no, record_id
    `,
  );
}

export interface IdentityRow {
  source_no: number;
  record_id: string;
  fingerprint: string;
  serial_no: string;
  month: string;
}

/** The identities with these sources and ids, and others that combine them. Not a join: on Citus they are sharded otherwise. */
export async function selectIdentitiesOf(
  db: Db,
  sourceNos: readonly number[],
  recordIds: readonly string[],
): Promise<IdentityRow[]> {
  const { rows } = await db.query<IdentityRow>(sql`
    select source_no, record_id, fingerprint::text as fingerprint, serial_no, month
    from usage_identity
    where source_no = any(${sourceNos}::integer[]) and record_id = any(${recordIds}::text[])
  `);
  return rows;
}

export interface LostRecordRow {
  source_no: number;
  record_id: string;
  serial_no: string;
  month: string;
}

/**
 * The identities whose record is not there, in batches. Reads all identities, which are not found by card or month, for
 * all of the months at once. Within a transaction only.
 */
export async function* selectLostRecords(
  db: Db,
  months: readonly BillingMonth[],
  { from, before }: CardRange,
): AsyncGenerator<LostRecordRow[]> {
  const dates = months.map(monthToDate);
  // On Citus: both sides, which are sharded differently, come to the coordinator for this. Elsewhere it means nothing.
  await db.query(sql`set local citus.max_intermediate_result_size = -1`);
  yield* batches<LostRecordRow>(
    db,
    sql`
      declare usage_batches no scroll cursor for
      select source_no, record_id, serial_no, month
      from usage_identity
      where month = any(${dates}::date[]) and serial_no >= ${from} and serial_no < ${before}
      except
      select source_no, record_id, serial_no, month
      from usage_record
      where month = any(${dates}::date[]) and serial_no >= ${from} and serial_no < ${before}
    `,
  );
}

/** Declares the cursor `usage_batches` and reads it to its end. */
async function* batches<Row extends object>(db: Db, declare: Sql): AsyncGenerator<Row[]> {
  await db.query(declare);
  for (;;) {
    const { rows } = await db.query<Row>(sql`fetch 5000 from usage_batches`);
    if (rows.length === 0) break;
    yield rows;
  }
  await db.query(sql`close usage_batches`);
}
