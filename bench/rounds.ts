import type { Contender } from "./contenders.ts";
import { cpuTimeUs } from "./cpu-time.ts";
import type { LoadResult } from "./generator.ts";
import type { Load } from "./load.ts";

/** One contender's turn. */
export interface Round extends LoadResult {
  /** Of server and database together. */
  readonly cpuUsPerCall: number;
  readonly serverCpuUsPerCall: number;
  readonly callsPerSecond: number;
}

export interface RoundOptions {
  readonly rounds: number;
  readonly roundMs: number;
  readonly connections: number;
}

/** Before the first round, each contender answers for this long, so that its code is compiled. */
const warmUpMs = 3_000;
/** At the start of each round, uncounted: caches hold what the contender before it needed. */
const settleMs = 200;

/**
 * Lets the contenders take turns, so that whatever else the machine does meets all of them alike, and returns each
 * one's rounds. Every other time in the opposite order, so that none always follows the same one.
 */
export async function interleave<const Names extends string>(
  load: Load,
  contenders: Readonly<Record<Names, Contender>>,
  { rounds, roundMs, connections }: RoundOptions,
  progress: (done: string) => void,
): Promise<Record<Names, Round[]>> {
  const names = Object.keys(contenders) as Names[];
  const results = Object.fromEntries(names.map((name) => [name, [] as Round[]])) as Record<Names, Round[]>;
  async function take(name: Names, durationMs: number): Promise<Round> {
    const { url, inventory, serverPid, postmasterPid } = contenders[name];
    const order = { url, inventory, connections, callsMax: Number.MAX_SAFE_INTEGER };
    await load.run({ ...order, durationMs: settleMs });
    const databasePids = postmasterPid === undefined ? [] : [postmasterPid];
    const before = { server: cpuTimeUs([serverPid]), database: cpuTimeUs(databasePids) };
    const result = await load.run({ ...order, durationMs });
    const serverUs = cpuTimeUs([serverPid]) - before.server;
    const databaseUs = cpuTimeUs(databasePids) - before.database;
    return {
      ...result,
      cpuUsPerCall: (serverUs + databaseUs) / result.calls,
      serverCpuUsPerCall: serverUs / result.calls,
      callsPerSecond: result.calls / (result.elapsedMs / 1000),
    };
  }
  for (const name of names) await take(name, Math.min(warmUpMs, roundMs));
  for (let round = 0; round < rounds; round++) {
    for (const name of round % 2 === 0 ? names : names.toReversed()) results[name].push(await take(name, roundMs));
    progress(`round ${round + 1} of ${rounds}`);
  }
  return results;
}

/** A median with the smallest and the largest value. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

export function spread(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const median =
    sorted.length % 2 === 0
      ? ((sorted[middle - 1] ?? Number.NaN) + (sorted[middle] ?? Number.NaN)) / 2
      : (sorted[Math.floor(middle)] ?? Number.NaN);
  return { median, min: sorted[0] ?? Number.NaN, max: sorted.at(-1) ?? Number.NaN };
}

/** The ratio of two contenders, round by round, of which the spread says more than the ratio of two medians. */
export function ratios(of: readonly number[], to: readonly number[]): Spread {
  return spread(of.map((value, round) => value / (to[round] ?? Number.NaN)));
}
