/**
 * Contenders that take a load in by turns, each in a process of its own, so that what it computes is in nobody else's CPU
 * time and what it keeps is in nobody else's memory.
 */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { cpuTimeUs } from "./cpu-time.ts";

/** What such a process does. */
export interface TurnTaker {
  /** Makes ready what the next turn takes in; not measured. */
  prepare(): Promise<void>;
  take(): Promise<void>;
}

/** One turn. */
export interface Turn {
  readonly records: number;
  readonly elapsedMs: number;
  readonly recordsPerSecond: number;
  /** Of the process and its database together. */
  readonly cpuUsPerRecord: number;
}

/** A contender's process, as the benchmark holds it. */
export interface TurnProcess {
  turn(): Promise<Turn>;
  stop(): void;
}

type Answer = { readonly elapsedMs: number } | { readonly problem: string };

/** What startTurns gave the process: the first argument. */
export function readOrder(): unknown {
  return JSON.parse(process.argv[2] ?? "");
}

/** In the contender's process: takes turns until the benchmark is gone. */
export function takeTurns(taker: TurnTaker): void {
  process.on("disconnect", () => process.exit());
  // Ctrl-C reaches every process of the terminal; the benchmark decides.
  process.on("SIGINT", () => {});
  async function obey(what: "prepare" | "take"): Promise<Answer> {
    // Of what was prepared, the garbage is not the turn's.
    if (what === "take") globalThis.gc?.();
    const startedAt = performance.now();
    await taker[what]();
    return { elapsedMs: performance.now() - startedAt };
  }
  process.on("message", (what: "prepare" | "take") => {
    obey(what).then(
      (answer) => process.send?.(answer),
      (error: unknown) => process.send?.({ problem: error instanceof Error ? (error.stack ?? error.message) : error }),
    );
  });
}

export interface TurnOptions {
  /** How many records a turn has. */
  readonly records: number;
  /** The PostgreSQL whose CPU time is the contender's. */
  readonly postmasterPid: number;
}

/** Starts the process that runs `file`, which calls takeTurns. */
export function startTurns(file: URL, order: unknown, { records, postmasterPid }: TurnOptions): TurnProcess {
  const child: ChildProcess = fork(file, [JSON.stringify(order)], { execArgv: ["--expose-gc"] });
  const ended = once(child, "exit").then(([status]) => {
    throw new Error(`${file.pathname} ended with ${String(status)}`);
  });
  // Heard by whoever waits for an answer; in the end nobody does.
  ended.catch(() => {});
  async function ask(what: "prepare" | "take"): Promise<number> {
    const answered = once(child, "message");
    child.send(what);
    const [answer] = (await Promise.race([answered, ended])) as [Answer];
    if ("problem" in answer) throw new Error(`${file.pathname}: ${answer.problem}`);
    return answer.elapsedMs;
  }
  return {
    async turn() {
      await ask("prepare");
      const pids = [child.pid ?? 0, postmasterPid];
      const before = cpuTimeUs(pids);
      const elapsedMs = await ask("take");
      return {
        records,
        elapsedMs,
        recordsPerSecond: records / (elapsedMs / 1000),
        cpuUsPerRecord: (cpuTimeUs(pids) - before) / records,
      };
    },
    stop: () => void (child.connected && child.disconnect()),
  };
}

/**
 * Lets contenders take turns, every other round in the opposite order, and returns each one's. A first turn of each, for
 * its code to be compiled and its pages to be read, does not count.
 */
export async function interleaveTurns<const Names extends string>(
  processes: Readonly<Record<Names, TurnProcess>>,
  rounds: number,
  progress: (done: string) => void,
): Promise<Record<Names, Turn[]>> {
  const names = Object.keys(processes) as Names[];
  const turns = Object.fromEntries(names.map((name) => [name, [] as Turn[]])) as Record<Names, Turn[]>;
  for (const name of names) await processes[name].turn();
  for (let round = 0; round < rounds; round++) {
    for (const name of round % 2 === 0 ? names : names.toReversed()) turns[name].push(await processes[name].turn());
    const rates = names.map((name) => `${name} ${Math.round(turns[name].at(-1)?.recordsPerSecond ?? 0)}/s`);
    progress(`round ${round + 1} of ${rounds}: ${rates.join(", ")}`);
  }
  return turns;
}
