import { randomUUID } from "node:crypto";
import type pg from "pg";
import { transaction } from "../../db/database.ts";
import { type CallPartitions, createCallPartitions } from "./call-partitions.ts";
import type { CallFigures } from "./call-statistics.ts";
import {
  type GapRow,
  addLatencies,
  addStatistics,
  claimBatch,
  copyCalls,
  insertGap,
  limitWriting,
} from "./calls.queries.ts";

/** What is written at once. It never changes, so that it can be tried again. */
export interface Batch {
  /** Larger than that of any batch before it. */
  readonly batchNo: number;
  /** Lines for COPY, in UTF-8. */
  readonly lines: Uint8Array;
  readonly calls: number;
  /** When the first and the last of them were made. */
  readonly fromMs: number;
  readonly toMs: number;
  /** The days, as {@link CallPartitions} counts them, on which they were. */
  readonly days: ReadonlySet<number>;
  readonly figures: CallFigures | undefined;
  readonly gaps: readonly GapRow[];
}

export interface CallWriter {
  /**
   * Writes a batch in one transaction, unless it has been written: so a batch may be given again whenever it is not known
   * what became of it, as after a connection that broke during the commit.
   */
  write(batch: Batch): Promise<void>;
}

export function createCallWriter(pool: pg.Pool): CallWriter {
  // Tells this process from those before and beside it.
  const process = randomUUID();
  const partitions: CallPartitions = createCallPartitions(pool);
  return {
    async write({ batchNo, lines, days, figures, gaps }) {
      try {
        await partitions.ensure(days);
        await transaction(pool, async (db) => {
          await limitWriting(db);
          if (!(await claimBatch(db, process, batchNo))) return;
          if (lines.length > 0) await copyCalls(db, lines);
          if (figures !== undefined) {
            await addStatistics(db, figures.statistics);
            await addLatencies(db, figures.latencies);
          }
          for (const gap of gaps) await insertGap(db, gap);
        });
      } catch (error) {
        // Whatever it was, a partition that has been dropped is made again the next time.
        partitions.forget();
        throw error;
      }
    },
  };
}
