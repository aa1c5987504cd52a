import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { chown, mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { totalmem } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type pg from "pg";
import { OperatorError, invariant } from "../errors.ts";
import { text } from "../text.ts";
import { type DatabaseAddress, connect } from "./database.ts";
import { type Place, findPlace } from "./embedded-place.ts";
import { findPostmaster, isPostgres, removeStalePidFile } from "./embedded-postmaster.ts";

/** A hold on the embedded PostgreSQL, which runs as long as any process holds it. */
export interface Embedded {
  readonly address: DatabaseAddress;
  /** Lets go; whoever lets go last stops the server. Never throws. */
  release(): Promise<void>;
}

interface EmbeddedOptions {
  /** Further server settings, as for `postgres -c`. */
  readonly settings?: Readonly<Record<string, string>>;
  /** The directory of the programs, where it is not that of the package for this platform. */
  readonly nativeDir?: string;
}

/** How long a start may take before it is given up: crash recovery after a kill has to fit in. */
const startTimeoutMs = 120_000;

/** How long connections of processes that do not hold the server may take to go away, or to be followed by one that does. */
const othersTimeoutMs = 5_000;

/**
 * How long a stop is waited for, which goes on by itself afterwards; and how long whoever leaves waits for a server that
 * recovers, which otherwise is left to the next process.
 */
const stopTimeoutMs = 20_000;

/** How the server lists the connections by which processes hold it. */
const holderName = "dks holder";

/** How it lists those that hold it no more. */
const leaverName = "dks leaves";

/** How it lists those that only ask whether it is there. */
const starterName = "dks start";

/** The lock under which processes find out whether they are the last to hold the server. */
const leaveLock = "hashtext('dks holder leaves')";

const superuser = "dakashi";
const databaseName = "dakashi";

/** What we note beside PostgreSQL's own files, readable by its owner and root only. */
interface ClusterNote {
  readonly password: string;
  readonly port: number;
}

/**
 * Opens the embedded PostgreSQL of a data directory: creates the cluster the first time, adopts a server that still runs
 * (another command's, or one whose process was killed), starts one otherwise. While it is held, a server that dies is
 * started again.
 */
export async function openEmbedded(dataDir: string, options: EmbeddedOptions = {}): Promise<Embedded> {
  const place = await findPlace(dataDir, options.nativeDir);
  const clusterDir = join(place.baseDir, "cluster");
  if (!existsSync(join(clusterDir, "PG_VERSION"))) await createCluster(place, clusterDir);
  let wantedUntil = Infinity;
  const first = await ensureHeld(place, clusterDir, options);
  let { holder } = first;
  let recovering: Promise<void> | undefined;
  const again = { port: first.port, wantedUntil: () => wantedUntil };
  function watch(connection: pg.Client): void {
    connection.on("end", () => {
      if (wantedUntil === Infinity) recovering = recover();
    });
  }
  async function recover(): Promise<void> {
    while (wantedUntil === Infinity) {
      try {
        ({ holder } = await ensureHeld(place, clusterDir, options, again));
        watch(holder);
        return;
      } catch {
        // The disk may be full, or the recovery slow: go on trying, as requests meanwhile are told.
        await delay(500);
      }
    }
  }
  watch(holder);

  return {
    address: first.address,
    async release() {
      wantedUntil = performance.now() + stopTimeoutMs;
      // What it has started is to be stopped.
      await recovering;
      wantedUntil = performance.now() + stopTimeoutMs;
      while (!(await leave(place, clusterDir, holder)) && performance.now() < wantedUntil) {
        // One that has lost its connections goes on, unless it was its first process that was killed.
        if ((await findPostmaster(clusterDir))?.port !== first.port) return;
        await delay(100);
        holder = await hold(first.address).catch(() => holder);
      }
    },
  };
}

function addressOf(note: ClusterNote, database: string): DatabaseAddress {
  return { connectionString: `postgresql://${superuser}:${note.password}@127.0.0.1:${note.port}/${database}` };
}

/** Made aside and moved into place, so that a kill in the middle, or a second process, never meets half a cluster. */
async function createCluster(place: Place, clusterDir: string): Promise<void> {
  const aside = await mkdtemp(join(place.baseDir, "new-"));
  const cluster = join(aside, "cluster");
  const passwordFile = join(aside, "password");
  try {
    await mkdir(cluster, { mode: 0o700 });
    const note: ClusterNote = { password: randomBytes(24).toString("base64url"), port: await freePort() };
    await writeFile(passwordFile, note.password, { mode: 0o600 });
    if (place.runAs !== undefined)
      for (const path of [aside, cluster, passwordFile]) await chown(path, place.runAs.uid, place.runAs.gid);
    await run(place, "initdb", [
      `--pgdata=${cluster}`,
      `--username=${superuser}`,
      `--pwfile=${passwordFile}`,
      "--auth=scram-sha-256",
      "--encoding=UTF8",
      "--locale=C",
      // Half of the time; what it guards against is a power failure in the next seconds, and the data is still empty.
      "--no-sync",
    ]);
    await writeNote(cluster, note);
    await rename(cluster, clusterDir).catch((error: unknown) => {
      if (!existsSync(join(clusterDir, "PG_VERSION"))) throw error;
    });
  } finally {
    await rm(aside, { recursive: true, force: true });
  }
}

async function writeNote(clusterDir: string, note: ClusterNote): Promise<void> {
  const file = join(clusterDir, "dks.json");
  await writeFile(`${file}.new`, JSON.stringify(note), { mode: 0o600 });
  await rename(`${file}.new`, file);
}

async function readNote(clusterDir: string): Promise<ClusterNote> {
  const note: unknown = JSON.parse(await readFile(join(clusterDir, "dks.json"), "utf8"));
  invariant(
    typeof note === "object" &&
      note !== null &&
      "password" in note &&
      typeof note.password === "string" &&
      "port" in note &&
      typeof note.port === "number",
    "dks.json is ours",
  );
  return { password: note.password, port: note.port };
}

/** A server that runs, and the connection that holds it. */
interface Held {
  readonly port: number;
  readonly address: DatabaseAddress;
  readonly holder: pg.Client;
}

/** How a server that was held before is held again. */
interface Again {
  /** By which all the connections of this process find it. */
  readonly port: number;
  /** Infinity for whoever uses it; otherwise, only one that runs is held again, to be stopped. */
  wantedUntil(): number;
}

/** Starts the server unless it runs, and holds it. */
async function ensureHeld(place: Place, clusterDir: string, options: EmbeddedOptions, again?: Again): Promise<Held> {
  await refuseOtherVersion(place, clusterDir);
  const note = await readNote(clusterDir);
  const giveUpAt = performance.now() + startTimeoutMs;
  // However long it took: what has been started is held, if only to be stopped.
  let startedUntil = 0;
  let failures = 0;
  let problem: unknown;
  while (performance.now() < Math.max(startedUntil, Math.min(giveUpAt, again?.wantedUntil() ?? Infinity))) {
    try {
      const running = await findPostmaster(clusterDir);
      if (running === undefined) {
        if (again !== undefined && again.wantedUntil() < Infinity) break;
        await start(place, clusterDir, options, again?.port ?? (await findPort(note.port)));
        startedUntil = performance.now() + stopTimeoutMs;
        continue;
      }
      const { port } = running;
      if (again !== undefined && port !== again.port) {
        if (again.wantedUntil() < Infinity) break;
        throw new Error(`another process has started it on port ${port}`);
      }
      await createDatabaseIfMissing({ ...note, port });
      const address = addressOf({ ...note, port }, databaseName);
      return { port, address, holder: await hold(address) };
    } catch (error) {
      // No one else has started it either: what is wrong will not go away by waiting. Unless it was the port, which whoever
      // looks whether it is free takes for that moment.
      if (error instanceof OperatorError && (await findPostmaster(clusterDir)) === undefined && ++failures === 3)
        throw error;
      // Starting up, recovering, or shutting down for a process that is just leaving.
      problem = error;
      await delay(50);
    }
  }
  throw new OperatorError(
    text(
      `内置 PostgreSQL 在 ${startTimeoutMs / 1000} 秒内没有就绪。请查看日志：${join(clusterDir, "log")}`,
      `The embedded PostgreSQL was not ready within ${startTimeoutMs / 1000} s. See its log in ${join(clusterDir, "log")}`,
    ),
    problem,
  );
}

/**
 * Connects what holds the server. Whoever leaves either sees this connection, or has told the server to stop before it lets
 * go of the lock, so that the next connection is refused.
 */
async function hold(address: DatabaseAddress): Promise<pg.Client> {
  const holder = await connect(address, holderName);
  try {
    // Whoever has the lock may have been suspended.
    await holder.query("set lock_timeout = '15s'");
    await holder.query(`select pg_advisory_lock(${leaveLock})`);
    const next = await connect(address, starterName);
    await next.end();
    await holder.query(`select pg_advisory_unlock(${leaveLock})`);
    return holder;
  } catch (error) {
    await holder.end().catch(() => {});
    throw error;
  }
}

async function refuseOtherVersion(place: Place, clusterDir: string): Promise<void> {
  const has = (await readFile(join(clusterDir, "PG_VERSION"), "utf8")).trim();
  const is = (await run(place, "postgres", ["--version"])).match(/(\d+)\.\d+/)?.[1];
  if (has !== is)
    throw new OperatorError(
      text(
        `${clusterDir} 是 PostgreSQL ${has} 的数据，而内置的是 PostgreSQL ${is ?? "?"}。请先用旧版本导出数据，再导入新的数据目录。`,
        `${clusterDir} was made by PostgreSQL ${has}, and the embedded one is PostgreSQL ${is ?? "?"}. Dump the data with the old version and restore it into a new data directory.`,
      ),
    );
}

/** Throws an OperatorError if the server cannot be started, and any other if something is in the way that will be gone soon. */
async function start(place: Place, clusterDir: string, options: EmbeddedOptions, port: number): Promise<void> {
  removeStalePidFile(clusterDir);
  const settings: Record<string, string> = {
    listen_addresses: "127.0.0.1",
    port: String(port),
    unix_socket_directories: "",
    max_connections: "200",
    shared_buffers: `${sharedBuffersMb()}MB`,
    max_wal_size: "2GB",
    logging_collector: "on",
    log_filename: "postgresql-%a.log",
    log_truncate_on_rotation: "on",
    log_rotation_age: "1d",
    ...options.settings,
  };
  // What is said before the collector runs, a refused setting among it.
  const log = join(clusterDir, "start.log");
  const saidBefore = await readLog(log);
  try {
    await run(place, "pg_ctl", [
      "start",
      "--wait",
      `--timeout=${startTimeoutMs / 1000}`,
      "--silent",
      `--pgdata=${clusterDir}`,
      `--log=${log}`,
      `--options=${Object.entries(settings)
        .map(([name, value]) => `-c ${name}='${value}'`)
        .join(" ")}`,
    ]);
  } catch (error) {
    const said = (await readLog(log)).slice(saidBefore.length);
    throw inTheWay.test(said) ? new Error(said, { cause: error }) : error;
  }
  // By the one whose server it is: another process may have been starting one at the same moment.
  const note = await readNote(clusterDir);
  if (port === note.port) return;
  await writeNote(clusterDir, { ...note, port });
  await giveToRunAs(place, join(clusterDir, "dks.json"));
}

/**
 * What PostgreSQL says when another server is starting or running, and when there are processes of one whose first one was
 * killed, which leave when the statement that they are at has ended.
 */
const inTheWay = /lock file ".*" (already exists|is empty)|pre-existing shared memory block/;

async function readLog(file: string): Promise<string> {
  return readFile(file, "utf8").catch(() => "");
}

/** How long whoever has taken the server's port while it was away may keep it: the port of a connection is free again soon. */
const portTimeoutMs = 3_000;

/** The port by which running processes know the server, or another one if it stays taken. */
async function findPort(known: number): Promise<number> {
  const giveUpAt = performance.now() + portTimeoutMs;
  while (performance.now() < giveUpAt) {
    if (await isFree(known)) return known;
    await delay(100);
  }
  return freePort();
}

async function giveToRunAs(place: Place, file: string): Promise<void> {
  if (place.runAs !== undefined) await chown(file, place.runAs.uid, place.runAs.gid);
}

/**
 * A quarter of the machine, or of what a container may use of it, as PostgreSQL's manual advises for a server that shares
 * it: the look-ups of ten million cards touch some gigabytes of index. Taken up only as it is used.
 */
function sharedBuffersMb(): number {
  const limitBytes = process.constrainedMemory();
  const memoryBytes = limitBytes > 0 ? Math.min(limitBytes, totalmem()) : totalmem();
  return Math.round(Math.min(8192, Math.max(128, memoryBytes / 2 ** 20 / 4)));
}

/** Lets go of the server, and stops it if nobody else holds it. False if the connection was lost before that was known. */
async function leave(place: Place, clusterDir: string, holder: pg.Client): Promise<boolean> {
  try {
    if (await isLast(holder)) await stop(place, clusterDir, holder);
    else await holder.end();
    return true;
  } catch {
    await holder.end().catch(() => {});
    return false;
  }
}

/**
 * Whether no other process holds the server. Every process that uses it holds it by one connection; its other ones may be
 * just going away, or may have come first after a restart, so they are given time to go or to be followed by one that
 * holds. Those that leave at once ask one after the other.
 */
async function isLast(holder: pg.Client): Promise<boolean> {
  await holder.query(`select pg_advisory_lock(${leaveLock})`);
  const giveUpAt = performance.now() + othersTimeoutMs;
  for (;;) {
    const { rows } = await holder.query<{ holds: boolean }>(
      `select application_name = $1 as holds
      from pg_stat_activity
      where backend_type = 'client backend' and application_name like 'dks%' and pid <> pg_backend_pid()`,
      [holderName],
    );
    if (rows.some(({ holds }) => holds)) break;
    if (rows.length === 0 || performance.now() > giveUpAt) return true;
    await delay(20);
  }
  // A connection that ends lets go of the lock before it disappears from the list, where the next one would see it hold.
  await holder.query(`set application_name = '${leaverName}'`);
  return false;
}

/**
 * Stops the server under whatever is connected still: it would take no new connections until the last of those has gone,
 * which may be a process that needs new ones. Whoever lost one starts it again.
 */
async function stop(place: Place, clusterDir: string, holder: pg.Client): Promise<void> {
  const running = await findPostmaster(clusterDir);
  if (running !== undefined)
    await run(place, "pg_ctl", ["stop", "--mode=fast", "--no-wait", "--silent", `--pgdata=${clusterDir}`]);
  // Lets go of the lock, now that the server has been told.
  await holder.end();
  if (running === undefined) return;
  const giveUpAt = performance.now() + stopTimeoutMs;
  while (isPostgres(running.pid) && performance.now() < giveUpAt) await delay(20);
}

async function createDatabaseIfMissing(note: ClusterNote): Promise<void> {
  const client = await connect(addressOf(note, "postgres"), starterName);
  try {
    const { rowCount } = await client.query("select from pg_database where datname = $1", [databaseName]);
    if (rowCount === 0)
      await client.query(`create database ${databaseName}`).catch((error: unknown) => {
        // 42P04, or 23505 when two create it at the same instant: another process was faster.
        if (!(error instanceof Error && "code" in error && (error.code === "42P04" || error.code === "23505")))
          throw error;
      });
  } finally {
    await client.end();
  }
}

async function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      invariant(typeof address === "object" && address !== null, "a TCP server has an address object");
      server.close(() => resolve(address.port));
    });
  });
}

async function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", () => resolve(false));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(true)));
  });
}

/** Runs one of PostgreSQL's programs to its end and returns what it printed. */
async function run(place: Place, program: "initdb" | "pg_ctl" | "postgres", args: readonly string[]): Promise<string> {
  const file = join(place.binDir, process.platform === "win32" ? `${program}.exe` : program);
  return new Promise((resolve, reject) => {
    const child = spawn(file, args, {
      // Not our own working directory: its user may not be able to enter it.
      cwd: place.baseDir,
      // Nothing of our environment: PGPORT and its like would change what the programs do.
      env: { LC_ALL: "C" },
      // A started server must not hold our pipes open.
      stdio: program === "pg_ctl" ? ["ignore", "ignore", "ignore"] : ["ignore", "pipe", "pipe"],
      // Ctrl-C in a terminal goes to the whole group: a start that is under way would break off, and be begun anew.
      detached: process.platform !== "win32",
      ...place.runAs,
    });
    let output = "";
    child.stdout?.on("data", (chunk: Buffer) => (output += chunk.toString()));
    child.stderr?.on("data", (chunk: Buffer) => (output += chunk.toString()));
    child.once("error", reject);
    child.once("close", (status) => {
      if (status === 0) return resolve(output);
      const found = output.trim() === "" ? `exit status ${status ?? "by signal"}` : output.trim();
      reject(
        new OperatorError(
          text(
            `内置 PostgreSQL 的 ${program} 失败（${found}）。数据位于 ${place.baseDir}，日志在其中的 cluster/start.log 和 cluster/log。`,
            `${program} of the embedded PostgreSQL failed (${found}). Its data is in ${place.baseDir}, its logs in cluster/start.log and cluster/log there.`,
          ),
        ),
      );
    });
  });
}
