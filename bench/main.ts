/**
 * `npm run bench`: the platform's figures, each against what it is to be compared with, into bench/results.
 *
 *     --only cpu,latency   these sections alone: cpu call-log throughput latency memory start import intake
 *                          mixed stored
 *     --full               also latency at 10,000,000 cards, the import of 10,000,000 usage records and intake with
 *                          100,000,000 stored, which takes the better part of an hour and some 50 GB of disk
 *     --stored N           intake with so many usage records stored, with or without --full
 *     --quick              few cards and short rounds: whether everything still runs, not how fast
 *     --against DKS_JS     instead: this server against another checkout's packages/server/bin/dks.js
 *     --rounds N
 */
import { chmod, mkdtemp, readdir, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { parseArgs } from "node:util";
import { connect } from "../packages/server/src/db/database.ts";
import { findPostmaster, isPostgres } from "../packages/server/src/db/embedded-postmaster.ts";
import { type Embedded, openEmbedded } from "../packages/server/src/db/embedded.ts";
import { type DatabaseUnderTest, stopAllServers } from "./contenders.ts";
import { imports } from "./import.ts";
import { createInventory } from "./inventory.ts";
import { startLoad } from "./load.ts";
import { type Figure, describeMachine, table, writeResults } from "./report.ts";
import { callLog } from "./sections/call-log.ts";
import type { Scale, Section } from "./sections/context.ts";
import { cpu } from "./sections/cpu.ts";
import { intake } from "./sections/intake.ts";
import { latency } from "./sections/latency.ts";
import { memory } from "./sections/memory.ts";
import { mixed } from "./sections/mixed.ts";
import { start } from "./sections/start.ts";
import { stored } from "./sections/stored.ts";
import { throughput } from "./sections/throughput.ts";
import { versions } from "./sections/versions.ts";

const usual: Scale = {
  cards: 1_000_000,
  cardsMany: [1_000_000],
  rounds: 9,
  roundMs: 3_000,
  memoryCalls: 1_000_000,
  starts: 5,
  intakeRecords: 100_000,
  plainRecords: 2_000,
  importRecords: 1_000_000,
  storedFew: 1_000_000,
  storedMany: undefined,
};
const quick: Scale = {
  cards: 100_000,
  cardsMany: [100_000],
  rounds: 2,
  roundMs: 500,
  memoryCalls: 20_000,
  starts: 1,
  intakeRecords: 20_000,
  plainRecords: 500,
  importRecords: 100_000,
  storedFew: 20_000,
  storedMany: 200_000,
};
const cardsFull = 10_000_000;
const importRecordsFull = 10_000_000;
const storedFull = 100_000_000;

const { values: options } = parseArgs({
  options: {
    only: { type: "string" },
    full: { type: "boolean", default: false },
    quick: { type: "boolean", default: false },
    against: { type: "string" },
    rounds: { type: "string" },
    stored: { type: "string" },
  },
});

let scale = options.quick ? quick : usual;
if (options.full)
  scale = {
    ...scale,
    cardsMany: [...scale.cardsMany, cardsFull],
    importRecords: importRecordsFull,
    storedMany: storedFull,
  };
if (options.stored !== undefined) scale = { ...scale, storedMany: Number(options.stored) };
if (options.rounds !== undefined) scale = { ...scale, rounds: Number(options.rounds) };

const every: Readonly<Record<string, Section>> = {
  cpu,
  "call-log": callLog,
  throughput,
  latency,
  memory,
  start,
  import: imports,
  intake,
  mixed,
  stored,
};
const only = options.only?.split(",") ?? Object.keys(every);
const sections: [string, Section][] =
  options.against === undefined
    ? only.map((name) => {
        const section = every[name];
        if (section === undefined) throw new Error(`no section ${name}; there are ${Object.keys(every).join(", ")}`);
        return [name, section];
      })
    : [["versions", versions(options.against)]];

function say(line: string): void {
  process.stderr.write(`${new Date().toISOString().slice(11, 19)} ${line}\n`);
}

const scratchDir = await mkdtemp(join(tmpdir(), "dks-bench-"));
// PostgreSQL, which under root runs as another user, has to get in.
await chmod(scratchDir, 0o755);
const load = startLoad();
let embedded: Embedded | undefined;

/** Leaves nothing behind, whichever way it ends. */
async function cleanUp(): Promise<void> {
  load.stop();
  await stopAllServers();
  await embedded?.release();
  // A section that was interrupted has not stopped its own PostgreSQL. Moved away first: whatever watches over one would
  // start it again.
  const ended = `${scratchDir}-ended`;
  await rename(scratchDir, ended);
  for (const name of [".", ...(await readdir(ended))]) await stopPostgres(join(ended, name, "postgres", "cluster"));
  // Repeated where someone was just writing a file.
  await rm(ended, { recursive: true, force: true, maxRetries: 5 });
}

/** By a fast shutdown: nobody is to be waited for. */
async function stopPostgres(clusterDir: string): Promise<void> {
  const postmaster = await findPostmaster(clusterDir);
  if (postmaster === undefined) return;
  process.kill(postmaster.pid, "SIGINT");
  while (isPostgres(postmaster.pid)) await delay(20);
}

let interrupted = false;
for (const signal of ["SIGINT", "SIGTERM"] as const)
  process.once(signal, () => {
    interrupted = true;
    say("stopping");
    // From connections whose PostgreSQL goes away under them.
    process.on("uncaughtException", () => {});
    void cleanUp().finally(() => process.exit(1));
  });

try {
  await runSections();
} catch (error) {
  // What a stopped server's last caller says is not of interest.
  if (!interrupted) throw error;
} finally {
  if (!interrupted) await cleanUp();
}

async function runSections(): Promise<void> {
  embedded = await openEmbedded(scratchDir, {
    settings: {
      // Filling is not what is measured, and nothing here has to survive a power failure.
      fsync: "off",
      max_wal_size: "8GB",
      // Its turn would fall into some round and not into others; every table has been vacuumed.
      autovacuum: "off",
    },
  });
  const { address } = embedded;
  const databases = new Map<number, Promise<DatabaseUnderTest>>();
  async function createDatabase(cards: number): Promise<DatabaseUnderTest> {
    say(`filling a database with ${cards.toLocaleString("en")} cards`);
    const postmaster = await findPostmaster(join(scratchDir, "postgres", "cluster"));
    if (postmaster === undefined) throw new Error("the embedded PostgreSQL runs");
    return { ...(await createInventory(address, `bench_${cards}`, cards)), postmasterPid: postmaster.pid };
  }

  const machine = describeMachine(await readVersion(address.connectionString));
  const figures: Figure[] = [];
  for (const [name, section] of sections) {
    say(name);
    const found = await section({
      scale,
      load,
      scratchDir,
      database(cards) {
        const known = databases.get(cards) ?? createDatabase(cards);
        databases.set(cards, known);
        return known;
      },
      progress: (done) => say(`  ${name}: ${done}`),
    });
    figures.push(...found);
    for (const { what, measured, comparedWith, ratio } of found)
      say(`  ${what}: ${measured}; ${comparedWith}; ${ratio}`);
  }
  const markdown = table(machine, figures);
  process.stdout.write(markdown);
  // A part, or a smoke test, does not replace the results of a whole run.
  if (!options.quick && options.only === undefined && options.against === undefined)
    await writeResults(machine, figures, markdown);
}

async function readVersion(connectionString: string): Promise<string> {
  const db = await connect({ connectionString }, "bench");
  try {
    const { rows } = await db.query<{ server_version: string }>("show server_version");
    return rows[0]?.server_version ?? "unknown";
  } finally {
    await db.end();
  }
}
