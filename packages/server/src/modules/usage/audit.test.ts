import fc from "fast-check";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type TestDatabase, createTestDatabase } from "../../../test/database.ts";
import { delta, importCards, insertSource, reading } from "../../../test/usage.ts";
import { retryingTransaction } from "../../db/retry.ts";
import { OperatorError } from "../../errors.ts";
import { parseMonth } from "../packages/billing-month.ts";
import type { UsageSource } from "../sources/source.ts";
import { createAuditService } from "./audit.service.ts";
import { createCalendar } from "./calendar.ts";
import { createIntake } from "./intake.ts";
import { type RebuildReport, rebuildUsage } from "./rebuild.ts";
import type { SubmittedRecord } from "./usage-record.ts";
import { type Finding, type VerifyReport, verifyUsage } from "./verify.ts";

const timeZone = "Asia/Shanghai";
let database: TestDatabase;
let deltas: UsageSource;
let readings: UsageSource;
let otherReadings: UsageSource;

beforeAll(async () => {
  database = await createTestDatabase();
  await importCards(database.pool, [
    { serialNo: "1001" },
    { serialNo: "1002", cycleDay: 27 },
    { serialNo: "1003", cycleDay: 15 },
    ...Array.from({ length: 20 }, (_, index) => ({ serialNo: `20${String(index).padStart(2, "0")}` })),
  ]);
  deltas = await insertSource(database.pool, { name: "deltas", kind: "delta", closeAfterSeconds: 3_600 });
  readings = await insertSource(database.pool, { name: "readings", kind: "reading", closeAfterSeconds: 86_400 });
  otherReadings = await insertSource(database.pool, { name: "other", kind: "reading", graceSeconds: 0 });
});
beforeEach(clear);
afterAll(() => database.drop());

async function clear(): Promise<void> {
  await database.pool.query("truncate usage_month, usage_record, usage_identity, usage_quarantine, card_source");
}

const definitions = {
  listSources: () => Promise.resolve([deltas, readings, otherReadings]),
  calendar: createCalendar(timeZone),
};

function at(iso: string): () => number {
  return () => Date.parse(iso);
}

async function takeIn(nowIso: string, source: UsageSource, ...batch: SubmittedRecord[]): Promise<void> {
  const results = await createIntake(database.pool, { clock: at(nowIso), timeZone }).takeIn(source, batch);
  expect(results.filter(({ status }) => status !== "accepted")).toEqual([]);
}

function rebuild(scope: { serialNo?: string; month?: string } = {}): Promise<RebuildReport> {
  return rebuildUsage(database.pool, definitions, scopeOf(scope));
}

async function verify(scope: { serialNo?: string; month?: string } = {}): Promise<VerifyReport & { list: Finding[] }> {
  const list: Finding[] = [];
  const report = await verifyUsage(database.pool, definitions, scopeOf(scope), {
    onFinding: (finding) => void list.push(finding),
  });
  expect(report.findings).toBe(list.length);
  return { ...report, list };
}

function scopeOf({ serialNo, month }: { serialNo?: string; month?: string }) {
  return { serialNo, month: month === undefined ? undefined : parseMonth(month) };
}

/** Every row, with what tells whether it was written again. */
async function monthRows(): Promise<Record<string, unknown>[]> {
  const { rows } = await database.pool.query<Record<string, unknown>>(
    "select *, xmin::text as written_by from usage_month order by serial_no, month, source_no",
  );
  return rows;
}

async function damage(statement: string): Promise<void> {
  expect((await database.pool.query(statement)).rowCount).toBe(1);
}

/** A bit of everything: two sources, a correction, a fall, late and out of order, a counter reset late, an adjustment. */
async function takeInAllSorts(): Promise<void> {
  await takeIn(
    "2026-11-20T00:00:00+08:00",
    deltas,
    delta(deltas, "d1", "1001", "2026-11-02T10:00:00+08:00", 100, { apn: "cmnet", session_id: 's"1\\', bytes_up: 40 }),
    delta(deltas, "d2", "1001", "2026-11-05T00:00:00+08:00", 50),
    delta(deltas, "d3", "1001", "2026-11-02T11:00:00.000001+08:00", 7),
    delta(deltas, "d4", "1002", "2026-11-12T11:00:00+08:00", 9),
  );
  await takeIn(
    "2026-11-20T01:00:00+08:00",
    readings,
    reading(readings, "r1", "1001", "2026-11-19T10:00:00+08:00", 500),
    reading(readings, "r2", "1001", "2026-11-19T12:00:00+08:00", 450),
    reading(readings, "r3", "1001", "2026-11-03T12:00:00+08:00", 200),
  );
  await takeIn(
    "2026-12-01T03:00:00+08:00",
    readings,
    // Not reset yet, and then it is.
    reading(readings, "r4", "1001", "2026-12-01T01:00:00+08:00", 460),
    reading(readings, "r5", "1001", "2026-12-01T02:00:00+08:00", 3),
  );
  await takeIn(
    "2026-12-09T00:00:00+08:00",
    deltas,
    delta(deltas, "d5", "1001", "2026-11-30T23:00:00+08:00", 11),
    delta(deltas, "d6", "1001", "2026-11-05T00:00:00+08:00", -20, { corrects: "d2" }),
  );
  await takeIn(
    "2026-12-09T00:00:00+08:00",
    readings,
    reading(readings, "r6", "1001", "2026-11-25T12:00:00+08:00", 455),
  );
}

describe("rebuilding what the intake has written", () => {
  test("changes nothing, and there is nothing to report, for all sorts of records", async () => {
    await takeInAllSorts();
    const before = await monthRows();
    expect(before.length).toBe(4);
    expect(await rebuild()).toEqual({ months: 4, changed: 0, created: 0, skipped: [] });
    expect(await monthRows()).toEqual(before);
    expect(await verify()).toEqual({ months: 4, records: 12, findings: 0, beyondRebuild: 0, skipped: [], list: [] });
  });

  /** Minutes around the starts of four months, which is where records are decided about, and anywhere between. */
  const minute = fc.oneof(
    fc.integer({ min: 0, max: 120 * 1_440 }),
    fc
      .tuple(fc.constantFrom(0, 14, 26, 30, 44, 56, 61, 75, 87), fc.integer({ min: -90, max: 480 }))
      .map(([day, minutes]) => Math.max(0, day * 1_440 + minutes)),
  );
  const sent = fc.record({
    card: fc.constantFrom("1001", "1002", "1003"),
    minute,
    bytes: fc.integer({ min: 0, max: 60 }),
    source: fc.constantFrom(0, 1, 2),
    delayHours: fc.oneof(fc.integer({ min: 0, max: 5 }), fc.integer({ min: 0, max: 2_000 })),
  });

  test("changes nothing, in whatever order and however late records arrive", async () => {
    const start = Date.parse("2026-09-01T00:00:00+08:00");
    await fc.assert(
      fc.asyncProperty(fc.array(sent, { minLength: 30, maxLength: 120 }), async (records) => {
        await clear();
        const sources = await definitions.listSources();
        const arriving = records
          .map((record, index) => ({ ...record, index, at: start + record.minute * 60_000 }))
          .map((record) => ({ ...record, received: record.at + record.delayHours * 3_600_000 }))
          .sort((a, b) => a.received - b.received);
        // Ten at a time, by source, received when the last of them is.
        for (let from = 0; from < arriving.length; from += 10) {
          const batch = arriving.slice(from, from + 10);
          const now = new Date(batch.at(-1)?.received ?? start).toISOString();
          for (const [index, source] of sources.entries()) {
            const make = source.kind === "delta" ? delta : reading;
            const own = batch.filter((record) => record.source === index);
            if (own.length > 0)
              await takeIn(
                now,
                source,
                ...own.map((record) =>
                  make(source, `x${record.index}`, record.card, new Date(record.at).toISOString(), record.bytes),
                ),
              );
          }
        }
        const before = await monthRows();
        expect((await verify()).list).toEqual([]);
        expect(await rebuild()).toMatchObject({ months: before.length, changed: 0, created: 0 });
        expect(await monthRows()).toEqual(before);
        // From nothing at all it comes to the same, but for which source counts, where a tie may be decided otherwise,
        // and for months whose readings all count in the month before.
        const filled = before.filter((row) => row.as_of instanceof Date);
        await database.pool.query("delete from usage_month");
        expect(await rebuild()).toMatchObject({ months: filled.length, created: filled.length });
        expect((await monthRows()).map(figures)).toEqual(filled.map(figures));
        expect((await verify()).list).toEqual([]);
      }),
      { numRuns: 12 },
    );
  });

  function figures({ counts: _counts, written_by: _writtenBy, ...row }: Record<string, unknown>) {
    return row;
  }
});

describe("damage to a figure is reported, and mended by a rebuild", () => {
  const november = "where serial_no = '1001' and month = '2026-11-01' and source_no =";
  test.each([
    ["used_bytes", "deltas", "used_bytes = used_bytes + 1", ["used_bytes", "used_bytes"]],
    ["as_of", "deltas", "as_of = as_of + interval '1 microsecond'", ["as_of"]],
    ["as_of, emptied", "readings", "as_of = '-infinity'", ["as_of"]],
    ["as_of, endless", "readings", "as_of = 'infinity'", ["as_of"]],
    ["version", "deltas", "version = version - 1", ["version"]],
    ["closed_bytes", "deltas", "closed_bytes = 0", ["closed_bytes"]],
    ["closed_bytes, removed", "readings", "closed_bytes = null", ["closed_bytes"]],
    ["a day", "deltas", "day_bytes[5] = 31", ["day_bytes[5]", "used_bytes"]],
    ["a day, moved to another", "deltas", "day_bytes[2] = 0, day_bytes[3] = 107", ["day_bytes[2]", "day_bytes[3]"]],
    ["a day's counter", "readings", "day_bytes[3] = 201", ["day_bytes[3]"]],
    ["a day's time", "readings", "day_at[3] = day_at[3] - interval '1 second'", ["day_at[3]"]],
    ["the times of the days", "readings", "day_at = null", ["day_at", "used_bytes"]],
    ["counts", "deltas", "counts = false", ["counts"]],
  ])("%s", async (_what, name, change, fields) => {
    await takeInAllSorts();
    const before = (await monthRows()).map(({ written_by: _writtenBy, ...row }) => row);
    const source = name === "deltas" ? deltas : readings;
    await damage(`update usage_month set ${change} ${november} ${source.sourceNo}`);
    const { list, beyondRebuild } = await verify();
    expect(list.map(({ field }) => field)).toEqual(fields);
    for (const finding of list)
      expect(finding).toMatchObject({ serialNo: "1001", month: "2026-11", source: name, recordId: null });
    expect(beyondRebuild).toBe(0);
    // Another month's rebuild leaves it alone.
    expect(await rebuild({ month: "2026-12" })).toMatchObject({ changed: 0 });
    expect(await rebuild({ serialNo: "1002" })).toMatchObject({ changed: 0 });
    expect(await rebuild({ serialNo: "1001", month: "2026-11" })).toMatchObject({ months: 2, changed: 1, created: 0 });
    expect((await monthRows()).map(({ written_by: _writtenBy, ...row }) => row)).toEqual(before);
    expect((await verify()).list).toEqual([]);
  });

  test("what is reported says what is stored and what the records come to", async () => {
    await takeInAllSorts();
    await damage(`update usage_month set used_bytes = 1 ${november} ${deltas.sourceNo}`);
    const of = { serialNo: "1001", month: "2026-11", source: "deltas", recordId: null };
    expect((await verify({ serialNo: "1001" })).list).toEqual([
      { ...of, problem: "month_differs", field: "used_bytes", stored: "1", expected: "148" },
      { ...of, problem: "days_differ", field: "used_bytes", stored: "1", expected: "148" },
    ]);
    expect((await verify({ serialNo: "1002" })).list).toEqual([]);
    expect((await verify({ month: "2026-12" })).list).toEqual([]);
  });

  test("a figure that is gone", async () => {
    await takeInAllSorts();
    const before = (await monthRows()).map(({ written_by: _writtenBy, ...row }) => row);
    await damage(`delete from usage_month ${november} ${deltas.sourceNo}`);
    expect((await verify()).list).toEqual([
      expect.objectContaining({ problem: "month_missing", source: "deltas", stored: null, expected: "148" }),
      // The deltas were received first, and cannot count while they have no figure.
      expect.objectContaining({ problem: "none_counts", source: "readings" }),
    ]);
    expect(await rebuild()).toMatchObject({ months: 4, changed: 1, created: 1 });
    expect((await monthRows()).map(({ written_by: _writtenBy, ...row }) => row)).toEqual(before);
    expect((await verify()).list).toEqual([]);
  });

  test("a figure without any record is set to nothing", async () => {
    await takeInAllSorts();
    await damage(`insert into usage_month (serial_no, month, source_no, counts, version, used_bytes, as_of, day_bytes)
      values ('1003', '2026-11-01', ${deltas.sourceNo}, true, 3, 5, now(), array_fill(5::bigint, '{31}'))`);
    expect((await verify()).list.length).toBeGreaterThan(0);
    await rebuild();
    const { rows } = await database.pool.query(
      "select counts, version, used_bytes, as_of::text, day_bytes[7]::int as day from usage_month where serial_no = '1003'",
    );
    expect(rows).toEqual([{ counts: true, version: 1, used_bytes: 0, as_of: "-infinity", day: 0 }]);
    expect((await verify()).list).toEqual([]);
  });
});

describe("which source counts", () => {
  test("is the assigned one, although another was received first, and none while it has not reported", async () => {
    await database.pool.query(
      "insert into card_source (serial_no, from_month, source_no) values ('1001', '2026-10-01', $1)",
      [readings.sourceNo],
    );
    await takeIn("2026-11-20T00:00:00+08:00", deltas, delta(deltas, "d1", "1001", "2026-11-02T10:00:00+08:00", 100));
    expect((await verify()).list).toEqual([]);
    await takeIn(
      "2026-11-21T00:00:00+08:00",
      readings,
      reading(readings, "r1", "1001", "2026-11-02T10:00:00+08:00", 7),
    );
    await database.pool.query("delete from usage_month");
    await rebuild();
    expect(await monthRows()).toMatchObject([
      { source_no: deltas.sourceNo, counts: false, used_bytes: 100 },
      { source_no: readings.sourceNo, counts: true, used_bytes: 7 },
    ]);
    expect((await verify()).list).toEqual([]);
  });

  test("is otherwise the one whose record was received first", async () => {
    await takeIn(
      "2026-11-20T00:00:00+08:00",
      otherReadings,
      reading(otherReadings, "o1", "1001", "2026-11-19T00:00:00+08:00", 5),
    );
    await takeIn("2026-11-21T00:00:00+08:00", deltas, delta(deltas, "d1", "1001", "2026-11-02T10:00:00+08:00", 100));
    await database.pool.query("delete from usage_month");
    await rebuild();
    expect(await monthRows()).toMatchObject([
      { source_no: deltas.sourceNo, counts: false },
      { source_no: otherReadings.sourceNo, counts: true },
    ]);
  });
});

describe("damage to records is reported, and is beyond a rebuild", () => {
  test.each([
    ["a record that is gone", "delete from usage_record where record_id = 'd4'", "record_missing", null],
    ["an identity that is gone", "delete from usage_identity where record_id = 'd4'", "identity_missing", null],
    [
      "an identity of other content",
      "update usage_identity set fingerprint = fingerprint + 1 where record_id = 'd4'",
      "identity_differs",
      "fingerprint",
    ],
    [
      "an identity of another card",
      "update usage_identity set serial_no = '1001' where record_id = 'd4'",
      "identity_differs",
      "serial_no",
    ],
    [
      "bytes that were changed",
      "update usage_record set bytes = 10 where record_id = 'd4'",
      "identity_differs",
      "fingerprint",
    ],
    [
      "an attribute that was added",
      `update usage_record set attributes = '{"apn":"x"}' where record_id = 'd4'`,
      "identity_differs",
      "fingerprint",
    ],
    [
      "a record that is there twice",
      "insert into usage_record select * from usage_record where record_id = 'd4'",
      "record_repeated",
      null,
    ],
  ])("%s", async (_what, statement, problem, field) => {
    await takeInAllSorts();
    await damage(statement);
    const { list, beyondRebuild } = await verify();
    expect(list).toContainEqual(
      expect.objectContaining({ problem, field, source: "deltas", serialNo: "1002", month: "2026-10", recordId: "d4" }),
    );
    expect(beyondRebuild).toBeGreaterThan(0);
    expect((await verify({ serialNo: "1002", month: "2026-10" })).beyondRebuild).toBeGreaterThan(0);
    expect((await verify({ serialNo: "1003" })).list).toEqual([]);
  });
});

describe("a month whose records are not kept", () => {
  test("is left alone, said to be, and refused if it is asked for", async () => {
    await takeInAllSorts();
    await database.pool.query("drop table usage_record_2026_11");
    await database.pool.query("delete from usage_identity where month = '2026-11-01'");
    try {
      const before = await monthRows();
      expect(await rebuild()).toMatchObject({ changed: 0, skipped: [parseMonth("2026-11")] });
      expect(await monthRows()).toEqual(before);
      expect(await verify()).toMatchObject({ findings: 0, skipped: [parseMonth("2026-11")] });
      await expect(rebuild({ month: "2026-11" })).rejects.toThrow(
        /^No usage records of the billing month 2026-11 are kept; those there are reach from \S+ to 2026-12\.$/,
      );
      await expect(rebuild({ serialNo: "9999" })).rejects.toThrow(/^There is no card with the serial_no 9999/);
    } finally {
      await clear();
    }
  });
});

test("sums that no number holds are verified, rebuilt, explained and compared like any others", async () => {
  const now = "2026-11-24T00:00:00+08:00";
  const pib = 2 ** 50;
  const absurd = Array.from({ length: 9 }, (_, index) =>
    delta(deltas, `x${index}`, "1001", `2026-11-${index < 5 ? 20 : 21}T10:00:00+08:00`, pib - index),
  );
  await takeIn(now, deltas, ...absurd, delta(deltas, "y", "1002", "2026-11-20T10:00:00+08:00", 5));
  await takeIn(now, readings, reading(readings, "r", "1001", "2026-11-20T10:00:00+08:00", 5));
  expect((await verify()).list).toEqual([]);
  const sum = String(9n * 2n ** 50n - 36n);
  await damage(
    "update usage_month set used_bytes = used_bytes - 1, day_bytes[20] = day_bytes[20] - 1 where serial_no = '1001' and counts",
  );
  expect((await verify()).list).toContainEqual(
    expect.objectContaining({ field: "used_bytes", stored: String(BigInt(sum) - 1n), expected: sum }),
  );
  expect(await rebuild()).toMatchObject({ months: 3, changed: 1 });
  const { rows } = await database.pool.query(
    "select used_bytes::text from usage_month where serial_no = '1001' and counts",
  );
  expect(rows).toEqual([{ used_bytes: sum }]);
  const audit = createAuditService(database.pool, { ...definitions, clock: at(now), timeZone });
  expect((await audit.explain("1001")).sources[0]).toMatchObject({ usedBytes: Number(sum) });
  expect(await audit.gaps(undefined, 1)).toMatchObject({
    gapBytes: String(BigInt(sum) - 5n),
    gaps: [{ gapBytes: -Number.MAX_SAFE_INTEGER }],
  });
});

test("a rebuild beside the intake changes nothing that is right, mends what is not, and loses no record", async () => {
  const intake = createIntake(database.pool, { clock: at("2026-12-03T12:00:00+08:00"), timeZone });
  const cards = Array.from({ length: 20 }, (_, index) => `20${String(index).padStart(2, "0")}`);
  let running = 8;
  const expected = new Map<string, number>();
  async function send(loop: number): Promise<void> {
    for (let round = 0; round < 12; round++) {
      const source = loop % 2 === 0 ? deltas : readings;
      const batch = cards.map((card, index) => {
        const id = `${loop}-${round}-${index}`;
        // Of readings, the first hours of December among them, which may belong to November and move it.
        const hour = (loop * 12 + round * 7 + index) % 60;
        const time = new Date(Date.parse("2026-11-30T00:00:00+08:00") + hour * 3_600_000 + round * 1_000).toISOString();
        return source.kind === "delta"
          ? delta(source, id, card, time, index + 1)
          : reading(source, id, card, time, hour * 10 + (round % 3));
      });
      const results = await intake.takeIn(source, batch);
      expect(results.every(({ status }) => status === "accepted")).toBe(true);
      if (source.kind === "delta")
        for (const [index, card] of cards.entries()) expected.set(card, (expected.get(card) ?? 0) + index + 1);
    }
  }
  async function rebuildAllTheTime(): Promise<number> {
    let rebuilds = 0;
    while (running > 0) {
      expect(await rebuild()).toMatchObject({ changed: 0, created: 0 });
      for (const card of cards.slice(0, 10))
        // Where it waits in a circle with two batches, it may be the one that PostgreSQL picks.
        await retryingTransaction(database.pool, (db) =>
          db.query(
            "update usage_month set used_bytes = used_bytes + 1, day_bytes[30] = 5, closed_bytes = 1 where serial_no = $1 and month = '2026-11-01' and source_no = $2",
            [card, rebuilds % 2 === 0 ? deltas.sourceNo : readings.sourceNo],
          ),
        );
      await rebuild();
      expect((await verify()).list).toEqual([]);
      rebuilds++;
    }
    return rebuilds;
  }
  const [rebuilds] = await Promise.all([
    rebuildAllTheTime(),
    ...Array.from({ length: 8 }, (_, loop) => send(loop).finally(() => running--)),
  ]);
  expect(rebuilds).toBeGreaterThan(0);
  expect((await verify()).list).toEqual([]);
  const { rows } = await database.pool.query<{ serial_no: string; used: number }>(
    "select serial_no, sum(used_bytes)::bigint as used from usage_month where source_no = $1 group by serial_no",
    [deltas.sourceNo],
  );
  expect(new Map(rows.map(({ serial_no, used }) => [serial_no, used]))).toEqual(expected);
});

test("more cards than are held back at once are walked in pieces, the last card too", async () => {
  const serialNos = Array.from({ length: 2_005 }, (_, index) => `3${String(index).padStart(4, "0")}`);
  await importCards(
    database.pool,
    serialNos.map((serialNo) => ({ serialNo })),
  );
  await takeIn(
    "2026-11-20T00:00:00+08:00",
    deltas,
    ...serialNos.map((serialNo, index) => delta(deltas, `m${index}`, serialNo, "2026-11-02T10:00:00+08:00", index)),
  );
  const done: number[] = [];
  const scope = { serialNo: undefined, month: parseMonth("2026-11") };
  const report = await rebuildUsage(database.pool, definitions, scope, {
    onProgress: (progress) => void done.push(progress.done / progress.total),
  });
  expect(report).toMatchObject({ months: 2_005, changed: 0 });
  expect([done[0], done.at(-1), done.length]).toEqual([0, 1, 3]);
  await damage("update usage_month set used_bytes = 0 where serial_no = '32004'");
  expect((await verify()).list.map(({ serialNo }) => serialNo)).toEqual(["32004", "32004"]);
  expect(await rebuild()).toMatchObject({ months: 2_005, changed: 1 });

  const stop = new AbortController();
  stop.abort(new OperatorError({ zh: "停", en: "stopped" }));
  await expect(rebuildUsage(database.pool, definitions, scope, { signal: stop.signal })).rejects.toThrow("stopped");
});
