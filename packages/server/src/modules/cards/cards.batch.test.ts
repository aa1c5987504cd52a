import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { TestClient, TestServer } from "../../../test/server.ts";
import { createMonthWriter } from "../../../test/usage-months.ts";
import { startWatchedServer } from "../../../test/watched-server.ts";
import type { Db } from "../../db/database.ts";
import { AppError } from "../../errors.ts";
import { createCardService } from "./cards.service.ts";

const now = Date.parse("2026-11-15T04:00:00.000Z");
let server: TestServer;
let client: TestClient;

beforeAll(async () => {
  server = await startWatchedServer({ clock: () => now });
  client = await server.createClient();
  const other = await server.createClient();
  await server.importCards([
    { serial_no: "87000001", iccid: "89860012340087000001", custom_no: "123456", account_no: client.account_no },
    { serial_no: "87000002", account_no: client.account_no },
    { serial_no: "AMB1", iccid: "89860400005555666677", account_no: client.account_no },
    { serial_no: "AMB2", iccid: "89860400015555666677", account_no: client.account_no },
    { serial_no: "FOREIGN", account_no: other.account_no },
    ...Array.from({ length: 600 }, (_, number) => ({
      serial_no: numbered(number),
      account_no: client.account_no,
    })),
  ]);
  await server.importProducts([
    {
      product_no: "cross",
      name: "100 MB for 3 months",
      data_value: "100",
      month: 3,
      level: 3,
      carrier: "cmcc",
      origin_price: "2.00",
      fee: "1.00",
      eft_type: 0,
    },
  ]);
  await server.importPackages(
    Array.from({ length: 600 }, (_, number) => ({
      serial_no: numbered(number),
      product_no: "cross",
      first_month: "2026-10",
    })),
  );
  const write = await createMonthWriter(server.pool, "delta");
  await write([
    { serialNo: "87000001", month: "2026-11", usedBytes: 1_048_576, asOf: "2026-11-15T01:00:00Z" },
    { serialNo: numbered(7), month: "2026-10", usedBytes: 7 * 1_048_576, asOf: "2026-10-15T01:00:00Z" },
  ]);
});
afterAll(() => server.close());

/** Cards with numbers of 20 digits, the longest that are usual. */
function numbered(number: number): string {
  return `8986001234567${String(number).padStart(7, "0")}`;
}

type Row = Readonly<Record<string, unknown>>;

async function batch(serialNos: string | number, headers?: Readonly<Record<string, string>>): Promise<Row[]> {
  const { body } = await server.call("/v1/member/batch/info", client, { serial_nos: serialNos }, headers);
  expect(body).toMatchObject({ errcode: 0 });
  // The assertions that follow fail if it is none.
  return body.data?.["list"] as Row[];
}

test("cards are answered in the order given, each as it would be alone", async () => {
  const given = ["87000002", "123456", "87000001", "0087000001", "87000002"];
  const rows = await batch(given.join(","));
  expect(rows.map((row) => row["serial_no"])).toEqual(["87000002", "87000001", "87000001", "87000001", "87000002"]);
  for (const [index, row] of rows.entries()) {
    const { body } = await server.memberInfo(client, { serial_no: given[index] ?? "" });
    expect(row).toEqual({ errcode: 0, ...body.data });
  }
});

test("one card may be sent as an integer", async () => {
  expect(await batch(87_000_001)).toMatchObject([{ errcode: 0, serial_no: "87000001", used_data_value: "1" }]);
});

describe("a card that is not found does not affect the others:", () => {
  test.each<[string, string, number, RegExp, RegExp]>([
    ["one that does not exist", "NOSUCH", 55005, /您的账户下没有 NOSUCH 对应的卡/, /your account has no card NOSUCH/],
    ["another account's", "FOREIGN", 55005, /您的账户下没有 FOREIGN 对应的卡/, /your account has no card FOREIGN/],
    ["several's ICCID", "5555666677", 55005, /有多张卡的 ICCID/, /the ICCIDs of several cards end with/],
    ["one with a space", " 87000002", 55030, /逗号前后不能有空格/, /without spaces beside the commas/],
    ["two with a Chinese comma between them", "87000001，87000002", 55030, /用英文逗号分隔/, /a comma \(,\) stands/],
    ["one of 33 characters", "8".repeat(33), 55030, /1 到 32 位数字或字母/, /1 to 32 digits or letters/],
    ["none between two commas", "", 55030, /多写了逗号/, /a comma too many/],
  ])("%s", async (_name, given, errcode, zh, en) => {
    const rows = await batch(`87000001,${given},87000002`);
    expect(rows).toMatchObject([{ errcode: 0, serial_no: "87000001" }, {}, { errcode: 0, serial_no: "87000002" }]);
    expect(rows[1]).toEqual({ errcode, errmsg: expect.stringMatching(zh), serial_no: given });
    const english = await batch(`87000001,${given},87000002`, { "accept-language": "en" });
    expect(english[1]).toEqual({ errcode, errmsg: expect.stringMatching(en), serial_no: given });
  });

  test("another account's and none are told apart by nothing", async () => {
    const [foreign, none] = await batch("FOREIGN,NOSUCHX");
    expect(JSON.stringify(foreign).replaceAll("FOREIGN", "X")).toBe(JSON.stringify(none).replaceAll("NOSUCHX", "X"));
  });
});

test("500 cards are answered at once", async () => {
  const given = Array.from({ length: 500 }, (_, number) => numbered(number));
  const rows = await batch(given.join(","));
  expect(rows.map((row) => row["serial_no"])).toEqual(given);
  expect(rows.map((row) => row["total_data_value"])).toEqual(given.map((_, number) => (number === 7 ? "93" : "100")));
});

test("501 cards are refused, with their number", async () => {
  const given = Array.from({ length: 501 }, (_, number) => numbered(number)).join(",");
  const { body } = await server.call("/v1/member/batch/info", client, { serial_nos: given });
  expect(body).toMatchObject({ errcode: 55030, hint: "too_many_cards" });
  expect(body.errmsg).toContain("最多 500 个卡号，收到 501 个");
});

test("no card at all is refused", async () => {
  const empty = await server.call("/v1/member/batch/info", client, { serial_nos: "" });
  expect(empty.body).toMatchObject({ errcode: 55030, hint: "parameter_malformed" });
  const missing = await server.call("/v1/member/batch/info", client, {});
  expect(missing.body).toMatchObject({ errcode: 55030, hint: "parameter_missing" });
});

test("however many cards are asked for, a few statements answer them", async () => {
  let statements = 0;
  const counting: Db = {
    query: (query) => {
      statements++;
      return server.pool.query(query);
    },
  };
  const cards = createCardService(
    counting,
    () => ({ month: 2026 * 12 + 10, day: 15 }),
    () => {},
  );
  const given = Array.from({ length: 500 }, (_, number) => (number % 5 === 0 ? `NOSUCH${number}` : numbered(number)));
  const found = await cards.findEach(Number(client.account_no), given);
  expect(found.filter((each) => each instanceof AppError)).toHaveLength(100);
  // The cards, what else the unknown ones might be, earlier months' usage, and up to when it is known.
  expect(statements).toBe(4);
});
