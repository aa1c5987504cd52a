import { fileURLToPath } from "node:url";
import { runner } from "node-pg-migrate";
import { type DatabaseAddress, connect } from "./database.ts";

const directory = fileURLToPath(new URL("../../migrations/", import.meta.url));

/** Any number, the same in every process that may migrate: "dks" in ASCII. */
const migrationLock = 0x64_6b_73;

/**
 * Brings the schema up to date and returns the names of the migrations that ran. Processes that start at once wait for
 * each other on an advisory lock; each migration commits together with the note that it ran.
 */
export async function migrate(address: DatabaseAddress): Promise<string[]> {
  const client = await connect(address, "dks migrate");
  try {
    await client.query("select pg_advisory_lock($1)", [migrationLock]);
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
    return done.map((migration) => migration.name);
  } finally {
    await client.end();
  }
}
