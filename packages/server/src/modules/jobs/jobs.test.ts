import { buffer } from "node:stream/consumers";
import type pg from "pg";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type TestDatabase, createTestDatabase } from "../../../test/database.ts";
import { eventually } from "../../../test/dks.ts";
import {
  type RunningJobs,
  cardsCsv,
  clerk,
  colleague,
  inParts,
  jobIn,
  jobService,
  numberExport,
  startRunner,
  uploadFile,
} from "../../../test/jobs.ts";
import { startTcpProxy } from "../../../test/tcp-proxy.ts";
import { readWorkbook } from "../../../test/workbook.ts";
import { connect } from "../../db/database.ts";
import { ConflictError, MissingError, OperatorError, TooLargeError } from "../../errors.ts";
import { columnMeanings } from "./column-meanings.ts";
import { importDefinitions } from "./import-job.ts";
import { importKinds } from "./job.ts";
import type { JobService } from "./jobs.service.ts";

let database: TestDatabase;
let jobs: JobService;
const running: RunningJobs[] = [];

beforeEach(async () => {
  database = await createTestDatabase();
  jobs = jobService(database.pool);
});
afterEach(async () => {
  for (const one of running.splice(0)) await one.stop();
  await database.drop();
});

async function run(options: Parameters<typeof startRunner>[1] = {}): Promise<RunningJobs> {
  const started = await startRunner(database.address, options);
  running.push(started);
  return started;
}

async function cardCount(): Promise<number> {
  const { rows } = await database.pool.query<{ count: number }>("select count(*) from card");
  return rows[0]?.count ?? -1;
}

async function auditOf(jobNo: number): Promise<{ action: string; name: string; after: Record<string, unknown> }[]> {
  const { rows } = await database.pool.query<{ action: string; name: string; after: Record<string, unknown> }>(
    "select action, actor_name as name, after from audit_event where object_kind = 'job' and object_id = $1 order by event_no",
    [String(jobNo)],
  );
  return rows;
}

/** Lets no import of cards begin until it is released. */
async function holdImports(): Promise<{ release(): Promise<void> }> {
  const client = await connect(database.address, "dks test");
  await client.query("select pg_advisory_lock(hashtextextended('dks import card', 0))");
  return { release: () => client.end() };
}

describe("an import", () => {
  it("is checked first, writes nothing then, and everything once it is confirmed", async () => {
    await run();
    const { job_no } = await uploadFile(jobs, cardsCsv(3));
    const checked = await jobIn(jobs, job_no, "checked");
    expect(checked.check_report).toEqual({
      lines: 3,
      inserted: 3,
      updated: 0,
      unchanged: 0,
      refused: 0,
      first_refused: [],
    });
    expect(await cardCount()).toBe(0);
    await jobs.confirm({ jobNo: job_no, version: checked.version, skipInvalid: false, by: colleague });
    const done = await jobIn(jobs, job_no, "succeeded");
    expect(done.result).toEqual(checked.check_report);
    expect(done.finished_at).not.toBeNull();
    expect(await cardCount()).toBe(3);
    expect(await auditOf(job_no)).toMatchObject([
      { action: "import.start", name: clerk.name, after: { file_name: "cards.csv", kind: "card_import" } },
      { action: "import.confirm", name: colleague.name },
      { action: "import.finish", name: colleague.name, after: { lines: 3, inserted: 3, refused: 0 } },
    ]);
  });

  it("says what is wrong with each refused line, and imports the others if they are to be skipped", async () => {
    await run();
    const { job_no } = await uploadFile(jobs, "serial_no,carrier\n1001,cmcc\n1002,\n1003,cmcc\n");
    const checked = await jobIn(jobs, job_no, "checked");
    expect(checked.check_report).toMatchObject({
      lines: 3,
      inserted: 2,
      refused: 1,
      first_refused: [{ line: 3, reason: "carrier is empty" }],
    });
    const { content, file_name, size_bytes } = await jobs.file(job_no, "refused");
    const csv = await buffer(content);
    expect(file_name).toBe("cards.rejected.csv");
    expect(csv.length).toBe(size_bytes);
    expect(csv.toString()).toBe("\ufeffline,reason,serial_no,carrier\r\n3,carrier is empty,1002,\r\n");
    const { version } = checked;
    await expect(jobs.confirm({ jobNo: job_no, version, skipInvalid: false, by: clerk })).rejects.toThrow(
      "1 lines are refused",
    );
    await jobs.confirm({ jobNo: job_no, version, skipInvalid: true, by: clerk });
    expect((await jobIn(jobs, job_no, "succeeded")).result).toMatchObject({ inserted: 2, refused: 1 });
    expect(await cardCount()).toBe(2);
  });

  it("goes to the one of two who confirm it at once", async () => {
    await run();
    const { job_no } = await uploadFile(jobs, cardsCsv(3));
    const { version } = await jobIn(jobs, job_no, "checked");
    const attempts = await Promise.allSettled(
      Array.from({ length: 8 }, (_, index) =>
        jobs.confirm({ jobNo: job_no, version, skipInvalid: false, by: index % 2 === 0 ? clerk : colleague }),
      ),
    );
    expect(attempts.filter(({ status }) => status === "fulfilled").length).toBe(1);
    for (const attempt of attempts)
      if (attempt.status === "rejected") {
        expect(attempt.reason).toBeInstanceOf(ConflictError);
        expect(String(attempt.reason)).toContain("has confirmed this import already");
      }
    await jobIn(jobs, job_no, "succeeded");
    expect((await auditOf(job_no)).map(({ action }) => action)).toEqual([
      "import.start",
      "import.confirm",
      "import.finish",
    ]);
  });

  it("asks again when lines have come to be refused since the check, and has written nothing", async () => {
    await run();
    const iccid = "89860426110087000101";
    const { job_no } = await uploadFile(jobs, `serial_no,carrier,iccid\n1001,cmcc,${iccid}\n1002,cmcc,\n`);
    const checked = await jobIn(jobs, job_no, "checked");
    const other = await uploadFile(jobs, `serial_no,carrier,iccid\n2001,cmcc,${iccid}\n`);
    const otherChecked = await jobIn(jobs, other.job_no, "checked");
    await jobs.confirm({ jobNo: other.job_no, version: otherChecked.version, skipInvalid: false, by: clerk });
    await jobIn(jobs, other.job_no, "succeeded");
    await jobs.confirm({ jobNo: job_no, version: checked.version, skipInvalid: false, by: clerk });
    const again = await eventually("it is checked again", async () => {
      const { job } = await jobs.get(job_no);
      return job.state === "checked" ? job : undefined;
    });
    expect(again.parameters).toMatchObject({ changed_since_check: true });
    expect(again.check_report).toMatchObject({ refused: 1, first_refused: [{ line: 2 }] });
    expect(await cardCount()).toBe(1);
    // Whoever still looks at the first result is told.
    await expect(
      jobs.confirm({ jobNo: job_no, version: checked.version, skipInvalid: true, by: clerk }),
    ).rejects.toThrow("checked again");
    await jobs.confirm({ jobNo: job_no, version: again.version, skipInvalid: true, by: clerk });
    await jobIn(jobs, job_no, "succeeded");
    expect(await cardCount()).toBe(2);
  });

  it("that would change nothing asks nobody", async () => {
    await run();
    const { job_no } = await uploadFile(jobs, cardsCsv(2));
    const { version } = await jobIn(jobs, job_no, "checked");
    await jobs.confirm({ jobNo: job_no, version, skipInvalid: false, by: clerk });
    await jobIn(jobs, job_no, "succeeded");
    const again = await uploadFile(jobs, cardsCsv(2));
    expect((await jobIn(jobs, again.job_no, "succeeded")).result).toMatchObject({ unchanged: 2, inserted: 0 });
  });

  it.each([
    [
      "a header that is another's",
      "card,operator\n1,2\n",
      "lacks serial_no, carrier; has unknown columns card, operator",
    ],
    ["no lines", "serial_no,carrier\n", "no lines below them"],
    ["nothing but refused lines", "serial_no,carrier\n1001,\n1002,\n", "Every line is refused"],
    ["an encoding that is none", Buffer.from("serial_no,carrier\n\xff\xff\xff,x\n", "latin1"), "neither UTF-8"],
  ])("of %s fails and says why", async (_what, content, expected) => {
    await run();
    const { job_no } = await uploadFile(jobs, content);
    const failed = await jobIn(jobs, job_no, "failed");
    expect(failed.problem?.en).toContain(expected);
    expect(failed.problem?.zh).toMatch(/\p{Script=Han}/u);
    expect(failed.problem?.en).not.toContain("undefined");
  });

  it("has a large file in pieces and gives it back as it was", async () => {
    const content = Buffer.from(cardsCsv(200_000));
    const { job_no } = await uploadFile(jobs, content);
    const file = await jobs.file(job_no, "input");
    expect(file.size_bytes).toBe(content.length);
    expect((await buffer(file.content)).equals(content)).toBe(true);
    await run();
    expect((await jobIn(jobs, job_no, "checked")).check_report).toMatchObject({ inserted: 200_000 });
  });

  it.each(importKinds)("has a meaning for each column of a %s, in both languages", (kind) => {
    expect(Object.keys(columnMeanings[kind])).toEqual(importDefinitions[kind].columns.map(({ name }) => name));
  });
});

describe("an upload", () => {
  async function refused(content: Uint8Array, sizeBytes = content.length, parts = inParts(content)): Promise<unknown> {
    const outcome = await jobs
      .upload({ kind: "card_import", fileName: "卡.xlsx", sizeBytes, language: "en" }, parts, clerk)
      .catch((error: unknown) => error);
    expect(outcome).toBeInstanceOf(OperatorError);
    const { rows } = await database.pool.query("select job_no from job union all select job_no from job_file_chunk");
    expect(rows).toEqual([]);
    return outcome;
  }

  it("that is cut leaves nothing", async () => {
    async function* cut(): AsyncGenerator<Uint8Array> {
      yield* inParts(Buffer.alloc(3_000_000, "x"));
      throw new OperatorError({ zh: "断了", en: "cut" });
    }
    expect(await refused(new Uint8Array(0), 5_000_000, cut())).toMatchObject({ message: "cut" });
  });

  it("that is shorter than its sender said is refused", async () => {
    expect(String(await refused(Buffer.from(cardsCsv(3)), 1_000))).toContain("did not arrive as a whole");
  });

  it("of more than the limit is refused before anything is read, and when it lies about its size", async () => {
    jobs = jobService(database.pool, 1_048_576);
    let isRead = false;
    async function* untouched(): AsyncGenerator<Uint8Array> {
      isRead = true;
      yield new Uint8Array(1);
    }
    const outcome = await refused(new Uint8Array(0), 2_147_483_648, untouched());
    expect(outcome).toBeInstanceOf(TooLargeError);
    expect(String(outcome)).toContain("larger than the limit of 1 MB");
    expect(isRead).toBe(false);
    expect(await refused(Buffer.alloc(1_100_000, "x"), 1_000)).toBeInstanceOf(TooLargeError);
  });

  it.each([
    ["an .xlsx", "504b0304140000000800", "is an Excel workbook, not a CSV. In Excel choose Save As"],
    ["an .xls", "d0cf11e0a1b11ae10000", "is an Excel workbook, not a CSV. In Excel choose Save As"],
    ["an empty file", "", "is empty"],
  ])("of %s is refused by its first bytes, however they arrive", async (_what, hex, expected) => {
    const content = Buffer.from(hex, "hex");
    expect(String(await refused(content))).toContain(expected);
    expect(String(await refused(content, content.length, inParts(content, 1)))).toContain(expected);
  });

  it("that somebody cancels takes no more", async () => {
    let sent = 0;
    async function* slow(): AsyncGenerator<Uint8Array> {
      for (; sent < 100; sent++) {
        if (sent === 3) {
          const [one] = await jobs.search({}, 1);
          await jobs.cancel(one?.job.job_no ?? 0, colleague);
        }
        yield Buffer.alloc(1_048_576, "x");
      }
    }
    const upload = { kind: "card_import", fileName: "a.csv", sizeBytes: 104_857_600, language: "zh" } as const;
    await expect(jobService(database.pool, 200_000_000).upload(upload, slow(), clerk)).rejects.toThrow(
      "The upload was cancelled.",
    );
    expect(sent).toBe(3);
    const { rows } = await database.pool.query("select from job_file_chunk");
    expect(rows).toEqual([]);
  });

  it("whose process is gone is removed by the next one, its files after their time, and what nobody confirmed", async () => {
    const ids: number[] = [];
    await run();
    for (const from of [1_001, 2_001]) {
      const { job_no } = await uploadFile(jobs, cardsCsv(1, from));
      ids.push(job_no);
      await jobIn(jobs, job_no, "checked");
    }
    const [old = 0, unconfirmed = 0] = ids;
    await jobs.cancel(old, clerk);
    await running.pop()?.stop();
    const { pool } = database;
    await pool.query("update job set finished_at = now() - interval '8 days' where job_no = $1", [old]);
    await pool.query("update job set created_at = now() - interval '8 days' where job_no = $1", [unconfirmed]);
    await pool.query(
      `insert into job (kind, state, step, parameters, created_by, runner, alive_at)
      values ('card_import', 'uploading', 'check', '{"file_name":"a.csv"}', '{"id":"s1","name":"x"}', 'gone', now() - interval '3 minutes')`,
    );
    await run();
    await eventually("all is cleaned up", async () => {
      const found = await jobs.search({}, 10);
      const ended = found.filter(({ job }) => job.state === "cancelled");
      const oldFiles = found.find(({ job }) => job.job_no === old)?.files.length;
      return found.length === 2 && ended.length === 2 && oldFiles === 0 ? true : undefined;
    });
    await expect(jobs.file(old, "input")).rejects.toBeInstanceOf(MissingError);
    expect((await jobs.get(unconfirmed)).job.problem?.en).toContain("Nobody confirmed it within 7 days");
  });
});

describe("cancelling", () => {
  it("ends what waits, and what has been checked", async () => {
    const { job_no } = await uploadFile(jobs, cardsCsv(1));
    await jobs.cancel(job_no, colleague);
    await run();
    const next = await uploadFile(jobs, cardsCsv(1));
    const { version } = await jobIn(jobs, next.job_no, "checked");
    await jobs.cancel(next.job_no, colleague);
    await expect(jobs.confirm({ jobNo: next.job_no, version, skipInvalid: false, by: clerk })).rejects.toThrow(
      "has been cancelled",
    );
    expect((await jobs.get(job_no)).job).toMatchObject({ state: "cancelled", check_report: null });
    expect((await auditOf(next.job_no)).at(-1)).toMatchObject({ action: "job.cancel", name: colleague.name });
  });

  it("stops what is under way, which has then written nothing, and lets the next job run", async () => {
    await run();
    const { job_no } = await uploadFile(jobs, cardsCsv(5));
    const { version } = await jobIn(jobs, job_no, "checked");
    const held = await holdImports();
    await jobs.confirm({ jobNo: job_no, version, skipInvalid: false, by: clerk });
    await jobIn(jobs, job_no, "running");
    const other = await uploadFile(jobs, "product_no,name,carrier,fee,data_value,month,level\np1,包,cmcc,1,10,1,1\n", {
      kind: "product_import",
    });
    await jobs.cancel(job_no, clerk);
    // The import was waiting for the lock, and has given up doing so.
    await jobIn(jobs, other.job_no, "checked");
    await held.release();
    expect((await jobs.get(job_no)).job.state).toBe("cancelled");
    expect(await cardCount()).toBe(0);
  });

  it("is noticed by a run that has not been told", async () => {
    await run();
    const { job_no } = await uploadFile(jobs, cardsCsv(5));
    const { version } = await jobIn(jobs, job_no, "checked");
    const held = await holdImports();
    await jobs.confirm({ jobNo: job_no, version, skipInvalid: false, by: clerk });
    await jobIn(jobs, job_no, "running");
    // As cancel() does it, but for the notification.
    await database.pool.query(
      "update job set state = 'cancelled', runner = null, finished_at = now() where job_no = $1",
      [job_no],
    );
    const other = await uploadFile(jobs, cardsCsv(1));
    await eventually("the next one is run", async () => {
      const { job } = await jobs.get(other.job_no);
      return job.state === "running" ? true : undefined;
    });
    await held.release();
    await jobIn(jobs, other.job_no, "checked");
    expect(await cardCount()).toBe(0);
  });

  it("comes too late for what is done, and says so", async () => {
    await run();
    const { job_no } = await uploadFile(jobs, cardsCsv(1));
    const { version } = await jobIn(jobs, job_no, "checked");
    await jobs.confirm({ jobNo: job_no, version, skipInvalid: false, by: clerk });
    await jobIn(jobs, job_no, "succeeded");
    await expect(jobs.cancel(job_no, clerk)).rejects.toThrow("has finished and cannot be cancelled");
    await expect(jobs.cancel(999, clerk)).rejects.toBeInstanceOf(MissingError);
  });
});

describe("processes", () => {
  it("share the jobs, each of which is done once", async () => {
    const uploaded = await Promise.all(
      Array.from({ length: 8 }, (_, index) => uploadFile(jobs, cardsCsv(20, 1_000 * (index + 1)))),
    );
    await Promise.all([run(), run(), run()]);
    for (const { job_no } of uploaded) {
      const checked = await jobIn(jobs, job_no, "checked");
      expect(checked.attempts).toBe(1);
      await jobs.confirm({ jobNo: job_no, version: checked.version, skipInvalid: false, by: clerk });
    }
    for (const { job_no } of uploaded) {
      const done = await jobIn(jobs, job_no, "succeeded");
      expect(done).toMatchObject({ attempts: 1, result: { inserted: 20 } });
      expect((await auditOf(job_no)).filter(({ action }) => action === "import.finish").length).toBe(1);
    }
    expect(await cardCount()).toBe(160);
  });

  it("leave what is under way to others when they stop", async () => {
    const first = await run();
    const { job_no } = await uploadFile(jobs, cardsCsv(5));
    const { version } = await jobIn(jobs, job_no, "checked");
    const held = await holdImports();
    await jobs.confirm({ jobNo: job_no, version, skipInvalid: false, by: clerk });
    await jobIn(jobs, job_no, "running");
    running.splice(running.indexOf(first), 1);
    await first.stop();
    expect((await jobs.get(job_no)).job).toMatchObject({ state: "waiting", attempts: 0 });
    await held.release();
    await run();
    expect((await jobIn(jobs, job_no, "succeeded")).result).toMatchObject({ inserted: 5 });
  });

  it("do not do again what was done when its answer was lost", async () => {
    // The commit of a job's end waits for whoever holds this lock, so that it is known when it has been sent.
    await database.pool.query(`
      create function wait_at_commit() returns trigger language plpgsql as $$
      begin perform pg_advisory_xact_lock(42); return null; end $$;
      create constraint trigger job_wait_at_commit after update on job deferrable initially deferred
        for each row when (new.state = 'succeeded') execute function wait_at_commit()`);
    const proxy = await startTcpProxy(database.address.connectionString);
    const first = await startRunner({ connectionString: proxy.connectionString });
    running.push(first);
    const { job_no } = await uploadFile(jobs, cardsCsv(5));
    const { version } = await jobIn(jobs, job_no, "checked");
    const gate = await connect(database.address, "dks test");
    await gate.query("select pg_advisory_lock(42)");
    await jobs.confirm({ jobNo: job_no, version, skipInvalid: false, by: clerk });
    await eventually("the import commits", async () => ((await waitingFor(database.pool, 42)) ? true : undefined));
    await proxy.cut();
    await gate.end();
    const done = await jobIn(jobs, job_no, "succeeded");
    expect(done).toMatchObject({ attempts: 1, result: { inserted: 5 } });
    await proxy.restore();
    // It looks for jobs again, and finds that there is none left.
    const next = await uploadFile(jobs, cardsCsv(1, 99_000_001));
    await jobIn(jobs, next.job_no, "checked");
    expect((await auditOf(job_no)).filter(({ action }) => action === "import.finish").length).toBe(1);
    expect(await cardCount()).toBe(5);
    running.splice(running.indexOf(first), 1);
    await first.stop();
    await proxy.close();
  });

  it("take a job over from one that has lost the database in the middle, which then cannot end it", async () => {
    const proxy = await startTcpProxy(database.address.connectionString);
    const first = await startRunner({ connectionString: proxy.connectionString });
    const { job_no } = await uploadFile(jobs, cardsCsv(5));
    const { version } = await jobIn(jobs, job_no, "checked");
    const held = await holdImports();
    await jobs.confirm({ jobNo: job_no, version, skipInvalid: false, by: clerk });
    await jobIn(jobs, job_no, "running");
    await proxy.cut();
    await run();
    await eventually("another process runs it", async () => {
      const { job } = await jobs.get(job_no);
      return job.attempts === 2 ? true : undefined;
    });
    await held.release();
    expect(await jobIn(jobs, job_no, "succeeded")).toMatchObject({ attempts: 2, result: { inserted: 5 } });
    await proxy.restore();
    await first.stop();
    await proxy.close();
    expect((await auditOf(job_no)).filter(({ action }) => action === "import.finish").length).toBe(1);
  });

  it("give up on a job that has broken off too often", async () => {
    const { job_no } = await uploadFile(jobs, cardsCsv(5));
    await database.pool.query("update job set attempts = 10 where job_no = $1", [job_no]);
    await run();
    expect((await jobIn(jobs, job_no, "failed")).problem?.en).toContain("broke off 10 times");
  });
});

/** Whether somebody waits for an advisory lock of this number. */
async function waitingFor(pool: pg.Pool, lock: number): Promise<boolean> {
  const { rows } = await pool.query("select from pg_locks where locktype = 'advisory' and objid = $1 and not granted", [
    lock,
  ]);
  return rows.length > 0;
}

describe("an export", () => {
  const parameters = { format: "xlsx", language: "zh", filter: { count: 2_500 }, columns: ["=卡", "b"] } as const;

  it("is a workbook of all rows, and says how many", async () => {
    await run();
    const { job_no } = await jobs.requestExport("card_export", parameters, clerk);
    expect((await jobIn(jobs, job_no, "succeeded")).result).toEqual({ rows: 2_500 });
    const file = await jobs.file(job_no, "export");
    expect(file.file_name).toBe(`卡清单-${job_no}.xlsx`);
    const bytes = await buffer(file.content);
    expect(bytes.length).toBe(file.size_bytes);
    const [sheet] = readWorkbook(bytes).sheets;
    expect(sheet?.name).toBe("卡清单");
    expect(sheet?.rows.length).toBe(2_501);
    expect(sheet?.rows.at(-1)).toEqual({ A: "=卡2500", B: "b2500" });
    expect((await auditOf(job_no)).map(({ action }) => action)).toEqual(["export.start", "export.finish"]);
  });

  it("is a CSV in which nothing is a formula", async () => {
    await run();
    const { job_no } = await jobs.requestExport(
      "card_export",
      { ...parameters, format: "csv", filter: { count: 1 } },
      clerk,
    );
    await jobIn(jobs, job_no, "succeeded");
    const { content } = await jobs.file(job_no, "export");
    expect((await buffer(content)).toString()).toBe("\ufeff'=卡,b\r\n'=卡1,b1\r\n");
  });

  it("that is cancelled or left in the middle keeps nothing of what was written, and is made anew", async () => {
    const gate = Promise.withResolvers<void>();
    let begun = 0;
    await run({
      exports: numberExport((row) => {
        if (row === 1) begun++;
        return row === 2_001 ? gate.promise : Promise.resolve();
      }),
    });
    const { job_no } = await jobs.requestExport("card_export", parameters, clerk);
    await eventually("it tells how far it is", async () => {
      const { job } = await jobs.get(job_no);
      return job.progress?.done === 2_000 ? true : undefined;
    });
    expect((await jobs.get(job_no)).files).toEqual([]);
    await jobs.cancel(job_no, clerk);
    const { rows } = await database.pool.query("select from job_file where job_no = $1", [job_no]);
    expect(rows).toEqual([]);
    gate.resolve();
    const again = await jobs.requestExport("card_export", parameters, clerk);
    await jobIn(jobs, again.job_no, "succeeded");
    expect(begun).toBe(2);
    expect((await jobs.get(job_no)).job.state).toBe("cancelled");
  });
});

it("lists the latest first, by kind, state and who began it, in pages", async () => {
  const numbers: number[] = [];
  for (const by of [clerk, colleague, clerk]) numbers.push((await uploadFile(jobs, cardsCsv(1), { by })).job_no);
  const [first = 0, second = 0, third = 0] = numbers;
  await jobs.cancel(second, clerk);
  async function found(filter: Parameters<JobService["search"]>[0], limit = 10): Promise<number[]> {
    return (await jobs.search(filter, limit)).map(({ job }) => job.job_no);
  }
  expect(await found({})).toEqual([third, second, first]);
  expect(await found({ createdBy: clerk.id })).toEqual([third, first]);
  expect(await found({ states: ["cancelled", "failed"] })).toEqual([second]);
  expect(await found({ kind: "card_export" })).toEqual([]);
  expect(await found({ beforeJob: third }, 1)).toEqual([second]);
  expect((await jobs.search({ beforeJob: second }, 1))[0]?.files).toMatchObject([{ name: "input" }]);
});
