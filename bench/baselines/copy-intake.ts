/**
 * The least that taking usage records in can cost: COPY of the rows of `usage_record` into a table without indexes. No
 * figure follows from it, and a record that is sent again is there twice.
 */
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { from as copyFrom } from "pg-copy-streams";
import { connect } from "../../packages/server/src/db/database.ts";
import { type TurnTaker, readOrder, takeTurns } from "../turns.ts";
import { copyLine, randomRecord } from "../usage-records.ts";
import type { BaselineOrder } from "./plain-intake.ts";

const linesPerChunk = 500;

async function createTaker({ connectionString, cards, nowMs, records }: BaselineOrder): Promise<TurnTaker> {
  const db = await connect({ connectionString }, "bench");
  let chunks: Buffer[] = [];
  await db.query(`create table bare_record (
    serial_no text collate "C", at timestamptz, source_no integer, record_id text collate "C", month date, day date,
    start_at timestamptz, bytes bigint, received_at timestamptz, adjusts boolean, carried boolean,
    corrects text collate "C", attributes jsonb
  )`);
  return {
    async prepare() {
      await db.query("truncate bare_record");
      chunks = [];
      for (let from = 0; from < records; from += linesPerChunk) {
        const length = Math.min(linesPerChunk, records - from);
        const lines = Array.from({ length }, () => copyLine(randomRecord(cards, nowMs), nowMs));
        chunks.push(Buffer.from(lines.join("")));
      }
    },
    async take() {
      const sink = db.query(copyFrom("copy bare_record from stdin"));
      await pipeline(Readable.from(chunks, { objectMode: false }), sink);
      if (sink.rowCount !== records) throw new Error(`${sink.rowCount} of ${records} records were copied`);
    },
  };
}

takeTurns(await createTaker(readOrder() as BaselineOrder)); // The benchmark wrote it.
