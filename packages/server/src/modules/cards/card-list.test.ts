import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { systemActor } from "../../actor.ts";
import { type TestDatabase, createTestDatabase } from "../../../test/database.ts";
import { createMonthWriter } from "../../../test/usage-months.ts";
import { createAccountService } from "../accounts/accounts.service.ts";
import { importCsv } from "../imports/import-csv.ts";
import { packageImport } from "../packages/packages.import.ts";
import { productImport } from "../products/products.import.ts";
import { parseMonth } from "../packages/billing-month.ts";
import {
  type CardListLimits,
  type CardListService,
  type CardQuery,
  cardSorts,
  createCardList,
} from "./card-list.service.ts";
import { cardImport } from "./cards.import.ts";
import { createCardService, hasUsedPercent } from "./cards.service.ts";

const mb = 1_048_576;
/** The day on which all of this is: cards whose months begin on the 27th are in October's yet. */
const today = { month: parseMonth("2026-11") ?? 0, day: 15 };

let database: TestDatabase;
let list: CardListService;
/** The same with limits that are reached with a few hundred cards. */
let narrow: CardListService;
const accountNos: number[] = [];

interface Sample {
  readonly serialNo: string;
  readonly accountNo: number | null;
  readonly carrier: string;
  readonly simStatus: number;
  readonly gprsStatus: number;
  readonly cycleDay: number;
  readonly iccid: string;
  readonly allowanceBytes: number;
  readonly usedBytes: number;
  /** Which import it came with. */
  readonly batch: number;
}

const samples: Sample[] = [];

/** A card of the samples, by its number; values that share nothing in how they repeat. */
function sampleOf(index: number): Sample {
  const carrier = index === 77 ? "cbn" : (["cmcc", "cmcc", "cucc", "ctcc"][index % 4] ?? "cmcc");
  const packages = index % 3;
  return {
    serialNo: `${["87", "88", "A9"][index % 3] ?? ""}${String((index * 7919) % 100_000).padStart(5, "0")}`,
    accountNo: index % 5 === 4 ? null : (accountNos[index % 5 === 0 ? 0 : 1] ?? null),
    carrier,
    simStatus: index === 78 ? 3 : index % 7 === 0 ? 0 : index % 11 === 0 ? 2 : 1,
    gprsStatus: index % 13 === 0 ? 0 : 1,
    cycleDay: carrier === "cucc" ? 27 : 1,
    iccid: `8986042611${String(index).padStart(9, "0")}${index % 10}`,
    allowanceBytes: packages * 100 * mb,
    usedBytes: index % 6 === 0 ? 0 : (index % 40) * 7 * mb,
    batch: index % 4,
  };
}

beforeAll(async () => {
  database = await createTestDatabase();
  const { pool } = database;
  const accounts = createAccountService(pool, { announceCredentials: () => Promise.resolve() });
  for (const name of ["=1+1", "北京物联"])
    accountNos.push(await accounts.create({ name, rank: 3, balance: "0.00" }, systemActor("test")));
  await importCsv(
    pool,
    productImport,
    "product_no,name,carrier,origin_price,fee,data_value,month,level,eft_type\np,P,cmcc,1.00,1.00,100,12,1,0\nq,Q,cmcc,1.00,1.00,100,12,2,0\n",
  );
  samples.push(...Array.from({ length: 300 }, (_, index) => sampleOf(index)));
  for (let batch = 0; batch < 4; batch++) {
    const lines = samples
      .filter((sample) => sample.batch === batch)
      .map((card, index) =>
        [card.serialNo, card.iccid, card.carrier, card.accountNo ?? "", card.simStatus, card.cycleDay]
          .concat(
            batch === 0
              ? [`1380000${String(index).padStart(4, "0")}`, `46000${String(index).padStart(10, "0")}`]
              : ["", ""],
          )
          .join(","),
      );
    const csv = `serial_no,iccid,carrier,account_no,sim_status,cycle_day,msisdn,imsi\n${lines.join("\n")}\n`;
    expect(await importCsv(pool, cardImport, csv)).toMatchObject({ refused: 0 });
  }
  for (const { serialNo, gprsStatus } of samples)
    if (gprsStatus !== 1)
      await pool.query("update card set gprs_status = $2 where serial_no = $1", [serialNo, gprsStatus]);
  const packages = samples.flatMap(({ serialNo, allowanceBytes }) =>
    ["p", "q"].slice(0, allowanceBytes / (100 * mb)).map((product) => `${serialNo},${product},2026-09`),
  );
  await importCsv(pool, packageImport, `serial_no,product_no,first_month\n${packages.join("\n")}\n`);
  const write = await createMonthWriter(pool, "delta");
  await write(
    samples
      .filter(({ usedBytes }) => usedBytes > 0)
      .map(({ serialNo, cycleDay, usedBytes }) => ({
        serialNo,
        month: cycleDay > today.day ? "2026-10" : "2026-11",
        usedBytes,
        asOf: "2026-11-14T00:00:00Z",
      })),
  );
  const cards = createCardService(
    pool,
    () => today,
    () => {},
  );
  list = createCardList(pool, cards);
  narrow = createCardList(pool, cards, {
    countedMax: 50,
    sortedMax: 10,
    lookedAtMax: 40,
    chunkMax: 16,
  } satisfies CardListLimits);
});
afterAll(() => database.drop());

const everything: CardQuery = { state: {}, sort: "serial_no", descending: false };

/** All serial_nos of a query, page by page. */
async function paged(service: CardListService, query: CardQuery, cardsMax: number): Promise<string[]> {
  const all: string[] = [];
  let cursor: string | undefined;
  for (;;) {
    const page = await service.list(query, { cursor, cardsMax });
    all.push(...page.cards.map(({ row }) => row.serial_no));
    if (page.next === null) return all;
    cursor = page.next;
  }
}

function fits(card: Sample, query: CardQuery): boolean {
  return (
    (query.accountNo === undefined || card.accountNo === query.accountNo) &&
    (query.state.carrier ?? card.carrier) === card.carrier &&
    (query.state.simStatus ?? card.simStatus) === card.simStatus &&
    (query.state.gprsStatus ?? card.gprsStatus) === card.gprsStatus &&
    (query.state.cycleDay ?? card.cycleDay) === card.cycleDay &&
    (query.search === undefined || card.serialNo.startsWith(query.search)) &&
    (query.usedPercentMin === undefined || hasUsedPercent({ ...card, asOf: null }, query.usedPercentMin)) &&
    (query.isUnused !== true || card.usedBytes === 0)
  );
}

function valueOf(card: Sample, sort: CardQuery["sort"]): number {
  if (sort === "used") return card.usedBytes;
  if (sort === "left") return Math.max(0, card.allowanceBytes - card.usedBytes);
  if (sort === "created_at") return card.batch;
  if (sort !== "percent") return 0;
  return card.allowanceBytes > 0 ? card.usedBytes / card.allowanceBytes : card.usedBytes > 0 ? Infinity : -1;
}

/** What a query should come to, computed the plain way. */
function expected(query: CardQuery): string[] {
  const inOrder = samples
    .filter((card) => fits(card, query))
    .toSorted((a, b) => valueOf(a, query.sort) - valueOf(b, query.sort) || (a.serialNo < b.serialNo ? -1 : 1))
    .map(({ serialNo }) => serialNo);
  return query.descending ? inOrder.toReversed() : inOrder;
}

const optional = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined, freq: 2 });

const queries = fc
  .record({
    account: optional(fc.constantFrom(0, 1, "stock" as const)),
    state: fc
      .record({
        carrier: optional(fc.constantFrom("cmcc", "cucc", "ctcc", "cbn", "nobody")),
        simStatus: optional(fc.constantFrom(0, 1, 2, 3, 4)),
        gprsStatus: optional(fc.constantFrom(0, 1, 3)),
        cycleDay: optional(fc.constantFrom(1, 27, 5)),
      })
      // Undefined members are as if they were not there.
      .map((state) => state as CardQuery["state"]),
    search: optional(fc.constantFrom("8", "87", "A90", "88123", "z")),
    usedPercentMin: optional(fc.constantFrom(0, 50, 100, 101)),
    isUnused: optional(fc.constant(true)),
    sort: fc.constantFrom(...cardSorts),
    descending: fc.boolean(),
  })
  .map(({ account, ...query }): CardQuery => ({
    ...query,
    accountNo: account === undefined ? undefined : account === "stock" ? null : accountNos[account],
  }));

describe("paging through a list", () => {
  it("shows exactly the cards that match, once each and in order, whatever is asked for", async () => {
    await fc.assert(
      fc.asyncProperty(queries, fc.integer({ min: 1, max: 120 }), async (query, cardsMax) => {
        expect(await paged(list, query, cardsMax)).toEqual(expected(query));
      }),
      { numRuns: 60 },
    );
  });

  it("does so where there are too many cards to compute their figures first, by serial_no then", async () => {
    await fc.assert(
      fc.asyncProperty(queries, fc.integer({ min: 1, max: 60 }), async (query, cardsMax) => {
        const { sort } = await narrow.list(query, { cursor: undefined, cardsMax: 1 });
        expect(await paged(narrow, query, cardsMax)).toEqual(expected({ ...query, sort }));
      }),
      { numRuns: 60 },
    );
  });

  it("comes to the same in one go, as an export takes it", async () => {
    await fc.assert(
      fc.asyncProperty(queries, fc.boolean(), async (query, isNarrow) => {
        const service = isNarrow ? narrow : list;
        const { sort } = await service.list(query, { cursor: undefined, cardsMax: 1 });
        const walked: string[] = [];
        for await (const some of service.walk(query)) walked.push(...some.map(({ row }) => row.serial_no));
        expect(walked).toEqual(expected({ ...query, sort }));
        const count = await service.count(query);
        if (count !== null) expect(count).toBe(walked.length);
      }),
      { numRuns: 40 },
    );
  });

  it("refuses a cursor of another order", async () => {
    for (const cursor of ["12~87", "x y", "2026-13-45T99:00:00.000000Z~87"])
      await expect(list.list(everything, { cursor, cardsMax: 1 })).rejects.toThrow("go back to the first page");
    await expect(
      list.list({ ...everything, sort: "created_at" }, { cursor: "2026-13-45T99:00:00.000000Z~87", cardsMax: 1 }),
    ).rejects.toThrow("go back to the first page");
  });
});

describe("how many there are", () => {
  it("is exact when they are few, and otherwise that there are more", async () => {
    const inStock = { ...everything, accountNo: null };
    const first = { cursor: undefined, cardsMax: 1 };
    expect((await list.list(inStock, first)).total).toEqual({ count: 60, more: false });
    expect((await narrow.list(inStock, first)).total).toEqual({ count: 50, more: true });
    const unused = { ...everything, isUnused: true };
    expect((await list.list(unused, first)).total).toEqual({ count: expected(unused).length, more: false });
    expect((await narrow.list({ ...everything, isUnused: true }, first)).total).toBeNull();
  });

  it("is left open where every card would have to be looked at, as is a page that took too long to fill", async () => {
    const none = { ...everything, isUnused: true, usedPercentMin: 1, state: { cycleDay: 1, gprsStatus: 1 } };
    const page = await narrow.list(none, { cursor: undefined, cardsMax: 20 });
    expect(page).toMatchObject({ total: null, lookedAt: 48 });
    expect(page.next).not.toBeNull();
  });
});

describe("the search", () => {
  const search = (text: string, more: Partial<CardQuery> = {}) =>
    list.list({ ...everything, ...more, search: text }, { cursor: undefined, cardsMax: 50 });
  const one = () => samples.find(({ batch, accountNo }) => batch === 0 && accountNo !== null) as Sample;

  it("finds a card by each identifier, and says by which", async () => {
    const card = one();
    await database.pool.query("update card set custom_no = '600001' where serial_no = $1", [card.serialNo]);
    await database.pool.query("insert into card_identifier values ('600001', 'custom_no', $1, $2)", [
      String(card.accountNo),
      card.serialNo,
    ]);
    const { rows } = await database.pool.query<{ msisdn: string; imsi: string }>(
      "select msisdn, imsi from card where serial_no = $1",
      [card.serialNo],
    );
    for (const [typed, kind] of [
      [card.serialNo, "serial_no"],
      ["600001", "custom_no"],
      [card.iccid, "iccid"],
      [card.iccid.slice(0, 19), "iccid"],
      [`${card.iccid.slice(0, 4)} ${card.iccid.slice(4, 10)}-${card.iccid.slice(10)}\n`, "iccid"],
      [card.iccid.slice(-10), "iccid_suffix"],
      [rows[0]?.msisdn ?? "", "msisdn"],
      [`+86${rows[0]?.msisdn}`, "msisdn"],
      [rows[0]?.imsi ?? "", "imsi"],
    ] as const) {
      const page = await search(typed);
      expect(page.search?.found.map(({ kind: by, card: { serial_no } }) => [by, serial_no])).toEqual([
        [kind, card.serialNo],
      ]);
      expect(page.cards.map(({ row }) => row.serial_no)).toContain(card.serialNo);
    }
  });

  it("says what it was looked up as when there is none, and that it can be none", async () => {
    expect(await search("89860499999999999999")).toMatchObject({
      cards: [],
      search: { tried: ["serial_no", "iccid"], found: [] },
    });
    expect(await search("8.98604E+19")).toMatchObject({ cards: [], search: { tried: [], found: [] } });
    expect(await search("%")).toMatchObject({ cards: [], search: { tried: [] } });
  });

  it("shows cards that the text names before those whose serial_no begins so, once each", async () => {
    const other = "8700";
    await importCsv(database.pool, cardImport, `serial_no,carrier\n${other},cmcc\n`);
    const found = (await search(other)).cards.map(({ row }) => row.serial_no);
    expect(found[0]).toBe(other);
    expect(new Set(found).size).toBe(found.length);
    expect(found.slice(1)).toEqual(expected({ ...everything, search: other }));
    await database.pool.query("delete from card where serial_no = $1", [other]);
  });

  it("says how many of the cards found the filters leave out", async () => {
    const card = one();
    expect(await search(card.serialNo, { state: { carrier: "nobody" } })).toMatchObject({
      cards: [],
      search: { hidden: 1 },
    });
  });
});

it("keeps its place while cards are added before and behind it", async () => {
  const before = expected(everything);
  const seen: string[] = [];
  const added: string[] = [];
  let cursor: string | undefined;
  for (let round = 0; ; round++) {
    const page = await list.list(everything, { cursor, cardsMax: 37 });
    seen.push(...page.cards.map(({ row }) => row.serial_no));
    if (page.next === null) break;
    cursor = page.next;
    const serialNos = [`0000${round}`, `B000${round}`];
    added.push(...serialNos);
    await importCsv(database.pool, cardImport, `serial_no,carrier\n${serialNos.map((no) => `${no},cmcc\n`).join("")}`);
  }
  expect(seen.filter((serialNo) => !added.includes(serialNo))).toEqual(before);
  expect(new Set(seen).size).toBe(seen.length);
  await database.pool.query("delete from card where serial_no = any($1)", [added]);
});

it("knows the carriers", async () => {
  expect(await list.carriers()).toEqual(["cbn", "cmcc", "ctcc", "cucc"]);
});
