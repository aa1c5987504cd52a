import { setTimeout as delay } from "node:timers/promises";
import type pg from "pg";
import { transaction } from "./database.ts";

/** Thrown in a transaction when what it has read before has changed meanwhile: it is to be tried again. */
export class OvertakenError extends Error {}

/** Each try that fails has let another transaction finish that it collided with, so that this is not reached in earnest. */
const triesMax = 50;

/**
 * Runs `work` in one transaction, and again where another one was faster: after a deadlock, a serialization failure, an
 * OvertakenError, or a violation of the unique constraint or index whose name is given.
 */
export async function retryingTransaction<T>(
  pool: pg.Pool,
  work: (db: pg.PoolClient) => Promise<T>,
  options: { readonly uniqueConstraint?: string } = {},
): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await transaction(pool, work);
    } catch (error) {
      if (tries === triesMax || !(isCollision(error) || violates(error, options.uniqueConstraint))) throw error;
      // In no fixed rhythm, so that two which collided do not do so again.
      await delay(Math.random() * 20 * tries);
    }
  }
}

function isCollision(error: unknown): boolean {
  if (error instanceof OvertakenError) return true;
  return error instanceof Error && "code" in error && (error.code === "40P01" || error.code === "40001");
}

/** Whether an error says that a unique constraint or index is violated. */
export function violates(error: unknown, constraint: string | undefined): boolean {
  return (
    constraint !== undefined &&
    error instanceof Error &&
    "code" in error &&
    error.code === "23505" &&
    "constraint" in error &&
    typeof error.constraint === "string" &&
    // On Citus the name has the shard's number behind it.
    (error.constraint === constraint || error.constraint.startsWith(`${constraint}_`))
  );
}
