import type pg from "pg";
import { transaction } from "../../db/database.ts";
import {
  attachPartition,
  createPartitionTable,
  limitLockWaits,
  lockPartitions,
  partitionExists,
} from "./calls.queries.ts";

export const dayMs = 86_400_000;

/** Makes sure that there is somewhere to write the calls of a day. */
export interface CallPartitions {
  /** Days are counted from 1970 on, by UTC. */
  ensure(days: Iterable<number>): Promise<void>;
  /** For when it turns out that one is not there any more. */
  forget(): void;
}

/** The day a moment belongs to: a count, not a date. */
export function dayOf(atMs: number): number {
  return Math.floor(atMs / dayMs);
}

export function partitionName(day: number): string {
  return `call_log_${new Date(day * dayMs).toISOString().slice(0, 10).replaceAll("-", "_")}`;
}

const lockTimeoutMs = 3_000;

/** Whoever needs a partition first makes it; normally that is the job, the day before. */
export function createCallPartitions(pool: pg.Pool): CallPartitions {
  const known = new Set<number>();
  return {
    async ensure(days) {
      for (const day of days) {
        if (known.has(day)) continue;
        await createPartition(pool, day);
        known.add(day);
      }
    },
    forget() {
      known.clear();
    },
  };
}

async function createPartition(pool: pg.Pool, day: number): Promise<void> {
  const name = partitionName(day);
  await transaction(pool, async (db) => {
    await limitLockWaits(db, lockTimeoutMs);
    await lockPartitions(db);
    if (await partitionExists(db, name)) return;
    await createPartitionTable(db, name);
    await attachPartition(db, name, day * dayMs, (day + 1) * dayMs);
  });
}
