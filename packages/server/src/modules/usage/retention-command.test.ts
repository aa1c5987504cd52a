import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type TestDatabase, createTestDatabase } from "../../../test/database.ts";
import { type Outcome, runDks } from "../../../test/dks.ts";
import { delta, importCards, insertSource } from "../../../test/usage.ts";
import { formatMonth, localDays } from "../packages/billing-month.ts";
import type { UsageSource } from "../sources/source.ts";
import { createIntake } from "./intake.ts";

const timeZone = "Asia/Shanghai";
let database: TestDatabase;
let source: UsageSource;

/** A month so many before this one, as "2026-11". The commands go by the clock on the wall. */
function monthsAgo(count: number): string {
  return formatMonth(localDays(timeZone)(Date.now()).month - count);
}

/** Old enough to be dropped on any day of the month, and the first that is kept. */
const [old, older, oldest, kept] = [monthsAgo(16), monthsAgo(17), monthsAgo(18), monthsAgo(15)];

beforeAll(async () => {
  database = await createTestDatabase();
  await importCards(database.pool, [{ serialNo: "1001" }]);
  source = await insertSource(database.pool, { name: "gateway", kind: "delta" });
  for (const month of [oldest, older, old, kept]) {
    const clock = () => Date.parse(`${month}-11T00:00:00+08:00`);
    const results = await createIntake(database.pool, { clock, timeZone }).takeIn(source, [
      delta(source, `d-${month}`, "1001", `${month}-10T10:00:00+08:00`, 100),
    ]);
    expect(results).toMatchObject([{ status: "accepted" }]);
  }
});
afterAll(() => database.drop());

const environment = () => ({ DATABASE_URL: database.address.connectionString });

function usage(...args: string[]): Promise<Outcome> {
  return runDks(["usage", ...args], environment());
}

async function monthsOf(table: "usage_record" | "usage_identity"): Promise<string[]> {
  const { rows } = await database.pool.query<{ month: string }>(
    `select distinct to_char(month, 'YYYY-MM') as month from ${table} order by month`,
  );
  return rows.map(({ month }) => month);
}

test("what would be dropped is shown first, and needs --yes", async () => {
  const shown = await usage("drop", "--before", old);
  expect(shown).toMatchObject({
    status: 1,
    stderr: "Nothing has been deleted. With --yes they are, once verified, for good.\n",
  });
  expect(shown.stdout.replaceAll(/\d{5,}/g, "…").replaceAll(/ +/g, " ")).toBe(
    `month records size_bytes\n${oldest} 1 …\n${older} 1 …\n`,
  );
  expect(JSON.parse((await usage("drop", "--before", older, "--json")).stdout)).toEqual({
    before: older,
    dropped: false,
    months: [{ billing_month: oldest, records: 1, size_bytes: expect.any(Number) }],
  });
  expect(await monthsOf("usage_record")).toEqual([oldest, older, old, kept]);
  expect(await usage("drop", "--before", oldest)).toEqual({
    status: 0,
    stdout: `There are no usage records of the months before ${oldest}.\n`,
    stderr: "",
  });
});

test("what is asked for wrongly is refused, and says what is possible", async () => {
  expect(await usage("drop", "--before", monthsAgo(12), "--yes")).toMatchObject({
    status: 1,
    stdout: "",
    stderr: expect.stringMatching(/^The usage records of \S+ and later must be kept: .* --before \d{4}-\d{2}\.\n$/),
  });
  expect(await usage("drop", "--before", "2025-13")).toMatchObject({ status: 2 });
  expect(await usage("drop", "--yes")).toMatchObject({ status: 2 });
  expect(await monthsOf("usage_record")).toEqual([oldest, older, old, kept]);
});

test("a command that is killed in the middle leaves all as it should be, and the next one finishes", async () => {
  // Holds back the second of the months.
  const reader = await database.pool.connect();
  try {
    await reader.query("begin");
    await reader.query(`select from usage_record_${older.replace("-", "_")}`);
    const dks = fileURLToPath(new URL("../../../bin/dks.js", import.meta.url));
    const child = spawn(process.execPath, [dks, "usage", "drop", "--before", kept, "--yes"], {
      env: { PATH: process.env["PATH"], HOME: process.env["HOME"], LC_ALL: "C.UTF-8", ...environment() },
      stdio: "ignore",
    });
    const closed = once(child, "close");
    const isWaiting = `select from pg_locks l join pg_database d on d.oid = l.database
      where d.datname = current_database() and not l.granted and l.mode = 'AccessExclusiveLock'`;
    await expect.poll(async () => (await database.pool.query(isWaiting)).rowCount, { timeout: 30_000 }).toBe(1);
    child.kill("SIGKILL");
    await closed;
  } finally {
    await reader.query("rollback");
    reader.release();
  }
  expect(await monthsOf("usage_record")).toEqual([older, old, kept]);
  expect(await monthsOf("usage_identity")).toEqual([oldest, older, old, kept]);
  expect(await usage("verify")).toMatchObject({
    status: 0,
    stderr: `Left out, since their usage records are no longer kept: ${oldest}\n`,
  });
  expect(await usage("show", "1001", "--month", oldest)).toMatchObject({
    status: 0,
    stdout: expect.stringMatching(/used +100 bytes\n[^]*The month's usage records are no longer kept\.\n$/),
  });

  const finished = await usage("drop", "--before", kept, "--yes");
  expect(finished).toMatchObject({ status: 0, stderr: "" });
  expect(finished.stdout).toContain("2 billing months verified and deleted: 2 usage records, 3 identities\n");
  expect(await monthsOf("usage_record")).toEqual([kept]);
  expect(await monthsOf("usage_identity")).toEqual([kept]);
});

test("a Chinese terminal is told in Chinese", async () => {
  const { stdout } = await runDks(["usage", "drop", "--before", kept, "--yes"], {
    ...environment(),
    LC_ALL: "zh_CN.UTF-8",
  });
  expect(stdout).toBe(`没有 ${kept} 之前账期的用量记录。\n`);
});
