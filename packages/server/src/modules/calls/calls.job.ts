import type pg from "pg";
import type { Clock } from "../../clock.ts";
import { transaction } from "../../db/database.ts";
import type { Logger } from "../../log.ts";
import { createCallPartitions, dayMs, dayOf, partitionName } from "./call-partitions.ts";
import { fineStatisticDays } from "./call-statistics.ts";
import {
  condenseLatencies,
  condenseStatistics,
  deleteGaps,
  deleteLatencies,
  deleteStatistics,
  deleteWriters,
  dropPartition,
  limitLockWaits,
  selectPartitions,
  summarizePartitions,
  tryLockLog,
} from "./calls.queries.ts";

/** Keeps the log of the calls in order, in the background of a server: one process at a time. */
export interface CallLogJob {
  stop(): Promise<void>;
}

/** How often the index is told what was written: what it does not know of, every search reads. */
const everyMsDefault = 60_000;
/** Every so many times, it is looked what is old: once an hour. */
const keepEvery = 60;

/** How long the statistics are kept. */
const statisticDays = 400;

const hourMs = 3_600_000;

/** What is dropped must not be waited for: meanwhile nobody could write. It is tried again an hour later. */
const lockTimeoutMs = 2_000;

export interface CallLogJobOptions {
  readonly days: number;
  readonly clock: Clock;
  readonly log: Logger;
  readonly everyMs?: number;
}

/** Starts with a look at what is old, and at whether today and tomorrow have a place. */
export function startCallLogJob(pool: pg.Pool, options: CallLogJobOptions): CallLogJob {
  const { log, everyMs = everyMsDefault } = options;
  let runs = 0;
  let running: Promise<void> | undefined;

  function start(): void {
    running ??= run().finally(() => (running = undefined));
  }

  async function run(): Promise<void> {
    try {
      if (runs++ % keepEvery === 0) await keepCallLog(pool, options);
      await summarize(pool, options.clock());
    } catch (err) {
      log.warn({ err }, "could not look after the call log");
    }
  }

  const timer = setInterval(start, everyMs);
  timer.unref();
  start();
  return {
    async stop() {
      clearInterval(timer);
      await running;
    },
  };
}

/** Has the index know of what was written today, and in yesterday's last minute. */
async function summarize(pool: pg.Pool, nowMs: number): Promise<void> {
  await transaction(pool, async (db) => {
    if (!(await tryLockLog(db))) return;
    await limitLockWaits(db, lockTimeoutMs);
    const today = dayOf(nowMs);
    await summarizePartitions(db, [partitionName(today - 1), partitionName(today)]);
  });
}

/**
 * Makes the partitions of today and tomorrow, drops those of days that are to be kept no longer, and condenses and forgets
 * statistics. All of it follows from the clock and what is there, so that it may be left out, repeated or broken off.
 */
export async function keepCallLog(
  pool: pg.Pool,
  { days, clock }: Pick<CallLogJobOptions, "days" | "clock">,
): Promise<void> {
  const now = clock();
  const today = dayOf(now);
  if (days > 0) await createCallPartitions(pool).ensure([today, today + 1]);
  const keptFromMs = (today - days) * dayMs;
  for (const { name, to_ms } of await selectPartitions(pool)) {
    if (to_ms > keptFromMs) break;
    const dropped = await transaction(pool, async (db) => {
      if (!(await tryLockLog(db))) return false;
      await limitLockWaits(db, lockTimeoutMs);
      await dropPartition(db, name);
      return true;
    });
    // Another process is at it.
    if (!dropped) return;
  }
  await transaction(pool, async (db) => {
    if (!(await tryLockLog(db))) return;
    const forgottenMs = (today - statisticDays) * dayMs;
    await deleteGaps(db, keptFromMs);
    await deleteWriters(db, new Date(forgottenMs));
    await deleteStatistics(db, forgottenMs);
    await deleteLatencies(db, forgottenMs);
    const condensedMs = now - fineStatisticDays * dayMs;
    await condenseStatistics(db, condensedMs - (condensedMs % hourMs));
    await condenseLatencies(db, condensedMs - (condensedMs % hourMs));
  });
}
