import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { connect } from "../packages/server/src/db/database.ts";
import { type FilledDatabase, type Inventory, masterKey, timeZone } from "./inventory.ts";

/** A server under test, running. */
export interface Contender {
  readonly name: string;
  readonly url: string;
  readonly inventory: Inventory;
  readonly serverPid: number;
  /** The PostgreSQL that it asks, if it asks any. */
  readonly postmasterPid: number | undefined;
  stop(): Promise<void>;
}

/** The command line of this checkout. */
export const dks = fileURLToPath(new URL("../packages/server/bin/dks.js", import.meta.url));
const bareHttp = fileURLToPath(new URL("baselines/bare-http.ts", import.meta.url));
const expressPg = fileURLToPath(new URL("baselines/express.ts", import.meta.url));

export interface DatabaseUnderTest extends FilledDatabase {
  readonly postmasterPid: number;
}

/** The platform, as it is shipped; of another checkout if its command line is named, and with other settings if they are. */
export async function startPlatform(
  database: DatabaseUnderTest,
  scratchDir: string,
  commandLine: string = dks,
  environment: NodeJS.ProcessEnv = {},
): Promise<Contender> {
  const server = await startServer([commandLine, "serve"], {
    DATABASE_URL: database.address.connectionString,
    ...platformEnvironment(scratchDir),
    ...environment,
  });
  await cardsCounted(database);
  return contender("the platform", server, database.inventory, database.postmasterPid);
}

/**
 * Waits until a server has counted all cards of a new database for the overview. That is work of the background, which rests
 * 50 times as long as it takes; in some rounds and not in others it would be most of what is measured.
 */
async function cardsCounted({ address }: DatabaseUnderTest): Promise<void> {
  const db = await connect(address, "bench");
  try {
    while ((await db.query("select from inventory_summary")).rowCount === 0) await delay(200);
  } finally {
    await db.end();
  }
}

/** What every platform process here is told. */
export function platformEnvironment(dataDir: string): NodeJS.ProcessEnv {
  return {
    PORT: "0",
    DKS_DATA_DIR: dataDir,
    DKS_MASTER_KEY: masterKey,
    DKS_TIMEZONE: timeZone,
    DKS_METRICS_PORT: "0",
    DKS_LOG_LEVEL: "warn",
    DKS_DEMO: "false",
    // It is the server's speed that is measured, not its limits.
    DKS_RATE_PER_SECOND: "1000000",
  };
}

/** Bare node:http with everything in memory. */
export async function startBareHttp(inventory: Inventory, scratchDir: string): Promise<Contender> {
  const file = join(scratchDir, `inventory-${inventory.cardCount}.json`);
  await writeFile(file, JSON.stringify(inventory), { mode: 0o600 });
  return contender("bare node:http", await startServer([bareHttp, file], {}), inventory, undefined);
}

/** Express with two queries a call. */
export async function startExpress(database: DatabaseUnderTest): Promise<Contender> {
  const server = await startServer([expressPg], { DATABASE_URL: database.address.connectionString });
  return contender("Express", server, database.inventory, database.postmasterPid);
}

function contender(
  name: string,
  { child, url }: RunningServer,
  inventory: Inventory,
  postmasterPid: number | undefined,
): Contender {
  const { pid } = child;
  if (pid === undefined) throw new Error(`${name} has no process`);
  return { name, url, inventory, serverPid: pid, postmasterPid, stop: () => stopServer(child) };
}

/** A fixed language, and nothing of the caller's environment that would configure a server. */
export function childEnvironment(environment: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  return { PATH: process.env["PATH"], LC_ALL: "C.UTF-8", NODE_ENV: "production", ...environment };
}

export interface RunningServer {
  readonly child: ChildProcess;
  readonly url: string;
}

/** Starts a server and waits until it says where it listens. */
export async function startServer(args: readonly string[], environment: NodeJS.ProcessEnv): Promise<RunningServer> {
  const child = spawn(process.execPath, args, {
    env: childEnvironment(environment),
    stdio: ["ignore", "ignore", "pipe"],
    // Not in the terminal's group: Ctrl-C is for the benchmark, which stops its servers itself.
    detached: true,
  });
  running.add(child);
  child.once("exit", () => running.delete(child));
  let said = "";
  for await (const line of createInterface({ input: child.stderr })) {
    said += `${line}\n`;
    const url = /Ready at (http:\S+)/.exec(line)?.[1];
    if (url === undefined) continue;
    // Read on, so that a server that has something to say is never held up by a full pipe.
    child.stderr.resume();
    return { child, url };
  }
  throw new Error(`${args.join(" ")} did not start:\n${said}`);
}

export async function stopServer(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, "exit");
  child.kill("SIGTERM");
  // The baselines do not drain.
  const kill = setTimeout(() => child.kill("SIGKILL"), 15_000);
  await exit;
  clearTimeout(kill);
}

const running = new Set<ChildProcess>();

/** For an end that came early: whatever still runs. */
export async function stopAllServers(): Promise<void> {
  await Promise.all([...running].map(stopServer));
}
