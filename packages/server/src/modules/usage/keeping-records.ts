import type pg from "pg";
import { transaction } from "../../db/database.ts";
import { allowIdle } from "./quarantine.queries.ts";
import { lockRecordsKept } from "./retention.queries.ts";

/**
 * Does work that goes wrong if records are dropped meanwhile: to compute a month anew, or to find fault with it, for which
 * its records have just gone.
 */
export function keepingRecords<T>(pool: pg.Pool, work: () => Promise<T>): Promise<T> {
  return transaction(pool, async (db) => {
    await allowIdle(db);
    await lockRecordsKept(db);
    return work();
  });
}
