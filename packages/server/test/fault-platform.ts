import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type pg from "pg";
import type { Choices } from "../scripts/fuzz-cases.ts";
import { connect } from "../src/db/database.ts";
import { findPostmaster } from "../src/db/embedded-postmaster.ts";
import { type Outcome, type RunningDks, eventually, runDks, startDks } from "./dks.ts";

/** What is done to the platform. */
export type Fault =
  /** The server is killed, and started again at once, as by whatever looks after it. */
  | "server killed"
  /** PostgreSQL's first process is killed, and its others are left to notice. */
  | "postgres killed"
  /** PostgreSQL stops at once, as by `pg_ctl stop -m immediate`. */
  | "postgres stopped at once"
  /** One of PostgreSQL's connections is killed, upon which PostgreSQL ends all of them and recovers. */
  | "connection killed"
  | "server and postgres killed"
  /** One connection is ended, as by pg_terminate_backend(). */
  | "connection ended";

/** A server with its embedded PostgreSQL, to be struck. */
export interface FaultPlatform {
  /** Where it answers; undefined while it is being started. */
  url(): string | undefined;
  /**
   * Resolves once the server runs again, and whether there was anything to strike; PostgreSQL may not be back by then.
   * Rejects if the server does not start.
   */
  strike(fault: Fault, choices: Choices): Promise<boolean>;
  /** A connection to its database, that does nothing for its being there. */
  connect(): Promise<pg.Client>;
  /** Runs a `dks` command beside it. */
  run(...args: readonly string[]): Promise<Outcome>;
  /** What went wrong with the server without its being struck. */
  problems(): readonly string[];
  stop(): Promise<void>;
}

/** Starts the platform on an empty data directory, which the user that PostgreSQL runs as can enter. */
export async function startFaultPlatform(environment: Readonly<Record<string, string>>): Promise<FaultPlatform> {
  const dataDir = environment["DKS_DATA_DIR"] ?? "";
  const clusterDir = join(dataDir, "postgres", "cluster");
  const problems: string[] = [];
  let server: RunningDks | undefined;

  async function start(): Promise<void> {
    const started = await startDks(environment);
    started.process.once("exit", (status, signal) => {
      if (server === started)
        problems.push(`the server ended by itself (${signal ?? status}): ${started.stderr()}${started.stdout()}`);
    });
    server = started;
  }

  /** Ends the server without its being taken for a problem. */
  async function end(signal: NodeJS.Signals): Promise<void> {
    const ending = server;
    server = undefined;
    await ending?.stop(signal);
  }

  async function signalPostmaster(signal: NodeJS.Signals): Promise<boolean> {
    const postmaster = await findPostmaster(clusterDir);
    return postmaster !== undefined && sendSignal(postmaster.pid, signal);
  }

  async function signalConnection(choices: Choices, signal: NodeJS.Signals): Promise<boolean> {
    const pids = await connections(clusterDir).catch(() => []);
    const pid = pids[choices.below(pids.length)];
    return pid !== undefined && sendSignal(pid, signal);
  }

  const signals: Readonly<Record<Exclude<Fault, "server killed">, (choices: Choices) => Promise<boolean>>> = {
    "postgres killed": () => signalPostmaster("SIGKILL"),
    "postgres stopped at once": () => signalPostmaster("SIGQUIT"),
    "server and postgres killed": () => signalPostmaster("SIGKILL"),
    "connection killed": (choices) => signalConnection(choices, "SIGKILL"),
    "connection ended": (choices) => signalConnection(choices, "SIGTERM"),
  };

  async function strike(fault: Fault, choices: Choices): Promise<boolean> {
    const struck = fault === "server killed" || (await signals[fault](choices));
    if (fault === "server killed" || fault === "server and postgres killed") {
      await end("SIGKILL");
      await start();
    }
    return struck;
  }

  await start();
  return {
    url: () => server?.url,
    strike,
    connect: () => connectBeside(clusterDir),
    run: (...args) => runDks(args, environment),
    problems: () => problems,
    async stop() {
      await end("SIGTERM");
      // The server has stopped it, unless it could not.
      if (await signalPostmaster("SIGQUIT"))
        await eventually("PostgreSQL ends", async () =>
          (await findPostmaster(clusterDir)) === undefined ? true : undefined,
        );
    },
  };
}

/** The processes of PostgreSQL that serve a connection of the platform's. Throws if it does not answer. */
async function connections(clusterDir: string): Promise<number[]> {
  const client = await connectBeside(clusterDir);
  try {
    const { rows } = await client.query<{ pid: number }>(
      "select pid from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid()",
    );
    return rows.map(({ pid }) => pid);
  } finally {
    await client.end();
  }
}

/** A connection that does not hold the embedded PostgreSQL, nor starts it: that is what the platform must do. */
async function connectBeside(clusterDir: string): Promise<pg.Client> {
  // As the platform notes it.
  const note = JSON.parse(await readFile(join(clusterDir, "dks.json"), "utf8")) as { password: string; port: number };
  const client = await connect(
    { connectionString: `postgresql://dakashi:${note.password}@127.0.0.1:${note.port}/postgres` },
    "dks test",
  );
  // It may be struck itself.
  client.on("error", () => {});
  return client;
}

/** Whether the process was still there. */
function sendSignal(pid: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(pid, signal);
    return true;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ESRCH") return false;
    throw error;
  }
}
