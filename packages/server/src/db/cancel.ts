import { setTimeout as delay } from "node:timers/promises";
import type { Db } from "./database.ts";

/** How long after a cancellation it is tried again. */
const againMs = 100;

/**
 * Once the signal is aborted, cancels what `db` is doing until it does no more: again and again, for between two statements
 * there is nothing to cancel, and the next one may run for minutes. It is done through another connection, and may fail.
 * What this resolves to stops that, and waits for the last cancellation: one that came later would hit whatever the
 * connection is used for next. To be called in the transaction that is to be cancelled, and stopped before that ends.
 */
export async function cancelOnAbort(
  signal: AbortSignal | undefined,
  db: Db,
  through: Db,
): Promise<() => Promise<void>> {
  const { rows } = await db.query<{ pid: number }>({ text: "select pg_backend_pid() as pid" });
  const over = new AbortController();
  let cancelling: Promise<void> | undefined;

  async function cancelUntilOver(): Promise<void> {
    while (!over.signal.aborted) {
      await through.query({ text: "select pg_cancel_backend($1)", values: [rows[0]?.pid] }).catch(() => {});
      await delay(againMs, undefined, { signal: over.signal }).catch(() => {});
    }
  }
  function begin(): void {
    cancelling = cancelUntilOver();
  }

  signal?.addEventListener("abort", begin);
  if (signal?.aborted === true) begin();
  return async () => {
    signal?.removeEventListener("abort", begin);
    over.abort();
    await cancelling;
  };
}
