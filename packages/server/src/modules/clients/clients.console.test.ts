import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { startSecondServer } from "../../../test/second-server.ts";
import { type TestClient, type TestServer, startTestServer } from "../../../test/server.ts";
import { type ConsoleSession, openConsoleSession } from "../../../test/console-session.ts";

const environment = { DKS_MASTER_KEY: Buffer.alloc(32, 7).toString("base64") };
let server: TestServer;
let admin: ConsoleSession;
let operator: ConsoleSession;
let viewer: ConsoleSession;

beforeAll(async () => {
  server = await startTestServer({ environment });
  admin = await openConsoleSession(server, "admin", "韩梅梅");
  operator = await openConsoleSession(server, "operator", "李雷");
  viewer = await openConsoleSession(server, "viewer");
});
afterAll(() => server.close());

const open = { allow_ips: [], rate_per_second: null };

async function created(settings: object = open): Promise<TestClient> {
  const accountNo = await server.createAccount();
  const { status, body } = await admin.call("POST", `/accounts/${accountNo}/clients`, settings);
  expect(status).toBe(200);
  return { ...(body as unknown as Omit<TestClient, "account_no">), account_no: accountNo };
}

async function shown(client: TestClient): Promise<Record<string, unknown>> {
  return (await viewer.call("GET", `/clients/${client.client_id}`)).body;
}

/** 55005 is what a call is answered that is signed and allowed, there being no cards here. */
async function errcode(client: TestClient, more: object = {}): Promise<number> {
  return (await server.memberInfo({ ...client, ...more }, { serial_no: "1" })).body.errcode;
}

async function events(client: TestClient): Promise<Record<string, unknown>[]> {
  const { rows } = await server.pool.query<Record<string, unknown>>(
    `select actor_name, action, before, after from audit_event
    where object_kind = 'client' and object_id = $1 order by event_no`,
    [client.client_id],
  );
  return rows;
}

describe("a client", () => {
  it("is told its secret once, and nothing that is asked or recorded afterwards contains it", async () => {
    const client = await created({ allow_ips: ["127.0.0.1", "10.1.2.3/8"], rate_per_second: 9 });
    expect(await errcode(client)).toBe(55005);
    const rotated = await admin.call("POST", `/clients/${client.client_id}/rotation`, {
      version: 1,
      overlap_seconds: 3_600,
    });
    await operator.call("PATCH", `/clients/${client.client_id}`, { version: 2, allow_ips: [], rate_per_second: 5 });
    await operator.call("PUT", `/clients/${client.client_id}/status`, { version: 3, status: "suspended" });
    await operator.call("PUT", `/clients/${client.client_id}/status`, { version: 4, status: "normal" });
    await admin.call("POST", `/clients/${client.client_id}/rotation/end`, { version: 5 });
    const answers = await Promise.all(
      [
        `/clients/${client.client_id}`,
        `/clients?search=${client.client_id}`,
        `/accounts/${client.account_no}/clients`,
        `/audit?object_id=${client.client_id}`,
        "/audit/export",
      ].map((path) => viewer.call("GET", path)),
    );
    const { rows } = await server.pool.query("select * from audit_event");
    const said = answers.map(({ text }) => text).join("") + JSON.stringify(rows) + server.logged();
    for (const secret of [client.client_secret, rotated.body["client_secret"] as string]) {
      expect(secret).toMatch(/^[a-z0-9]{40}$/);
      expect(said).not.toContain(secret);
    }
    const ranges = ["127.0.0.1/32", "10.0.0.0/8"];
    const accountNo = Number(client.account_no);
    expect(await events(client)).toEqual([
      {
        actor_name: "韩梅梅",
        action: "client.create",
        before: null,
        after: { account_no: accountNo, allow_ips: ranges, rate_per_second: 9 },
      },
      {
        actor_name: "韩梅梅",
        action: "client.rotate",
        before: null,
        after: { secret_no: 2, overlap_seconds: 3_600 },
      },
      {
        actor_name: "李雷",
        action: "client.update",
        before: { allow_ips: ranges, rate_per_second: 9 },
        after: { allow_ips: [], rate_per_second: 5 },
      },
      { actor_name: "李雷", action: "client.suspend", before: { status: "normal" }, after: { status: "suspended" } },
      { actor_name: "李雷", action: "client.resume", before: { status: "suspended" }, after: { status: "normal" } },
      { actor_name: "韩梅梅", action: "client.end_overlap", before: null, after: { ended_secret_nos: [1] } },
    ]);
  });

  it("is called with both secrets while it is rotated, and each one's last use is told", async () => {
    const client = await created();
    const rotation = { version: 1, overlap_seconds: 3_600 };
    const { body } = await admin.call("POST", `/clients/${client.client_id}/rotation`, rotation);
    const renewed = { ...client, client_secret: body["client_secret"] as string };
    // Two who rotate at once would each end the other's new secret.
    expect((await admin.call("POST", `/clients/${client.client_id}/rotation`, rotation)).status).toBe(409);
    const beside = await startSecondServer({ database: server.database.address, environment });
    expect((await beside.memberInfo(client, "1")).body.errcode).toBe(55005);
    expect((await beside.memberInfo(renewed, "1")).body.errcode).toBe(55005);
    await beside.close();
    const before = (await shown(client))["secrets"] as Record<string, unknown>[];
    expect(before).toMatchObject([
      { secret_no: 2, state: "current", expires_at: null },
      { secret_no: 1, state: "ending" },
    ]);
    expect(before.every(({ last_used_at }) => last_used_at !== null)).toBe(true);
    expect((await admin.call("POST", `/clients/${client.client_id}/rotation/end`, { version: 2 })).status).toBe(200);
    await expect.poll(() => errcode(client)).toBe(55004);
    expect(await errcode(renewed)).toBe(55005);
    expect((await shown(client))["secrets"]).toMatchObject([{ state: "current" }, { state: "expired" }]);
  });

  it("is refused by its allow-list, its rate limit and its suspension at once, in another process too", async () => {
    const client = await created();
    const beside = await startSecondServer({ database: server.database.address, environment });
    let version = 1;
    const both = async () => [await errcode(client), (await beside.memberInfo(client, "1")).body.errcode];
    const change = async (settings: object) => {
      const body = { version: version++, ...open, ...settings };
      expect((await operator.call("PATCH", `/clients/${client.client_id}`, body)).status).toBe(200);
    };
    const setStatus = async (path: string, body: object) =>
      expect((await operator.call("PUT", `${path}/status`, body)).status).toBe(200);
    try {
      expect(await both()).toEqual([55005, 55005]);
      await change({ allow_ips: ["203.0.113.0/24"] });
      await expect.poll(both).toEqual([55003, 55003]);
      await change({ allow_ips: ["127.0.0.0/8"] });
      await expect.poll(both).toEqual([55005, 55005]);
      await setStatus(`/clients/${client.client_id}`, { version: version++, status: "suspended" });
      await expect.poll(both).toEqual([55002, 55002]);
      await setStatus(`/clients/${client.client_id}`, { version: version++, status: "normal" });
      await expect.poll(both).toEqual([55005, 55005]);
      await setStatus(`/accounts/${client.account_no}`, { version: 1, status: "suspended" });
      await expect.poll(both).toEqual([55002, 55002]);
      expect(await shown(client)).toMatchObject({ status: "normal", account_status: "suspended" });
      await setStatus(`/accounts/${client.account_no}`, { version: 2, status: "normal" });
      await expect.poll(both).toEqual([55005, 55005]);
      await change({ rate_per_second: 1 });
      // One a second with what a burst allows: sooner or later one of so many at once is too many.
      await expect
        .poll(async () => (await Promise.all(Array.from({ length: 10 }, () => errcode(client)))).includes(55012))
        .toBe(true);
    } finally {
      await beside.close();
    }
  });

  it("names every address that is none", async () => {
    const client = await created();
    const entries = ["10.0.0.1", "10.1", "300.1.1.1", "::1/129", "a b", "1.2.3.4/33", "x", "y"];
    const { status, error } = await operator.call("PATCH", `/clients/${client.client_id}`, {
      version: 1,
      allow_ips: entries,
      rate_per_second: null,
    });
    expect([status, error?.field]).toEqual([422, "allow_ips"]);
    expect(error?.message).toBe(
      '"10.1", "300.1.1.1", "::1/129", "a b", "1.2.3.4/33" and 2 more are neither an IP address nor a CIDR range, such as 203.0.113.7, 203.0.113.0/24 or 2001:db8::/32.',
    );
    expect(await shown(client)).toMatchObject({ version: 1, allow_ips: [] });
  });

  it.each([
    ["rate_per_second", { allow_ips: [], rate_per_second: 0 }],
    ["rate_per_second", { allow_ips: [], rate_per_second: 1.5 }],
    [
      "allow_ips",
      {
        allow_ips: Array.from({ length: 501 }, (_, index) => `10.0.${index >> 8}.${index & 255}`),
        rate_per_second: null,
      },
    ],
  ])("is refused with the field %s named", async (field, settings) => {
    const accountNo = await server.createAccount();
    const { status, error } = await admin.call("POST", `/accounts/${accountNo}/clients`, settings);
    expect([status, error?.field]).toEqual([422, field]);
  });

  it("is not changed in view of an older version, whatever the change", async () => {
    const client = await created();
    await operator.call("PATCH", `/clients/${client.client_id}`, { version: 1, allow_ips: [], rate_per_second: 7 });
    for (const [method, path, body] of [
      ["PATCH", "", { allow_ips: [], rate_per_second: 8 }],
      ["PUT", "/status", { status: "suspended" }],
      ["POST", "/rotation", { overlap_seconds: 0 }],
      ["POST", "/rotation/end", {}],
    ] as const) {
      const refused = await admin.call(method, `/clients/${client.client_id}${path}`, { version: 1, ...body });
      expect([refused.status, refused.error?.code], path).toEqual([409, "conflict"]);
    }
    expect(await shown(client)).toMatchObject({ rate_per_second: 7, status: "normal", version: 2 });
    expect(await errcode(client)).toBe(55005);
  });

  it("is given no secret by an operator, and is not changed by a viewer", async () => {
    const client = await created();
    const path = `/clients/${client.client_id}`;
    for (const [who, method, at, body] of [
      [operator, "POST", `/accounts/${client.account_no}/clients`, open],
      [operator, "POST", `${path}/rotation`, { version: 1, overlap_seconds: 0 }],
      [operator, "POST", `${path}/rotation/end`, { version: 1 }],
      [viewer, "PATCH", path, { version: 1, ...open }],
      [viewer, "PUT", `${path}/status`, { version: 1, status: "suspended" }],
    ] as const)
      expect((await who.call(method, at, body)).error?.code, `${method} ${at}`).toBe("role_too_low");
  });

  it("that is not there, and one of an account that is not, is answered 404", async () => {
    expect((await viewer.call("GET", `/clients/iot${"0".repeat(20)}`)).status).toBe(404);
    expect((await admin.call("POST", "/accounts/1/clients", open)).status).toBe(404);
  });
});

it("clients of all accounts are found by how their id begins, by account and status, page by page", async () => {
  const clients = [await created(), await created(), await created()];
  const [first] = clients;
  if (first === undefined) throw new Error("there is a first");
  await operator.call("PUT", `/clients/${first.client_id}/status`, { version: 1, status: "suspended" });
  const found = async (query: string) => {
    const { body } = await viewer.call("GET", `/clients?${query}`);
    return { ids: (body["list"] as { client_id: string }[]).map(({ client_id }) => client_id), body };
  };
  expect((await found(`search=${first.client_id.slice(0, 14)}`)).ids).toEqual([first.client_id]);
  expect((await found(`search=${first.account_no}`)).ids).toEqual([first.client_id]);
  expect((await found(`search=${first.account_no}&status=normal`)).ids).toEqual([]);
  const all: string[] = [];
  for (let cursor = ""; ;) {
    const { ids, body } = await found(`limit=2${cursor}`);
    all.push(...ids);
    if (body["next_cursor"] === undefined) break;
    cursor = `&cursor=${body["next_cursor"] as string}`;
  }
  // The newest first.
  expect(all.slice(0, 3)).toEqual(clients.map(({ client_id }) => client_id).reverse());
  expect(new Set(all).size).toBe(all.length);
});
