import sql from "sql-template-tag";
import type { Db } from "../../db/database.ts";
import { type BillingMonth, monthToDate } from "../packages/billing-month.ts";

/** A record of a card; moments in microseconds since the epoch. */
export interface CardRecordRow {
  source_no: number;
  record_id: string;
  /** The billing month that its time falls in. */
  month: string;
  /** The day it counts on. */
  day: string;
  start_at: number | null;
  at: number;
  bytes: number;
  received_at: number;
  adjusts: boolean;
  carried: boolean;
  corrects: string | null;
  attributes: Readonly<Record<string, unknown>> | null;
}

/** The records whose time falls in a card's billing month, and those of the next that count in it, in the order of time. */
export async function selectCardRecords(db: Db, serialNo: string, month: BillingMonth): Promise<CardRecordRow[]> {
  const { rows } = await db.query<CardRecordRow>(sql`
    select source_no, record_id, month, day, (extract(epoch from start_at) * 1000000)::bigint as start_at,
      (extract(epoch from at) * 1000000)::bigint as at, bytes,
      (extract(epoch from received_at) * 1000000)::bigint as received_at, adjusts, carried, corrects, attributes
    from usage_record
    where serial_no = ${serialNo}
      and (month = ${monthToDate(month)} or (month = ${monthToDate(month + 1)} and carried))
    order by source_no, at, bytes, record_id
  `);
  return rows;
}
