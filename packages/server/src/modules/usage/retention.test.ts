import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type TestDatabase, createTestDatabase } from "../../../test/database.ts";
import { delta, importCards, insertSource, reading } from "../../../test/usage.ts";
import { OperatorError } from "../../errors.ts";
import { formatMonth, parseMonth } from "../packages/billing-month.ts";
import type { UsageSource } from "../sources/source.ts";
import { createAuditService } from "./audit.service.ts";
import { createIntake } from "./intake.ts";
import { keepingRecords } from "./keeping-records.ts";
import { type DropOptions, createRetentionService } from "./retention.service.ts";
import type { RecordResult, SubmittedRecord } from "./usage-record.ts";

const timeZone = "Asia/Shanghai";
let database: TestDatabase;
let deltas: UsageSource;
let readings: UsageSource;
/** The moment at which everything here happens, until it is moved. */
let now: string;

const clock = () => Date.parse(now);

beforeAll(async () => {
  database = await createTestDatabase();
  await importCards(database.pool, [
    { serialNo: "1001" },
    { serialNo: "1015", cycleDay: 15 },
    { serialNo: "1028", cycleDay: 28 },
  ]);
  deltas = await insertSource(database.pool, { name: "deltas", kind: "delta", closeAfterSeconds: 2_592_000 });
  readings = await insertSource(database.pool, { name: "readings", kind: "reading", graceSeconds: 172_800 });
});
beforeEach(() =>
  database.pool.query(
    "truncate usage_month, usage_record, usage_identity, usage_quarantine, card_source, usage_retention",
  ),
);
afterAll(() => database.drop());

const listSources = () => Promise.resolve([deltas, readings]);

function services() {
  const audit = createAuditService(database.pool, { listSources, clock, timeZone });
  return { audit, retention: createRetentionService(database.pool, { audit, clock, timeZone }) };
}

function monthOf(name: string): number {
  const month = parseMonth(name);
  if (month === undefined) throw new Error(`${name} is no month`);
  return month;
}

function drop(before: string, options?: DropOptions) {
  return services().retention.drop(monthOf(before), options);
}

async function submit(source: UsageSource, batch: readonly SubmittedRecord[]): Promise<RecordResult[]> {
  return createIntake(database.pool, { clock, timeZone }).takeIn(source, batch);
}

async function takeIn(nowIso: string, source: UsageSource, ...batch: SubmittedRecord[]): Promise<void> {
  now = nowIso;
  expect((await submit(source, batch)).filter(({ status }) => status !== "accepted")).toEqual([]);
}

async function statusesOf(source: UsageSource, ...batch: SubmittedRecord[]): Promise<string[]> {
  return (await submit(source, batch)).map(({ status }) => status);
}

async function query(statement: string): Promise<unknown[]> {
  return (await database.pool.query<Record<string, unknown>>(statement)).rows.map((row) => Object.values(row)[0]);
}

/** The months that there are records of. */
function recordMonths(): Promise<unknown[]> {
  return query("select distinct to_char(month, 'YYYY-MM') as month from usage_record order by month");
}

function identityMonths(): Promise<unknown[]> {
  return query("select distinct to_char(month, 'YYYY-MM') as month from usage_identity order by month");
}

function figures(): Promise<unknown[]> {
  return query("select to_json(m)::text from usage_month m order by serial_no, month, source_no");
}

function keptFrom(): Promise<unknown[]> {
  return query("select what || ' ' || to_char(from_month, 'YYYY-MM') from usage_retention order by what");
}

/** A delta on the tenth of each of these months, received when they were new. */
async function takeInMonths(...months: string[]): Promise<void> {
  for (const month of months)
    await takeIn(
      `${month}-11T00:00:00+08:00`,
      deltas,
      delta(deltas, `d-${month}`, "1001", `${month}-10T10:00:00+08:00`, 100),
    );
}

const fourMonths = ["2025-07", "2025-08", "2025-09", "2025-10"];

describe("dropping months", () => {
  test("takes their records and identities, and leaves all figures and all later records", async () => {
    await takeInMonths(...fourMonths);
    const before = await figures();
    now = "2026-11-29T12:00:00+08:00";
    const plan = await services().retention.plan(monthOf("2025-09"));
    expect(plan).toEqual({
      months: ["2025-07", "2025-08"].map((month) => ({
        month: monthOf(month),
        records: 1,
        sizeBytes: expect.any(Number),
      })),
      isUnfinished: false,
    });
    expect(await drop("2025-09")).toEqual({ months: plan.months, identities: 2 });
    expect(await recordMonths()).toEqual(["2025-09", "2025-10"]);
    expect(await identityMonths()).toEqual(["2025-09", "2025-10"]);
    expect(await figures()).toEqual(before);
    expect(await query("select to_regclass('usage_record_2025_08')::text")).toEqual([null]);
    expect(await keptFrom()).toEqual(["identity 2025-09", "record 2025-09"]);
  });

  test("again does nothing, nor does it where nothing ever was", async () => {
    now = "2026-11-29T12:00:00+08:00";
    expect(await drop("2025-09")).toEqual({ months: [], identities: 0 });
    expect(await keptFrom()).toEqual([]);
    await takeInMonths(...fourMonths);
    now = "2026-11-29T12:00:00+08:00";
    await drop("2025-09");
    expect(await drop("2025-09")).toEqual({ months: [], identities: 0 });
    expect(await drop("2025-08")).toEqual({ months: [], identities: 0 });
    expect(await services().retention.plan(monthOf("2025-09"))).toEqual({ months: [], isUnfinished: false });
    expect(await keptFrom()).toEqual(["identity 2025-09", "record 2025-09"]);
    expect(await drop("2025-10")).toMatchObject({ months: [{ month: monthOf("2025-09") }], identities: 1 });
  });

  test("leaves verify and rebuild with the months that are kept, and show with the figures", async () => {
    await takeInMonths(...fourMonths);
    // Read in September and not reset yet: it counts in August, and stays when August goes.
    await takeIn(
      "2025-09-02T00:00:00+08:00",
      readings,
      reading(readings, "r1", "1001", "2025-08-31T10:00:00+08:00", 500),
      reading(readings, "r2", "1001", "2025-09-01T10:00:00+08:00", 700),
      reading(readings, "r3", "1001", "2025-09-01T20:00:00+08:00", 5),
    );
    const before = await figures();
    now = "2026-11-29T12:00:00+08:00";
    await drop("2025-09");
    const { audit } = services();
    const all = { serialNo: undefined, month: undefined };
    const skipped = [monthOf("2025-07"), monthOf("2025-08")];
    expect(await audit.verify(all, { onFinding: () => {} })).toMatchObject({ months: 3, findings: 0, skipped });
    expect(await audit.rebuild(all)).toMatchObject({ months: 3, changed: 0, skipped });
    await expect(audit.rebuild({ serialNo: undefined, month: monthOf("2025-08") })).rejects.toThrow(
      "No usage records of the billing month 2025-08 are kept; those there are reach from 2025-09 to 2025-10.",
    );
    expect(await audit.explain("1001", monthOf("2025-08"))).toMatchObject({
      recordsKept: false,
      sources: [
        { usedBytes: 100, records: [] },
        { usedBytes: 700, records: [] },
      ],
    });
    expect(await audit.explain("1001", monthOf("2025-09"))).toMatchObject({ recordsKept: true });
    expect(await figures()).toEqual(before);
  });

  test("makes no rebuild believe a partition that somebody has made again", async () => {
    await takeInMonths(...fourMonths);
    const before = await figures();
    now = "2026-11-29T12:00:00+08:00";
    await drop("2025-09");
    await database.pool.query(
      "create table usage_record_2025_08 partition of usage_record for values from ('2025-08-01') to ('2025-09-01')",
    );
    try {
      const { audit } = services();
      expect(await audit.rebuild({ serialNo: "1001", month: undefined })).toMatchObject({ changed: 0 });
      expect(await figures()).toEqual(before);
    } finally {
      await database.pool.query("drop table usage_record_2025_08");
    }
  });
});

describe("what must be kept", () => {
  /** The latest month before which records may be dropped. */
  async function latestPossible(): Promise<string> {
    const { retention } = services();
    for (let month = monthOf(now.slice(0, 7)); ; month--) {
      try {
        await retention.plan(month);
        return formatMonth(month);
      } catch (error) {
        if (!(error instanceof OperatorError)) throw error;
        expect(error.text.en).toContain("must be kept: records are taken in up to 12 months back");
      }
    }
  }

  test("are thirteen months before the earliest that is a current one of any card", async () => {
    now = "2026-11-29T12:00:00+08:00";
    expect(await latestPossible()).toBe("2025-10");
    // For a card whose months begin on the 28th, October has not been over for a day yet.
    now = "2026-11-28T12:00:00+08:00";
    expect(await latestPossible()).toBe("2025-09");
    now = "2026-12-01T00:00:00+08:00";
    expect(await latestPossible()).toBe("2025-10");
    now = "2027-01-29T00:00:00+08:00";
    expect(await latestPossible()).toBe("2025-12");
    await expect(drop("2026-01")).rejects.toThrow("The latest possible is --before 2025-12.");
  });

  const moments = [
    "01T00:00:00",
    "01T00:30:00",
    "14T23:59:59",
    "15T00:00:01",
    "27T23:59:59",
    "28T00:00:00",
    "29T01:00:00",
  ];
  test.each(moments.map((moment) => `2026-11-${moment}+08:00`))(
    "at %s: whatever was taken in and is sent again is a duplicate or too old, and changes nothing",
    async (moment) => {
      const batch: SubmittedRecord[] = [];
      const counters: SubmittedRecord[] = [];
      for (const card of ["1001", "1015", "1028"])
        for (let day = 0; day < 215; day++) {
          // From June on, about midnight, when days and months change.
          const at = new Date(Date.parse("2025-06-01T00:00:00+08:00") + day * 86_400_000 + ((day % 3) - 1) * 1_000);
          batch.push(delta(deltas, `${card}-${day}`, card, at.toISOString(), day));
          counters.push(reading(readings, `${card}-${day}`, card, at.toISOString(), day % 31));
        }
      await takeIn("2026-01-20T00:00:00+08:00", deltas, ...batch);
      await takeIn("2026-01-20T00:00:00+08:00", readings, ...counters);
      const before = await figures();

      now = moment;
      const latest = await latestPossible();
      const { months, identities } = await drop(latest);
      expect(months.length).toBeGreaterThan(1);
      expect(identities).toBe(months.reduce((sum, { records }) => sum + records, 0));
      expect((await identityMonths())[0]).toBe(latest);

      const statuses = [...(await statusesOf(deltas, ...batch)), ...(await statusesOf(readings, ...counters))];
      expect(new Set(statuses)).toEqual(new Set(["duplicate", "too_old"]));
      expect(statuses.filter((status) => status === "too_old").length).toBeGreaterThanOrEqual(identities);
      expect(await figures()).toEqual(before);
    },
  );

  test("is enough for the latest record there can be: one that moves the month before its own", async () => {
    await takeInMonths(...fourMonths);
    await takeIn(
      "2025-11-02T00:00:00+08:00",
      readings,
      reading(readings, "r1", "1028", "2025-10-27T10:00:00+08:00", 500),
      reading(readings, "r2", "1028", "2025-10-28T20:00:00+08:00", 700),
      reading(readings, "r3", "1028", "2025-11-01T10:00:00+08:00", 5),
    );
    expect(await query("select used_bytes from usage_month where serial_no = '1028' order by month")).toEqual([700, 5]);
    // October, of a card whose months begin on the 28th, is the oldest month that is still taken in for it.
    now = "2026-11-26T12:00:00+08:00";
    expect(await latestPossible()).toBe("2025-09");
    await drop("2025-09");
    const { audit } = services();
    const all = { serialNo: undefined, month: undefined };
    // The counter had been reset after all, and r2 is October's.
    const late = reading(readings, "r4", "1028", "2025-10-28T10:00:00+08:00", 600);
    expect(await statusesOf(readings, late)).toEqual(["accepted"]);
    const reset = reading(readings, "r5", "1028", "2025-10-28T09:00:00+08:00", 3);
    expect(await statusesOf(readings, reset)).toEqual(["accepted"]);
    expect(await query("select used_bytes from usage_month where serial_no = '1028' order by month")).toEqual([500, 5]);
    expect(await audit.verify(all, { onFinding: () => {} })).toMatchObject({ findings: 0 });
    expect(await audit.rebuild(all)).toMatchObject({ changed: 0 });
  });
});

describe("nothing is dropped", () => {
  test("if the records of one of the months do not come to its figure, and it says of which", async () => {
    await takeInMonths(...fourMonths);
    await database.pool.query("update usage_month set used_bytes = 7 where month = '2025-08-01'");
    now = "2026-11-29T12:00:00+08:00";
    await expect(drop("2025-10")).rejects.toThrow(
      "Nothing was deleted, since the verification found differences in 2025-08 (2). See them with dks usage verify --month 2025-08",
    );
    expect(await recordMonths()).toEqual(fourMonths);
    expect(await identityMonths()).toEqual(fourMonths);
    expect(await keptFrom()).toEqual([]);
    // What is wrong with a later month is of no concern to the earlier ones.
    expect(await drop("2025-08")).toMatchObject({ identities: 1 });
  });

  test("if a record has lost its identity, since it might come a second time and nobody would know", async () => {
    await takeInMonths(...fourMonths);
    await database.pool.query("delete from usage_identity where month = '2025-07-01'");
    now = "2026-11-29T12:00:00+08:00";
    await expect(drop("2025-10")).rejects.toThrow("found differences in 2025-07 (1)");
    expect(await recordMonths()).toEqual(fourMonths);
  });

  test("while a rebuild is at work, which would take the records that are gone for usage that never was", async () => {
    await takeInMonths(...fourMonths);
    now = "2026-11-29T12:00:00+08:00";
    await keepingRecords(database.pool, async () => {
      await expect(drop("2025-10", { patienceMs: 50 })).rejects.toThrow(
        "The usage records are being read, so 2025-07 could not be deleted",
      );
    });
    expect(await recordMonths()).toEqual(fourMonths);
    expect(await drop("2025-10")).toMatchObject({ identities: 3 });
  });
});

describe("what is interrupted", () => {
  test("between two months is consistent, and is finished by running it again", async () => {
    await takeInMonths(...fourMonths);
    const before = await figures();
    now = "2026-11-29T12:00:00+08:00";
    const reader = await database.pool.connect();
    try {
      await reader.query("begin");
      await reader.query("select from usage_record_2025_08");
      await expect(drop("2025-10", { patienceMs: 1 })).rejects.toThrow("2025-08 could not be deleted");
    } finally {
      await reader.query("rollback");
      reader.release();
    }
    expect(await recordMonths()).toEqual(["2025-08", "2025-09", "2025-10"]);
    expect(await keptFrom()).toEqual(["identity 2025-07", "record 2025-08"]);
    const { audit, retention } = services();
    const all = { serialNo: undefined, month: undefined };
    expect(await audit.verify(all, { onFinding: () => {} })).toMatchObject({ findings: 0 });
    expect(await audit.rebuild(all)).toMatchObject({ changed: 0, skipped: [monthOf("2025-07")] });
    expect(await statusesOf(deltas, delta(deltas, "d-2025-07", "1001", "2025-07-10T10:00:00+08:00", 100))).toEqual([
      "too_old",
    ]);
    expect(await retention.plan(monthOf("2025-10"))).toMatchObject({ months: [{}, {}], isUnfinished: true });
    expect(await drop("2025-10")).toMatchObject({ months: [{}, {}], identities: 3 });
    expect(await identityMonths()).toEqual(["2025-10"]);
    expect(await figures()).toEqual(before);
  });

  test("between records and identities is finished, whichever month it is run again for", async () => {
    await takeInMonths(...fourMonths);
    now = "2026-11-29T12:00:00+08:00";
    const reader = await database.pool.connect();
    const ended = new OperatorError({ zh: "停", en: "stopped" });
    const stop = new AbortController();
    try {
      // Holds back the identities of the second month.
      await reader.query("begin");
      await reader.query("select from usage_identity where month = '2025-08-01' for update");
      const dropping = drop("2025-10", { signal: stop.signal });
      await expect
        .poll(
          () => query("select 1 from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"),
          { timeout: 20_000 },
        )
        .toHaveLength(1);
      stop.abort(ended);
      await reader.query("rollback");
      await expect(dropping).rejects.toThrow("stopped");
    } finally {
      reader.release();
    }
    expect(await recordMonths()).toEqual(["2025-10"]);
    expect(await identityMonths()).toEqual(["2025-09", "2025-10"]);
    expect(await keptFrom()).toEqual(["identity 2025-09", "record 2025-10"]);
    expect(
      await services().audit.verify({ serialNo: undefined, month: undefined }, { onFinding: () => {} }),
    ).toMatchObject({
      findings: 0,
    });
    expect(await drop("2025-08")).toEqual({ months: [], identities: 1 });
    expect(await identityMonths()).toEqual(["2025-10"]);
  });
});

test("records that arrive meanwhile are taken in, and none is lost", async () => {
  await takeInMonths(...fourMonths);
  now = "2026-11-29T12:00:00+08:00";
  let isDropping = true;
  const dropping = drop("2025-10").finally(() => (isDropping = false));
  let sent = 0;
  for (; isDropping; sent++)
    expect(await statusesOf(deltas, delta(deltas, `n${sent}`, "1001", "2026-11-29T10:00:00+08:00", 1))).toEqual([
      "accepted",
    ]);
  await dropping;
  expect(await query("select used_bytes from usage_month where month = '2026-11-01'")).toEqual([sent]);
  expect(sent).toBeGreaterThan(0);
});
