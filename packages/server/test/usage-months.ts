import { randomBytes } from "node:crypto";
import type pg from "pg";
import type { UsageKind } from "../src/modules/usage/usage-record.ts";

/** Usage of a card's billing month, as its records would have left it, for tests of what is told of it. */
export interface TestUsageMonth {
  readonly serialNo: string;
  /** As "2026-11". */
  readonly month: string;
  readonly usedBytes: number;
  /** Deltas: the day's sum; readings: the counter at its last one. By day of the calendar month. */
  readonly days?: Readonly<Record<number, number>>;
  /** Left out: no record yet. */
  readonly asOf?: string;
  readonly counts?: boolean;
  readonly version?: number;
  readonly closedBytes?: number;
}

/** Makes a source that reports such records, and returns what writes months of it. */
export async function createMonthWriter(
  pool: pg.Pool,
  kind: UsageKind,
  closeAfterSeconds = 72 * 3600,
): Promise<(months: readonly TestUsageMonth[]) => Promise<void>> {
  const { rows } = await pool.query<{ source_no: number }>(
    `insert into usage_source (name, kind, token_hash, close_after_seconds)
     values ($1, $2, '', $3)
     returning source_no`,
    [`source-${randomBytes(4).toString("hex")}`, kind, closeAfterSeconds],
  );
  const sourceNo = rows[0]?.source_no;
  return async (months) => {
    for (const { serialNo, month, usedBytes, days = {}, asOf, counts, version, closedBytes } of months)
      await pool.query(
        `insert into usage_month
           (serial_no, month, source_no, counts, version, used_bytes, as_of, closed_bytes, day_bytes, day_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
        [
          serialNo,
          `${month}-01`,
          sourceNo,
          counts ?? true,
          version ?? 1,
          usedBytes,
          asOf ?? "-infinity",
          closedBytes,
          Array.from({ length: 31 }, (_, index) => days[index + 1] ?? (kind === "delta" ? 0 : null)),
          kind === "delta" ? null : Array.from({ length: 31 }, (_, index) => (index + 1 in days ? asOf : null)),
        ],
      );
  };
}
