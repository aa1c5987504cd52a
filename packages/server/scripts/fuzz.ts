/**
 * Sends a server what no client should: node packages/server/scripts/fuzz.ts [count] [seed] [first]
 *
 * Every case follows from the seed and its number alone, so a failure is replayed with the count 1, its seed and its
 * number as `first`. Ends with one line and status 0 if every answer was the envelope, none a 5xx, and memory did not
 * grow; otherwise with status 1.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { startApp } from "../src/app.ts";
import { readConfig } from "../src/config.ts";
import { createPool } from "../src/db/database.ts";
import { openEmbedded } from "../src/db/embedded.ts";
import { migrate } from "../src/db/migrate.ts";
import { refusals } from "../src/errors.ts";
import { createLogger } from "../src/log.ts";
import { insertAccount } from "../src/modules/accounts/accounts.queries.ts";
import { createClientService } from "../src/modules/clients/clients.service.ts";
import { loadMasterKeys } from "../src/modules/clients/master-key.ts";
import { type RawAnswer, type RawConnection, connectRaw } from "../test/raw-http.ts";
import { Choices, type FuzzTarget, makeCase } from "./fuzz-cases.ts";
import { systemActor } from "../src/actor.ts";

export interface FuzzResult {
  /** Answers by errcode; "none" is a connection that was closed without one, as an unfinished request's may be. */
  readonly answers: ReadonlyMap<number | "none", number>;
  /** What was wrong, with the number of the case. */
  readonly failures: readonly string[];
  /** Bytes of heap in use, after a collection, when a fifth of the cases was done and at the end. */
  readonly heapBytes: readonly [number, number];
}

const errcodes = new Set<number>([0, ...Object.values(refusals).map(({ errcode }) => errcode)]);
const statuses = new Set([200, 400, 404, 405, 408, 413, 415, 429, 431]);

/** What is wrong with an answer; undefined if nothing is. `seen` marks the request ids by their count. */
function problemWith(answer: RawAnswer, seen: Uint8Array): string | undefined {
  // GET / leads people to the portal; it has no envelope.
  if (answer.status === 302 && answer.headers["location"] === "/docs/") return undefined;
  if (!statuses.has(answer.status)) return `status ${answer.status}: ${answer.body}`;
  if (answer.headers["content-type"] !== "application/json; charset=utf-8")
    return `content type ${answer.headers["content-type"]}`;
  let envelope: unknown;
  try {
    envelope = JSON.parse(answer.body);
  } catch {
    return `not JSON: ${answer.body}`;
  }
  if (typeof envelope !== "object" || envelope === null) return `not an envelope: ${answer.body}`;
  const { errcode, errmsg, request_id: requestId, data } = envelope as Record<string, unknown>; // Each is looked at below.
  if (typeof errcode !== "number" || !errcodes.has(errcode)) return `errcode ${String(errcode)}`;
  if (typeof errmsg !== "string" || errmsg === "") return "no errmsg";
  if ((data !== undefined) !== (errcode === 0)) return `data with errcode ${errcode}`;
  const count = typeof requestId === "string" ? parseInt(requestId.split("-")[1] ?? "", 36) : Number.NaN;
  if (!Number.isInteger(count)) return `request_id ${String(requestId)}`;
  if (seen[count % seen.length] === 1) return `request_id ${String(requestId)} a second time`;
  seen[count % seen.length] = 1;
  return undefined;
}

function errcodeOf(answer: RawAnswer): number {
  return Number(/"errcode":(\d+)/.exec(answer.body)?.[1]);
}

/** How long an answer may take before the server is said to hang. */
const hangsAfterMs = 30_000;

/** Sends `count` cases and looks at every answer. */
export async function fuzz(
  target: FuzzTarget,
  { count, seed, first = 0, connections = 16 }: { count: number; seed: number; first?: number; connections?: number },
): Promise<FuzzResult> {
  const answers = new Map<number | "none", number>();
  const failures: string[] = [];
  // Room for the ids of every answer; what is not a whole request may be read as several.
  const seen = new Uint8Array(Math.max(1_000_000, count * 20));
  let next = first;

  function noted(answer: RawAnswer): string | undefined {
    const errcode = errcodeOf(answer);
    answers.set(errcode, (answers.get(errcode) ?? 0) + 1);
    return problemWith(answer, seen);
  }

  async function sendWhole(
    connection: RawConnection,
    bytes: Buffer,
  ): Promise<{ problem: string | undefined; open: boolean }> {
    connection.write(bytes);
    let answer = await connection.answer();
    // What is before the answer to an Expect.
    if (answer.status === 100) answer = await connection.answer();
    return { problem: noted(answer), open: answer.headers["connection"] !== "close" };
  }

  async function sendPart(connection: RawConnection, bytes: Buffer): Promise<string | undefined> {
    connection.socket.end(bytes);
    for (let received = 0; ; received++) {
      let answer: RawAnswer;
      try {
        answer = await connection.answer();
      } catch (error) {
        const left = await connection.closed();
        if (left !== "") return `half an answer: ${String(error)}`;
        if (received === 0) answers.set("none", (answers.get("none") ?? 0) + 1);
        return undefined;
      }
      const problem = answer.status === 100 ? undefined : noted(answer);
      if (problem !== undefined) return problem;
    }
  }

  async function run(until: number): Promise<void> {
    let connection: RawConnection | undefined;
    while (next < until && failures.length < 20) {
      const number = next++;
      const { bytes, whole } = makeCase(new Choices(seed, number), target);
      connection ??= await connectRaw(target.url);
      const { socket } = connection;
      let hung = false;
      const timer = setTimeout(() => {
        hung = true;
        socket.destroy();
      }, hangsAfterMs);
      let problem: string | undefined;
      let open = false;
      try {
        if (whole) ({ problem, open } = await sendWhole(connection, bytes));
        else problem = await sendPart(connection, bytes);
      } catch (error) {
        problem = String(error);
      } finally {
        clearTimeout(timer);
      }
      if (hung) problem = `no answer within ${hangsAfterMs} ms`;
      if (problem !== undefined) failures.push(`case ${number} of seed ${seed}: ${problem}`);
      if (!open) {
        socket.destroy();
        connection = undefined;
      }
    }
    connection?.socket.destroy();
  }

  async function runUntil(until: number): Promise<number> {
    await Promise.all(Array.from({ length: connections }, () => run(until)));
    return collectedHeapBytes();
  }

  const early = await runUntil(first + Math.ceil(count / 5));
  const late = await runUntil(first + count);
  return { answers, failures, heapBytes: [early, late] };
}

/** The heap in use once everything that can go has gone. */
async function collectedHeapBytes(): Promise<number> {
  setFlagsFromString("--expose-gc");
  // A new context has the function whether or not this process was started with the flag.
  const collect: unknown = runInNewContext("gc");
  for (let round = 0; round < 5; round++) {
    if (typeof collect === "function") Reflect.apply(collect, undefined, []);
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
  return process.memoryUsage().heapUsed;
}

/** A heap that has grown by no more than this over the last four fifths has not grown: caches and compiled code settle. */
const heapGrowthBytesMax = 4 * 1024 * 1024;

async function main(): Promise<number> {
  const [count = 100_000, seed = Math.floor(Math.random() * 2 ** 32), first = 0] = process.argv.slice(2).map(Number);
  if (![count, seed, first].every((value) => Number.isSafeInteger(value) && value >= 0)) {
    process.stderr.write("usage: node packages/server/scripts/fuzz.ts [count] [seed] [first]\n");
    return 2;
  }
  process.stderr.write(`seed ${seed}\n`);
  const directory = await mkdtemp(join(tmpdir(), "dks-fuzz-"));
  const embedded = await openEmbedded(directory);
  try {
    const { address: database } = embedded;
    await migrate(database);
    const config = readConfig({
      DKS_DATA_DIR: directory,
      PORT: "0",
      DKS_RATE_PER_SECOND: "1000000",
      // So that every wrong signature is diagnosed.
      DKS_FAILURES_PER_MINUTE: "1000000",
    });
    const sink = new Writable({ write: (_chunk, _encoding, done) => done() });
    const app = await startApp({ config, database, log: createLogger("info", sink) });
    const pool = createPool(database, {
      applicationName: "dks fuzz",
      connectionsMax: 1,
      connectTimeoutMs: 10_000,
      onIdleError: () => {},
    });
    try {
      const accountNo = await insertAccount(pool, { name: "fuzz", rank: 3 });
      const clients = createClientService(pool, await loadMasterKeys(config.masterKey, config.dataDir));
      const issued = await clients.create(
        { accountNo: String(accountNo), allowIps: [], ratePerSecond: null },
        systemActor("fuzz"),
      );
      await pool.query("insert into card (serial_no, carrier, account_no) values ('87000001', 'cmcc', $1)", [
        accountNo,
      ]);
      const target = { ...issued, url: `http://127.0.0.1:${app.address.port}`, serialNo: "87000001" };
      return report(count, seed, await fuzz(target, { count, seed, first }));
    } finally {
      await pool.end();
      await app.stop();
    }
  } finally {
    await embedded.release();
    await rm(directory, { recursive: true, force: true });
  }
}

function report(count: number, seed: number, { answers, failures, heapBytes: [early, late] }: FuzzResult): number {
  for (const failure of failures) process.stderr.write(`${failure}\n`);
  // A short run has not settled when its first fifth is over.
  const grown = count >= 50_000 && late - early > heapGrowthBytesMax;
  const counts = [...answers].sort().map(([errcode, times]) => `${errcode}×${times}`);
  const heap = `heap ${(early / 1_048_576).toFixed(1)} → ${(late / 1_048_576).toFixed(1)} MB`;
  const outcome = failures.length > 0 ? `${failures.length} failed` : grown ? "memory grew" : "all well";
  process.stdout.write(`fuzz: ${count} cases, seed ${seed}: ${outcome}; ${heap}; answers ${counts.join(" ")}\n`);
  return failures.length > 0 || grown ? 1 : 0;
}

if (import.meta.main) process.exitCode = await main();
