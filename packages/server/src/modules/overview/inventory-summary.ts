import type pg from "pg";
import type { Clock } from "../../clock.ts";
import { cancelOnAbort } from "../../db/cancel.ts";
import { type Db, transaction } from "../../db/database.ts";
import { localDays } from "../packages/billing-month.ts";
import { countInventory } from "./count-inventory.ts";
import { type InventoryFigures, inventoryFormat } from "./inventory-figures.ts";
import { beginCounting, saveSummary, selectSummary, tryLockCounting } from "./overview.queries.ts";

/** What was counted of the cards, and when. */
export interface InventorySummary {
  readonly countedAt: Date;
  readonly tookMs: number;
  readonly figures: InventoryFigures;
}

/** The figures about all cards, which are counted beforehand: each is exact at the moment that they were counted. */
export interface InventorySummaries {
  /** As they were last counted; undefined: never. */
  read(): Promise<InventorySummary | undefined>;
  /**
   * Counts anew, unless that was done within `ageMsMin` before by whomever, or another process is at it. Needs nothing but
   * the database's state: broken off anywhere, the figures before stay.
   */
  count(ageMsMin: number, signal: AbortSignal): Promise<"counted" | "recent" | "elsewhere">;
}

/** One holds the lock and saves, the other counts. */
export const countingConnections = 2;

/** The least that a pool for it must allow a statement: a hundred million cards. */
export const countingTimeoutMs = 15 * 60_000;

/**
 * After counting that took so long, nothing is counted for so many times as long: it never takes more than 2 % of one
 * core. A million cards: about ten seconds, so every ten minutes; a few thousand: whenever someone looks.
 */
const restFactor = 50;

export function isRecent(summary: InventorySummary | undefined, ageMsMin: number, nowMs: number): boolean {
  if (summary === undefined) return false;
  const ageMs = nowMs - summary.countedAt.getTime();
  // From the future: the clock was wrong then, or is now.
  return ageMs > -60_000 && ageMs < Math.max(ageMsMin, restFactor * summary.tookMs);
}

/** `countingPool` is for counting alone, which keeps its {@link countingConnections} for as long as it takes. */
export function createInventorySummaries(
  pool: pg.Pool,
  countingPool: pg.Pool,
  { clock, timeZone }: { readonly clock: Clock; readonly timeZone: string },
): InventorySummaries {
  const dayOf = localDays(timeZone);

  async function readFrom(db: Db): Promise<InventorySummary | undefined> {
    const row = await selectSummary(db, inventoryFormat);
    return row === undefined ? undefined : { countedAt: row.counted_at, tookMs: row.took_ms, figures: row.figures };
  }

  /** Counts on a connection of its own; `holder` ends the statement that is under way when it must not go on. */
  function countOn(holder: pg.PoolClient, nowMs: number, signal: AbortSignal): Promise<InventoryFigures> {
    return transaction(countingPool, async (db) => {
      await beginCounting(db, countingTimeoutMs);
      const stopWatching = await cancelOnAbort(signal, db, holder);
      try {
        signal.throwIfAborted();
        return await countInventory(db, dayOf(nowMs), signal);
      } finally {
        await stopWatching();
      }
    });
  }

  return {
    read: () => readFrom(pool),
    count: (ageMsMin, signal) =>
      transaction(countingPool, async (holder) => {
        if (!(await tryLockCounting(holder))) return "elsewhere";
        if (isRecent(await readFrom(holder), ageMsMin, clock())) return "recent";
        const nowMs = clock();
        const startedAt = performance.now();
        const figures = await countOn(holder, nowMs, signal);
        await saveSummary(holder, inventoryFormat, {
          counted_at: new Date(nowMs),
          took_ms: Math.round(performance.now() - startedAt),
          figures,
        });
        return "counted";
      }),
  };
}
