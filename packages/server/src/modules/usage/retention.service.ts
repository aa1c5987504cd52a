import { setTimeout as delay } from "node:timers/promises";
import type pg from "pg";
import type { Clock } from "../../clock.ts";
import { transaction } from "../../db/database.ts";
import { OperatorError } from "../../errors.ts";
import { text } from "../../text.ts";
import { type BillingMonth, currentMonths, formatMonth } from "../packages/billing-month.ts";
import type { AuditService } from "./audit.service.ts";
import { monthsBackMax } from "./place.ts";
import {
  type RecordPartitionRow,
  countRecords,
  deleteIdentities,
  dropPartition,
  limitLockWaits,
  raiseKeptFrom,
  selectKeptFrom,
  selectPartitionsBefore,
  tryLockRecords,
} from "./retention.queries.ts";
import type { WalkOptions } from "./walk.ts";

/** A billing month of records, of all cards. */
export interface StoredMonth {
  readonly month: BillingMonth;
  readonly records: number;
  /** On disk, its indexes included. */
  readonly sizeBytes: number;
}

export interface RetentionPlan {
  /** What there is to drop, oldest first. */
  readonly months: readonly StoredMonth[];
  /** Whether identities are left of months whose records went before: a drop was interrupted. */
  readonly isUnfinished: boolean;
}

export interface DropReport {
  /** What was dropped, oldest first. */
  readonly months: readonly StoredMonth[];
  readonly identities: number;
}

export interface DropOptions extends WalkOptions {
  /** How long to try again while somebody reads the records, in milliseconds; a minute unless told. */
  readonly patienceMs?: number;
}

type Verifier = Pick<AuditService, "verify">;

/** Ends the keeping of records that nothing needs any more. The months' figures stay for ever. */
export interface RetentionService {
  /**
   * What there is of months before this one. Counts their records, which reads them. Throws an OperatorError if records
   * that must be kept are among them.
   */
  plan(before: BillingMonth): Promise<RetentionPlan>;
  /**
   * Drops the records of the months before this one, once all of them are verified, and then their identities. Goes
   * forward only: what was interrupted anywhere is consistent, and is finished when this is called again.
   *
   * Throws an OperatorError, and nothing has been dropped, if records that must be kept are among them or if the
   * verification finds anything. Throws one too if somebody reads the records for so long that a month cannot be dropped;
   * the months before that are gone then.
   */
  drop(before: BillingMonth, options?: DropOptions): Promise<DropReport>;
}

/**
 * How many months before the current one keep their records and identities. One more than a record may be late: a reading
 * just after the start of the oldest month that is taken in may move what counts in the month before it, which is then
 * computed anew from its records and compared with its last one.
 *
 * All months before are closed, too: at the latest 30 days after their end (usage_source_close_after_seconds_check).
 */
const monthsKeptMin = monthsBackMax + 1;

/** The latest cycle day: on any day, a card with it is in the earliest billing month that is a current one. */
const cycleDayMax = 28;

/** For processes whose clocks are behind this one, and batches that were placed in their months some time ago. */
const clockMarginMs = 86_400_000;

const patienceMsDefault = 60_000;

/**
 * How long the intake may have to wait behind a drop that waits itself for whoever is reading. Longer than PostgreSQL's
 * deadlock_timeout of a second, after which an autovacuum of the partition gives way.
 */
const lockTimeoutMs = 2_000;

export function createRetentionService(
  pool: pg.Pool,
  { audit, clock, timeZone }: { readonly audit: Verifier; readonly clock: Clock; readonly timeZone: string },
): RetentionService {
  const currentMonth = currentMonths(() => clock() - clockMarginMs, timeZone);

  /** The first month whose records and identities must be kept. */
  function firstKept(): BillingMonth {
    return currentMonth(cycleDayMax) - monthsKeptMin;
  }

  async function partitionsBefore(before: BillingMonth): Promise<RecordPartitionRow[]> {
    const latest = firstKept();
    if (before > latest) throw mustBeKept(latest);
    return selectPartitionsBefore(pool, before);
  }

  async function monthsOfLeftIdentities(): Promise<BillingMonth[]> {
    const from = await selectKeptFrom(pool, "identity");
    const recordsFrom = await selectKeptFrom(pool, "record");
    if (from === undefined || recordsFrom === undefined) return [];
    // Not those of records that were dropped by a clock that was ahead.
    const before = Math.min(recordsFrom, firstKept());
    return Array.from({ length: Math.max(0, before - from) }, (_, index) => from + index);
  }

  return {
    async plan(before) {
      const months: StoredMonth[] = [];
      for (const { month, size_bytes } of await partitionsBefore(before))
        months.push({ month, records: await countRecords(pool, month), sizeBytes: size_bytes });
      return { months, isUnfinished: (await monthsOfLeftIdentities()).length > 0 };
    },

    async drop(before, { signal, onProgress, patienceMs = patienceMsDefault } = {}) {
      const partitions = await partitionsBefore(before);
      const walkOptions = { ...(signal && { signal }), ...(onProgress && { onProgress }) };
      const months = await verified(audit, partitions, walkOptions);
      // The oldest first: what counts in a month comes from its records and from the next one's.
      for (const partition of partitions) {
        signal?.throwIfAborted();
        await dropMonth(pool, partition, patienceMs, signal);
      }
      let identities = 0;
      for (const month of await monthsOfLeftIdentities()) {
        signal?.throwIfAborted();
        identities += await dropIdentities(pool, month);
      }
      return { months, identities };
    },
  };
}

/** Throws if a month's figures are not what its records come to, or if the records are not what was taken in. */
async function verified(
  audit: Verifier,
  partitions: readonly RecordPartitionRow[],
  { signal, onProgress }: WalkOptions,
): Promise<StoredMonth[]> {
  const months: StoredMonth[] = [];
  const wrong: { month: BillingMonth; findings: number }[] = [];
  for (const [index, { month, size_bytes }] of partitions.entries()) {
    const { records, findings } = await audit.verify(
      { serialNo: undefined, month },
      {
        ...(signal && { signal }),
        onFinding: () => {},
        onProgress: ({ done, total }) =>
          onProgress?.({ month, done: index * total + done, total: partitions.length * total }),
      },
    );
    months.push({ month, records, sizeBytes: size_bytes });
    if (findings > 0) wrong.push({ month, findings });
  }
  if (wrong.length > 0) throw doesNotAddUp(wrong);
  return months;
}

async function dropMonth(
  pool: pg.Pool,
  partition: RecordPartitionRow,
  patienceMs: number,
  signal: AbortSignal | undefined,
): Promise<void> {
  const giveUpAt = performance.now() + patienceMs;
  while (!(await tryDropMonth(pool, partition))) {
    if (performance.now() > giveUpAt) throw inUse(partition.month);
    // The intake, which has waited behind this, goes on for a while.
    await delay(Math.min(1_000 + Math.random() * 1_000, patienceMs));
    signal?.throwIfAborted();
  }
}

/** Drops a month's records and notes it, in one transaction. False, and nothing is done, while somebody uses them. */
async function tryDropMonth(pool: pg.Pool, partition: RecordPartitionRow): Promise<boolean> {
  try {
    return await transaction(pool, async (db) => {
      await limitLockWaits(db, lockTimeoutMs);
      if (!(await tryLockRecords(db))) return false;
      // Of the first month that is ever dropped: from there on, identities are to go.
      if ((await selectKeptFrom(db, "identity")) === undefined) await raiseKeptFrom(db, "identity", partition.month);
      await raiseKeptFrom(db, "record", partition.month + 1);
      // Last, since the intake waits from here on.
      await dropPartition(db, partition);
      return true;
    });
  } catch (error) {
    // The lock was not to be had in time, or in a circle.
    if (error instanceof Error && "code" in error && (error.code === "55P03" || error.code === "40P01")) return false;
    throw error;
  }
}

/**
 * Forgets a month's identities and notes it. One statement for the month, which reads the table once: in pieces, along
 * the key or along the pages, would either read and log each page many times over, or be nothing that Citus can do.
 */
function dropIdentities(pool: pg.Pool, month: BillingMonth): Promise<number> {
  return transaction(pool, async (db) => {
    const count = await deleteIdentities(db, month);
    await raiseKeptFrom(db, "identity", month + 1);
    return count;
  });
}

function mustBeKept(latest: BillingMonth): OperatorError {
  const month = formatMonth(latest);
  return new OperatorError(
    text(
      `${month} 及以后账期的用量记录不能删除：${monthsBackMax} 个月以内的账期仍可能收到记录，其前一个账期也会随之重新计算。最晚可用 --before ${month}。`,
      `The usage records of ${month} and later must be kept: records are taken in up to ${monthsBackMax} months back, and move the month before, too. The latest possible is --before ${month}.`,
    ),
  );
}

function doesNotAddUp(months: readonly { readonly month: BillingMonth; readonly findings: number }[]): OperatorError {
  const [first] = months;
  const example = formatMonth(first?.month ?? 0);
  return new OperatorError(
    text(
      `未删除任何记录。以下账期核对有差异：${months.map(({ month, findings }) => `${formatMonth(month)}（${findings} 处）`).join("、")}。请先用 dks usage verify --month ${example} 查看并处理。`,
      `Nothing was deleted, since the verification found differences in ${months.map(({ month, findings }) => `${formatMonth(month)} (${findings})`).join(", ")}. See them with dks usage verify --month ${example}, and mend them first.`,
    ),
  );
}

function inUse(month: BillingMonth): OperatorError {
  const name = formatMonth(month);
  return new OperatorError(
    text(
      `用量记录正被读取，未能删除 ${name} 账期：可能正在备份，或正在执行 dks usage verify、rebuild。更早的账期已删除；请待其结束后再次运行。`,
      `The usage records are being read, so ${name} could not be deleted: by a backup, or by dks usage verify or rebuild. The months before it are done; run this again when that is over.`,
    ),
  );
}
