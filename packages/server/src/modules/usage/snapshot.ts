import type pg from "pg";
import { transaction } from "../../db/database.ts";

/** Reads one state of the database in several statements, whatever is committed meanwhile. */
export function snapshot<T>(pool: pg.Pool, work: (db: pg.PoolClient) => Promise<T>): Promise<T> {
  return transaction(pool, async (db) => {
    await db.query("set transaction isolation level repeatable read, read only");
    return work(db);
  });
}
