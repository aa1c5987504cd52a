import { randomBytes } from "node:crypto";
import type pg from "pg";
import { inject } from "vitest";
import { type DatabaseAddress, connect, createPool } from "../src/db/database.ts";
import { distribute } from "../src/db/distribute.ts";
import { createClusterDatabase, dropClusterDatabase, testShardCount } from "./citus-cluster.ts";
import { databaseUrl, onServer } from "./database-server.ts";

/** A migrated database for one test file. */
export interface TestDatabase {
  readonly address: DatabaseAddress;
  readonly pool: pg.Pool;
  /** Drops it; fails if the test has left a connection open. */
  drop(): Promise<void>;
}

/**
 * Clones the template. `empty` makes a database without any schema instead. On a cluster a clone would lack its shards, so
 * that a database is made there, migrated and distributed anew; an empty one is the coordinator's alone.
 */
export async function createTestDatabase(options: { empty?: true } = {}): Promise<TestDatabase> {
  const { connectionString, templateName } = inject("databaseServer");
  const isEmpty = options.empty === true;
  const isDistributed = templateName === undefined && !isEmpty;
  const name = `dks_test_${randomBytes(6).toString("hex")}`;
  const address = { connectionString: databaseUrl(connectionString, name) };
  if (isDistributed) {
    await createClusterDatabase(connectionString, name);
    await distribute(address, { shardCount: testShardCount });
  } else await onServer(connectionString, `create database ${name}${isEmpty ? "" : ` template ${templateName}`}`);
  const pool = createPool(address, {
    applicationName: "dks test",
    connectionsMax: 10,
    connectTimeoutMs: 10_000,
    onIdleError: () => {},
  });
  return {
    address,
    pool,
    async drop() {
      await pool.end();
      await refuseLeaks(connectionString, name);
      if (isDistributed) await dropClusterDatabase(connectionString, name);
      else await onServer(connectionString, `drop database ${name} with (force)`);
    },
  };
}

/** A connection that is still there after the pool has ended is one that the code under test forgot. */
async function refuseLeaks(connectionString: string, name: string): Promise<void> {
  const client = await connect({ connectionString }, "dks test");
  try {
    // A backend takes a moment to notice that its client is gone.
    for (let attempt = 0; attempt < 100; attempt++) {
      const { rows } = await client.query<{ application_name: string; query: string }>(
        "select application_name, query from pg_stat_activity where datname = $1 and backend_type = 'client backend'",
        [name],
      );
      if (rows.length === 0) return;
      if (attempt === 99) throw new Error(`connections left open: ${JSON.stringify(rows)}`);
      await client.query("select pg_sleep(0.05)");
    }
  } finally {
    await client.end();
  }
}
