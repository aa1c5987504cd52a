import type pg from "pg";
import { transaction } from "../../db/database.ts";
import { findCardsBySubject } from "../cards/subjects.ts";
import type { UsageSource } from "../sources/source.ts";
import type { ReleaseIntake } from "./intake.ts";
import { allowIdle, lockPass, selectWaiting, selectWaitingSubjects, tryLockPass } from "./quarantine.queries.ts";
import { type Release, type StatusCounts, releaseEntries, releasedAtOnceMax } from "./release.ts";

/** Goes through the records that wait for their cards, and has those metered whose card is there by now. */
export interface WaitingRelease {
  /**
   * Needs nothing but the database's state, so that it may be broken off anywhere and called whenever: whoever calls it
   * again does what is left. Returns what became of the records that were tried again, and up to which subject it came:
   * empty when it went through to the last. Undefined if another process is at it. Throws what a record that cannot be
   * taken in has failed with, when all others are done.
   */
  run(options?: WaitingPass): Promise<{ counts: StatusCounts; after: string } | undefined>;
}

export interface WaitingPass {
  /** Goes on behind this subject; from the first unless told. */
  readonly after?: string;
  /** Looks at so many pages of {@link pageRows} waiting records each, whose subjects it looks up; all unless told. */
  readonly pagesMax?: number;
  /** Waits for another process that is at it. */
  readonly waits?: boolean;
  /** Stops between two batches. */
  readonly signal?: AbortSignal;
}

/** A page of waiting records that no card has come for costs 10 to 20 ms, nearly all of it the look-up of their subjects. */
const pageRows = 5_000;

export function createWaitingRelease(
  pool: pg.Pool,
  {
    intake,
    listSources,
  }: { readonly intake: ReleaseIntake; readonly listSources: () => Promise<readonly UsageSource[]> },
): WaitingRelease {
  /** Releases what waits for one of these subjects, as far as there is a card now. */
  async function releaseSubjects(
    db: pg.PoolClient,
    subjects: readonly string[],
    { counts, failures, signal }: Pick<Release, "counts" | "failures"> & { readonly signal: AbortSignal | undefined },
  ): Promise<void> {
    const cards = await findCardsBySubject(pool, subjects);
    if (cards.size === 0) return;
    const found = subjects.filter((subject) => cards.has(subject) && cards.get(subject) !== "ambiguous");
    const ambiguous = subjects.filter((subject) => cards.get(subject) === "ambiguous");
    const sources = new Map((await listSources()).map((source) => [source.sourceNo, source]));
    for await (const rows of selectWaiting(db, { found, ambiguous }, releasedAtOnceMax)) {
      if (signal?.aborted === true) return;
      await releaseEntries({ pool, intake, sources, counts, failures }, rows);
    }
  }

  return {
    run: ({ after: from = "", pagesMax = Infinity, waits = false, signal } = {}) =>
      // Holds the lock, and reads what is then written by other transactions, a batch each.
      transaction(pool, async (db) => {
        await allowIdle(db);
        if (waits) await lockPass(db);
        else if (!(await tryLockPass(db))) return undefined;
        const counts: StatusCounts = new Map();
        const failures: unknown[] = [];
        let after = from;
        for (let page = 0; page < pagesMax && signal?.aborted !== true; page++) {
          const subjects = await selectWaitingSubjects(db, after, pageRows);
          after = subjects.at(-1) ?? "";
          if (after === "") break;
          await releaseSubjects(db, subjects, { counts, failures, signal });
        }
        if (failures.length > 0) throw failures[0];
        return { counts, after };
      }),
  };
}
