import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { TestClient, TestServer } from "../../../test/server.ts";
import { type TestUsageMonth, createMonthWriter } from "../../../test/usage-months.ts";
import { startWatchedServer } from "../../../test/watched-server.ts";

const mb = 1_048_576;
let now = Date.parse("2026-11-15T04:00:00.000Z");
let server: TestServer;
let client: TestClient;
let write: (months: readonly TestUsageMonth[]) => Promise<void>;
let writeOther: typeof write;

beforeAll(async () => {
  server = await startWatchedServer({ clock: () => now });
  client = await server.createClient();
  write = await createMonthWriter(server.pool, "delta");
  writeOther = await createMonthWriter(server.pool, "reading");
  const product = { carrier: "cmcc", origin_price: "2.00", fee: "1.00", eft_type: 0 };
  await server.importProducts([
    { product_no: "base_10", name: "10 MB", data_value: "10", month: 12, level: 1, ...product },
    { product_no: "cross_100_3", name: "100 MB for 3 months", data_value: "100", month: 3, level: 3, ...product },
  ]);
});
afterAll(() => server.close());

let cardCount = 0;
/** A card of the client's with packages given as `product first_month`, and usage of months. */
async function cardWith(
  packages: readonly string[],
  months: readonly Omit<TestUsageMonth, "serialNo">[],
  card: Readonly<Record<string, string | number>> = {},
): Promise<string> {
  const serialNo = `U${String(++cardCount).padStart(6, "0")}`;
  await server.importCards([{ serial_no: serialNo, account_no: client.account_no, ...card }]);
  for (const each of packages) {
    const [productNo = "", firstMonth = ""] = each.split(" ");
    await server.importPackages([{ serial_no: serialNo, product_no: productNo, first_month: firstMonth }]);
  }
  await write(months.map((month) => ({ serialNo, ...month })));
  return serialNo;
}

async function info(serialNo: string): Promise<Readonly<Record<string, unknown>> | undefined> {
  return (await server.memberInfo(client, { serial_no: serialNo })).body.data;
}

async function at<T>(moment: string, ask: () => Promise<T>): Promise<T> {
  const before = now;
  now = Date.parse(moment);
  try {
    return await ask();
  } finally {
    now = before;
  }
}

describe("what a card has used this month", () => {
  test("is told with what is left, and up to when it is known, to the second that has begun", async () => {
    const card = await cardWith(
      ["base_10 2026-11"],
      [{ month: "2026-11", usedBytes: 2.5 * mb, asOf: "2026-11-15T03:59:58.999Z" }],
    );
    expect(await info(card)).toMatchObject({
      total_data_value: "10",
      used_data_value: "2.5",
      left_data_value: "7.5",
      billing_month: "2026-11",
      data_as_of: "2026-11-15T03:59:58Z",
    });
  });

  test("may be more than its allowance, of which nothing is left then", async () => {
    const card = await cardWith(
      ["base_10 2026-11"],
      [{ month: "2026-11", usedBytes: 12 * mb, asOf: "2026-11-15T03:00:00Z" }],
    );
    expect(await info(card)).toMatchObject({ used_data_value: "12", left_data_value: "0" });
  });

  test("is never told below zero", async () => {
    const card = await cardWith(
      ["base_10 2026-11"],
      [{ month: "2026-11", usedBytes: -3 * mb, asOf: "2026-11-15T03:00:00Z" }],
    );
    expect(await info(card)).toMatchObject({ used_data_value: "0", left_data_value: "10" });
  });

  test("adds up as it is printed, whatever the bytes", async () => {
    const card = await cardWith(
      ["base_10 2026-11"],
      [{ month: "2026-11", usedBytes: 3_333_333, asOf: "2026-11-15T03:00:00Z" }],
    );
    expect(await info(card)).toMatchObject({ used_data_value: "3.18", left_data_value: "6.82" });
  });

  test("is as it is now, never as it was a moment ago", async () => {
    const card = await cardWith([], [{ month: "2026-11", usedBytes: mb, asOf: "2026-11-15T03:00:00Z" }]);
    expect(await info(card)).toMatchObject({ used_data_value: "1" });
    await server.pool.query("update usage_month set used_bytes = used_bytes * 2 where serial_no = $1", [card]);
    expect(await info(card)).toMatchObject({ used_data_value: "2" });
  });

  test("does not keep the others from being answered when a source made it absurd", async () => {
    const card = await cardWith(["cross_100_3 2026-10"], []);
    await server.pool.query(
      `insert into usage_month (serial_no, month, source_no, counts, used_bytes, as_of, day_bytes)
       select $1, month, min(source_no), true, 9000000000000000000, now(), array_fill(0::bigint, array[31])
       from usage_source, (values (date '2026-10-01'), ('2026-11-01')) given (month)
       group by month`,
      [card],
    );
    const other = await cardWith(["base_10 2026-11"], []);
    const answers = await Promise.all([card, other, card, other].map(info));
    expect(answers).toMatchObject([
      { total_data_value: "0", used_data_value: "8589934592", left_data_value: "0" },
      { total_data_value: "10", used_data_value: "0" },
      { used_data_value: "8589934592" },
      { total_data_value: "10" },
    ]);
    const months = { serial_no: card, start_month: "2026-11", end_month: "2026-11" };
    const { body } = await server.call("/v1/member/usage/month", client, months);
    expect(body.data).toMatchObject({ list: [{ used_data_value: "8589934592", closed_data_value: null }] });
  });

  test("is by the source that counts alone", async () => {
    const card = await cardWith([], [{ month: "2026-11", usedBytes: mb, asOf: "2026-11-14T03:00:00Z" }]);
    const later = { month: "2026-11", usedBytes: 9 * mb, asOf: "2026-11-15T03:00:00Z", counts: false };
    await writeOther([{ serialNo: card, ...later }]);
    expect(await info(card)).toMatchObject({ used_data_value: "1", data_as_of: "2026-11-14T03:00:00Z" });
  });
});

describe("at the turn of a billing month", () => {
  test.each<[number, string, string, string]>([
    [1, "2026-10-31T23:59:59.999+08:00", "2026-10", "1"],
    [1, "2026-11-01T00:00:00.000+08:00", "2026-11", "2"],
    [27, "2026-11-26T23:59:59.999+08:00", "2026-10", "1"],
    [27, "2026-11-27T00:00:00.000+08:00", "2026-11", "2"],
    [28, "2026-11-27T23:59:59.999+08:00", "2026-10", "1"],
  ])("a card with cycle day %i has, at %s, used what it has in %s", async (cycleDay, moment, month, used) => {
    const card = await cardWith(
      [],
      [
        { month: "2026-10", usedBytes: mb, asOf: "2026-10-30T00:00:00Z" },
        { month: "2026-11", usedBytes: 2 * mb, asOf: "2026-11-30T00:00:00Z" },
      ],
      { cycle_day: cycleDay },
    );
    expect(await at(moment, () => info(card))).toMatchObject({ billing_month: month, used_data_value: used });
  });

  test("a card whose month began on 29 February has used nothing of March yet", async () => {
    const card = await cardWith([], [{ month: "2028-02", usedBytes: mb, asOf: "2028-02-29T15:59:59Z" }], {
      cycle_day: 28,
    });
    expect(await at("2028-02-29T12:00:00+08:00", () => info(card))).toMatchObject({
      billing_month: "2028-02",
      used_data_value: "1",
    });
    expect(await at("2028-03-28T00:00:00+08:00", () => info(card))).toMatchObject({
      billing_month: "2028-03",
      used_data_value: "0",
    });
  });

  test("the month follows the platform's time zone, on a day of 25 hours too", async () => {
    let moment = Date.parse("2026-10-25T22:59:59.999Z");
    const berlin = await startWatchedServer({
      clock: () => moment,
      environment: { DKS_TIMEZONE: "Europe/Berlin" },
    });
    try {
      const caller = await berlin.createClient();
      await berlin.importCards([{ serial_no: "B1", account_no: caller.account_no, cycle_day: 26 }]);
      const writeBerlin = await createMonthWriter(berlin.pool, "delta");
      await writeBerlin([
        { serialNo: "B1", month: "2026-09", usedBytes: mb, asOf: "2026-10-25T00:00:00Z" },
        { serialNo: "B1", month: "2026-10", usedBytes: 2 * mb, asOf: "2026-10-26T00:00:00Z" },
      ]);
      const used = async () => (await berlin.memberInfo(caller, { serial_no: "B1" })).body.data?.["used_data_value"];
      expect(await used()).toBe("1");
      moment += 1;
      expect(await used()).toBe("2");
    } finally {
      await berlin.close();
    }
  });
});

describe("when nothing of this month is known yet, usage is known up to", () => {
  test("the last record of an earlier month", async () => {
    const card = await cardWith(
      [],
      [
        { month: "2026-06", usedBytes: mb, asOf: "2026-06-20T01:02:03Z" },
        { month: "2026-03", usedBytes: mb, asOf: "2026-03-20T01:02:03Z" },
        { month: "2026-08", usedBytes: 0 },
      ],
    );
    expect(await info(card)).toMatchObject({ used_data_value: "0", data_as_of: "2026-06-20T01:02:03Z" });
  });

  test("that even if the month is there without a record", async () => {
    const card = await cardWith(
      [],
      [
        { month: "2026-10", usedBytes: mb, asOf: "2026-10-20T01:02:03Z" },
        { month: "2026-11", usedBytes: 0 },
      ],
    );
    expect(await info(card)).toMatchObject({ used_data_value: "0", data_as_of: "2026-10-20T01:02:03Z" });
  });

  test("no moment at all without any record", async () => {
    expect(await info(await cardWith([], []))).toMatchObject({ data_as_of: null });
    expect(await info(await cardWith([], [{ month: "2026-11", usedBytes: 0 }]))).toMatchObject({ data_as_of: null });
  });
});

describe("a cross-month package", () => {
  const usage = [
    { month: "2026-09", usedBytes: 30 * mb, asOf: "2026-09-30T00:00:00Z" },
    { month: "2026-10", usedBytes: 50 * mb, asOf: "2026-10-30T00:00:00Z" },
    { month: "2026-11", usedBytes: 5 * mb, asOf: "2026-11-15T00:00:00Z" },
  ];

  test("carries what earlier months have left of it", async () => {
    const card = await cardWith(["cross_100_3 2026-09"], usage);
    expect(await info(card)).toMatchObject({
      total_data_value: "20",
      used_data_value: "5",
      left_data_value: "15",
      data_as_of: "2026-11-15T00:00:00Z",
    });
    const october = await at("2026-10-15T12:00:00+08:00", () => info(card));
    expect(october).toMatchObject({ total_data_value: "70", used_data_value: "50", left_data_value: "20" });
  });

  test("is drawn on after the month's own package", async () => {
    const card = await cardWith(["cross_100_3 2026-09", "base_10 2026-09"], usage);
    // 20 and 40 MB of it before, 10 MB of the month's.
    expect(await info(card)).toMatchObject({ total_data_value: "50", left_data_value: "45" });
  });

  test("is carried over with usage of no month known but an earlier one", async () => {
    const card = await cardWith(["cross_100_3 2026-10"], usage.slice(1, 2));
    expect(await info(card)).toMatchObject({
      total_data_value: "50",
      used_data_value: "0",
      data_as_of: "2026-10-30T00:00:00Z",
    });
  });

  test("follows usage that is reported late", async () => {
    const card = await cardWith(["cross_100_3 2026-09"], usage.slice(1));
    expect(await info(card)).toMatchObject({ total_data_value: "50" });
    await write([{ serialNo: card, ...usage[0], month: "2026-09", usedBytes: 30 * mb }]);
    expect(await info(card)).toMatchObject({ total_data_value: "20" });
  });

  test("is not drawn on by a source that does not count", async () => {
    const card = await cardWith(["cross_100_3 2026-09"], usage.slice(1));
    await writeOther([{ serialNo: card, month: "2026-09", usedBytes: 30 * mb, counts: false }]);
    expect(await info(card)).toMatchObject({ total_data_value: "50" });
  });
});

test("many calls at once, of cards that need earlier months and cards that do not, each get their own answer", async () => {
  const cards = Array.from({ length: 120 }, (_, number) => `MIX${String(number).padStart(3, "0")}`);
  await server.importCards(cards.map((serial_no) => ({ serial_no, account_no: client.account_no })));
  await server.importPackages(
    cards
      .filter((_, number) => number % 2 === 0)
      .map((serial_no) => ({ serial_no, product_no: "cross_100_3", first_month: "2026-10" })),
  );
  await write(
    cards.flatMap((serialNo, number) => [
      { serialNo, month: "2026-10", usedBytes: number * mb, asOf: `2026-10-15T00:00:${String(number % 60)}Z` },
      ...(number % 3 === 0 ? [{ serialNo, month: "2026-11", usedBytes: mb, asOf: "2026-11-15T00:00:00Z" }] : []),
    ]),
  );
  const answers = await Promise.all(cards.map(info));
  for (const [number, answer] of answers.entries())
    expect(answer).toMatchObject({
      serial_no: cards[number],
      total_data_value: number % 2 === 0 ? String(Math.max(0, 100 - number)) : "0",
      used_data_value: number % 3 === 0 ? "1" : "0",
      data_as_of:
        number % 3 === 0 ? "2026-11-15T00:00:00Z" : `2026-10-15T00:00:${String(number % 60).padStart(2, "0")}Z`,
    });
});
