import type pg from "pg";
import { transaction } from "../../db/database.ts";
import { type BillingMonth, formatMonth, monthToDate } from "../packages/billing-month.ts";

/** Makes sure that there is somewhere to write a billing month's records. */
export interface RecordPartitions {
  ensure(months: Iterable<BillingMonth>): Promise<void>;
}

/** Any number, the same in every process: "usag" in ASCII. */
const partitionLock = 0x75_73_61_67;

/**
 * Partitions are made when the first record of a month arrives, by whichever process it arrives at: no job has to run
 * before a month begins.
 */
export function createRecordPartitions(pool: pg.Pool): RecordPartitions {
  const known = new Set<BillingMonth>();
  return {
    async ensure(months) {
      for (const month of months) {
        if (known.has(month)) continue;
        await createPartition(pool, month);
        known.add(month);
      }
    },
  };
}

/** The name of the partition of a billing month. */
function partitionName(month: BillingMonth): string {
  return `usage_record_${formatMonth(month).replace("-", "_")}`;
}

async function createPartition(pool: pg.Pool, month: BillingMonth): Promise<void> {
  await transaction(pool, async (db) => {
    // "if not exists" alone does not keep two processes from creating it at the same moment.
    await db.query("select pg_advisory_xact_lock($1)", [partitionLock]);
    const name = partitionName(month);
    const { rows } = await db.query<{ exists: boolean }>("select to_regclass($1) is not null as exists", [name]);
    if (rows[0]?.exists === true) return;
    await db.query(
      `create table ${name} partition of usage_record for values from ('${monthToDate(month)}') to ('${monthToDate(month + 1)}')`,
    );
  });
}
