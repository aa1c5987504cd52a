import { fileURLToPath } from "node:url";
import { runner } from "node-pg-migrate";
import type pg from "pg";
import { type DatabaseAddress, connect } from "./database.ts";

const directory = fileURLToPath(new URL("../../migrations/", import.meta.url));

/** Any number, the same in every process that may change the schema: "dks" in ASCII. */
const schemaLock = 0x64_6b_73;

/** Runs `work` on a connection of its own, as the one process that may change the schema; the others wait. */
export async function withSchemaLock<T>(
  address: DatabaseAddress,
  applicationName: string,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = await connect(address, applicationName);
  try {
    await client.query("select pg_advisory_lock($1)", [schemaLock]);
    return await work(client);
  } finally {
    await client.end();
  }
}

/**
 * Runs the migrations that have not run yet and returns their names. Each commits together with the note that it ran. The
 * caller holds the schema's lock.
 */
export async function applyMigrations(client: pg.Client): Promise<string[]> {
  // On Citus: a transaction that changes several tables would otherwise fail on the keys between them. Elsewhere it means nothing.
  await client.query("set citus.multi_shard_modify_mode = 'sequential'");
  const done = await runner({
    dbClient: client,
    dir: directory,
    direction: "up",
    migrationsTable: "schema_migration",
    // The runner's own lock refuses instead of waiting.
    noLock: true,
    checkOrder: true,
    log: () => {},
  });
  await client.query("reset citus.multi_shard_modify_mode");
  return done.map((migration) => migration.name);
}
