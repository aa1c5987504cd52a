import type pg from "pg";
import { importCsv } from "../src/modules/imports/import-csv.ts";
import { cardImport } from "../src/modules/cards/cards.import.ts";
import type { UsageSource } from "../src/modules/sources/source.ts";
import type { SubmittedRecord, UsageKind } from "../src/modules/usage/usage-record.ts";
import { parseRecord } from "../src/modules/usage/record.ts";

/** Imports cards of these numbers, with the day on which their billing months begin. */
export async function importCards(
  pool: pg.Pool,
  cards: readonly { serialNo: string; cycleDay?: number }[],
): Promise<void> {
  const lines = cards.map(({ serialNo, cycleDay = 1 }) => `${serialNo},cmcc,${cycleDay}`);
  const report = await importCsv(pool, cardImport, `serial_no,carrier,cycle_day\n${lines.join("\n")}\n`);
  if (report.refused > 0) throw new Error(`${report.refused} cards refused`);
}

/** Makes a source as it stands in the database; `dks source create` has tests of its own. */
export async function insertSource(
  pool: pg.Pool,
  source: { name: string; kind: UsageKind; unit?: string; graceSeconds?: number; closeAfterSeconds?: number },
): Promise<UsageSource> {
  const { name, kind, unit = null, graceSeconds = 21_600, closeAfterSeconds = 259_200 } = source;
  const { rows } = await pool.query<{ source_no: number }>(
    `insert into usage_source (name, kind, unit, grace_seconds, close_after_seconds, token_hash)
    values ($1::text, $2, $3, $4, $5, sha256(convert_to($1::text, 'UTF8'))) returning source_no`,
    [name, kind, unit, graceSeconds, closeAfterSeconds],
  );
  const [row] = rows;
  if (row === undefined) throw new Error("no row");
  return { sourceNo: row.source_no, name, kind, unit, graceSeconds, closeAfterSeconds };
}

/** A delta as a carrier would send it; `end` in ISO 8601. */
export function delta(
  source: UsageSource,
  id: string,
  subject: string,
  end: string,
  bytes: number,
  more: Readonly<Record<string, unknown>> = {},
): SubmittedRecord {
  const start = new Date(Math.floor(Date.parse(end)) - 3_600_000).toISOString();
  return parseRecord(
    JSON.stringify({
      specversion: "1.0",
      id,
      source: source.name,
      type: "usage.data.delta",
      subject,
      data: { start, end, bytes_total: bytes, ...more },
    }),
    source,
  );
}

/** A reading of a carrier's counter. */
export function reading(
  source: UsageSource,
  id: string,
  subject: string,
  readAt: string,
  bytes: number,
): SubmittedRecord {
  return parseRecord(
    JSON.stringify({
      specversion: "1.0",
      id,
      source: source.name,
      type: "usage.data.reading",
      subject,
      data: { read_at: readAt, bytes_total: bytes },
    }),
    source,
  );
}
