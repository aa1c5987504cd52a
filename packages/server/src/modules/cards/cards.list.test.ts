import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { TestClient, TestServer } from "../../../test/server.ts";
import { createMonthWriter } from "../../../test/usage-months.ts";
import { startWatchedServer } from "../../../test/watched-server.ts";

const now = Date.parse("2026-11-15T04:00:00.000Z");
const mb = 1_048_576;
let server: TestServer;

beforeAll(async () => {
  server = await startWatchedServer({ clock: () => now });
  const product = { carrier: "cmcc", origin_price: "2.00", fee: "1.00", eft_type: 0 };
  await server.importProducts([
    { product_no: "base_10", name: "10 MB", data_value: "10", month: 1, level: 1, ...product },
    { product_no: "cross_10", name: "10 MB for 2 months", data_value: "10", month: 2, level: 3, ...product },
  ]);
});
afterAll(() => server.close());

type Row = Readonly<Record<string, unknown>>;
interface Page {
  readonly list: Row[];
  readonly next_cursor: string | null;
}

async function page(client: TestClient, parameters: Readonly<Record<string, string | number>> = {}): Promise<Page> {
  const { body } = await server.call("/v1/member/list", client, parameters);
  expect(body).toMatchObject({ errcode: 0 });
  expect(Object.keys(body.data ?? {})).toEqual(["list", "next_cursor"]);
  // The assertions that follow fail if it is none.
  return body.data as unknown as Page;
}

/** The numbers of the cards on each page, from the first to the last. */
async function pages(
  client: TestClient,
  parameters: Readonly<Record<string, string | number>>,
  between: () => Promise<void> = async () => {},
): Promise<unknown[][]> {
  const seen: unknown[][] = [];
  let cursor: string | null = null;
  do {
    const found: Page = await page(client, { ...parameters, ...(cursor === null ? {} : { cursor }) });
    seen.push(found.list.map((row) => row["serial_no"]));
    cursor = found.next_cursor;
    if (cursor !== null) await between();
  } while (cursor !== null);
  return seen;
}

/** A client with that many cards, each with 10 MB. */
async function clientWith(prefix: string, count: number): Promise<{ client: TestClient; cards: string[] }> {
  const client = await server.createClient();
  const cards = Array.from({ length: count }, (_, number) => `${prefix}${String(number).padStart(4, "0")}`);
  await server.importCards(cards.map((serial_no) => ({ serial_no, account_no: client.account_no })));
  await server.importPackages(cards.map((serial_no) => ({ serial_no, product_no: "base_10", first_month: "2026-11" })));
  return { client, cards };
}

test("an account without cards has one page, an empty one", async () => {
  expect(await page(await server.createClient())).toEqual({ list: [], next_cursor: null });
});

test("each card is listed as it is answered alone", async () => {
  const { client, cards } = await clientWith("ALONE", 3);
  const write = await createMonthWriter(server.pool, "delta");
  await write([{ serialNo: "ALONE0001", month: "2026-11", usedBytes: 2 * mb, asOf: "2026-11-15T00:00:00Z" }]);
  const { list } = await page(client);
  expect(list.map((row) => row["used_data_value"])).toEqual(["0", "2", "0"]);
  for (const [index, serialNo] of cards.entries())
    expect(list[index]).toEqual((await server.memberInfo(client, { serial_no: serialNo })).body.data);
});

describe("pages", () => {
  test("hold every card of the account once, in order, and no one else's", async () => {
    const { client, cards } = await clientWith("P", 25);
    await clientWith("PX", 5);
    expect(await pages(client, { page_size: 10 })).toEqual([cards.slice(0, 10), cards.slice(10, 20), cards.slice(20)]);
  });

  test("end with the last card, also when it fills one", async () => {
    const { client, cards } = await clientWith("Q", 4);
    expect(await pages(client, { page_size: 2 })).toEqual([cards.slice(0, 2), cards.slice(2)]);
    expect(await pages(client, { page_size: 4 })).toEqual([cards]);
    expect(await pages(client, { page_size: "1" })).toEqual(cards.map((each) => [each]));
  });

  test("have 100 cards unless told otherwise, and up to 500", async () => {
    const { client, cards } = await clientWith("R", 501);
    expect((await page(client)).list).toHaveLength(100);
    expect(await pages(client, { page_size: 500 })).toEqual([cards.slice(0, 500), cards.slice(500)]);
  });

  test("repeat and miss nothing while cards are added before and behind them", async () => {
    const { client, cards } = await clientWith("S", 20);
    let added = 0;
    const seen = await pages(client, { page_size: 3 }, async () => {
      added++;
      await server.importCards(
        ["A", "S0010X", "Z"].map((prefix) => ({
          serial_no: `${prefix}ADDED${added}`,
          account_no: client.account_no,
        })),
      );
    });
    const all = seen.flat();
    expect(new Set(all).size).toBe(all.length);
    expect(all).toEqual(all.toSorted());
    expect(all).toEqual(expect.arrayContaining(cards));
    // What was added behind the place reached is there too.
    expect(all).toContain("ZADDED1");
  });

  test("go on where they were when the card they ended with is gone", async () => {
    const { client, cards } = await clientWith("T", 5);
    const first = await page(client, { page_size: 2 });
    await server.pool.query("update card set account_no = null where serial_no = $1", [cards[1]]);
    const rest = await page(client, { cursor: first.next_cursor ?? "" });
    expect(rest.list.map((row) => row["serial_no"])).toEqual(cards.slice(2));
  });
});

describe("only cards are listed", () => {
  test("with the status that is asked for", async () => {
    const client = await server.createClient();
    await server.importCards(
      Array.from({ length: 10 }, (_, number) => ({
        serial_no: `V${number}`,
        account_no: client.account_no,
        sim_status: number % 5,
      })),
    );
    expect(await pages(client, { sim_status: "0" })).toEqual([["V0", "V5"]]);
    expect(await pages(client, { sim_status: 3, page_size: 1 })).toEqual([["V3"], ["V8"]]);
  });

  test("that have used at least so much, compared in bytes", async () => {
    const { client, cards } = await clientWith("W", 6);
    const write = await createMonthWriter(server.pool, "delta");
    const used = [0, 8 * mb - 1, 8 * mb, 10 * mb, 15 * mb, -mb];
    await write(
      used.map((usedBytes, index) => ({
        serialNo: cards[index] ?? "",
        month: "2026-11",
        usedBytes,
        asOf: "2026-11-15T00:00:00Z",
      })),
    );
    const listed = async (percent: number) => (await pages(client, { used_percent_min: percent })).flat();
    expect(await listed(0)).toEqual(cards);
    expect(await listed(1)).toEqual(cards.slice(1, 5));
    expect(await listed(80)).toEqual(cards.slice(2, 5));
    expect(await listed(100)).toEqual(cards.slice(3, 5));
    expect(await listed(150)).toEqual(cards.slice(4, 5));
    expect(await listed(151)).toEqual([]);
  });

  test("whose carried-over allowance counts in that as it is now", async () => {
    const client = await server.createClient();
    await server.importCards([{ serial_no: "CARRY", account_no: client.account_no }]);
    await server.importPackages([{ serial_no: "CARRY", product_no: "cross_10", first_month: "2026-10" }]);
    const write = await createMonthWriter(server.pool, "delta");
    await write([
      { serialNo: "CARRY", month: "2026-10", usedBytes: 8 * mb, asOf: "2026-10-15T00:00:00Z" },
      { serialNo: "CARRY", month: "2026-11", usedBytes: mb, asOf: "2026-11-15T00:00:00Z" },
    ]);
    expect(await pages(client, { used_percent_min: 50 })).toEqual([["CARRY"]]);
    expect(await pages(client, { used_percent_min: 51 })).toEqual([[]]);
  });

  test("that used anything, when there is no allowance that it could be a part of", async () => {
    const client = await server.createClient();
    await server.importCards(["X1", "X2"].map((serial_no) => ({ serial_no, account_no: client.account_no })));
    const write = await createMonthWriter(server.pool, "delta");
    await write([{ serialNo: "X2", month: "2026-11", usedBytes: 1, asOf: "2026-11-15T00:00:00Z" }]);
    expect(await pages(client, { used_percent_min: 1000 })).toEqual([["X2"]]);
    expect(await pages(client, { used_percent_min: 0 })).toEqual([["X1", "X2"]]);
  });

  test("so that pages are full but for the last, however far apart the cards are", async () => {
    const { client, cards } = await clientWith("Y", 2300);
    const asked = cards.filter((_, number) => number % 400 === 399);
    const write = await createMonthWriter(server.pool, "delta");
    await write(
      asked.map((serialNo) => ({ serialNo, month: "2026-11", usedBytes: 9 * mb, asOf: "2026-11-15T00:00:00Z" })),
    );
    expect(await pages(client, { used_percent_min: 90, page_size: 2 })).toEqual([
      asked.slice(0, 2),
      asked.slice(2, 4),
      asked.slice(4),
    ]);
    expect(await pages(client, { used_percent_min: 90, page_size: 5 })).toEqual([asked]);
  });

  test("among 20,000 for each call: then the page is short, and says where to go on", async () => {
    const client = await server.createClient();
    await server.pool.query(
      `insert into card (serial_no, carrier, account_no)
       select 'FAR' || to_char(number, 'FM00000'), 'cmcc', $1 from generate_series(1, 41000) number`,
      [client.account_no],
    );
    const write = await createMonthWriter(server.pool, "delta");
    await write([{ serialNo: "FAR40500", month: "2026-11", usedBytes: 1, asOf: "2026-11-15T00:00:00Z" }]);
    expect(await pages(client, { used_percent_min: 1 })).toEqual([[], [], ["FAR40500"]]);
  });
});

test.each<[string, Readonly<Record<string, string | number>>, string]>([
  ["a page of no cards", { page_size: 0 }, "page_size 应为 1 到 500 的整数"],
  ["a page of 501", { page_size: 501 }, "page_size 应为 1 到 500 的整数"],
  ["a page of some", { page_size: "some" }, "page_size 应为 1 到 500 的整数"],
  ["a status that there is not", { sim_status: 5 }, "sim_status 应为 0 到 4 的一位数字"],
  ["a negative percentage", { used_percent_min: -1 }, "used_percent_min 应为 0 到 1000 的整数"],
  ["a percentage beyond all use", { used_percent_min: 1001 }, "used_percent_min 应为 0 到 1000 的整数"],
  ["a serial_no for a cursor", { cursor: "87000001" }, "cursor 不是本平台返回的 next_cursor"],
  ["a cursor that was not finished", { cursor: "ODcwMDAwMD" }, "cursor 不是本平台返回的 next_cursor"],
  ["an empty cursor", { cursor: "" }, "第一页请不要传"],
])("of %s the caller is told what to change", async (_name, parameters, told) => {
  const client = await server.createClient();
  const { body } = await server.call("/v1/member/list", client, parameters);
  expect(body).toMatchObject({ errcode: 55030, hint: "parameter_malformed" });
  expect(body.errmsg).toContain(told);
});
