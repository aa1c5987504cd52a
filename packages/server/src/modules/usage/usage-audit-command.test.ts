import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type TestDatabase, createTestDatabase } from "../../../test/database.ts";
import { type Outcome, runDks } from "../../../test/dks.ts";
import { delta, insertSource, reading } from "../../../test/usage.ts";
import { cardImport } from "../cards/cards.import.ts";
import { importCsv } from "../imports/import-csv.ts";
import type { UsageSource } from "../sources/source.ts";
import { createIntake } from "./intake.ts";
import type { SubmittedRecord } from "./usage-record.ts";

let database: TestDatabase;
let onelink: UsageSource;
let gateway: UsageSource;

beforeAll(async () => {
  database = await createTestDatabase();
  await importCsv(
    database.pool,
    cardImport,
    `serial_no,carrier,cycle_day,iccid,msisdn
87000001,cmcc,1,89860000000000000011,1440000000001
87000002,cmcc,1,89860000000000000029,1440000000002
87000003,cmcc,1,89860000000000000037,1440000000002
`,
  );
  onelink = await insertSource(database.pool, { name: "onelink", kind: "reading" });
  gateway = await insertSource(database.pool, { name: "gateway", kind: "delta" });
  await takeIn(
    "2026-11-20T00:00:00+08:00",
    onelink,
    reading(onelink, "r1", "87000001", "2026-11-02T10:00:00+08:00", 1_000),
    reading(onelink, "r2", "87000001", "2026-11-02T20:00:00+08:00", 1_500),
    reading(onelink, "r3", "87000001", "2026-11-04T00:00:00+08:00", 1_400),
  );
  await takeIn(
    "2026-11-21T00:00:00+08:00",
    gateway,
    delta(gateway, "g1", "87000001", "2026-11-02T10:00:00+08:00", 900),
    delta(gateway, "g2", "87000001", "2026-11-03T10:00:00+08:00", 450),
    delta(gateway, "g3", "87000001", "2026-11-03T10:00:00+08:00", -50, { corrects: "g2", apn: "cmiot" }),
    delta(gateway, "h1", "87000002", "2026-11-03T10:00:00+08:00", 5),
  );
  await takeIn(
    "2026-12-01T03:00:00+08:00",
    onelink,
    reading(onelink, "r4", "87000001", "2026-12-01T01:00:00+08:00", 2_000),
    reading(onelink, "r5", "87000001", "2026-12-01T02:00:00+08:00", 30),
  );
  await takeIn(
    "2026-12-08T00:00:00+08:00",
    onelink,
    reading(onelink, "r6", "87000001", "2026-11-30T12:00:00+08:00", 1_900),
  );
});
afterAll(() => database.drop());

async function takeIn(nowIso: string, source: UsageSource, ...batch: SubmittedRecord[]): Promise<void> {
  const clock = () => Date.parse(nowIso);
  const intake = createIntake(database.pool, { clock, timeZone: "Asia/Shanghai" });
  const results = await intake.takeIn(source, batch);
  expect(results.filter(({ status }) => status !== "accepted")).toEqual([]);
}

function usage(...args: string[]): Promise<Outcome> {
  return runDks(["usage", ...args], { DATABASE_URL: database.address.connectionString });
}

async function json(...args: string[]): Promise<unknown> {
  const { status, stdout, stderr } = await usage(...args, "--json");
  expect([status, stderr]).toEqual([0, ""]);
  return JSON.parse(stdout);
}

describe("dks usage show", () => {
  test("explains a month of readings down to each record, and says what other sources have", async () => {
    const { status, stdout, stderr } = await usage("show", "87000001", "--month", "2026-11");
    expect([status, stderr]).toEqual([0, ""]);
    expect(stdout).toBe(`Card 87000001, billing month 2026-11 (2026-11-01 to 2026-11-30)
used        2000 bytes
source      onelink (readings)
as of       2026-11-30T17:00:00.000Z
closes      2026-12-03T16:00:00.000Z
version     2
at closing  2000 bytes

Days
date        used_bytes  counter  read_at
2026-11-02        1500     1500  2026-11-02T12:00:00.000Z
2026-11-03        -100     1400  2026-11-03T16:00:00.000Z
2026-11-30         600     2000  2026-11-30T17:00:00.000Z

Records
id  read_at                   counter  effect  day         received_at               note
r1  2026-11-02T02:00:00.000Z     1000   +1000  2026-11-02  2026-11-19T16:00:00.000Z
r2  2026-11-02T12:00:00.000Z     1500    +500  2026-11-02  2026-11-19T16:00:00.000Z
r3  2026-11-03T16:00:00.000Z     1400    -100  2026-11-03  2026-11-19T16:00:00.000Z  the counter fell: the carrier's correction
r6  2026-11-30T04:00:00.000Z     1900    +500  2026-11-30  2026-12-07T16:00:00.000Z  adjustment after closing
r4  2026-11-30T17:00:00.000Z     2000    +100  2026-11-30  2026-11-30T19:00:00.000Z  read in 2026-12, before the counter was reset: counts here

Other sources, which do not count
source   kind   used_bytes  gap_bytes  as_of
gateway  delta        1300       -700  2026-11-03T02:00:00.000Z
`);
  });

  test("says of a reading in the month after that it counts in the month before", async () => {
    const { stdout } = await usage("show", "1440000000001", "--month", "2026-12");
    expect(stdout).toContain("used        30 bytes");
    expect(stdout).toMatch(/^r4 .* 2000 +- .*counts in 2026-11: the counter had not been reset$/m);
    expect(stdout).toMatch(/^r5 .* 30 +\+30 .*Z$/m);
  });

  test("finds the card by its ICCID, and prints all of it as JSON", async () => {
    const shown = await json("show", "8986000000000000001", "--month", "2026-11");
    expect(shown).toMatchObject({
      serial_no: "87000001",
      billing_month: "2026-11",
      source: "onelink",
      used_bytes: 2_000,
      records_kept: true,
      sources: [
        { source: "onelink", counts: true, gap_bytes: null, version: 2, closed_bytes: 2_000 },
        {
          source: "gateway",
          counts: false,
          gap_bytes: -700,
          days: [
            { date: "2026-11-02", used_bytes: 900 },
            { date: "2026-11-03", used_bytes: 400 },
          ],
          records: [
            { id: "g1", bytes: 900, effect_bytes: 900, corrects: null },
            { id: "g3", bytes: -50, effect_bytes: -50, corrects: "g2", attributes: { apn: "cmiot" } },
            {
              id: "g2",
              bytes: 450,
              effect_bytes: 450,
              start: "2026-11-03T01:00:00.000Z",
              end: "2026-11-03T02:00:00.000Z",
            },
          ],
        },
      ],
    });
  });

  test("is written in Chinese for a Chinese terminal", async () => {
    const { stdout } = await runDks(["usage", "show", "87000001", "--month", "2026-11"], {
      DATABASE_URL: database.address.connectionString,
      LC_ALL: "zh_CN.UTF-8",
    });
    expect(stdout).toContain(
      "卡 87000001，账期 2026-11（2026-11-01 至 2026-11-30）\n用量      2000 字节\n来源      onelink（读数）",
    );
    expect(stdout).toContain("读于 2026-12 账期，计数器尚未清零，计入本账期");
  });

  test("says that there is nothing, that no card has the number, that several have it", async () => {
    expect((await usage("show", "87000003", "--month", "2026-11")).stdout).toBe(
      "Card 87000003, billing month 2026-11 (2026-11-01 to 2026-11-30)\nThere is no usage in this month.\n",
    );
    expect(await usage("show", "4711")).toEqual({
      status: 1,
      stdout: "",
      stderr: "No card has the serial_no, ICCID, IMSI or MSISDN 4711.\n",
    });
    expect(await usage("show", "1440000000002")).toEqual({
      status: 1,
      stdout: "",
      stderr: "Several cards have the number 1440000000002: give the serial_no or the ICCID.\n",
    });
  });
});

test("dks usage gaps lists where sources differ, with totals", async () => {
  await takeIn(
    "2026-11-21T00:00:00+08:00",
    onelink,
    reading(onelink, "k1", "87000002", "2026-11-03T10:00:00+08:00", 5),
  );
  expect((await usage("gaps")).stdout)
    .toBe(`serial_no  month    source   used_bytes  as_of                     other    used_bytes  as_of                     gap_bytes
87000001   2026-11  onelink        2000  2026-11-30T17:00:00.000Z  gateway        1300  2026-11-03T02:00:00.000Z       -700
2 figures compared with the one that counts, 1 differ, by 700 bytes in all
`);
  expect(await json("gaps", "--month", "2026-12")).toEqual({ compared: 0, differing: 0, gap_bytes: "0", gaps: [] });
  expect(await json("gaps", "--month", "2026-11")).toEqual({
    compared: 2,
    differing: 1,
    gap_bytes: "700",
    gaps: [
      {
        serial_no: "87000001",
        billing_month: "2026-11",
        counts: true,
        source: "onelink",
        used_bytes: 2_000,
        as_of: "2026-11-30T17:00:00.000Z",
        other: { source: "gateway", used_bytes: 1_300, as_of: "2026-11-03T02:00:00.000Z" },
        gap_bytes: -700,
      },
    ],
  });
});

test("dks usage verify and rebuild report, mend, and have nothing to say afterwards", async () => {
  expect(await json("verify")).toMatchObject({ findings: 0, first_findings: [], skipped_months: [] });
  await database.pool.query("update usage_month set used_bytes = 7 where serial_no = '87000001' and source_no = $1", [
    gateway.sourceNo,
  ]);
  const folder = await mkdtemp(join(tmpdir(), "dks-"));
  try {
    const path = join(folder, "differences.csv");
    const outcome = await usage("verify", "--report", path);
    expect(outcome).toMatchObject({
      status: 1,
      stdout: expect.stringContaining(
        "card 87000001, 2026-11, source gateway: used_bytes is 7, and by the records 1300\n",
      ),
      stderr: "2 differences are in figures: dks usage rebuild sets them to what the records come to.\n",
    });
    expect((await readFile(path, "utf8")).split("\r\n")).toEqual([
      "\u{feff}problem,serial_no,billing_month,source,record_id,field,stored,expected",
      'month_differs,87000001,"=""2026-11""",gateway,,used_bytes,7,1300',
      'days_differ,87000001,"=""2026-11""",gateway,,used_bytes,7,1300',
      "",
    ]);
  } finally {
    await rm(folder, { recursive: true });
  }
  expect(await json("rebuild", "--month", "2026-11")).toMatchObject({ changed: 1, created: 0, skipped_months: [] });
  expect((await usage("rebuild", "--card", "87000001")).stdout).toBe(
    "3 months of cards by source computed anew, 0 changed (0 of them were missing)\n",
  );
  expect((await usage("verify", "--card", "87000001", "--month", "2026-11")).status).toBe(0);
});

describe("what is asked for wrongly", () => {
  test.each([
    [["rebuild", "--month", "2026-13"], 2, "must be a billing month, such as 2026-12"],
    [["rebuild", "--month", "2020-01"], 1, "No usage records of the billing month 2020-01 are kept"],
    [["verify", "--card", "4711"], 1, "There is no card with the serial_no 4711."],
    [["verify", "--report", "/nowhere/x.csv"], 1, "/nowhere/x.csv cannot be written"],
    [["gaps", "--limit", "0"], 2, "must be a whole number from 1 to 100000"],
  ])("%j is refused with what to change", async (args, status, reason) => {
    expect(await usage(...args)).toMatchObject({ status, stdout: "", stderr: expect.stringContaining(reason) });
  });
});
