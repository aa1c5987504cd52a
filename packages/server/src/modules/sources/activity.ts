import type pg from "pg";
import type { Clock } from "../../clock.ts";
import { transaction } from "../../db/database.ts";
import { formatInstant } from "../usage/instant.ts";
import type { Intake } from "../usage/intake.ts";
import { type Microseconds, type RecordResult, type SubmittedRecord, isRecord } from "../usage/usage-record.ts";
import { type StatusFigures, addActivity, deleteActivityBefore, raiseSeen } from "./activity.queries.ts";

/** Remembers what sources send and writes it down from time to time, for the console. No figure depends on it. */
export interface SourceActivity {
  /** Notes a batch that was taken in, in memory: a few additions for each record. */
  note(sourceNo: number, batch: readonly SubmittedRecord[], results: readonly RecordResult[]): void;
  /** Writes what has been noted. What could not be written stays noted. */
  flush(): Promise<void>;
  /** Writes the rest and ends. */
  stop(): Promise<void>;
}

/**
 * How long a process gathers before it writes. In the batches' own transactions, all processes would wait for one row of a
 * source until the slowest has committed; and a source that sends its records one by one would cost a second write for each.
 */
const everyMs = 1_000;

/** The charts show 30 days. */
const keptDays = 90;

const hourMs = 3_600_000;

interface Noted {
  /** By source and hour. */
  readonly hours: Map<string, { readonly sourceNo: number; readonly hour: number; readonly figures: StatusFigures }>;
  readonly seen: Map<number, { receivedAtMs: number; newestUs: Microseconds | null }>;
}

export function startSourceActivity(
  pool: pg.Pool,
  { clock, onProblem }: { readonly clock: Clock; readonly onProblem: (error: unknown) => void },
): SourceActivity {
  let noted = nothing();
  let tidiedHour = 0;

  async function write(): Promise<void> {
    const taken = noted;
    if (taken.seen.size === 0) return;
    noted = nothing();
    try {
      await transaction(pool, async (db) => {
        await raiseSeen(db, seenRows(taken));
        await addActivity(db, activityRows(taken));
      });
    } catch (error) {
      // Nothing is taken in without the database, so that this does not grow. Should the transaction have committed and
      // only its answer be lost, a second of it counts twice.
      addTo(noted, taken);
      onProblem(error);
    }
  }

  async function tidy(): Promise<void> {
    const hour = hourOf(clock());
    if (hour === tidiedHour) return;
    tidiedHour = hour;
    await deleteActivityBefore(pool, new Date(hour - keptDays * 24 * hourMs)).catch(onProblem);
  }

  // One after the other, so that one that is slow is not overtaken.
  let done: Promise<void> = Promise.resolve();
  function flush(): Promise<void> {
    done = done.then(write);
    return done;
  }

  const timer = setInterval(() => void flush().then(tidy), everyMs);
  timer.unref();
  return {
    note(sourceNo, batch, results) {
      const receivedAtMs = clock();
      const hour = hourOf(receivedAtMs);
      addTo(noted, {
        hours: new Map([[`${sourceNo} ${hour}`, { sourceNo, hour, figures: countStatuses(results) }]]),
        seen: new Map([[sourceNo, { receivedAtMs, newestUs: newestOf(batch, results) }]]),
      });
    },
    flush,
    stop() {
      clearInterval(timer);
      return flush();
    },
  };
}

/** An intake that notes what it takes in. */
export function notingActivity(intake: Intake, activity: SourceActivity): Intake {
  return {
    async takeIn(source, batch) {
      const results = await intake.takeIn(source, batch);
      activity.note(source.sourceNo, batch, results);
      return results;
    },
  };
}

function nothing(): Noted {
  return { hours: new Map(), seen: new Map() };
}

function hourOf(ms: number): number {
  return Math.floor(ms / hourMs) * hourMs;
}

export function noFigures(): StatusFigures {
  return { accepted: 0, duplicate: 0, conflict: 0, unknown_card: 0, invalid: 0, too_old: 0, too_new: 0 };
}

export function addFigures(to: StatusFigures, figures: StatusFigures): void {
  for (const status of Object.keys(noFigures()) as (keyof StatusFigures)[]) to[status] += figures[status];
}

function countStatuses(results: readonly RecordResult[]): StatusFigures {
  const figures = noFigures();
  for (const { status } of results) figures[status]++;
  return figures;
}

/** The latest moment that the records are about, leaving out those ahead of the clock. */
function newestOf(batch: readonly SubmittedRecord[], results: readonly RecordResult[]): Microseconds | null {
  let newest: Microseconds | null = null;
  for (const [index, { parsed }] of batch.entries())
    if (isRecord(parsed) && results[index]?.status !== "too_new" && (newest === null || parsed.atUs > newest))
      newest = parsed.atUs;
  return newest;
}

function addTo(to: Noted, more: Noted): void {
  for (const [key, added] of more.hours) {
    const there = to.hours.get(key);
    if (there === undefined) to.hours.set(key, added);
    else addFigures(there.figures, added.figures);
  }
  for (const [sourceNo, { receivedAtMs, newestUs }] of more.seen) {
    const there = to.seen.get(sourceNo);
    to.seen.set(sourceNo, {
      receivedAtMs: Math.max(there?.receivedAtMs ?? 0, receivedAtMs),
      newestUs: later(there?.newestUs ?? null, newestUs),
    });
  }
}

function later(one: Microseconds | null, other: Microseconds | null): Microseconds | null {
  return one === null || other === null ? (one ?? other) : Math.max(one, other);
}

function seenRows({ seen }: Noted) {
  return [...seen].map(([sourceNo, { receivedAtMs, newestUs }]) => ({
    source_no: sourceNo,
    received_at: new Date(receivedAtMs),
    newest_at: newestUs === null ? null : formatInstant(newestUs),
  }));
}

function activityRows({ hours }: Noted) {
  return [...hours.values()].map(({ sourceNo, hour, figures }) => ({
    source_no: sourceNo,
    hour: new Date(hour),
    ...figures,
  }));
}
