import pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type TestDatabase, createTestDatabase } from "../../../test/database.ts";
import { systemActor } from "../../actor.ts";
import { type BillingMonth, formatMonth, monthToDate, parseMonth } from "../packages/billing-month.ts";
import { type NewSource, type SourceService, createSourceService, usageUnits } from "./sources.service.ts";

let database: TestDatabase;
let sources: SourceService;
let now: number;

beforeAll(async () => {
  database = await createTestDatabase();
  sources = createSourceService(database.pool, { clock: () => now, timeZone: "Asia/Shanghai" });
  now = Date.parse("2026-11-15T12:00:00+08:00");
});
afterAll(() => database.drop());

let named = 0;
const by = systemActor("test");

function create(source: Partial<NewSource> = {}) {
  named += 1;
  return sources.create(
    {
      name: `source-${named}`,
      kind: "delta",
      unit: null,
      graceSeconds: 21_600,
      closeAfterSeconds: 259_200,
      ...source,
    },
    by,
  );
}

function rotate(name: string, overlapSeconds: number) {
  return sources.rotate(name, { overlapSeconds }, by);
}

describe("a token", () => {
  test("has 40 letters and digits of its own, and is found by", async () => {
    const [one, other] = [await create({ kind: "reading", unit: "KB" }), await create()];
    expect(one.token).toMatch(/^dus_[A-Za-z0-9]{40}$/);
    expect(one.token).not.toBe(other.token);
    expect(await sources.findByToken(one.token)).toEqual({
      source: {
        sourceNo: expect.any(Number),
        name: one.name,
        kind: "reading",
        unit: "KB",
        graceSeconds: 21_600,
        closeAfterSeconds: 259_200,
      },
      suspended: false,
    });
    expect((await sources.findByToken(other.token))?.source).toMatchObject({ name: other.name, unit: null });
  });

  test("is nowhere in the database, neither as it is nor in hexadecimal", async () => {
    const { name, token } = await create();
    const rotated = await rotate(name, 60);
    const { rows } = await database.pool.query<{ row: string }>("select s::text as row from usage_source s");
    const all = rows.map(({ row }) => row).join("\n");
    for (const each of [token, rotated.token]) {
      expect(all).not.toContain(each.slice(4));
      expect(all).not.toContain(Buffer.from(each).toString("hex"));
    }
  });

  test("that is malformed is refused without asking the database", async () => {
    const ended = new pg.Pool();
    await ended.end();
    const broken = createSourceService(ended, { clock: () => now, timeZone: "Asia/Shanghai" });
    const { token } = await create();
    for (const malformed of ["", "dus_", token.slice(0, -1), `${token}0`, `${token}\n`, token.replace("dus_", "DUS_")])
      expect(await broken.findByToken(malformed)).toBeUndefined();
    await expect(broken.findByToken(token)).rejects.toThrow("Cannot use a pool after calling end");
  });

  test("that nobody was given is nobody's", async () => {
    expect(await sources.findByToken(`dus_${"0".repeat(40)}`)).toBeUndefined();
  });

  test("works beside its successor until the overlap ends, and not a millisecond longer", async () => {
    const { name, token } = await create();
    const successor = await rotate(name, 3_600);
    const rotatedAt = now;
    const works = async (each: string) => (await sources.findByToken(each))?.source.name === name;
    now = rotatedAt + 3_600_000 - 1;
    expect([await works(token), await works(successor.token)]).toEqual([true, true]);
    now = rotatedAt + 3_600_000;
    expect([await works(token), await works(successor.token)]).toEqual([false, true]);
  });

  test("ends at once with an overlap of nothing, and with a second rotation", async () => {
    const { name, token } = await create();
    const second = await rotate(name, 3_600);
    const third = await rotate(name, 3_600);
    const fourth = await rotate(name, 0);
    const found = await Promise.all(
      [token, second.token, third.token, fourth.token].map((each) => sources.findByToken(each)),
    );
    expect(found.map((each) => each?.source.name)).toEqual([undefined, undefined, undefined, name]);
  });
});

describe("a source", () => {
  test("is told to be suspended from the next call on, however often it is, until it is resumed", async () => {
    const { name, token } = await create();
    const suspended = async () => (await sources.findByToken(token))?.suspended;
    await sources.change(name, { status: "suspended" }, by);
    await sources.change(name, { status: "suspended" }, by);
    expect(await suspended()).toBe(true);
    await sources.change(name, { status: "normal" }, by);
    expect(await suspended()).toBe(false);
  });

  test("has a name of its own: a second is refused and the first stays as it is", async () => {
    const { name, token } = await create({ unit: "MB" });
    await expect(create({ name, unit: "GB" })).rejects.toThrow(`There is a source ${name} already.`);
    expect((await sources.findByToken(token))?.source.unit).toBe("MB");
  });

  test.each(usageUnits)("may have the unit %s", async (unit) => {
    const { token } = await create({ unit });
    expect((await sources.findByToken(token))?.source.unit).toBe(unit);
  });

  test("that is not there can be neither rotated, suspended, resumed nor assigned", async () => {
    await addCard("none", 1);
    for (const change of [
      () => rotate("nobody", 60),
      () => sources.change("nobody", { status: "suspended" }, by),
      () => sources.change("nobody", { status: "normal" }, by),
      () => sources.assign("nobody", "none", undefined, by),
    ])
      await expect(change()).rejects.toThrow("There is no source nobody; dks source list shows those there are");
  });
});

async function addCard(serialNo: string, cycleDay: number): Promise<void> {
  await database.pool.query("insert into card (serial_no, carrier, cycle_day) values ($1, 'cmcc', $2)", [
    serialNo,
    cycleDay,
  ]);
}

async function addUsage(serialNo: string, month: string): Promise<void> {
  await database.pool.query(
    `insert into usage_month (serial_no, month, source_no, counts, day_bytes)
    select $1, $2, min(source_no), true, array_fill(0::bigint, array[31]) from usage_source`,
    [serialNo, monthToDate(monthNamed(month))],
  );
}

function monthNamed(given: string): BillingMonth {
  return parseMonth(given) ?? Number.NaN;
}

async function assignments(serialNo: string): Promise<string[]> {
  const { rows } = await database.pool.query<{ from_month: string; name: string }>(
    "select from_month, name from card_source join usage_source using (source_no) where serial_no = $1 order by 1",
    [serialNo],
  );
  return rows.map(({ from_month, name }) => `${from_month.slice(0, 7)} ${name}`);
}

describe("a card", () => {
  /** Stands at a moment, in the platform's time zone, and assigns a new card, perhaps with usage, to a new source. */
  async function assigned(given: {
    at: string;
    cycleDay: number;
    used?: readonly string[];
    from?: string;
  }): Promise<string> {
    named += 1;
    const serialNo = `card${named}`;
    const { name } = await create();
    await addCard(serialNo, given.cycleDay);
    for (const month of given.used ?? []) await addUsage(serialNo, month);
    now = Date.parse(`${given.at}+08:00`);
    const { fromMonth } = await sources.assign(
      name,
      serialNo,
      given.from === undefined ? undefined : monthNamed(given.from),
      by,
    );
    expect(await assignments(serialNo)).toEqual([`${formatMonth(fromMonth)} ${name}`]);
    return formatMonth(fromMonth);
  }

  test.each([
    ["the current month", { at: "2026-11-15T12:00:00", cycleDay: 1 }, "2026-11"],
    ["the current month, before its day of the month", { at: "2026-11-26T23:59:59.999", cycleDay: 27 }, "2026-10"],
    ["the current month, on its day of the month", { at: "2026-11-27T00:00:00", cycleDay: 27 }, "2026-11"],
    ["the current month, over the end of the year", { at: "2027-01-26T12:00:00", cycleDay: 27 }, "2026-12"],
    [
      "the current month with usage before it",
      { at: "2026-11-01T00:00:00", cycleDay: 1, used: ["2026-10"] },
      "2026-11",
    ],
    [
      "the next month if the current has usage",
      { at: "2026-11-15T12:00:00", cycleDay: 1, used: ["2026-11"] },
      "2026-12",
    ],
    ["the next year's first month", { at: "2026-12-31T23:59:59", cycleDay: 1, used: ["2026-12"] }, "2027-01"],
    [
      "the month after the next, once that has usage",
      { at: "2026-11-30T23:59:59", cycleDay: 1, used: ["2026-11", "2026-12"] },
      "2027-01",
    ],
  ])("is assigned from %s on", async (_name, given, expected) => {
    expect(await assigned(given)).toBe(expected);
  });

  test.each([
    ["the current month without usage", { at: "2026-11-26T12:00:00", cycleDay: 27, from: "2026-10" }],
    ["the next month", { at: "2026-11-26T12:00:00", cycleDay: 27, used: ["2026-10"], from: "2026-11" }],
    ["a month far off", { at: "2026-11-15T12:00:00", cycleDay: 1, used: ["2026-11"], from: "2027-11" }],
  ])("may be assigned from %s on", async (_name, given) => {
    expect(await assigned(given)).toBe(given.from);
  });

  test.each([
    [
      "a month that has usage",
      { at: "2026-11-15T12:00:00", cycleDay: 1, used: ["2026-11"], from: "2026-11" },
      /^Card card\d+ has usage in the billing month 2026-11 already, so its source stays; the earliest possible is 2026-12\.$/,
    ],
    [
      "a month that is over",
      { at: "2026-11-01T00:00:00", cycleDay: 1, from: "2026-10" },
      /^The billing month 2026-10 of card card\d+ is over, so its source stays; the earliest possible is 2026-11\.$/,
    ],
    [
      "a month that is over by the card's day of the month",
      { at: "2026-11-27T00:00:00", cycleDay: 27, from: "2026-10" },
      /is over, so its source stays; the earliest possible is 2026-11\.$/,
    ],
    [
      "a month that is over, where the current has usage",
      { at: "2026-11-27T00:00:00", cycleDay: 27, used: ["2026-11"], from: "2026-10" },
      /is over, so its source stays; the earliest possible is 2026-12\.$/,
    ],
  ])("is not assigned from %s on", async (_name, given, reason) => {
    await expect(assigned(given)).rejects.toThrow(reason);
    expect(await assignments(`card${named - 1}`)).toEqual([]);
  });

  test("is looked up by its serial_no only", async () => {
    const { name } = await create();
    await expect(sources.assign(name, "89860012345678901234", undefined, by)).rejects.toThrow(
      "There is no card with the serial_no 89860012345678901234.",
    );
  });

  test("may change its source for a month without usage, and nothing changes by doing it again", async () => {
    now = Date.parse("2026-11-15T12:00:00+08:00");
    await addCard("changing", 1);
    const [a, b] = [(await create()).name, (await create()).name];
    await sources.assign(a, "changing", undefined, by);
    await sources.assign(b, "changing", undefined, by);
    expect(await assignments("changing")).toEqual([`2026-11 ${b}`]);
    await addUsage("changing", "2026-11");
    await sources.assign(b, "changing", monthNamed("2026-11"), by);
    await expect(sources.assign(a, "changing", monthNamed("2026-11"), by)).rejects.toThrow("has usage");
    expect(await assignments("changing")).toEqual([`2026-11 ${b}`]);
  });

  test("keeps a later assignment, which is told", async () => {
    now = Date.parse("2026-11-15T12:00:00+08:00");
    await addCard("planned", 1);
    const [a, b] = [(await create()).name, (await create()).name];
    await sources.assign(b, "planned", monthNamed("2027-01"), by);
    await sources.assign(a, "planned", monthNamed("2027-03"), by);
    const assignment = await sources.assign(a, "planned", undefined, by);
    expect(assignment.next).toEqual({ name: b, fromMonth: monthNamed("2027-01") });
    expect((await sources.assign(a, "planned", monthNamed("2027-01"), by)).next).toBeUndefined();
    expect(await assignments("planned")).toEqual([`2026-11 ${a}`, `2027-01 ${a}`, `2027-03 ${a}`]);
  });

  test("whose first usage of the month comes at that moment is not assigned from this month on", async () => {
    now = Date.parse("2026-11-15T12:00:00+08:00");
    await addCard("racing", 1);
    const { name } = await create();
    const intake = await database.pool.connect();
    try {
      await intake.query("begin");
      await intake.query(
        `insert into usage_month (serial_no, month, source_no, counts, day_bytes)
        select 'racing', '2026-11-01', min(source_no), true, array_fill(0::bigint, array[31]) from usage_source`,
      );
      const assigning = sources.assign(name, "racing", undefined, by);
      await untilLocked();
      await intake.query("commit");
      expect((await assigning).fromMonth).toBe(monthNamed("2026-12"));
    } finally {
      intake.release();
    }
  });
});

/** Waits until some connection of this database waits for a lock. */
async function untilLocked(): Promise<void> {
  for (;;) {
    const { rowCount } = await database.pool.query(
      "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'",
    );
    if (rowCount !== 0) return;
  }
}
