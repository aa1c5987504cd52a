import type { DatabaseAddress } from "./database.ts";
import { distributeNewTables } from "./distribute.ts";
import { applyMigrations, withSchemaLock } from "./migrations.ts";

/**
 * Brings the schema up to date and returns the names of the migrations that ran. Processes that start at once wait for
 * each other. On a distributed database, new tables are distributed like the others. Throws an OperatorError where a
 * distribution was begun and not finished.
 */
export function migrate(address: DatabaseAddress): Promise<string[]> {
  return withSchemaLock(address, "dks migrate", async (client) => {
    const applied = await applyMigrations(client);
    await distributeNewTables(client);
    return applied;
  });
}
