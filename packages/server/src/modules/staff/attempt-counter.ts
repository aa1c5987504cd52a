import type pg from "pg";
import { type Db, transaction } from "../../db/database.ts";
import { deleteAttempts, deleteOldAttempts, lockAttempts, updateAttempts } from "./attempts.queries.ts";
import { type AttemptKind, attemptRules, secondsLocked, withAttempt, withoutAttempt } from "./attempts.ts";
import { lockedRefusal } from "./sign-in-refusal.ts";

/** What an attempt is counted under. */
export interface AttemptKeys {
  readonly address: string;
  readonly login: string;
}

/** An attempt that is being made; `locks` is what it locks if it fails. */
export interface Attempt {
  readonly keys: AttemptKeys;
  readonly locks: readonly AttemptKind[];
}

/** Always in this order, so that no two wait for each other. */
const kinds = ["address", "login"] as const satisfies readonly AttemptKind[];

const dayMs = 86_400_000;

/**
 * Counts an attempt before it is made, in a transaction of its own, and throws a refusal if there may be none. Counting
 * first is what makes the limit exact: of a hundred at once only as many come through as may fail.
 */
export async function beginAttempt(pool: pg.Pool, keys: AttemptKeys, now: Date): Promise<Attempt> {
  const locks: AttemptKind[] = [];
  const seconds = await transaction(pool, async (db) => {
    await deleteOldAttempts(db, new Date(now.getTime() - dayMs));
    for (const kind of kinds) {
      const before = await lockAttempts(db, kind, keys[kind], now);
      const locked = secondsLocked(before, now);
      // What was counted under the address by then stays: whoever runs into locks is trying.
      if (locked !== undefined) return locked;
      const after = withAttempt(before, attemptRules[kind], now);
      if (after.lockedUntil !== null) locks.push(kind);
      await updateAttempts(db, kind, keys[kind], after);
    }
    return undefined;
  });
  if (seconds !== undefined) throw lockedRefusal(seconds);
  return { keys, locks };
}

/** Takes an attempt back: it was right, or not made at all. */
export async function takeBackAttempt(db: Db, { keys }: Attempt, now: Date): Promise<void> {
  for (const kind of kinds) {
    const before = await lockAttempts(db, kind, keys[kind], now);
    await updateAttempts(db, kind, keys[kind], withoutAttempt(before, attemptRules[kind]));
  }
}

/** Forgets what has failed of a login, which is signed in now. */
export async function forgetFailures(db: Db, { keys }: Attempt): Promise<void> {
  await deleteAttempts(db, "login", keys.login);
}
