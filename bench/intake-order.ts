import type { UsageSource } from "../packages/server/src/modules/sources/source.ts";

/** The process that takes records in as ordered, by turns. */
export const intakeFile = new URL("intake-process.ts", import.meta.url);

/** What it is told. */
export interface IntakeOrder {
  readonly connectionString: string;
  readonly source: UsageSource;
  readonly timeZone: string;
  readonly cards: number;
  /** The moment that all of it happens at. */
  readonly nowMs: number;
  readonly records: number;
  readonly batchRecords: number;
  /** The share of records that were sent in an earlier batch already. */
  readonly repeatedShare: number;
  /** The share of records that ended up to two days earlier. */
  readonly lateShare: number;
}
