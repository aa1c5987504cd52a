import { hostname, userInfo } from "node:os";
import type pg from "pg";
import { type Services, createServices } from "../app.ts";
import type { Actor } from "../actor.ts";
import { type Config, readConfig } from "../config.ts";
import { createPool } from "../db/database.ts";
import { migrate } from "../db/migrate.ts";
import { type OpenDatabase, openDatabase } from "../db/open.ts";

/** What a command that works on the database is given. */
export interface CommandContext {
  readonly config: Config;
  readonly database: OpenDatabase;
  readonly pool: pg.Pool;
  readonly services: Services;
}

/**
 * Opens the database, brings its schema up to date, runs `work`, and lets go of everything whatever happens. Works beside
 * a running server.
 */
export async function withDatabase<T>(work: (context: CommandContext) => Promise<T>): Promise<T> {
  const config = readConfig();
  // A command that is cut off would leave an embedded PostgreSQL that it has started running: what takes long listens
  // for itself, the rest is done in a moment. A second Ctrl-C ends the process where it stands.
  process.once("SIGINT", finishFirst).once("SIGTERM", finishFirst);
  const database = await openDatabase(config);
  try {
    await migrate(database.address);
    const pool = createPool(database.address, {
      applicationName: "dks",
      connectionsMax: 4,
      connectTimeoutMs: 10_000,
      onIdleError: () => {},
    });
    try {
      return await work({ config, database, pool, services: await createServices(pool, config) });
    } finally {
      await pool.end();
    }
  } finally {
    await database.close();
    process.off("SIGINT", finishFirst).off("SIGTERM", finishFirst);
  }
}

function finishFirst(): void {}

/** Whoever runs a command, for the audit log. */
export function cliActor(): Actor {
  const user = userInfo().username;
  return { kind: "cli", id: user, name: user, address: hostname(), requestId: null };
}
