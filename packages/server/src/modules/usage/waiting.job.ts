import type { Logger } from "../../log.ts";
import type { WaitingRelease } from "./waiting.ts";

/** Has records metered whose cards were imported after they arrived, in the background of a server. */
export interface WaitingJob {
  /** Cards have changed, or may have: looks at all that waits, at once. */
  wake(): void;
  /** Ends after the batch that is under way. */
  stop(): Promise<void>;
}

/**
 * How often it is looked whether something was missed: records that arrived while their card was being imported, or an
 * import whose process was killed before it could tell. A minute is soon enough for what nearly never happens.
 */
const everyMsDefault = 60_000;

/**
 * How much of what waits is looked at each time, going on where the last time ended: 100,000 records, less than half a
 * second of the database's time. With a million that wait for cards that never come, all of it is looked at every ten minutes.
 */
const pagesMax = 20;

/** Starts with a look at all that waits: what was imported while no server ran. */
export function startWaitingJob(waiting: WaitingRelease, log: Logger, everyMs = everyMsDefault): WaitingJob {
  const stopping = new AbortController();
  const { signal } = stopping;
  let allWanted = true;
  let after = "";
  let isWorking = false;
  let done: Promise<void> = Promise.resolve();

  function start(): void {
    if (isWorking || signal.aborted) return;
    isWorking = true;
    done = work();
  }

  async function work(): Promise<void> {
    try {
      do {
        const all = allWanted;
        allWanted = false;
        await look(all);
      } while (allWanted && !signal.aborted);
    } catch (err) {
      // Next time, all of it: nobody says a second time which cards have come.
      allWanted = true;
      log.warn({ err }, "could not look for usage records whose cards have come");
    }
    isWorking = false;
  }

  async function look(all: boolean): Promise<void> {
    const pass = await waiting.run(all ? { signal } : { after, pagesMax, signal });
    // Another process is at it. If it is a server it was woken too, and looks again; a command waits for its turn itself.
    if (pass === undefined) return;
    after = pass.after;
    if (pass.counts.size > 0)
      log.info(Object.fromEntries(pass.counts), "tried usage records again whose cards have come");
  }

  const timer = setInterval(start, everyMs);
  timer.unref();
  start();
  return {
    wake() {
      allWanted = true;
      start();
    },
    async stop() {
      clearInterval(timer);
      stopping.abort();
      await done;
    },
  };
}
