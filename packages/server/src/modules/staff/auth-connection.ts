import { AsyncLocalStorage } from "node:async_hooks";
import type { BetterAuthOptions } from "better-auth";
import type pg from "pg";
import { invariant } from "../../errors.ts";

/** A request that is being answered, and the connection that its transaction is on. */
interface Turn {
  readonly db: pg.PoolClient;
  failure: unknown;
  ended: boolean;
}

/**
 * Has better-auth do what it does for a request in a transaction of ours, as if the transaction's connection were the
 * only one it had: what it writes, what we note beside it, and the audit log hold together, and what a locked row keeps
 * others from.
 */
export interface AuthConnection {
  /** What better-auth takes for a pool. */
  readonly database: NonNullable<BetterAuthOptions["database"]>;
  /**
   * Runs `work`, whose statements go to `db`. Throws the first error of any of them, whatever has become of it in
   * between: better-auth takes some to mean that nothing was found.
   */
  within<T>(db: pg.PoolClient, work: () => Promise<T>): Promise<T>;
}

/** A transaction within ours: undone by itself, kept only if ours is. */
const nested: Readonly<Record<string, string>> = {
  begin: "savepoint better_auth",
  commit: "release savepoint better_auth",
  rollback: "rollback to savepoint better_auth",
};

export function createAuthConnection(): AuthConnection {
  const turns = new AsyncLocalStorage<Turn>();

  function connect(): Promise<unknown> {
    const turn = turns.getStore();
    invariant(turn !== undefined, "better-auth asks the database only while it answers a request");
    return Promise.resolve({
      async query(statement: string, values: unknown[]) {
        invariant(!turn.ended, `better-auth asks the database after it has answered: ${statement}`);
        try {
          return await turn.db.query(nested[statement] ?? statement, values);
        } catch (error) {
          turn.failure ??= error;
          throw error;
        }
      },
      release() {},
    });
  }

  return {
    // It is a pool as far as better-auth uses one.
    database: { connect, end: () => Promise.resolve() },
    async within(db, work) {
      const turn: Turn = { db, failure: undefined, ended: false };
      try {
        const result = await turns.run(turn, work);
        if (turn.failure !== undefined) throw turn.failure;
        return result;
      } catch (error) {
        throw turn.failure ?? error;
      } finally {
        turn.ended = true;
      }
    },
  };
}
