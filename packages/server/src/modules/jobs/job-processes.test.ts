import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type pg from "pg";
import { afterEach, beforeEach, expect, it } from "vitest";
import { type TestDatabase, createTestDatabase } from "../../../test/database.ts";
import { eventually } from "../../../test/dks.ts";
import { cardsCsv, clerk, jobIn, jobService, uploadFile } from "../../../test/jobs.ts";
import { connect } from "../../db/database.ts";
import type { JobService } from "./jobs.service.ts";

const script = join(import.meta.dirname, "../../../test/jobs-process.ts");

let database: TestDatabase;
let jobs: JobService;
let gate: pg.Client;
const processes: ChildProcess[] = [];

beforeEach(async () => {
  database = await createTestDatabase();
  jobs = jobService(database.pool);
  gate = await connect(database.address, "dks test");
});
afterEach(async () => {
  await gate.end();
  await Promise.all(processes.splice(0).map((child) => kill(child)));
  await database.drop();
});

async function startProcess(): Promise<ChildProcess> {
  const child = spawn(process.execPath, [script, database.address.connectionString], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  processes.push(child);
  await once(child.stdout, "data");
  return child;
}

/** As a machine that loses its power, or the kernel that is out of memory, would end it. */
async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = once(child, "exit");
  child.kill("SIGKILL");
  await exited;
}

/** Has whatever fires the trigger wait until the gate is opened; tells when it does. */
async function closeGate(trigger: string): Promise<{ reached(): Promise<true>; open(): Promise<void> }> {
  await database.pool.query(`
    create function wait_at_gate() returns trigger language plpgsql as $$
    begin perform pg_advisory_xact_lock(42); return null; end $$;
    ${trigger} execute function wait_at_gate()`);
  await gate.query("select pg_advisory_lock(42)");
  return {
    reached: () =>
      eventually("the gate is reached", async () => {
        const { rows } = await database.pool.query(
          "select from pg_locks where locktype = 'advisory' and objid = 42 and not granted",
        );
        return rows.length > 0 ? true : undefined;
      }),
    async open() {
      await gate.query("select pg_advisory_unlock(42)");
    },
  };
}

async function expectDoneOnce(jobNo: number, cards: number): Promise<void> {
  const { rows } = await database.pool.query<{ cards: number; finished: number }>(
    `select (select count(*) from card) as cards,
      (select count(*) from audit_event where action = 'import.finish' and object_id = $1) as finished`,
    [String(jobNo)],
  );
  expect(rows).toEqual([{ cards, finished: 1 }]);
}

async function confirmed(): Promise<number> {
  const { job_no } = await uploadFile(jobs, cardsCsv(1_000));
  const { version } = await jobIn(jobs, job_no, "checked");
  await jobs.confirm({ jobNo: job_no, version, skipInvalid: false, by: clerk });
  return job_no;
}

it("an import whose process is killed while it writes is done by another one, from the start", async () => {
  const first = await startProcess();
  const held = await closeGate("create trigger card_gate after insert on card for each statement");
  const { job_no } = await uploadFile(jobs, cardsCsv(1_000));
  // The check writes and takes it back; it is let through.
  await held.reached();
  await held.open();
  const { version } = await jobIn(jobs, job_no, "checked");
  await gate.query("select pg_advisory_lock(42)");
  await jobs.confirm({ jobNo: job_no, version, skipInvalid: false, by: clerk });
  await held.reached();
  await kill(first);
  await startProcess();
  await eventually("another process has taken it over", async () => {
    const { job } = await jobs.get(job_no);
    return job.attempts === 2 && job.state === "running" ? true : undefined;
  });
  await held.open();
  expect(await jobIn(jobs, job_no, "succeeded")).toMatchObject({ attempts: 2, result: { inserted: 1_000 } });
  await expectDoneOnce(job_no, 1_000);
});

it("an import whose process is killed while it commits is not done again", async () => {
  const first = await startProcess();
  const held = await closeGate(
    `create constraint trigger job_gate after update on job deferrable initially deferred
    for each row when (new.state = 'succeeded')`,
  );
  const jobNo = await confirmed();
  await held.reached();
  await kill(first);
  await startProcess();
  await held.open();
  expect(await jobIn(jobs, jobNo, "succeeded")).toMatchObject({ attempts: 1, result: { inserted: 1_000 } });
  // Whoever has taken it over in vain goes on with what comes next.
  await confirmedAgain();
  await expectDoneOnce(jobNo, 1_000);
});

/** The same file again, in which there is nothing to import then. */
async function confirmedAgain(): Promise<void> {
  const { job_no } = await uploadFile(jobs, cardsCsv(1_000));
  expect((await jobIn(jobs, job_no, "succeeded")).result).toMatchObject({ unchanged: 1_000 });
}

it("many processes that are killed and started again while they import do each import once", async () => {
  await Promise.all([startProcess(), startProcess()]);
  const jobNos: number[] = [];
  for (let file = 0; file < 6; file++) {
    const { job_no } = await uploadFile(jobs, cardsCsv(5_000, 1_000_000 * (file + 1)));
    jobNos.push(job_no);
  }
  const versions = new Map<number, number>();
  let killed = 0;
  while (versions.size < jobNos.length) {
    const ready = await eventually("another one is checked", async () => {
      const found = await jobs.search({ states: ["checked"] }, 10);
      return found.find(({ job }) => !versions.has(job.job_no))?.job;
    });
    versions.set(ready.job_no, ready.version);
    await jobs.confirm({ jobNo: ready.job_no, version: ready.version, skipInvalid: false, by: clerk });
    const victim = processes.shift();
    if (victim !== undefined && killed++ < 6) {
      await kill(victim);
      await startProcess();
    }
  }
  for (const jobNo of jobNos) {
    const done = await jobIn(jobs, jobNo, "succeeded");
    expect(done.result).toMatchObject({ inserted: 5_000 });
  }
  const { rows } = await database.pool.query<{ times: number }>(
    "select count(*) as times from audit_event where action = 'import.finish' group by object_id",
  );
  expect(rows.map(({ times }) => times)).toEqual([1, 1, 1, 1, 1, 1]);
  const { rows: counted } = await database.pool.query("select count(*) as cards from card");
  expect(counted).toEqual([{ cards: 30_000 }]);
});
