import type pg from "pg";
import { transaction } from "../../db/database.ts";
import type { Logger } from "../../log.ts";
import { lockSecrets, updateLastUses } from "./clients.queries.ts";
import type { KnownSecret } from "./credentials.ts";

/**
 * Remembers when each secret last verified a call, so that the operator sees whether an integrator still signs with the old
 * one, and writes it down from time to time, away from the calls.
 */
export interface SecretUses {
  /** For every call: costs an assignment in a map. */
  note(secret: KnownSecret, atMs: number): void;
  /** Writes what has been noted. What could not be written stays noted. */
  flush(): Promise<void>;
  /** Writes the rest and ends. */
  stop(): Promise<void>;
}

/** How old a use may be before it is written: what the console says it is exact to. */
const everyMs = 30_000;

/**
 * What is noted is bounded by itself: a secret that has verified was read from the database a few seconds ago at most, so
 * without the database nothing is added.
 */
export function startSecretUses(pool: pg.Pool, log: Logger): SecretUses {
  let noted = new Map<KnownSecret, number>();

  async function write(): Promise<void> {
    const taken = noted;
    if (taken.size === 0) return;
    noted = new Map();
    try {
      const uses = latestUses(taken);
      await transaction(pool, async (db) => {
        await lockSecrets(db, [...new Set(uses.map(({ clientId }) => clientId))]);
        await updateLastUses(db, uses);
      });
    } catch (err) {
      // Later uses of the same secret stay later.
      noted = new Map([...taken, ...noted]);
      log.warn({ err }, "could not note when secrets were last used");
    }
  }

  // One after the other, so that one that is slow is not overtaken.
  let done: Promise<void> = Promise.resolve();
  function flush(): Promise<void> {
    done = done.then(write);
    return done;
  }

  const timer = setInterval(() => void flush(), everyMs);
  timer.unref();
  return {
    note(secret, atMs) {
      noted.set(secret, atMs);
    },
    flush,
    stop() {
      clearInterval(timer);
      return flush();
    },
  };
}

/** One use for each secret: it is another object whenever its client's credentials have been read anew. */
function latestUses(noted: ReadonlyMap<KnownSecret, number>): { clientId: string; secretNo: number; at: Date }[] {
  const bySecret = new Map<string, { clientId: string; secretNo: number; at: Date }>();
  for (const [{ clientId, secretNo }, atMs] of noted) {
    const key = `${clientId} ${secretNo}`;
    const known = bySecret.get(key);
    if (known === undefined || known.at.getTime() < atMs) bySecret.set(key, { clientId, secretNo, at: new Date(atMs) });
  }
  return [...bySecret.values()];
}
