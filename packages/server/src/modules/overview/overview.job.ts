import type { Clock } from "../../clock.ts";
import type { Logger } from "../../log.ts";
import { type InventorySummaries, isRecent } from "./inventory-summary.ts";

/** Has the cards counted in the background of a server: one process at a time. */
export interface InventoryJob {
  /** Someone looks: counts if that is due. Resolves when it is done, or if there is nothing to do here. */
  wanted(): Promise<void>;
  readonly isCounting: boolean;
  stop(): Promise<void>;
}

/** How old the figures may be while nobody looks, and when someone does. Where counting takes long, they may be older. */
const unwatchedMs = 10 * 60_000;
const watchedMs = 5_000;

const everyMsDefault = 60_000;

export function startInventoryJob(
  summaries: InventorySummaries,
  { clock, log, everyMs = everyMsDefault }: { readonly clock: Clock; readonly log: Logger; readonly everyMs?: number },
): InventoryJob {
  const stopping = new AbortController();
  const { signal } = stopping;
  let counting: Promise<void> | undefined;

  async function countIfDue(ageMsMin: number): Promise<void> {
    try {
      if (isRecent(await summaries.read(), ageMsMin, clock()) || signal.aborted) return;
      counting ??= count(ageMsMin).finally(() => (counting = undefined));
      await counting;
    } catch (err) {
      if (!signal.aborted) log.warn({ err }, "could not count the cards");
    }
  }

  async function count(ageMsMin: number): Promise<void> {
    await summaries.count(ageMsMin, signal);
  }

  let looking = countIfDue(unwatchedMs);
  const timer = setInterval(() => {
    looking = countIfDue(unwatchedMs);
  }, everyMs);
  timer.unref();
  return {
    wanted: () => countIfDue(watchedMs),
    get isCounting() {
      return counting !== undefined;
    },
    async stop() {
      clearInterval(timer);
      stopping.abort();
      await looking;
      await counting?.catch(() => {});
    },
  };
}
