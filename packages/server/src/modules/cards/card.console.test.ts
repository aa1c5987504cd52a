import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ConsoleSession, openConsoleSession } from "../../../test/console-session.ts";
import { type TestClient, type TestServer, startTestServer } from "../../../test/server.ts";
import { delta, insertSource, reading } from "../../../test/usage.ts";
import { systemActor } from "../../actor.ts";
import { importCsv } from "../imports/import-csv.ts";
import { parseMonth } from "../packages/billing-month.ts";
import { cardImport } from "./cards.import.ts";

const month = (name: string) => parseMonth(name) ?? 0;
const mb = 1_048_576;
const by = systemActor("test");
const cards = ["DELTAS", "READINGS", "UNICOM", "TWO", "EMPTY"] as const;

let now = Date.parse("2026-10-20T04:00:00Z");
let server: TestServer;
let client: TestClient;
let session: ConsoleSession;

beforeAll(async () => {
  server = await startTestServer({ clock: () => now });
  client = await server.createClient();
  const account_no = client.account_no;
  await server.importCards([
    { serial_no: "DELTAS", iccid: "89860012345678901234", msisdn: "13800000001", account_no, custom_no: "100001" },
    { serial_no: "READINGS", account_no },
    { serial_no: "UNICOM", account_no, carrier: "cucc" },
    { serial_no: "TWO", account_no },
    { serial_no: "EMPTY", account_no },
    { serial_no: "STOCK" },
  ]);
  const product = { carrier: "cmcc", origin_price: "2.00", fee: "1.00", eft_type: 0 };
  await server.importProducts([
    { ...product, product_no: "base", name: "10 MB a month", data_value: "10", month: 2, level: 1 },
    { ...product, product_no: "cross", name: "100 MB for 3 months", data_value: "100", month: 3, level: 3 },
    { ...product, product_no: "old", name: "5 MB", data_value: "5", month: 1, level: 2 },
  ]);
  await server.importPackages([
    { serial_no: "DELTAS", product_no: "old", first_month: "2026-09" },
    { serial_no: "DELTAS", product_no: "base", first_month: "2026-10" },
    { serial_no: "DELTAS", product_no: "cross", first_month: "2026-10" },
    { serial_no: "DELTAS", product_no: "base", first_month: "2026-12" },
    { serial_no: "UNICOM", product_no: "base", first_month: "2026-10" },
  ]);
  await useDeltas();
  await useReadings();
  session = await openConsoleSession(server);
});
afterAll(() => server.close());

/** October closes at 40 MB and is adjusted to 45; in November a delta is corrected from 4 MB to 3. */
async function useDeltas(): Promise<void> {
  const { intake, sources } = server.services;
  const gateway = await insertSource(server.pool, { name: "gateway", kind: "delta" });
  const other = await insertSource(server.pool, { name: "roaming", kind: "delta" });
  now = Date.parse("2026-10-20T04:00:00Z");
  await intake.takeIn(gateway, [
    delta(gateway, "o1", "DELTAS", "2026-10-05T04:00:00Z", 30 * mb),
    delta(gateway, "o2", "DELTAS", "2026-10-06T04:00:00Z", 10 * mb),
  ]);
  now = Date.parse("2026-11-15T04:00:00Z");
  await intake.takeIn(gateway, [
    delta(gateway, "o3", "DELTAS", "2026-10-06T05:00:00Z", 5 * mb),
    delta(gateway, "n1", "DELTAS", "2026-11-02T04:00:00Z", 4 * mb),
    delta(gateway, "n2", "DELTAS", "2026-11-02T05:00:00Z", -mb, { corrects: "n1" }),
    delta(gateway, "n3", "DELTAS", "2026-11-10T04:00:00Z", 12_345_678),
    // Refused: the same id with other bytes.
    delta(gateway, "n3", "DELTAS", "2026-11-10T04:00:00Z", 1),
  ]);
  await sources.assign("roaming", "TWO", month("2026-11"), by);
  await intake.takeIn(gateway, [delta(gateway, "t1", "TWO", "2026-11-02T04:00:00Z", 7 * mb)]);
  await intake.takeIn(other, [delta(other, "t1", "TWO", "2026-11-02T04:00:00Z", 6 * mb)]);
}

/** A counter that was reset an hour late, and one that the carrier took back. */
async function useReadings(): Promise<void> {
  const { intake } = server.services;
  const carrier = await insertSource(server.pool, { name: "carrier", kind: "reading" });
  await intake.takeIn(carrier, [
    reading(carrier, "1", "READINGS", "2026-10-31T10:00:00Z", 500 * mb),
    // 2026-11-01 01:00 in Shanghai: not reset yet.
    reading(carrier, "2", "READINGS", "2026-10-31T17:00:00Z", 520 * mb),
    reading(carrier, "3", "READINGS", "2026-11-02T10:00:00Z", 30 * mb),
    reading(carrier, "4", "READINGS", "2026-11-05T10:00:00Z", 25 * mb),
    // Its billing month 2026-10 is 27 October to 26 November.
    reading(carrier, "5", "UNICOM", "2026-10-28T10:00:00Z", 2 * mb),
    reading(carrier, "6", "UNICOM", "2026-11-03T10:00:00Z", 11 * mb),
  ]);
}

async function get(path: string) {
  const { status, body } = await session.get(path);
  expect(status, JSON.stringify(body)).toBe(200);
  return body;
}

describe("the figures", () => {
  it.each(cards)("of %s are those that the signed API answers, to the digit", async (serial_no) => {
    const { data: member } = (await server.memberInfo(client, { serial_no })).body;
    const card = await get(`/cards/${serial_no}`);
    const usage = await get(`/cards/${serial_no}/usage`);
    const packages = await get(`/cards/${serial_no}/packages`);
    const { total_data_value, used_data_value, left_data_value, billing_month, data_as_of } = member ?? {};
    expect(card).toMatchObject({ total_data_value, used_data_value, left_data_value, billing_month, data_as_of });
    for (const page of [usage, packages])
      expect(page).toMatchObject({ total_data_value, used_data_value, left_data_value, billing_month });

    const months = { start_month: "2026-09", end_month: billing_month as string };
    const { data: monthly } = (await server.call("/v1/member/usage/month", client, { serial_no, ...months })).body;
    for (const month of (await get(`/cards/${serial_no}/months`)).list) {
      const told = (monthly?.["list"] as Record<string, unknown>[] | undefined)?.find(
        (one) => one["billing_month"] === month.billing_month,
      );
      expect(month).toMatchObject(told ?? { none: month.billing_month });
    }

    const range = { start_date: usage.first_day, end_date: usage.last_day };
    const { data: daily } = (await server.call("/v1/member/usage/daily", client, { serial_no, ...range })).body;
    const days = daily?.["list"] as { date: string; used_data_value: string }[];
    expect(
      usage.days.map((day: Record<string, string | null>) => [day["date"], day["used_data_value"] ?? "0"]),
    ).toEqual(days.map(({ date, used_data_value: used }) => [date, used]));
  });

  it("of a closed month stay readable as they were at closing", async () => {
    expect(await get("/cards/DELTAS/usage?month=2026-10")).toMatchObject({
      billing_month: "2026-10",
      is_current: false,
      is_final: true,
      used_data_value: "45",
      version: 2,
      closed_data_value: "40",
      total_data_value: "110",
    });
  });
});

describe("a card", () => {
  it("is shown with all that names it, its account, and the source that counts", async () => {
    expect(await get("/cards/DELTAS")).toMatchObject({
      serial_no: "DELTAS",
      custom_no: "100001",
      iccid: "89860012345678901234",
      imsi: null,
      msisdn: "13800000001",
      carrier: "cmcc",
      account: { account_no: Number(client.account_no), status: "normal" },
      cycle_day: 1,
      first_day: "2026-11-01",
      last_day: "2026-11-30",
      source: { name: "gateway", kind: "delta" },
      assigned_source: null,
      quarantined: [{ subject: "DELTAS", count: 1 }],
    });
  });

  it("of China Unicom has its month from the 27th", async () => {
    expect(await get("/cards/UNICOM")).toMatchObject({
      cycle_day: 27,
      billing_month: "2026-10",
      first_day: "2026-10-27",
      last_day: "2026-11-26",
      used_data_value: "11",
      total_data_value: "10",
      left_data_value: "0",
    });
    const { days } = await get("/cards/UNICOM/usage");
    expect(days).toHaveLength(31);
    expect(days[1]).toMatchObject({ date: "2026-10-28", used_bytes: 2 * mb, counter: 2 * mb });
    expect(days[7]).toMatchObject({ date: "2026-11-03", used_bytes: 9 * mb, counter: 11 * mb });
  });

  it("in stock, without anything, has empty pages", async () => {
    expect(await get("/cards/STOCK")).toMatchObject({
      account: null,
      custom_no: null,
      iccid: null,
      total_data_value: "0",
      data_as_of: null,
      source: null,
      quarantined: [],
    });
    expect(await get("/cards/STOCK/packages")).toMatchObject({ list: [], beyond_bytes: 0 });
    expect((await get("/cards/STOCK/months")).list).toHaveLength(1);
    expect(await get("/cards/STOCK/usage")).toMatchObject({ sources: [], used_bytes: 0 });
    expect(await get("/cards/STOCK/records")).toMatchObject({ source: null, total: 0, list: [] });
    expect((await get("/cards/STOCK/history")).list).toHaveLength(1);
  });

  it.each(["", "/packages", "/months", "/usage", "/records", "/history"])(
    "that does not exist is missing: %s",
    async (path) => {
      const { status, body } = await session.get(`/cards/NOSUCH${path}`);
      expect([status, body.error]).toEqual([404, { code: "missing", message: "there is no card NOSUCH" }]);
    },
  );

  it("is found by its number only, and a month must be one", async () => {
    expect((await session.get("/cards/100001")).status).toBe(404);
    expect((await session.get("/cards/DELTAS/usage?month=2026-13")).status).toBe(422);
  });
});

describe("the packages", () => {
  it("say month by month what they gave and bore, the monthly ones first", async () => {
    const { list, beyond_bytes } = await get("/cards/DELTAS/packages");
    expect(beyond_bytes).toBe(0);
    expect(list).toMatchObject([
      { product_no: "old", state: "past", last_day: "2026-09-30", shares: [{ given_bytes: 5 * mb, drawn_bytes: 0 }] },
      {
        product_no: "base",
        state: "in_effect",
        first_day: "2026-10-01",
        last_day: "2026-11-30",
        shares: [
          { billing_month: "2026-10", given_bytes: 10 * mb, drawn_bytes: 10 * mb },
          { billing_month: "2026-11", given_bytes: 10 * mb, drawn_bytes: 10 * mb },
        ],
      },
      {
        product_no: "cross",
        state: "in_effect",
        last_month: "2026-12",
        size_data_value: "100",
        shares: [
          { billing_month: "2026-10", given_bytes: 100 * mb, drawn_bytes: 35 * mb },
          { billing_month: "2026-11", given_bytes: 65 * mb, drawn_bytes: 12_345_678 + 3 * mb - 10 * mb },
        ],
      },
      { product_no: "base", state: "not_begun", first_month: "2026-12", shares: [] },
    ]);
  });

  it("say what of the usage none of them bore", async () => {
    expect(await get("/cards/UNICOM/packages")).toMatchObject({ beyond_bytes: mb });
  });
});

describe("the records behind a figure", () => {
  it("of deltas add up to it, corrections and adjustments among them", async () => {
    const { source, list, total } = await get("/cards/DELTAS/records");
    expect([source, total]).toEqual([{ name: "gateway", kind: "delta" }, 3]);
    expect(list).toMatchObject([
      { id: "n1", effect_bytes: 4 * mb, corrects: null },
      { id: "n2", effect_bytes: -mb, corrects: "n1" },
      { id: "n3", effect_bytes: 12_345_678 },
    ]);
    const { sources } = await get("/cards/DELTAS/usage?month=2026-10");
    expect(sources).toMatchObject([
      { counts: true, used_bytes: 45 * mb, records: { counted: 3, effect_bytes: 45 * mb, adjustments: 1 } },
    ]);
    expect(await get("/cards/DELTAS/records?month=2026-10&unusual=true")).toMatchObject({
      total: 1,
      list: [{ id: "o3", adjustment: true }],
    });
  });

  it("of readings say which counted in the month before, and where the counter fell", async () => {
    const { sources } = await get("/cards/READINGS/usage");
    expect(sources).toMatchObject([
      {
        used_bytes: 25 * mb,
        records: {
          counted: 2,
          effect_bytes: 25 * mb,
          carried_in: 0,
          carried_out: 1,
          falls: 1,
          last: { at: "2026-11-05T10:00:00.000Z", bytes: 25 * mb },
        },
      },
    ]);
    expect((await get("/cards/READINGS/records")).list).toMatchObject([
      { id: "2", own_month: "2026-11", counts_in: "2026-10", effect_bytes: 0 },
      { id: "3", effect_bytes: 30 * mb },
      { id: "4", effect_bytes: -5 * mb, fell: true },
    ]);
    expect((await get("/cards/READINGS/usage?month=2026-10")).sources).toMatchObject([
      { used_bytes: 520 * mb, records: { carried_in: 1, last: { bytes: 520 * mb } } },
    ]);
  });

  it("of a source that does not count are kept apart, with the gap", async () => {
    const { sources, assigned_source } = await get("/cards/TWO/usage");
    expect(assigned_source).toEqual({ name: "roaming", kind: "delta" });
    expect(sources).toMatchObject([
      { source: { name: "roaming" }, counts: true, used_bytes: 6 * mb, gap_bytes: null },
      { source: { name: "gateway" }, counts: false, used_bytes: 7 * mb, gap_bytes: mb },
    ]);
    expect(await get("/cards/TWO/records?source=gateway")).toMatchObject({
      total: 1,
      list: [{ effect_bytes: 7 * mb }],
    });
  });

  it("come page by page, and of one day alone", async () => {
    const first = await get("/cards/DELTAS/records?limit=2");
    expect([first.list.length, first.next_cursor]).toEqual([2, 2]);
    const second = await get(`/cards/DELTAS/records?limit=2&cursor=${first.next_cursor}`);
    expect([second.list.map(({ id }: { id: string }) => id), second.next_cursor]).toEqual([["n3"], undefined]);
    expect((await get("/cards/DELTAS/records?day=2026-11-02")).list).toMatchObject([{ id: "n1" }, { id: "n2" }]);
  });
});

describe("the history", () => {
  const columns = "serial_no,carrier,account_no,custom_no,sim_status,msisdn";

  it("says who changed which values, and by which file", async () => {
    await server.importCards([{ serial_no: "CHANGED", sim_status: 1 }]);
    const file = `${columns}\nCHANGED,cmcc,${client.account_no},222222,0,\nDELTAS,cmcc,,,,\n`;
    const actor = { ...by, kind: "cli", id: "root", name: "root" } as const;
    await importCsv(server.pool, cardImport, file, { audit: { by: actor } });
    // Again: nothing changes, and nothing is written.
    await importCsv(server.pool, cardImport, file, { audit: { by: actor } });
    await server.importPackages([{ serial_no: "CHANGED", product_no: "cross", first_month: "2026-11" }]);
    await server.services.sources.assign("gateway", "CHANGED", month("2026-12"), by);
    const { list, more } = await get("/cards/CHANGED/history");
    expect(more).toBe(false);
    expect(list).toMatchObject([
      { kind: "act", event: { action: "card.assign_source", actor_name: "test" } },
      {
        kind: "package",
        event: { action: "import.finish", actor_kind: "system" },
        after: { product_no: "cross", first_month: "2026-11", last_month: "2027-01", size_data_value: "100" },
      },
      {
        kind: "changed",
        event: { action: "import.finish", actor_kind: "cli", actor_name: "root", file_name: "CSV", job_no: null },
        before: { sim_status: 1 },
        after: { account_no: Number(client.account_no), custom_no: "222222", sim_status: 0 },
      },
      { kind: "created", event: { action: "import.finish" }, before: {}, after: {} },
    ]);
  });

  it("has no row for a new card, one for a changed one, and none for what a dry run would change", async () => {
    await importCsv(server.pool, cardImport, "serial_no,carrier\nN1,cmcc\nN2,cmcc\n");
    await importCsv(server.pool, cardImport, "serial_no,carrier\nN1,ctcc\nN2,cmcc\nN3,cmcc\n", { dryRun: true });
    await importCsv(server.pool, cardImport, "serial_no,carrier\nN1,ctcc\nN2,cmcc\nN3,cmcc\n");
    const { rows } = await server.pool.query(
      "select serial_no, before, after from card_change where serial_no like 'N_' order by 1",
    );
    expect(rows).toEqual([{ serial_no: "N1", before: { carrier: "cmcc" }, after: { carrier: "ctcc" } }]);
    const { rows: events } = await server.pool.query(
      `select a.after from card c join audit_event a on a.event_no = c.event_no where c.serial_no in ('N1', 'N3')
      order by a.event_no`,
    );
    expect(events).toMatchObject([{ after: { inserted: 2 } }, { after: { inserted: 1, updated: 1, unchanged: 1 } }]);
  });

  it("is there of cards that came before it was kept, without saying who brought them", async () => {
    await server.pool.query("update card set event_no = null where serial_no = 'EMPTY'");
    expect((await get("/cards/EMPTY/history")).list).toMatchObject([{ kind: "created", event: null }]);
  });
});
