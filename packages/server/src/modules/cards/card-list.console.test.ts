import { buffer } from "node:stream/consumers";
import { Readable } from "node:stream";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { systemActor } from "../../actor.ts";
import { eventually } from "../../../test/dks.ts";
import { type TestClient, type TestServer, startTestServer } from "../../../test/server.ts";
import { createMonthWriter } from "../../../test/usage-months.ts";
import { readWorkbook } from "../../../test/workbook.ts";
import type { Role } from "../staff/staff.ts";

const iccid = "89860426110087000101";

let server: TestServer;
let client: TestClient;
const cookies = {} as Record<Role, string>;

beforeAll(async () => {
  server = await startTestServer();
  for (const role of ["viewer", "operator"] as const) cookies[role] = await signIn(role);
  const accountNo = await server.services.accounts.create(
    { name: '=HYPERLINK("http://example.com")', rank: 3, balance: "0.00" },
    systemActor("test"),
  );
  client = await server.createClient({ accountNo: String(accountNo) });
  await server.importProducts([
    {
      product_no: "p",
      name: "P",
      carrier: "cmcc",
      origin_price: "1.00",
      fee: "1.00",
      data_value: "1024.55",
      month: 12,
      level: 1,
      eft_type: 0,
    },
  ]);
  await server.importCards([
    { serial_no: "87000001", iccid, account_no: client.account_no, custom_no: "600001", msisdn: "14400000001" },
    { serial_no: "87000002", carrier: "ctcc", sim_status: 0 },
  ]);
  const month = new Date().toISOString().slice(0, 7);
  await server.importPackages([{ serial_no: "87000001", product_no: "p", first_month: month }]);
  const write = await createMonthWriter(server.pool, "delta");
  // In Shanghai a month begins eight hours before it does by UTC: whichever of the two it is, at whatever hour this runs.
  for (const each of [month, next(month)])
    await write([{ serialNo: "87000001", month: each, usedBytes: 123_456_789, asOf: `${month}-01T00:00:00Z` }]);
});
afterAll(() => server.close());

function next(month: string): string {
  const date = new Date(`${month}-01T00:00:00Z`);
  date.setUTCMonth(date.getUTCMonth() + 1);
  return date.toISOString().slice(0, 7);
}

/** What a browser of somebody new with that role sends along. */
async function signIn(role: Role): Promise<string> {
  const email = `${role}@example.com`;
  const { password } = await server.services.staff.create({ email, name: role, role }, systemActor("test"));
  let cookie = "";
  for (const [path, body] of [
    ["/sign-in/email", { email, password }],
    ["/change-password", { currentPassword: password, newPassword: "correct horse battery" }],
  ] as const) {
    const response = await fetch(`${server.url}/console/api/auth${path}`, {
      method: "POST",
      headers: { "content-type": "application/json", origin: server.url, cookie },
      body: JSON.stringify(body),
    });
    cookie = response.headers
      .getSetCookie()
      .map((each) => each.replace(/;.*$/s, ""))
      .join("; ");
  }
  return cookie;
}

async function call(
  path: string,
  { role = "viewer", body }: { role?: Role | undefined; body?: unknown } = {},
): Promise<{ status: number; body: Record<string, unknown> }> {
  const response = await fetch(`${server.url}/console/api${path}`, {
    method: body === undefined ? "GET" : "POST",
    headers: {
      origin: server.url,
      cookie: cookies[role],
      "accept-language": "en",
      ...(body === undefined ? {} : { "content-type": "application/json" }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  // The tests that read a member of it fail if it is not there.
  return { status: response.status, body: (await response.json()) as Record<string, unknown> };
}

describe("the list of cards", () => {
  it("has the figures of the signed API, to the digit", async () => {
    const { body } = await call("/cards?search=600001");
    const [card] = body["list"] as Record<string, unknown>[];
    const { data } = (await server.memberInfo(client, { serial_no: "87000001" })).body;
    for (const name of ["total_data_value", "used_data_value", "left_data_value", "billing_month", "data_as_of"])
      expect(card?.[name], name).toEqual(data?.[name]);
    expect(card).toMatchObject({
      serial_no: "87000001",
      iccid,
      custom_no: "600001",
      account_no: Number(client.account_no),
      used_percent: 11,
      total_data_value: "1024.55",
    });
    expect(body["search"]).toEqual({
      text: "600001",
      tried: ["serial_no", "custom_no", "msisdn"],
      found: [{ kind: "custom_no", serial_no: "87000001" }],
      hidden: 0,
    });
  });

  it("reads its filters and order from the query", async () => {
    const serialNos = async (query: string) =>
      ((await call(`/cards?${query}`)).body["list"] as { serial_no: string }[]).map(({ serial_no }) => serial_no);
    expect(await serialNos("descending=true")).toEqual(["87000002", "87000001"]);
    expect(await serialNos("in_stock=true")).toEqual(["87000002"]);
    expect(await serialNos(`account_no=${client.account_no}`)).toEqual(["87000001"]);
    expect(await serialNos("carrier=ctcc&sim_status=0&gprs_status=1&cycle_day=1")).toEqual(["87000002"]);
    expect(await serialNos("used_percent_min=12")).toEqual([]);
    expect(await serialNos("unused=true")).toEqual(["87000002"]);
    expect(await serialNos("sort=percent&limit=1")).toEqual(["87000002"]);
    expect((await call("/card-carriers")).body).toEqual({ list: ["cmcc", "ctcc"] });
  });

  it("is for who is signed in, and takes no other filters", async () => {
    const response = await fetch(`${server.url}/console/api/cards`);
    expect(response.status).toBe(401);
    for (const query of ["sim_status=9", "carrier=%27%3B--", "sort=iccid", "cycle_day=x", "limit=501"])
      expect((await call(`/cards?${query}`)).status, query).toBe(422);
    expect((await call("/cards?cursor=nobody%7E1")).status).toBe(422);
  });
});

describe("an export of it", () => {
  async function exported(request: object): Promise<Buffer> {
    const { body } = await call("/jobs/exports", { role: "operator", body: { kind: "card_export", ...request } });
    const jobNo = String(body["job_no"]);
    await eventually(
      `job ${jobNo} is done`,
      async () => {
        const { body: job } = await call(`/jobs/${jobNo}`);
        if (job["state"] === "failed") throw new Error(JSON.stringify(job));
        return job["state"] === "succeeded" ? job : undefined;
      },
      60_000,
    );
    const response = await fetch(`${server.url}/console/api/jobs/${jobNo}/files/export`, {
      headers: { cookie: cookies.operator },
    });
    return buffer(Readable.fromWeb(response.body as Parameters<typeof Readable.fromWeb>[0]));
  }

  it("has the cards that were listed, card numbers as texts with all their digits and nothing that is calculated", async () => {
    const columns = ["serial_no", "iccid", "account_name", "used_data_value", "sim_status", "data_as_of"];
    const bytes = await exported({ filter: { carrier: "cmcc" }, columns, format: "xlsx" });
    const { sheets } = readWorkbook(bytes);
    expect(sheets[0]?.rows).toEqual([
      { A: "Card number", B: "ICCID", C: "Account", D: "Used (MB)", E: "SIM status", F: "Usage known up to" },
      {
        A: "87000001",
        B: iccid,
        C: '=HYPERLINK("http://example.com")',
        D: 117.74,
        E: "Running",
        F: expect.stringMatching(/^\d{4}-\d{2}-01 08:00:00$/),
      },
    ]);
    const csv = await exported({ filter: { descending: true }, columns: ["serial_no", "account_name"], format: "csv" });
    expect(csv.toString("utf8")).toBe(
      `\ufeffCard number,Account\r\n87000002,\r\n87000001,"'=HYPERLINK(""http://example.com"")"\r\n`,
    );
  });

  it("is refused for columns and filters that there are none of, and to viewers", async () => {
    const good = { kind: "card_export", filter: {}, columns: ["serial_no"], format: "csv" };
    for (const wrong of [
      { columns: ["constructor"] },
      { columns: ["secret"] },
      { filter: { nobody: 1 } },
      { filter: { sim_status: "1" } },
      { filter: { sort: "iccid" } },
    ])
      expect((await call("/jobs/exports", { role: "operator", body: { ...good, ...wrong } })).status).toBe(422);
    expect((await call("/jobs/exports", { body: good })).status).toBe(403);
  });
});
