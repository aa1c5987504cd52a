import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";

const dks = fileURLToPath(new URL("../bin/dks.js", import.meta.url));

export interface Outcome {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

type Environment = Readonly<Record<string, string>>;

/** The environment of a command: nothing of the one that runs the tests but what finding programs takes. */
function environmentOf(environment: Environment): NodeJS.ProcessEnv {
  return { PATH: process.env["PATH"], HOME: process.env["HOME"], LC_ALL: "C.UTF-8", ...environment };
}

/** Runs a `dks` command to its end, as a person at a terminal would. */
export async function runDks(args: readonly string[], environment: Environment): Promise<Outcome> {
  const child = spawn(process.execPath, [dks, ...args], {
    env: environmentOf(environment),
    stdio: ["ignore", "pipe", "pipe"],
  });
  const output = collect(child);
  const [status] = (await once(child, "close")) as [number | null]; // As the event is documented.
  return { status, stdout: output.stdout(), stderr: output.stderr() };
}

export interface RunningDks {
  readonly url: string;
  readonly process: ChildProcess;
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** Sends a signal and waits for the end. */
  stop(signal?: NodeJS.Signals): Promise<Outcome>;
}

/** Starts `dks serve` and waits until it is ready; fails with what it printed if it ends before. */
export async function startDks(environment: Environment): Promise<RunningDks> {
  const child = spawn(process.execPath, [dks, "serve"], {
    env: environmentOf({ PORT: "0", DKS_METRICS_PORT: "0", ...environment }),
    stdio: ["ignore", "pipe", "pipe"],
  });
  const { stdout, stderr } = collect(child);
  const closed = once(child, "close");
  const url = await new Promise<string>((resolve, reject) => {
    child.stderr.on("data", () => {
      const ready = /Ready at (\S+)/.exec(stderr())?.[1];
      if (ready !== undefined) resolve(ready);
    });
    void closed.then(() => reject(new Error(`dks serve ended before it was ready:\n${stderr()}${stdout()}`)));
  });
  return {
    url,
    process: child,
    stdout,
    stderr,
    async stop(signal = "SIGTERM") {
      child.kill(signal);
      await closed;
      return { status: child.exitCode, stdout: stdout(), stderr: stderr() };
    },
  };
}

function collect(child: ChildProcess): { stdout: () => string; stderr: () => string } {
  let stdout = "";
  let stderr = "";
  child.stdout?.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
  child.stderr?.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
  return { stdout: () => stdout, stderr: () => stderr };
}

/** Asks again and again until the answer is not undefined: for what another process will have done soon. */
export async function eventually<T>(what: string, ask: () => Promise<T | undefined>, withinMs = 30_000): Promise<T> {
  const giveUpAt = performance.now() + withinMs;
  for (;;) {
    const answer = await ask();
    if (answer !== undefined) return answer;
    if (performance.now() > giveUpAt) throw new Error(`not within ${withinMs} ms: ${what}`);
    // Leaves the processor to the process that is waited for.
    await delay(20);
  }
}
