import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { TestClient, TestServer } from "../../../test/server.ts";
import { type TestUsageMonth, createMonthWriter } from "../../../test/usage-months.ts";
import { delta, insertSource, reading } from "../../../test/usage.ts";
import { startWatchedServer } from "../../../test/watched-server.ts";
import { createIntake } from "./intake.ts";

const mb = 1_048_576;
let now = Date.parse("2026-11-24T04:00:00.000Z");
let server: TestServer;
let client: TestClient;
let deltas: (months: readonly TestUsageMonth[]) => Promise<void>;
let readings: typeof deltas;

beforeAll(async () => {
  server = await startWatchedServer({ clock: () => now });
  client = await server.createClient();
  deltas = await createMonthWriter(server.pool, "delta");
  readings = await createMonthWriter(server.pool, "reading");
  const product = { carrier: "cmcc", origin_price: "2.00", fee: "1.00", eft_type: 0 };
  await server.importProducts([
    { product_no: "base_10", name: "10 MB", data_value: "10", month: 12, level: 1, ...product },
    { product_no: "cross_100_3", name: "100 MB for 3 months", data_value: "100", month: 3, level: 3, ...product },
  ]);
});
afterAll(() => server.close());

let cardCount = 0;
async function cardOf(cycleDay = 1, packages: readonly string[] = []): Promise<string> {
  const serialNo = `D${String(++cardCount).padStart(6, "0")}`;
  await server.importCards([{ serial_no: serialNo, account_no: client.account_no, cycle_day: cycleDay }]);
  for (const each of packages) {
    const [productNo = "", firstMonth = ""] = each.split(" ");
    await server.importPackages([{ serial_no: serialNo, product_no: productNo, first_month: firstMonth }]);
  }
  return serialNo;
}

type Row = Readonly<Record<string, unknown>>;

async function ask(
  operation: "daily" | "month",
  parameters: Readonly<Record<string, string | number>>,
  caller: { readonly of: TestServer; readonly client: TestClient } = { of: server, client },
): Promise<Row[]> {
  const { body } = await caller.of.call(`/v1/member/usage/${operation}`, caller.client, parameters);
  expect(body).toMatchObject({ errcode: 0 });
  expect(Object.keys(body.data ?? {})).toEqual(["list"]);
  // The assertions that follow fail if it is none.
  return body.data?.["list"] as Row[];
}

function daily(serialNo: string, startDate: string, endDate: string): Promise<Row[]> {
  return ask("daily", { serial_no: serialNo, start_date: startDate, end_date: endDate });
}

function monthly(serialNo: string, startMonth: string, endMonth: string): Promise<Row[]> {
  return ask("month", { serial_no: serialNo, start_month: startMonth, end_month: endMonth });
}

function used(rows: readonly Row[]): unknown[] {
  return rows.map((row) => row["used_data_value"]);
}

async function at<T>(moment: string, work: () => Promise<T>): Promise<T> {
  const before = now;
  now = Date.parse(moment);
  try {
    return await work();
  } finally {
    now = before;
  }
}

describe("each day", () => {
  test("has a row, in order, whether anything was used on it or not", async () => {
    const card = await cardOf();
    await deltas([
      {
        serialNo: card,
        month: "2026-11",
        days: { 2: 1.5 * mb, 3: 5_243 },
        usedBytes: 1.5 * mb + 5_243,
        asOf: "2026-11-03T01:02:03.999Z",
      },
    ]);
    expect(await daily(card, "2026-10-31", "2026-11-04")).toEqual([
      { date: "2026-10-31", used_data_value: "0", is_final: true, data_as_of: null },
      { date: "2026-11-01", used_data_value: "0", is_final: false, data_as_of: "2026-11-01T16:00:00Z" },
      { date: "2026-11-02", used_data_value: "1.5", is_final: false, data_as_of: "2026-11-02T16:00:00Z" },
      { date: "2026-11-03", used_data_value: "0.01", is_final: false, data_as_of: "2026-11-03T01:02:03Z" },
      { date: "2026-11-04", used_data_value: "0", is_final: false, data_as_of: null },
    ]);
  });

  test("is known up to its own end only when usage beyond it is", async () => {
    const card = await cardOf();
    await deltas([{ serialNo: card, month: "2026-11", usedBytes: 0, asOf: "2026-11-02T16:00:00Z" }]);
    const rows = await daily(card, "2026-11-02", "2026-11-03");
    // Midnight in Shanghai: the end of the 2nd, and nothing of the 3rd.
    expect(rows.map((row) => row["data_as_of"])).toEqual(["2026-11-02T16:00:00Z", null]);
  });

  test("without a record in its month is not known at all", async () => {
    const card = await cardOf();
    await deltas([{ serialNo: card, month: "2026-11", usedBytes: 0 }]);
    expect(await daily(card, "2026-11-02", "2026-11-02")).toMatchObject([{ used_data_value: "0", data_as_of: null }]);
  });

  test("may have given back more than was used", async () => {
    const card = await cardOf();
    await deltas([
      { serialNo: card, month: "2026-11", days: { 2: -1.5 * mb, 3: -5_243 }, usedBytes: -1.5 * mb - 5_243 },
    ]);
    expect(used(await daily(card, "2026-11-01", "2026-11-03"))).toEqual(["0", "-1.5", "-0.01"]);
  });

  test("is by the source that counts alone", async () => {
    const card = await cardOf();
    await deltas([{ serialNo: card, month: "2026-11", days: { 2: mb }, usedBytes: mb, asOf: "2026-11-03T00:00:00Z" }]);
    const compared = { days: { 2: 7 * mb }, usedBytes: 7 * mb, asOf: "2026-11-04T00:00:00Z", counts: false };
    await readings([{ serialNo: card, month: "2026-11", ...compared }]);
    expect(used(await daily(card, "2026-11-02", "2026-11-02"))).toEqual(["1"]);
  });
});

describe("of readings, a day has used", () => {
  test("what the counter moved by since the reading before, the first counted from zero", async () => {
    const card = await cardOf();
    await readings([
      {
        serialNo: card,
        month: "2026-11",
        days: { 1: 2 * mb, 2: 5 * mb, 5: 6 * mb },
        usedBytes: 6 * mb,
        asOf: "2026-11-05T12:00:00Z",
      },
    ]);
    expect(used(await daily(card, "2026-11-01", "2026-11-06"))).toEqual(["2", "3", "0", "0", "1", "0"]);
  });

  test("less than nothing when the counter fell, and the days still add up to the month", async () => {
    const card = await cardOf();
    await readings([
      {
        serialNo: card,
        month: "2026-11",
        days: { 1: 4 * mb, 2: 2.5 * mb, 3: 3 * mb },
        usedBytes: 3 * mb,
        asOf: "2026-11-03T12:00:00Z",
      },
    ]);
    expect(used(await daily(card, "2026-11-01", "2026-11-03"))).toEqual(["4", "-1.5", "0.5"]);
    expect(used(await monthly(card, "2026-11", "2026-11"))).toEqual(["3"]);
  });

  test("its part of a month that starts on the 27th, in the order of that month's days", async () => {
    const card = await cardOf(27);
    await readings([
      {
        serialNo: card,
        month: "2026-09",
        days: { 27: mb, 26: 30 * mb },
        usedBytes: 30 * mb,
        asOf: "2026-10-26T15:59:59Z",
      },
      {
        serialNo: card,
        month: "2026-10",
        days: { 27: 2 * mb, 31: 7 * mb, 1: 8 * mb, 26: 20 * mb },
        usedBytes: 20 * mb,
        asOf: "2026-11-26T15:59:59Z",
      },
    ]);
    const rows = await daily(card, "2026-10-26", "2026-11-27");
    const byDate = Object.fromEntries(rows.map((row) => [String(row["date"]), row["used_data_value"]]));
    expect(byDate).toMatchObject({
      "2026-10-26": "29",
      "2026-10-27": "2",
      "2026-10-28": "0",
      "2026-10-31": "5",
      "2026-11-01": "1",
      "2026-11-26": "12",
      "2026-11-27": "0",
    });
  });

  test("what it has on 29 February too, the last day of a month that starts on the 1st", async () => {
    const card = await cardOf();
    await readings([
      {
        serialNo: card,
        month: "2028-02",
        days: { 28: 2 * mb, 29: 5 * mb },
        usedBytes: 5 * mb,
        asOf: "2028-02-29T15:59:59Z",
      },
      { serialNo: card, month: "2028-03", days: { 1: mb }, usedBytes: mb, asOf: "2028-03-01T15:59:59Z" },
    ]);
    const rows = await daily(card, "2028-02-27", "2028-03-01");
    expect(rows.map((row) => row["date"])).toEqual(["2028-02-27", "2028-02-28", "2028-02-29", "2028-03-01"]);
    expect(used(rows)).toEqual(["0", "2", "3", "1"]);
  });
});

describe("a day is final", () => {
  test.each<[number, string, string]>([
    [1, "2026-12-04T00:00:00+08:00", "2026-11-30"],
    [27, "2026-11-30T00:00:00+08:00", "2026-11-26"],
  ])("with cycle day %i from %s on: 72 hours after the month that %s ends", async (cycleDay, moment, lastDay) => {
    const card = await cardOf(cycleDay);
    const final = async () => (await daily(card, lastDay, nextDay(lastDay))).map((row) => row["is_final"]);
    const before = new Date(Date.parse(moment) - 1).toISOString();
    expect(await at(before, final)).toEqual([false, false]);
    expect(await at(moment, final)).toEqual([true, false]);
  });

  test("as soon as its source says", async () => {
    const hourly = await createMonthWriter(server.pool, "delta", 3600);
    const card = await cardOf();
    await hourly([{ serialNo: card, month: "2026-10", usedBytes: 0, asOf: "2026-10-02T00:00:00Z" }]);
    const final = async () => (await daily(card, "2026-10-31", "2026-10-31"))[0]?.["is_final"];
    expect(await at("2026-11-01T00:59:59.999+08:00", final)).toBe(false);
    expect(await at("2026-11-01T01:00:00.000+08:00", final)).toBe(true);
  });

  function nextDay(date: string): string {
    return new Date(Date.parse(date) + 86_400_000).toISOString().slice(0, 10);
  }
});

test("days are the platform's, of 23 and 25 hours too", async () => {
  const berlin = await startWatchedServer({
    clock: () => Date.parse("2027-01-10T00:00:00Z"),
    environment: { DKS_TIMEZONE: "Europe/Berlin" },
  });
  try {
    const caller = { of: berlin, client: await berlin.createClient() };
    await berlin.importCards([{ serial_no: "B1", account_no: caller.client.account_no }]);
    const write = await createMonthWriter(berlin.pool, "delta");
    await write([
      { serialNo: "B1", month: "2026-03", usedBytes: 0, asOf: "2026-04-01T00:00:00Z" },
      { serialNo: "B1", month: "2026-10", days: { 25: mb }, usedBytes: mb, asOf: "2026-11-01T00:00:00Z" },
    ]);
    const march = await ask("daily", { serial_no: "B1", start_date: "2026-03-28", end_date: "2026-03-30" }, caller);
    expect(march.map((row) => row["data_as_of"])).toEqual([
      "2026-03-28T23:00:00Z",
      "2026-03-29T22:00:00Z",
      "2026-03-30T22:00:00Z",
    ]);
    const october = await ask("daily", { serial_no: "B1", start_date: "2026-10-24", end_date: "2026-10-25" }, caller);
    expect(october).toMatchObject([
      { data_as_of: "2026-10-24T22:00:00Z", used_data_value: "0" },
      { data_as_of: "2026-10-25T23:00:00Z", used_data_value: "1" },
    ]);
  } finally {
    await berlin.close();
  }
});

describe("each billing month", () => {
  test("has a row, with its allowance as usage has left it", async () => {
    const card = await cardOf(1, ["cross_100_3 2026-09", "base_10 2026-11"]);
    await deltas([
      { serialNo: card, month: "2026-09", usedBytes: 30 * mb, asOf: "2026-09-30T00:00:00Z" },
      { serialNo: card, month: "2026-11", usedBytes: 2.5 * mb, asOf: "2026-11-24T01:02:03Z" },
    ]);
    const unadjusted = { version: 1, closed_data_value: null };
    const october = {
      billing_month: "2026-10",
      total_data_value: "70",
      used_data_value: "0",
      is_final: true,
      data_as_of: null,
      ...unadjusted,
    };
    const november = {
      billing_month: "2026-11",
      total_data_value: "80",
      used_data_value: "2.5",
      is_final: false,
      data_as_of: "2026-11-24T01:02:03Z",
      ...unadjusted,
    };
    expect(await monthly(card, "2026-10", "2026-11")).toEqual([october, november]);
    // The months before those asked for count all the same.
    expect(await monthly(card, "2026-11", "2026-11")).toEqual([november]);
    expect(await monthly(card, "2026-11", "2026-12")).toMatchObject([{}, { total_data_value: "10", is_final: false }]);
  });

  test("tells what it was closed with, and how often it was adjusted since", async () => {
    const card = await cardOf();
    await deltas([
      {
        serialNo: card,
        month: "2026-10",
        days: { 31: 3 * mb },
        usedBytes: 3 * mb,
        asOf: "2026-10-31T12:00:00Z",
        version: 3,
        closedBytes: 1.25 * mb,
      },
      { serialNo: card, month: "2026-09", usedBytes: mb, asOf: "2026-09-30T12:00:00Z", version: 2, closedBytes: 0 },
    ]);
    expect(await monthly(card, "2026-09", "2026-10")).toMatchObject([
      { used_data_value: "1", version: 2, closed_data_value: "0", is_final: true },
      { used_data_value: "3", version: 3, closed_data_value: "1.25", is_final: true },
    ]);
    expect(await daily(card, "2026-10-31", "2026-10-31")).toMatchObject([{ used_data_value: "3", is_final: true }]);
  });

  test("is not closed until 72 hours after the 26th that it ends with", async () => {
    const card = await cardOf(27);
    const final = async () => (await monthly(card, "2026-10", "2026-10"))[0]?.["is_final"];
    expect(await at("2026-11-29T23:59:59.999+08:00", final)).toBe(false);
    expect(await at("2026-11-30T00:00:00.000+08:00", final)).toBe(true);
  });

  test("is what its days add up to", async () => {
    const card = await cardOf(27);
    const days = Object.fromEntries(Array.from({ length: 31 }, (_, index) => [index + 1, (index + 1) * mb]));
    await deltas([{ serialNo: card, month: "2026-10", days, usedBytes: 496 * mb, asOf: "2026-11-26T15:59:59Z" }]);
    const rows = await daily(card, "2026-10-27", "2026-11-26");
    expect(rows).toHaveLength(31);
    expect(rows.reduce((sum, row) => sum + Number(row["used_data_value"]), 0)).toBe(496);
    expect(used(await monthly(card, "2026-10", "2026-10"))).toEqual(["496"]);
  });
});

describe("records that were taken in are told of", () => {
  test("on the day and in the month that they end in, midnight being the end of the day before", async () => {
    const card = await cardOf(27, ["base_10 2026-10"]);
    const source = await insertSource(server.pool, { name: "deltas", kind: "delta" });
    const intake = createIntake(server.pool, { clock: () => now, timeZone: "Asia/Shanghai" });
    const results = await at("2026-11-28T12:00:00+08:00", () =>
      intake.takeIn(source, [
        delta(source, "1", card, "2026-11-26T00:00:00+08:00", mb),
        delta(source, "2", card, "2026-11-27T00:00:00+08:00", 2 * mb),
        delta(source, "3", card, "2026-11-27T00:00:01+08:00", 4 * mb),
      ]),
    );
    expect(results.map(({ status }) => status)).toEqual(["accepted", "accepted", "accepted"]);
    const [rows, months, info] = await at("2026-11-28T12:00:00+08:00", async () => [
      await daily(card, "2026-11-25", "2026-11-28"),
      await monthly(card, "2026-10", "2026-11"),
      (await server.memberInfo(client, { serial_no: card })).body.data,
    ]);
    expect(rows.map((row) => [row["used_data_value"], row["data_as_of"]])).toEqual([
      ["1", "2026-11-25T16:00:00Z"],
      ["2", "2026-11-26T16:00:00Z"],
      ["4", "2026-11-26T16:00:01Z"],
      ["0", null],
    ]);
    expect(used(months)).toEqual(["3", "4"]);
    expect(info).toMatchObject({
      billing_month: "2026-11",
      used_data_value: "4",
      left_data_value: "6",
      data_as_of: "2026-11-26T16:00:01Z",
    });
  });

  test("as what a counter moved by, and with what arrived after the month was closed", async () => {
    const card = await cardOf();
    const source = await insertSource(server.pool, { name: "readings", kind: "reading" });
    const intake = createIntake(server.pool, { clock: () => now, timeZone: "Asia/Shanghai" });
    await at("2026-11-01T12:00:00+08:00", () =>
      intake.takeIn(source, [
        reading(source, "1", card, "2026-10-30T12:00:00+08:00", 5 * mb),
        reading(source, "2", card, "2026-10-31T12:00:00+08:00", 4 * mb),
      ]),
    );
    await intake.takeIn(source, [reading(source, "3", card, "2026-10-31T18:00:00+08:00", 6 * mb)]);
    expect(used(await daily(card, "2026-10-29", "2026-10-31"))).toEqual(["0", "5", "1"]);
    expect(await monthly(card, "2026-10", "2026-10")).toMatchObject([
      { used_data_value: "6", is_final: true, version: 2, closed_data_value: "4" },
    ]);
  });
});

test("a card is found by whatever names it", async () => {
  await server.importCards([{ serial_no: "NAMED", custom_no: "700700", account_no: client.account_no }]);
  expect(await daily("700700", "2026-11-01", "2026-11-01")).toHaveLength(1);
  expect(await monthly("700700", "2026-11", "2026-11")).toHaveLength(1);
});

describe("how much may be asked for:", () => {
  test("92 days and 24 months, over the ends of years", async () => {
    const card = await cardOf();
    expect(await daily(card, "2026-11-01", "2027-01-31")).toHaveLength(92);
    expect(await monthly(card, "2025-12", "2027-11")).toHaveLength(24);
  });

  test.each<["daily" | "month", Readonly<Record<string, string | number>>, string, string]>([
    ["daily", { start_date: "2026-11-01", end_date: "2027-02-01" }, "range_too_long", "共 93 天，一次最多 92 天"],
    ["daily", { start_date: "2000-01-01", end_date: "2099-12-31" }, "range_too_long", "共 36525 天"],
    ["daily", { start_date: "2026-11-02", end_date: "2026-11-01" }, "range_backwards", "end_date（2026-11-01）早于"],
    ["daily", { start_date: "2026-02-29", end_date: "2026-03-01" }, "parameter_malformed", "2026-02-29 不存在"],
    ["daily", { start_date: "2026-02-01", end_date: "2026-02-30" }, "parameter_malformed", "end_date 的日期"],
    ["daily", { start_date: "2026-13-01", end_date: "2026-13-02" }, "parameter_malformed", "2026-13-01 不存在"],
    ["daily", { start_date: "1999-12-31", end_date: "2000-01-01" }, "parameter_malformed", "start_date 应为 2000 至"],
    ["daily", { start_date: "2026-11-1", end_date: "2026-11-02" }, "parameter_malformed", "start_date 应为 2000 至"],
    ["daily", { start_date: 20_261_101, end_date: 20_261_102 }, "parameter_malformed", "start_date 应为 2000 至"],
    ["daily", { start_date: "2026-11-01" }, "parameter_missing", "缺少参数 end_date"],
    ["month", { start_month: "2025-11", end_month: "2027-11" }, "range_too_long", "共 25 个账期，一次最多 24 个账期"],
    ["month", { start_month: "2026-11", end_month: "2026-10" }, "range_backwards", "end_month（2026-10）早于"],
    ["month", { start_month: "2026-00", end_month: "2026-10" }, "parameter_malformed", "start_month 应为 2000 至"],
    ["month", { start_month: "2026-10", end_month: "2026-13" }, "parameter_malformed", "end_month 应为 2000 至"],
    ["month", { end_month: "2026-11" }, "parameter_missing", "缺少参数 start_month"],
  ])("%s of %o is refused", async (operation, parameters, hint, told) => {
    const card = await cardOf();
    const { body } = await server.call(`/v1/member/usage/${operation}`, client, { serial_no: card, ...parameters });
    expect(body).toMatchObject({ errcode: 55030, hint });
    expect(body.errmsg).toContain(told);
  });

  test("29 February exists in leap years", async () => {
    expect(await daily(await cardOf(), "2028-02-29", "2028-02-29")).toHaveLength(1);
  });
});
