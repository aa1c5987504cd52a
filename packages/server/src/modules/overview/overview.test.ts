import fc from "fast-check";
import type pg from "pg";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { createPool } from "../../db/database.ts";
import { type TestDatabase, createTestDatabase } from "../../../test/database.ts";
import { createLogger } from "../../log.ts";
import { AppError } from "../../errors.ts";
import { type CardFigures, createCardService } from "../cards/cards.service.ts";
import { billingMonthOf, localDays, monthToDate } from "../packages/billing-month.ts";
import { createCalendar } from "../usage/calendar.ts";
import { createUsageService } from "../usage/usage.service.ts";
import { cycleDays } from "./cycle-days.ts";
import type { InventoryFigures } from "./inventory-figures.ts";
import { type InventorySummaries, countingConnections, createInventorySummaries } from "./inventory-summary.ts";
import { startInventoryJob } from "./overview.job.ts";

const timeZone = "Asia/Shanghai";
const log = createLogger("silent");
const signal = new AbortController().signal;

let database: TestDatabase;
let now = Date.parse("2026-11-28T04:00:00Z");
const clock = () => now;
const pools: pg.Pool[] = [];

beforeAll(async () => {
  database = await createTestDatabase();
  await database.pool.query(`
    insert into account (name) select 'account ' || n from generate_series(1, 24) n;
    insert into product (product_no, name, carrier, origin_price, fee, size_bytes, months, level, eft_type)
      values ('p', 'p', 'cmcc', 1, 1, 1, 1, 1, 0);
    insert into usage_source (name, kind, token_hash) values ('deltas', 'delta', ''), ('readings', 'reading', '');`);
});
afterEach(async () => {
  for (const pool of pools.splice(0)) await pool.end();
});
afterAll(() => database.drop());

/** As another process of the platform would have it. */
function summariesOfAProcess(): InventorySummaries & { readonly countingPool: pg.Pool } {
  const countingPool = createPool(database.address, {
    applicationName: "dks overview",
    connectionsMax: countingConnections,
    connectTimeoutMs: 10_000,
    onIdleError: () => {},
  });
  pools.push(countingPool);
  return { ...createInventorySummaries(database.pool, countingPool, { clock, timeZone }), countingPool };
}

async function countNow(): Promise<InventoryFigures> {
  const summaries = summariesOfAProcess();
  await database.pool.query("delete from inventory_summary");
  expect(await summaries.count(0, signal)).toBe("counted");
  const summary = await summaries.read();
  if (summary === undefined) throw new Error("it was just counted");
  expect(summary.countedAt.getTime()).toBe(now);
  return summary.figures;
}

const megabyte = 1_048_576;

/** A card, and its months counted back from the one that it is in. */
interface RandomCard {
  readonly carrier: string;
  readonly account: number;
  readonly simStatus: number;
  readonly cycleDay: number;
  readonly packages: readonly { ago: number; months: number; level: number; sizeBytes: number }[];
  readonly usage: readonly { ago: number; readings: boolean; counts: boolean; days: readonly (number | null)[] }[];
}

const randomCard: fc.Arbitrary<RandomCard> = fc.record({
  carrier: fc.constantFrom("cmcc", "cucc", "ctcc"),
  account: fc.integer({ min: 10_001, max: 10_024 }),
  simStatus: fc.integer({ min: 0, max: 4 }),
  cycleDay: fc.constantFrom(1, 1, 1, 27, 15),
  packages: fc.array(
    fc.record({
      ago: fc.integer({ min: -2, max: 4 }),
      months: fc.integer({ min: 1, max: 6 }),
      level: fc.constantFrom(1, 2, 3, 3, 4),
      sizeBytes: fc.integer({ min: 1, max: 40 }).map((n) => n * megabyte),
    }),
    { maxLength: 4 },
  ),
  usage: fc.uniqueArray(
    fc.record({
      ago: fc.integer({ min: 0, max: 4 }),
      readings: fc.boolean(),
      counts: fc.boolean(),
      days: fc.array(fc.option(fc.integer({ min: -megabyte, max: 4 * megabyte }), { freq: 2 }), {
        minLength: 31,
        maxLength: 31,
      }),
    }),
    { selector: ({ ago }) => ago, maxLength: 5 },
  ),
});

/** Writes cards as imports and the intake would have left them. */
async function fill(cards: readonly RandomCard[]): Promise<void> {
  const today = localDays(timeZone)(now);
  await database.pool.query("truncate card, card_package, usage_month cascade");
  for (const [index, { carrier, account, simStatus, cycleDay, packages, usage }] of cards.entries()) {
    const serialNo = serialNoOf(index);
    const month = billingMonthOf(today, cycleDay);
    await database.pool.query(
      "insert into card (serial_no, carrier, account_no, sim_status, cycle_day) values ($1, $2, $3, $4, $5)",
      [serialNo, carrier, account, simStatus, cycleDay],
    );
    for (const [no, { ago, months, level, sizeBytes }] of packages.entries())
      await database.pool.query(
        `insert into card_package (serial_no, product_no, first_month, order_no, name, months, level, size_bytes)
        values ($1, 'p', $2, $3, 'p', $4, $5, $6)`,
        [serialNo, monthToDate(month - ago), String(no), months, level, sizeBytes],
      );
    for (const { ago, readings, counts, days } of usage) {
      // No further than today.
      const dates = cycleDays(month - ago, cycleDay).filter(
        (date) => date <= `${monthToDate(today.month).slice(0, 8)}${String(today.day).padStart(2, "0")}`,
      );
      const values: (number | null)[] = Array.from({ length: 31 }, () => (readings ? null : 0));
      let used = 0;
      for (const date of dates) {
        const place = Number(date.slice(8)) - 1;
        const value = days[place] ?? null;
        if (value === null) continue;
        // A counter is never below zero.
        values[place] = readings ? Math.abs(value) : value;
        used = readings ? Math.abs(value) : used + value;
      }
      await database.pool.query(
        `insert into usage_month (serial_no, month, source_no, counts, used_bytes, as_of, day_bytes, day_at)
        values ($1, $2, (select source_no from usage_source where name = $3), $4, $5, $6, $7, $8)`,
        [
          serialNo,
          monthToDate(month - ago),
          readings ? "readings" : "deltas",
          counts,
          used,
          new Date(now - 1000),
          values,
          readings ? values.map((value) => (value === null ? null : new Date(now))) : null,
        ],
      );
    }
  }
}

function serialNoOf(index: number): string {
  return String(87_000_000 + index);
}

/** What the signed API says of one card after the other. */
async function askOneByOne(cards: readonly RandomCard[]) {
  const today = localDays(timeZone)(now);
  const calendar = createCalendar(timeZone);
  const service = createCardService(
    database.pool,
    () => today,
    () => {},
  );
  const usage = createUsageService(database.pool, { cards: service, clock, calendar });
  const figures: (CardFigures & { serialNo: string; cycleDay: number })[] = [];
  const days = new Map<string, bigint>();
  for (const [index, { account, cycleDay }] of cards.entries()) {
    const serialNo = serialNoOf(index);
    const [found] = await service.findEach(account, [serialNo]);
    if (found === undefined || found instanceof AppError) throw new Error(`no card ${serialNo}`);
    figures.push({ ...found.figures, serialNo, cycleDay });
    const dates = cycleDays(billingMonthOf(today, cycleDay), cycleDay);
    const numbers = dates.map((date) => Date.parse(date) / 86_400_000);
    for (const day of await usage.daily(account, serialNo, numbers[0] ?? 0, numbers.at(-1) ?? 0)) {
      const key = `${cycleDay} ${day.date}`;
      days.set(key, (days.get(key) ?? 0n) + BigInt(day.usedBytes));
    }
  }
  return { figures, days };
}

function partOf({ allowanceBytes, usedBytes }: { allowanceBytes: number; usedBytes: number }): number {
  if (allowanceBytes === 0) return usedBytes > 0 ? Infinity : 0;
  return usedBytes / allowanceBytes;
}

describe("the figures about all cards", () => {
  it("are those that the signed API says of each, added up", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(randomCard, { maxLength: 25 }),
        fc.date({ min: new Date("2026-01-01"), max: new Date("2028-12-31"), noInvalidDate: true }),
        async (cards, date) => {
          now = date.getTime();
          await fill(cards);
          const found = await countNow();
          const { figures, days } = await askOneByOne(cards);

          expect(found.cards).toBe(cards.length);
          for (const { key, cards: count } of found.bySimStatus)
            expect(count).toBe(cards.filter(({ simStatus }) => simStatus === key).length);
          for (const { key, cards: count } of found.byCarrier.largest)
            expect(count).toBe(cards.filter(({ carrier }) => carrier === key).length);
          expect(sum(found.byCarrier.largest.map((share) => share.cards))).toBe(cards.length);
          for (const { key, cards: count } of found.byAccount.largest)
            expect(count).toBe(cards.filter(({ account }) => account === key).length);
          expect(sum(found.byAccount.largest.map((share) => share.cards)) + found.byAccount.others.cards).toBe(
            cards.length,
          );

          expect(sum(found.cycles.map((cycle) => cycle.cards))).toBe(cards.length);
          for (const cycle of found.cycles) {
            const ofCycle = figures.filter(({ cycleDay }) => cycleDay === cycle.cycleDay);
            expect(cycle.cards).toBe(ofCycle.length);
            expect(cycle.allowanceBytes).toBe(String(sum(ofCycle.map(({ allowanceBytes }) => allowanceBytes))));
            const expected = [...days].filter(([key]) => key.startsWith(`${cycle.cycleDay} `));
            const inOrder = expected.toSorted(([a], [b]) => (a < b ? -1 : 1)).map(([, bytes]) => String(bytes));
            // The days that are still to come have no usage.
            expect([...cycle.days, ...inOrder.slice(cycle.days.length).map(() => "0")]).toEqual(inOrder);
            expect(cycle.days.reduce((total, bytes) => total + BigInt(bytes), 0n)).toBe(BigInt(cycle.usedBytes));
          }

          const heavy = figures.filter((one) => one.usedBytes > 0 && partOf(one) >= 0.9);
          for (const [kind, expected] of [
            [found.near, heavy.filter((one) => partOf(one) < 1)],
            [found.over, heavy.filter((one) => partOf(one) >= 1)],
          ] as const) {
            expect(kind.cards).toBe(expected.length);
            expect(kind.top.map(({ serialNo }) => serialNo).toSorted()).toEqual(
              expected
                .toSorted((a, b) => byPart(a, b))
                .slice(0, 20)
                .map(({ serialNo }) => serialNo)
                .toSorted(),
            );
            for (const card of kind.top)
              expect(figures.find(({ serialNo }) => serialNo === card.serialNo)).toMatchObject({
                usedBytes: card.usedBytes,
                allowanceBytes: card.allowanceBytes,
              });
          }
          expect(found.overWithoutAllowance).toBe(heavy.filter(({ allowanceBytes }) => allowanceBytes === 0).length);
        },
      ),
      { numRuns: 25 },
    );
  });

  it("are nothing of an empty database", async () => {
    await fill([]);
    expect(await countNow()).toMatchObject({ cards: 0, cycles: [], usageAsOf: null, over: { cards: 0, top: [] } });
  });

  it("tell of the largest accounts, and sum up the rest", async () => {
    now = Date.parse("2026-11-28T04:00:00Z");
    const card = { carrier: "cmcc", simStatus: 1, cycleDay: 1, packages: [], usage: [] };
    await fill(
      Array.from({ length: 300 }, (_, index) => ({ ...card, account: 10_001 + Math.floor(Math.sqrt(index)) })),
    );
    await database.pool.query("update card set account_no = null where account_no = 10018");
    const { byAccount, inStock } = await countNow();
    expect(byAccount.largest.map(({ cards }) => cards)).toEqual([
      33, 31, 29, 27, 25, 23, 21, 19, 17, 15, 13, 11, 9, 7, 5, 3, 1,
    ]);
    expect(byAccount.others).toEqual({ keys: 0, cards: 0 });
    expect(inStock).toBe(11);
  });
});

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

type Heavy = CardFigures & { readonly serialNo: string };

function byPart(a: Heavy, b: Heavy): number {
  const [one, other] = [partOf(a), partOf(b)];
  return one === other ? b.usedBytes - a.usedBytes || (a.serialNo < b.serialNo ? -1 : 1) : other > one ? 1 : -1;
}

describe("counting", () => {
  it("is done by one of several processes, and not again while it is recent", async () => {
    await database.pool.query("delete from inventory_summary");
    const outcomes = await Promise.all(Array.from({ length: 4 }, () => summariesOfAProcess().count(15_000, signal)));
    expect(outcomes.filter((outcome) => outcome === "counted")).toHaveLength(1);
    expect(await summariesOfAProcess().count(15_000, signal)).toBe("recent");
    now += 15_001;
    expect(await summariesOfAProcess().count(15_000, signal)).toBe("counted");
    now -= 120_000;
    expect(await summariesOfAProcess().count(15_000, signal), "figures from the future").toBe("counted");
  });

  it("leaves the figures before when it is killed, and the next one counts", async () => {
    await countNow();
    const before = await summariesOfAProcess().read();
    now += 3_600_000;
    const table = await database.pool.connect();
    try {
      // Stands in its way until it is killed.
      await table.query("begin; lock table card_package in access exclusive mode");
      const summaries = summariesOfAProcess();
      const outcome = summaries.count(0, signal).catch((error: unknown) => error);
      await expect.poll(() => countingProcesses(true)).toBe(1);
      expect(await summariesOfAProcess().count(0, signal)).toBe("elsewhere");
      summaries.countingPool.on("error", () => {});
      await database.pool.query(
        "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'dks overview' and datname = current_database()",
      );
      expect(await outcome).toBeInstanceOf(Error);
    } finally {
      await table.query("rollback");
      table.release();
    }
    expect(await summariesOfAProcess().read()).toEqual(before);
    expect(await summariesOfAProcess().count(0, signal)).toBe("counted");
  });

  it("ends at once when the server stops, with what the database was doing for it", async () => {
    const table = await database.pool.connect();
    try {
      await database.pool.query("delete from inventory_summary");
      await table.query("begin; lock table card_package in access exclusive mode");
      const summaries = summariesOfAProcess();
      const job = startInventoryJob(summaries, { clock, log });
      await expect.poll(() => countingProcesses(true)).toBe(1);
      expect(job.isCounting).toBe(true);
      await job.stop();
      await expect.poll(() => countingProcesses(true)).toBe(0);
      expect(await summaries.read()).toBeUndefined();
    } finally {
      await table.query("rollback");
      table.release();
    }
  });

  it("begins by itself, and again when someone looks some time later", async () => {
    await database.pool.query("delete from inventory_summary");
    const summaries = summariesOfAProcess();
    const job = startInventoryJob(summaries, { clock, log });
    await job.wanted();
    const first = await summaries.read();
    expect(first?.countedAt.getTime()).toBe(now);
    await job.wanted();
    expect(await summaries.read()).toEqual(first);
    now += 3_600_000;
    await job.wanted();
    expect((await summaries.read())?.countedAt.getTime()).toBe(now);
    await job.stop();
  });
});

/** Statements of a count that are under way. */
async function countingProcesses(isWaiting: boolean): Promise<number> {
  const { rows } = await database.pool.query<{ count: number }>(
    `select count(*) as count from pg_stat_activity
    where application_name = 'dks overview' and datname = current_database() and state = 'active'
      and (wait_event_type = 'Lock') = $1`,
    [isWaiting],
  );
  return rows[0]?.count ?? 0;
}
