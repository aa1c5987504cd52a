import { randomInt } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type TestDatabase, createTestDatabase } from "../../../test/database.ts";
import { delta, importCards, insertSource, reading } from "../../../test/usage.ts";
import { createPool } from "../../db/database.ts";
import type { UsageSource } from "../sources/source.ts";
import { type Intake, createIntake } from "./intake.ts";
import { createMeteredCards } from "./metered-cards.ts";
import type { RecordStatus, SubmittedRecord } from "./usage-record.ts";

let database: TestDatabase;
let deltas: UsageSource;
let readings: UsageSource;
let now = 0;
let cardCount = 0;

beforeAll(async () => {
  database = await createTestDatabase();
  deltas = await insertSource(database.pool, { name: "deltas", kind: "delta" });
  readings = await insertSource(database.pool, { name: "readings", kind: "reading", unit: "KB" });
});
beforeEach(() => {
  now = Date.parse("2026-11-24T12:00:00+08:00");
});
afterAll(async () => database.drop());

function newIntake(timeZone = "Asia/Shanghai"): Intake {
  return createIntake(database.pool, { clock: () => now, timeZone });
}

/** A new card's number. */
async function newCard(cycleDay = 1): Promise<string> {
  const serialNo = String(880_000_000 + ++cardCount);
  await importCards(database.pool, [{ serialNo, cycleDay }]);
  return serialNo;
}

let idCount = 0;
function newId(): string {
  return `id-${++idCount}`;
}

async function takeIn(source: UsageSource, ...batch: SubmittedRecord[]): Promise<RecordStatus[]> {
  return (await newIntake().takeIn(source, batch)).map(({ status }) => status);
}

interface StoredMonth {
  readonly month: string;
  readonly source: string;
  readonly counts: boolean;
  readonly version: number;
  readonly used: number;
  readonly closed: number | null;
  /** By day of the calendar month; those with nothing are missing. */
  readonly days: Readonly<Record<string, number>>;
}

async function monthsOf(serialNo: string): Promise<StoredMonth[]> {
  const { rows } = await database.pool.query<StoredMonth>(
    `select to_char(month, 'YYYY-MM') as month, s.name as source, counts, usage_month.version, used_bytes as used, closed_bytes as closed,
      (select coalesce(json_object_agg(d.day, d.bytes order by d.day), '{}')
        from unnest(day_bytes) with ordinality as d (bytes, day) where d.bytes <> 0) as days
    from usage_month join usage_source s using (source_no)
    where serial_no = $1
    order by month, s.source_no`,
    [serialNo],
  );
  return rows;
}

/** The card's figure for a month. */
async function used(serialNo: string, month: string): Promise<number | undefined> {
  return (await monthsOf(serialNo)).find((row) => row.month === month && row.counts)?.used;
}

async function countRecords(serialNo: string): Promise<number> {
  const { rows } = await database.pool.query<{ count: number }>(
    "select count(*) as count from usage_record where serial_no = $1",
    [serialNo],
  );
  return rows[0]?.count ?? 0;
}

describe("defects of other platforms", () => {
  test("two consumers do not store a day twice", async () => {
    const card = await newCard();
    const batch = Array.from({ length: 20 }, () => delta(deltas, newId(), card, "2026-11-20T10:00:00+08:00", 7));
    await Promise.all(Array.from({ length: 4 }, async () => newIntake().takeIn(deltas, batch)));
    expect(await used(card, "2026-11")).toBe(140);
    expect(await countRecords(card)).toBe(20);
  });

  test("the first record of a month counts from zero, for its month and for its day", async () => {
    const card = await newCard();
    await takeIn(readings, reading(readings, newId(), card, "2026-10-31T20:00:00+08:00", 900));
    await takeIn(readings, reading(readings, newId(), card, "2026-11-01T20:00:00+08:00", 40));
    expect((await monthsOf(card)).map(({ month, used: bytes, days }) => [month, bytes, days])).toEqual([
      ["2026-10", 900, { 31: 900 }],
      ["2026-11", 40, { 1: 40 }],
    ]);
  });

  test("a day that is reported again holds all of the day, not its last increment", async () => {
    const card = await newCard();
    for (const bytes of [10, 20, 30])
      await takeIn(deltas, delta(deltas, newId(), card, "2026-11-20T10:00:00+08:00", bytes));
    expect((await monthsOf(card))[0]?.days).toEqual({ 20: 60 });
  });

  test("a stale reading does not lower the month", async () => {
    const card = await newCard();
    await takeIn(readings, reading(readings, newId(), card, "2026-11-20T10:00:00+08:00", 500));
    await takeIn(readings, reading(readings, newId(), card, "2026-11-19T10:00:00+08:00", 300));
    expect(await monthsOf(card)).toMatchObject([{ used: 500, days: { 19: 300, 20: 500 } }]);
  });

  test("amounts are converted exactly and rounded once", async () => {
    const card = await newCard();
    const records = Array.from({ length: 1000 }, (_, index) =>
      delta(deltas, newId(), card, "2026-11-20T10:00:00+08:00", 0, {
        bytes_total: undefined,
        value: `0.${String((index % 9) + 1)}`,
        unit: "KB",
      }),
    );
    await takeIn(deltas, ...records);
    // 102.4, 204.8, 307.2, 409.6, 512, 614.4, 716.8, 819.2 and 921.6 bytes, each rounded to whole bytes.
    const round = [102, 205, 307, 410, 512, 614, 717, 819, 922];
    expect(await used(card, "2026-11")).toBe(
      records.reduce((sum, _, index) => sum + (round[index % 9] ?? Number.NaN), 0),
    );
  });

  test("what could not be stored is not answered, and nothing of it is lost", async () => {
    const card = await newCard();
    const record = delta(deltas, newId(), card, "2026-11-20T10:00:00+08:00", 7);
    const lost = createPool(database.address, {
      applicationName: "dks test",
      connectionsMax: 1,
      connectTimeoutMs: 10_000,
      onIdleError: () => {},
    });
    await lost.end();
    const without = createIntake(lost, { clock: () => now, timeZone: "Asia/Shanghai" });
    await expect(without.takeIn(deltas, [record])).rejects.toThrow();
    expect(await takeIn(deltas, record)).toEqual(["accepted"]);
    expect(await used(card, "2026-11")).toBe(7);
  });

  test("a failure between record and figure leaves neither, so that the retry is no duplicate", async () => {
    const card = await newCard();
    const record = delta(deltas, newId(), card, "2026-11-20T10:00:00+08:00", 7);
    await database.pool.query(`
      create function fail_on_card() returns trigger language plpgsql as
      $$ begin raise exception 'no space left on device'; end $$`);
    await database.pool.query(
      `create trigger fail_on_card before insert on usage_month for each row when (new.serial_no = '${card}') execute function fail_on_card()`,
    );
    await expect(newIntake().takeIn(deltas, [record])).rejects.toThrow("no space left");
    expect(await countRecords(card)).toBe(0);
    await database.pool.query("drop trigger fail_on_card on usage_month");
    await database.pool.query("drop function fail_on_card");
    expect(await takeIn(deltas, record)).toEqual(["accepted"]);
    expect(await used(card, "2026-11")).toBe(7);
  });

  test("a late record is added to the month in which it was used", async () => {
    const card = await newCard();
    await takeIn(deltas, delta(deltas, newId(), card, "2026-11-20T10:00:00+08:00", 7));
    await takeIn(deltas, delta(deltas, newId(), card, "2026-09-30T10:00:00+08:00", 5));
    expect((await monthsOf(card)).map(({ month, used: bytes }) => [month, bytes])).toEqual([
      ["2026-09", 5],
      ["2026-11", 7],
    ]);
  });

  test("the month is that of the platform's time zone, wherever the server stands", async () => {
    const [chinese, american] = [await newCard(), await newCard()];
    const end = "2026-10-31T20:00:00Z";
    await newIntake("Asia/Shanghai").takeIn(deltas, [delta(deltas, newId(), chinese, end, 7)]);
    await newIntake("America/Los_Angeles").takeIn(deltas, [delta(deltas, newId(), american, end, 7)]);
    expect((await monthsOf(chinese)).map(({ month }) => month)).toEqual(["2026-11"]);
    expect((await monthsOf(american)).map(({ month }) => month)).toEqual(["2026-10"]);
  });

  test("on the 31st, the month before is the one before", async () => {
    now = Date.parse("2027-03-31T23:00:00+08:00");
    const card = await newCard();
    expect(
      await takeIn(
        deltas,
        delta(deltas, newId(), card, "2027-02-28T23:59:59.999+08:00", 1),
        delta(deltas, newId(), card, "2027-03-31T22:00:00+08:00", 2),
        delta(deltas, newId(), card, "2026-03-01T00:00:00.001+08:00", 4),
        delta(deltas, newId(), card, "2026-03-01T00:00:00+08:00", 8),
      ),
    ).toEqual(["accepted", "accepted", "accepted", "too_old"]);
    expect((await monthsOf(card)).map(({ month, used: bytes }) => [month, bytes])).toEqual([
      ["2026-03", 4],
      ["2027-02", 1],
      ["2027-03", 2],
    ]);
  });

  test("one duplicate in a batch refuses nothing else", async () => {
    const card = await newCard();
    const known = delta(deltas, newId(), card, "2026-11-20T10:00:00+08:00", 1);
    await takeIn(deltas, known);
    expect(
      await takeIn(
        deltas,
        delta(deltas, newId(), card, "2026-11-20T11:00:00+08:00", 2),
        known,
        delta(deltas, newId(), card, "2026-11-20T12:00:00+08:00", 4),
      ),
    ).toEqual(["accepted", "duplicate", "accepted"]);
    expect(await used(card, "2026-11")).toBe(7);
  });

  test("a duplicate is known a year later, by a process that has just started", async () => {
    const card = await newCard();
    const record = delta(deltas, newId(), card, "2026-11-20T10:00:00+08:00", 7);
    await takeIn(deltas, record);
    now = Date.parse("2027-11-30T12:00:00+08:00");
    expect(await takeIn(deltas, record)).toEqual(["duplicate"]);
    expect(await used(card, "2026-11")).toBe(7);
  });
});

describe("an identity", () => {
  test("used again with other content is a conflict that changes nothing and is kept", async () => {
    const [card, other] = [await newCard(), await newCard()];
    const id = newId();
    await takeIn(deltas, delta(deltas, id, card, "2026-11-20T10:00:00+08:00", 7));
    expect(
      await takeIn(
        deltas,
        delta(deltas, id, card, "2026-11-20T10:00:00+08:00", 8),
        delta(deltas, id, other, "2026-11-20T10:00:00+08:00", 7),
        delta(deltas, id, card, "2026-10-20T10:00:00+08:00", 7),
        delta(deltas, id, card, "2026-11-20T10:00:00+08:00", 7, { apn: "cmiot" }),
      ),
    ).toEqual(["conflict", "conflict", "conflict", "conflict"]);
    expect(await monthsOf(card)).toMatchObject([{ month: "2026-11", used: 7 }]);
    expect(await monthsOf(other)).toEqual([]);
    const { rows } = await database.pool.query("select status from usage_quarantine where record_id = $1", [id]);
    expect(rows).toHaveLength(4);
  });

  test("is the source's own", async () => {
    const card = await newCard();
    const another = await insertSource(database.pool, { name: newId(), kind: "delta" });
    const id = newId();
    expect(await takeIn(deltas, delta(deltas, id, card, "2026-11-20T10:00:00+08:00", 7))).toEqual(["accepted"]);
    expect(await takeIn(another, delta(another, id, card, "2026-11-20T10:00:00+08:00", 8))).toEqual(["accepted"]);
  });

  test("may be said of the card under any of its names", async () => {
    const { pool } = database;
    const card = await newCard();
    await pool.query("update card set msisdn = '14400000001', imsi = '460040000000001' where serial_no = $1", [card]);
    const id = newId();
    const end = "2026-11-20T10:00:00+08:00";
    expect(
      await takeIn(
        deltas,
        delta(deltas, id, card, end, 7),
        delta(deltas, id, "14400000001", end, 7),
        delta(deltas, id, "460040000000001", end, 7),
      ),
    ).toEqual(["accepted", "duplicate", "duplicate"]);
  });
});

describe("a card", () => {
  test("that is not known leaves its record in the quarantine", async () => {
    const record = delta(deltas, newId(), "NOSUCHCARD", "2026-11-20T10:00:00+08:00", 7);
    expect(await takeIn(deltas, record, record)).toEqual(["unknown_card", "unknown_card"]);
    expect(await takeIn(deltas, record)).toEqual(["unknown_card"]);
    const { rows } = await database.pool.query(
      "select status, subject, content from usage_quarantine where record_id = $1",
      [record.id],
    );
    expect(rows).toEqual([{ status: "unknown_card", subject: "NOSUCHCARD", content: record.content }]);
  });

  test("whose number is another's too is not guessed", async () => {
    const cards = [await newCard(), await newCard()];
    await database.pool.query("update card set msisdn = '14400000002' where serial_no = any($1)", [cards]);
    const [result] = await newIntake().takeIn(deltas, [
      delta(deltas, newId(), "14400000002", "2026-11-20T10:00:00+08:00", 7),
    ]);
    expect(result).toMatchObject({ status: "unknown_card", refusal: { hint: "card_ambiguous" } });
  });
});

describe("the boundary of a billing month", () => {
  test("that starts on the 27th lies between the 26th and the 27th", async () => {
    const card = await newCard(27);
    now = Date.parse("2026-11-28T12:00:00+08:00");
    await takeIn(
      deltas,
      delta(deltas, newId(), card, "2026-11-26T23:59:59.999+08:00", 1),
      delta(deltas, newId(), card, "2026-11-27T00:00:00+08:00", 2),
      delta(deltas, newId(), card, "2026-11-27T00:00:00.001+08:00", 4),
    );
    expect(await monthsOf(card)).toMatchObject([
      { month: "2026-10", used: 3, days: { 26: 3 } },
      { month: "2026-11", used: 4, days: { 27: 4 } },
    ]);
  });

  test("a period that straddles it belongs whole to the month of its end", async () => {
    const card = await newCard();
    await takeIn(
      deltas,
      delta(deltas, newId(), card, "2026-11-01T00:30:00+08:00", 9, { start: "2026-10-31T23:30:00+08:00" }),
    );
    expect(await monthsOf(card)).toMatchObject([{ month: "2026-11", used: 9, days: { 1: 9 } }]);
  });

  test("29 February is a day of February, and 28 February of another year the last", async () => {
    now = Date.parse("2028-02-29T23:30:00+08:00");
    const card = await newCard();
    await takeIn(
      deltas,
      delta(deltas, newId(), card, "2028-02-29T23:59:59.999+08:00", 1),
      delta(deltas, newId(), card, "2028-03-01T00:00:00+08:00", 2),
      delta(deltas, newId(), card, "2027-02-28T23:59:59.999999+08:00", 4),
      delta(deltas, newId(), card, "2027-03-01T00:00:00.000001+08:00", 8),
    );
    expect(await monthsOf(card)).toMatchObject([
      { month: "2027-02", used: 4, days: { 28: 4 } },
      { month: "2027-03", used: 8, days: { 1: 8 } },
      { month: "2028-02", used: 3, days: { 29: 3 } },
    ]);
  });

  test("a day of 25 hours and one of 23 are one day each, where clocks are changed", async () => {
    const card = await newCard();
    const intake = newIntake("Europe/Berlin");
    now = Date.parse("2027-04-02T12:00:00Z");
    await intake.takeIn(deltas, [
      // 25 October 2026 lasts from 22:00 to 23:00 UTC a day later.
      delta(deltas, newId(), card, "2026-10-24T22:00:00Z", 1),
      delta(deltas, newId(), card, "2026-10-24T22:00:00.001Z", 2),
      delta(deltas, newId(), card, "2026-10-25T23:00:00Z", 4),
      delta(deltas, newId(), card, "2026-10-25T23:00:00.001Z", 8),
      // 28 March 2027 from 23:00 to 22:00 UTC.
      delta(deltas, newId(), card, "2027-03-27T23:00:00.001Z", 16),
      delta(deltas, newId(), card, "2027-03-28T22:00:00Z", 32),
      delta(deltas, newId(), card, "2027-03-28T22:00:00.001Z", 64),
    ]);
    expect(await monthsOf(card)).toMatchObject([
      { month: "2026-10", days: { 24: 1, 25: 6, 26: 8 } },
      { month: "2027-03", days: { 28: 48, 29: 64 } },
    ]);
  });
});

describe("a counter that was not reset yet", () => {
  test("counts in the month before, within the grace and while it does not fall", async () => {
    const card = await newCard();
    await takeIn(
      readings,
      reading(readings, newId(), card, "2026-10-31T23:00:00+08:00", 900),
      reading(readings, newId(), card, "2026-11-01T01:00:00+08:00", 910),
      reading(readings, newId(), card, "2026-11-01T02:00:00+08:00", 5),
      reading(readings, newId(), card, "2026-11-01T03:00:00+08:00", 8),
    );
    expect(await monthsOf(card)).toMatchObject([
      { month: "2026-10", used: 910, days: { 31: 910 } },
      { month: "2026-11", used: 8, days: { 1: 8 } },
    ]);
    const { rows } = await database.pool.query("select bytes from usage_record where serial_no = $1 and carried", [
      card,
    ]);
    expect(rows).toEqual([{ bytes: 910 }]);
  });

  test("is not one that stood at zero: a card that was idle all month has used nothing in it", async () => {
    const card = await newCard();
    await takeIn(
      readings,
      reading(readings, newId(), card, "2026-10-31T23:00:00+08:00", 0),
      reading(readings, newId(), card, "2026-11-01T03:00:00+08:00", 700),
      reading(readings, newId(), card, "2026-11-01T09:00:00+08:00", 900),
    );
    expect(await monthsOf(card)).toMatchObject([
      { month: "2026-10", used: 0 },
      { month: "2026-11", used: 900 },
    ]);
  });

  test("counts in the new month once a late reading shows that it had been reset", async () => {
    const card = await newCard();
    await takeIn(readings, reading(readings, newId(), card, "2026-10-31T12:00:00+08:00", 10));
    await takeIn(readings, reading(readings, newId(), card, "2026-11-01T01:00:00+08:00", 20));
    expect(await monthsOf(card)).toMatchObject([
      { month: "2026-10", used: 20 },
      { month: "2026-11", used: 0 },
    ]);
    await takeIn(readings, reading(readings, newId(), card, "2026-10-31T23:00:00+08:00", 900));
    expect(await monthsOf(card)).toMatchObject([
      { month: "2026-10", used: 900, days: { 31: 900 } },
      { month: "2026-11", used: 20, days: { 1: 20 } },
    ]);
  });
});

describe("a closed month", () => {
  test("keeps its figure as closed, and counts its adjustments in its version", async () => {
    const card = await newCard();
    now = Date.parse("2026-11-03T23:59:59+08:00");
    await takeIn(deltas, delta(deltas, newId(), card, "2026-10-20T10:00:00+08:00", 100));
    expect(await monthsOf(card)).toMatchObject([{ version: 1, used: 100, closed: null }]);
    now = Date.parse("2026-11-04T00:00:00+08:00");
    await takeIn(
      deltas,
      delta(deltas, newId(), card, "2026-10-20T11:00:00+08:00", 20),
      delta(deltas, newId(), card, "2026-10-21T11:00:00+08:00", 3),
    );
    expect(await monthsOf(card)).toMatchObject([{ version: 3, used: 123, closed: 100, days: { 20: 120, 21: 3 } }]);
  });

  test("takes in what arrived before it closed and was overtaken by an adjustment", async () => {
    const card = await newCard();
    const [first, late, slow] = [100, 20, 3].map((bytes) =>
      delta(deltas, newId(), card, "2026-10-20T10:00:00+08:00", bytes),
    ) as [SubmittedRecord, SubmittedRecord, SubmittedRecord];
    now = Date.parse("2026-11-03T23:00:00+08:00");
    await takeIn(deltas, first);
    now = Date.parse("2026-11-04T00:00:01+08:00");
    await takeIn(deltas, late);
    now = Date.parse("2026-11-03T23:59:59+08:00");
    await takeIn(deltas, slow);
    expect(await monthsOf(card)).toMatchObject([{ version: 2, used: 123, closed: 103 }]);
  });

  test("that loses a reading to the next month says so, and keeps the figure that it was closed with", async () => {
    const card = await newCard();
    now = Date.parse("2026-11-01T03:00:00+08:00");
    await takeIn(
      readings,
      reading(readings, newId(), card, "2026-10-20T12:00:00+08:00", 100),
      reading(readings, newId(), card, "2026-11-01T02:00:00+08:00", 120),
    );
    now = Date.parse("2026-11-04T00:00:00+08:00");
    // It had been reset before: the one of 02:00 is November's.
    await takeIn(readings, reading(readings, newId(), card, "2026-11-01T01:00:00+08:00", 90));
    expect(await monthsOf(card)).toMatchObject([
      { month: "2026-10", version: 2, used: 100, closed: 120 },
      { month: "2026-11", version: 1, used: 120, closed: null },
    ]);
  });

  test("is corrected by a record that names what it corrects", async () => {
    const card = await newCard();
    const wrong = newId();
    await takeIn(deltas, delta(deltas, wrong, card, "2026-10-20T10:00:00+08:00", 100));
    await takeIn(deltas, delta(deltas, newId(), card, "2026-10-20T10:00:00+08:00", -40, { corrects: wrong }));
    expect(await monthsOf(card)).toMatchObject([{ version: 3, used: 60, closed: 0, days: { 20: 60 } }]);
  });
});

describe("a carrier's correction within the month", () => {
  test("is followed by the total, on the day on which the counter fell", async () => {
    const card = await newCard();
    await takeIn(
      readings,
      reading(readings, newId(), card, "2026-11-10T10:00:00+08:00", 500),
      reading(readings, newId(), card, "2026-11-11T10:00:00+08:00", 450),
    );
    expect(await monthsOf(card)).toMatchObject([{ used: 450, days: { 10: 500, 11: 450 } }]);
  });
});

describe("of two sources of a card", () => {
  test("the first that reports a month counts, and the other is kept beside it", async () => {
    const card = await newCard();
    await takeIn(deltas, delta(deltas, newId(), card, "2026-11-20T10:00:00+08:00", 7));
    await takeIn(readings, reading(readings, newId(), card, "2026-11-20T10:00:00+08:00", 9));
    expect(await monthsOf(card)).toMatchObject([
      { source: "deltas", counts: true, used: 7 },
      { source: "readings", counts: false, used: 9 },
    ]);
  });

  test("the assigned one counts from its month on, whoever reports first", async () => {
    const card = await newCard();
    await database.pool.query(
      "insert into card_source (serial_no, from_month, source_no) values ($1, '2026-11-01', $2)",
      [card, readings.sourceNo],
    );
    for (const end of ["2026-10-20T10:00:00+08:00", "2026-11-20T10:00:00+08:00"]) {
      await takeIn(deltas, delta(deltas, newId(), card, end, 7));
      await takeIn(readings, reading(readings, newId(), card, end, 9));
    }
    expect((await monthsOf(card)).map(({ month, source, counts }) => [month, source, counts])).toEqual([
      ["2026-10", "deltas", true],
      ["2026-10", "readings", false],
      ["2026-11", "deltas", false],
      ["2026-11", "readings", true],
    ]);
  });

  test("one whose counter was not reset yet has not reported the new month: the first that has a figure of it counts", async () => {
    const card = await newCard();
    await takeIn(
      readings,
      reading(readings, newId(), card, "2026-10-31T23:00:00+08:00", 900),
      reading(readings, newId(), card, "2026-11-01T02:00:00+08:00", 910),
    );
    await takeIn(deltas, delta(deltas, newId(), card, "2026-11-05T10:00:00+08:00", 7));
    await takeIn(readings, reading(readings, newId(), card, "2026-11-06T10:00:00+08:00", 5));
    expect(await monthsOf(card)).toMatchObject([
      { month: "2026-10", source: "readings", counts: true, used: 910 },
      { month: "2026-11", source: "deltas", counts: true, used: 7 },
      { month: "2026-11", source: "readings", counts: false, used: 5 },
    ]);
  });

  test("that report a month first at the same moment, one counts", async () => {
    const cards: string[] = [];
    for (let count = 0; count < 20; count++) cards.push(await newCard());
    await Promise.all([
      takeIn(deltas, ...cards.map((card) => delta(deltas, newId(), card, "2026-11-20T10:00:00+08:00", 7))),
      takeIn(readings, ...cards.map((card) => reading(readings, newId(), card, "2026-11-20T10:00:00+08:00", 9))),
    ]);
    for (const card of cards)
      expect((await monthsOf(card)).map(({ counts }) => counts).toSorted()).toEqual([false, true]);
  });
});

test("readings and deltas of the same usage come to the same days and month", async () => {
  const [byDeltas, byReadings] = [await newCard(27), await newCard(27)];
  let counter = 0;
  const deltaBatch: SubmittedRecord[] = [];
  const readingBatch: SubmittedRecord[] = [];
  for (let hour = 0; hour < 24 * 25; hour++) {
    const at = new Date(Date.parse("2026-10-27T08:00:00+08:00") + hour * 3_600_000).toISOString();
    const bytes = randomInt(2 ** 40);
    counter += bytes;
    deltaBatch.push(delta(deltas, newId(), byDeltas, at, bytes));
    readingBatch.push(reading(readings, newId(), byReadings, at, counter));
  }
  await takeIn(deltas, ...deltaBatch);
  await takeIn(readings, ...readingBatch.toReversed());
  const [fromDeltas] = await monthsOf(byDeltas);
  const [fromReadings] = await monthsOf(byReadings);
  expect(fromReadings?.used).toBe(counter);
  expect(fromDeltas?.used).toBe(counter);
  // In the order of the billing month, each day's counter is the one before and the day's usage.
  let last = 0;
  for (const day of [27, 28, 29, 30, 31, ...Array.from({ length: 20 }, (_, index) => index + 1)]) {
    last += fromDeltas?.days[day] ?? 0;
    expect(fromReadings?.days[day]).toBe(last);
  }
});

test("a card whose day changes while its first record is taken in is looked up again for the next", async () => {
  const card = await newCard();
  const metered = createMeteredCards();
  const intake = createIntake(database.pool, { clock: () => now, timeZone: "Asia/Shanghai", metered });
  const blocker = await database.pool.connect();
  try {
    await blocker.query("begin; lock table usage_identity in exclusive mode");
    const first = intake.takeIn(deltas, [delta(deltas, newId(), card, "2026-11-20T10:00:00+08:00", 1)]);
    await expect.poll(waitsForIdentities).toBe(true);
    await importCards(database.pool, [{ serialNo: card, cycleDay: 27 }]);
    metered.forgetAll();
    await blocker.query("commit");
    await first;
  } finally {
    blocker.release(true);
  }
  await intake.takeIn(deltas, [delta(deltas, newId(), card, "2026-11-20T11:00:00+08:00", 10)]);
  expect((await monthsOf(card)).map(({ month, used: bytes }) => [month, bytes])).toEqual([
    ["2026-10", 10],
    ["2026-11", 1],
  ]);
});

async function waitsForIdentities(): Promise<boolean> {
  const { rows } = await database.pool.query(
    "select from pg_locks where relation = 'usage_identity'::regclass and not granted",
  );
  return rows.length > 0;
}

test("eight takers of overlapping batches lose nothing and count nothing twice", async () => {
  const cards: string[] = [];
  for (let count = 0; count < 40; count++) cards.push(await newCard());
  const records = Array.from({ length: 2_000 }, (_, index) =>
    delta(deltas, newId(), cards[index % cards.length] ?? "", `2026-11-${10 + (index % 9)}T10:00:00+08:00`, index + 1),
  );
  const accepted = await Promise.all(
    Array.from({ length: 8 }, async () => {
      const pool = createPool(database.address, {
        applicationName: "dks test",
        connectionsMax: 1,
        connectTimeoutMs: 10_000,
        onIdleError: () => {},
      });
      const intake = createIntake(pool, { clock: () => now, timeZone: "Asia/Shanghai" });
      let count = 0;
      const order = records.toSorted(() => Math.random() - 0.5);
      for (let from = 0; from < order.length; from += 100)
        for (const { status } of await intake.takeIn(deltas, order.slice(from, from + 100)))
          if (status === "accepted") count++;
          else expect(status).toBe("duplicate");
      await pool.end();
      return count;
    }),
  );
  expect(accepted.reduce((sum, count) => sum + count, 0)).toBe(records.length);
  const { rows } = await database.pool.query<{ used: number; days: number }>(
    `select sum(used_bytes)::bigint as used, sum((select sum(d) from unnest(day_bytes) as d))::bigint as days
    from usage_month where serial_no = any($1)`,
    [cards],
  );
  expect(rows).toEqual([{ used: 2_001_000, days: 2_001_000 }]);
}, 60_000);
