/**
 * The plain way to take usage records in: each in a transaction of its own, on one connection, with prepared statements.
 * As much is known after as with the platform: each record once, and what its card has used that day and that month.
 */
import type pg from "pg";
import { connect } from "../../packages/server/src/db/database.ts";
import { type TurnTaker, readOrder, takeTurns } from "../turns.ts";
import { type BenchRecord, iso, randomRecord } from "../usage-records.ts";

/** What a baseline's process is told. */
export interface BaselineOrder {
  readonly connectionString: string;
  readonly cards: number;
  readonly nowMs: number;
  readonly records: number;
}

/** Its tables, with their natural keys. */
export const plainTables = `
  create table plain_record (
    record_id text primary key, serial_no text not null, start_at timestamptz not null, at timestamptz not null,
    bytes bigint not null
  );
  create table plain_day (serial_no text, day date, bytes bigint not null, primary key (serial_no, day));
  create table plain_month (serial_no text, month date, bytes bigint not null, primary key (serial_no, month))`;

async function takeIn(db: pg.Client, { id, serialNo, startMs, endMs, bytes }: BenchRecord): Promise<void> {
  const end = iso(endMs);
  await db.query("begin");
  const { rowCount } = await db.query({
    name: "insert_record",
    text: `
      insert into plain_record (record_id, serial_no, start_at, at, bytes) values ($1, $2, $3, $4, $5)
      on conflict do nothing
      returning record_id`,
    values: [id, serialNo, iso(startMs), end, bytes],
  });
  if (rowCount === 1) {
    await db.query({
      name: "add_to_day",
      text: `
        insert into plain_day as d (serial_no, day, bytes) values ($1, $2, $3)
        on conflict (serial_no, day) do update set bytes = d.bytes + excluded.bytes`,
      values: [serialNo, end.slice(0, 10), bytes],
    });
    await db.query({
      name: "add_to_month",
      text: `
        insert into plain_month as m (serial_no, month, bytes) values ($1, $2, $3)
        on conflict (serial_no, month) do update set bytes = m.bytes + excluded.bytes`,
      values: [serialNo, `${end.slice(0, 7)}-01`, bytes],
    });
  }
  await db.query("commit");
}

async function createTaker({ connectionString, cards, nowMs, records }: BaselineOrder): Promise<TurnTaker> {
  const db = await connect({ connectionString }, "bench");
  let batch: BenchRecord[] = [];
  return {
    async prepare() {
      batch = Array.from({ length: records }, () => randomRecord(cards, nowMs));
    },
    async take() {
      for (const record of batch) await takeIn(db, record);
    },
  };
}

if (import.meta.main) takeTurns(await createTaker(readOrder() as BaselineOrder)); // The benchmark wrote it.
