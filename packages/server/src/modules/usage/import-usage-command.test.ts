import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { appendFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type TestDatabase, createTestDatabase } from "../../../test/database.ts";
import { type Outcome, eventually, runDks } from "../../../test/dks.ts";
import { importCards, insertSource } from "../../../test/usage.ts";

let database: TestDatabase;
let directory: string;
let environment: Record<string, string>;

const header = "id,subject,start,end,bytes_total\n";
/** The command has the machine's clock. */
const end = new Date(Math.floor(Date.now() / 1000 - 60) * 1000).toISOString();
const start = new Date(Date.parse(end) - 60_000).toISOString();

beforeAll(async () => {
  database = await createTestDatabase();
  directory = await mkdtemp(join(tmpdir(), "dks-usage-"));
  environment = { DATABASE_URL: database.address.connectionString };
});

beforeEach(async () => {
  await database.pool.query("truncate card, usage_source, usage_record, usage_identity cascade");
  await importCards(
    database.pool,
    Array.from({ length: 10 }, (_, n) => ({ serialNo: String(1000 + n) })),
  );
  await insertSource(database.pool, { name: "pgw", kind: "delta" });
});

afterAll(async () => {
  await database.drop();
  await rm(directory, { recursive: true, force: true });
});

/** Lines of ten cards in turn, with their own number as the bytes. */
function lines(from: number, to: number): string {
  let text = "";
  for (let n = from; n < to; n++) text += `cdr-${n},${1000 + (n % 10)},${start},${end},${n}\n`;
  return text;
}

async function file(name: string, content: string): Promise<string> {
  const path = join(directory, name);
  await writeFile(path, content);
  return path;
}

function importUsage(path: string, ...more: string[]): Promise<Outcome> {
  return runDks(["usage", "import", path, "--source", "pgw", ...more], environment);
}

/** What the ten cards have used together, which for lines of up to `to` must be their sum. */
async function usedBytes(): Promise<number> {
  const { rows } = await database.pool.query<{ bytes: number }>(
    "select sum(used_bytes)::bigint as bytes from usage_month",
  );
  return rows[0]?.bytes ?? 0;
}

const sumTo = (to: number) => (to * (to - 1)) / 2;

test("what a file had is told in figures, and the second time they are all duplicates", async () => {
  const path = await file("whole.csv", header + lines(0, 20));
  expect(await importUsage(path)).toEqual({
    status: 0,
    stdout: `${path}: 20 lines, 20 accepted, 0 duplicates, 0 refused, 0 in conflict, 0 of unknown cards\n`,
    stderr: "",
  });
  const again = await importUsage(path, "--json");
  expect([again.status, again.stderr, JSON.parse(again.stdout)]).toEqual([
    0,
    "",
    { file: path, lines: 20, accepted: 0, duplicates: 20, refused: 0, conflicts: 0, unknown_cards: 0 },
  ]);
  expect(await usedBytes()).toBe(sumTo(20));
});

test("refused lines end the command with 1 when all others are taken in", async () => {
  const path = await file("refused.csv", `${header}x,1001,${start},${end},many\n${lines(0, 20)}`);
  const rejected = join(directory, "refused.rejected.csv");
  const outcome = await importUsage(path, "--json");
  expect(outcome.status).toBe(1);
  expect(JSON.parse(outcome.stdout)).toEqual({
    file: path,
    lines: 21,
    accepted: 20,
    duplicates: 0,
    refused: 1,
    conflicts: 0,
    unknown_cards: 0,
    rejected_file: rejected,
  });
  expect(outcome.stderr).toContain('line 2: bytes_total: "many" must be a whole number');
  expect(outcome.stderr).toContain(`The lines not taken in and their reasons: ${rejected}\n`);
  expect(outcome.stderr).toContain("Lines refused or in conflict: 1; all others are taken in.");
  expect(await usedBytes()).toBe(sumTo(20));

  const inChinese = await runDks(["usage", "import", path, "--source", "pgw"], {
    ...environment,
    LC_ALL: "zh_CN.UTF-8",
  });
  expect(inChinese.stdout).toBe(`${path}：21 行，入库 0，重复 20，拒绝 1，冲突 0，卡未知 0\n`);
  expect(inChinese.stderr).toContain("第 2 行：bytes_total：“many” 应为");
  expect(await readFile(rejected, "utf8")).toContain("\r\n2,invalid,bytes_total：“many” 应为");
});

test("lines of unknown cards are reported, and no failure", async () => {
  const path = await file("unknown.csv", `${header}x,2001,${start},${end},1\n`);
  const outcome = await importUsage(path);
  expect(outcome.status).toBe(0);
  expect(outcome.stdout).toContain("0 refused, 0 in conflict, 1 of unknown cards");
  expect(outcome.stderr).toContain("line 2: no card has the number, ICCID, IMSI or MSISDN 2001");
  expect(await readFile(join(directory, "unknown.rejected.csv"), "utf8")).toContain("\r\n2,unknown_card,");
});

test("a source that is not there or suspended takes in nothing", async () => {
  const path = await file("source.csv", header + lines(0, 1));
  await database.pool.query("update usage_source set status = 'suspended'");
  expect(await importUsage(path)).toEqual({
    status: 1,
    stdout: "",
    stderr: "The source pgw is suspended, so its records are not taken in; dks source resume pgw ends that.\n",
  });
  const outcome = await runDks(["usage", "import", path, "--source", "pgv"], environment);
  expect(outcome).toMatchObject({ status: 1, stdout: "", stderr: expect.stringContaining("There is no source pgv") });
  expect((await runDks(["usage", "import", path], environment)).status).toBe(2);
});

test("a file takes no memory, however large", async () => {
  const path = await file("large.csv", header);
  for (let from = 0; from < 100_000; from += 10_000) await appendFile(path, lines(from, from + 10_000));
  const outcome = await runDks(["usage", "import", path, "--source", "pgw", "--json"], {
    ...environment,
    // The command alone takes 20 MB of it, and the batches under way 20 MB more; all lines together would be ten times that.
    NODE_OPTIONS: "--max-old-space-size=64 --max-semi-space-size=4",
  });
  expect([outcome.status, outcome.stderr]).toEqual([0, ""]);
  expect(JSON.parse(outcome.stdout)).toMatchObject({ lines: 100_000, accepted: 100_000 });
  expect(await usedBytes()).toBe(sumTo(100_000));
});

test("eight processes that import overlapping files at once count every line once", async () => {
  const paths = await Promise.all(
    Array.from({ length: 8 }, async (_, n) => {
      // Each begins where another one is in the middle, and every other one goes from the end to the beginning.
      const own = lines(n * 1_000, n * 1_000 + 5_000)
        .trimEnd()
        .split("\n");
      return file(`overlapping-${n}.csv`, `${header}${(n % 2 === 0 ? own : own.toReversed()).join("\n")}\n`);
    }),
  );
  const outcomes = await Promise.all(paths.map((path) => importUsage(path, "--json")));
  const figures = outcomes.map(({ stdout }) => JSON.parse(stdout) as { accepted: number; duplicates: number }); // As documented.
  expect(outcomes.map(({ status }) => status)).toEqual(Array.from({ length: 8 }, () => 0));
  const count = 12_000;
  expect(figures.reduce((sum, { accepted }) => sum + accepted, 0)).toBe(count);
  expect(figures.reduce((sum, { duplicates }) => sum + duplicates, 0)).toBe(8 * 5_000 - count);
  expect(await usedBytes()).toBe(sumTo(count));
}, 240_000);

describe("an import that ends in the middle", () => {
  const count = 30_000;
  let path: string;

  beforeAll(async () => {
    path = await file("middle.csv", header + lines(0, count));
  });

  /** Starts an import, holds it up within the third of its batches, and does something to it there. */
  async function interruptWithin(
    interrupt: (child: ChildProcess, stderr: () => string) => Promise<void>,
  ): Promise<{ status: number | null; stderr: string }> {
    const blocker = await database.pool.connect();
    try {
      await blocker.query("begin");
      // Whoever is to claim the same identity waits until it is known whether this one is there.
      await blocker.query(
        `insert into usage_identity (source_no, record_id, fingerprint, serial_no, month)
        select source_no, 'cdr-12000', 0, '1000', '2026-11-01' from usage_source`,
      );
      const bin = fileURLToPath(new URL("../../../bin/dks.js", import.meta.url));
      const child = spawn(process.execPath, [bin, "usage", "import", path, "--source", "pgw"], {
        env: { PATH: process.env["PATH"], LC_ALL: "C.UTF-8", ...environment },
        stdio: ["ignore", "ignore", "pipe"],
      });
      let stderr = "";
      child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
      const closed = once(child, "close");
      await eventually("two batches are taken in and the third waits", async () => {
        const { rows } = await database.pool.query<{ arrived: boolean }>(
          `select (select count(*) from usage_identity) >= 10000 and exists (
            select from pg_stat_activity
            where datname = current_database() and application_name = 'dks' and wait_event_type = 'Lock'
          ) as arrived`,
        );
        return rows[0]?.arrived === true ? true : undefined;
      });
      await interrupt(child, () => stderr);
      await blocker.query("rollback");
      const [status] = (await closed) as [number | null]; // As the event is documented.
      return { status, stderr };
    } finally {
      await blocker.query("rollback");
      blocker.release();
    }
  }

  async function runAgain(): Promise<void> {
    const outcome = await importUsage(path, "--json");
    const { accepted, duplicates } = JSON.parse(outcome.stdout) as { accepted: number; duplicates: number }; // As documented.
    expect([outcome.status, accepted + duplicates]).toEqual([0, count]);
    expect(duplicates).toBeGreaterThanOrEqual(10_000);
    expect(accepted).toBeGreaterThan(0);
    expect(await usedBytes()).toBe(sumTo(count));
    const { rows } = await database.pool.query("select count(*), sum(bytes)::bigint as bytes from usage_record");
    expect(rows).toEqual([{ count, bytes: sumTo(count) }]);
  }

  test("because it is killed goes on when it is run again, and counts every line once", async () => {
    const outcome = await interruptWithin(async (child) => {
      child.kill("SIGKILL");
      await once(child, "exit");
    });
    expect(outcome.status).toBe(null);
    await runAgain();
  });

  test.each(["SIGINT", "SIGTERM"] as const)(
    "by %s writes what is under way, and goes on when it is run again",
    async (signal) => {
      const outcome = await interruptWithin(async (child, stderr) => {
        child.kill(signal);
        await eventually("it stops", async () => (stderr().includes("Stopping") ? true : undefined));
      });
      expect(outcome.status).toBe(1);
      expect(outcome.stderr).toMatch(
        /The import was stopped\. Of the file, [12][05]000 lines were dealt with, and \d+ are taken in\./,
      );
      await runAgain();
    },
  );
});
