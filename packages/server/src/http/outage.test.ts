import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type SecondServer, startSecondServer } from "../../test/second-server.ts";
import { type TestClient, type TestServer, startTestServer } from "../../test/server.ts";
import { type TcpProxy, startTcpProxy } from "../../test/tcp-proxy.ts";
import { expectEnvelope } from "../../test/watched-server.ts";
import { systemActor } from "../actor.ts";

const by = systemActor("test");
const masterKey = randomBytes(32).toString("base64");

let owner: TestServer;
let proxy: TcpProxy;
/** Reaches the database through the proxy only. */
let server: SecondServer;
let client: TestClient;

beforeAll(async () => {
  owner = await startTestServer({ environment: { DKS_MASTER_KEY: masterKey } });
  proxy = await startTcpProxy(owner.database.address.connectionString);
  server = await startSecondServer({
    database: { connectionString: proxy.connectionString },
    environment: { DKS_MASTER_KEY: masterKey },
  });
});
afterAll(async () => {
  await server.close();
  await proxy.close();
  await owner.close();
});

/** The answer to a call of the client's; whatever it is, it has the envelope. */
async function call() {
  const answer = await server.memberInfo(client, "87000001");
  expectEnvelope(answer);
  return answer;
}

async function ready(): Promise<number> {
  const response = await fetch(`${server.url}/readyz`);
  await response.text();
  return response.status;
}

test("without its database the server says so to everyone, and goes on when it is back", async () => {
  // The test server's own clients are sealed under the key from the environment.
  client = await owner.createClient();
  await owner.importCards([{ serial_no: "87000001", account_no: client.account_no }]);
  expect((await call()).body.errcode).toBe(0);
  expect(await ready()).toBe(200);

  for (let outage = 0; outage < 3; outage++) {
    const before = Array.from({ length: 20 }, () => call());
    await proxy.cut();
    // Those that were under way end one way or the other.
    for (const answer of await Promise.all(before)) expect([0, 55050]).toContain(answer.body.errcode);

    const during = await Promise.all(Array.from({ length: 50 }, () => call()));
    for (const { status, body } of during) {
      expect([status, body.errcode]).toEqual([503, 55050]);
      expect(body.errmsg).toContain("未做任何更改");
    }
    expect(await ready()).toBe(503);
    expect((await fetch(`${server.url}/healthz`)).status).toBe(200);

    await proxy.restore();
    await expect.poll(async () => (await call()).body.errcode, { timeout: 20_000 }).toBe(0);
    await expect.poll(ready, { timeout: 20_000 }).toBe(200);
  }
  const entry =
    server
      .logged()
      .split("\n")
      .find((line) => line.includes('"errcode":55050')) ?? "";
  expect(entry).toContain('"level":"warn"');
  expect(entry).not.toContain(new URL(proxy.connectionString).password || "no password");
});

test("a database that falls silent is given up, and calls go on once it can be reached again", async () => {
  expect((await call()).body.errcode).toBe(0);
  proxy.stall();
  const { status, body } = await call();
  expect([status, body.errcode]).toEqual([503, 55050]);
  await proxy.cut();
  await proxy.restore();
  await expect.poll(async () => (await call()).body.errcode, { timeout: 20_000 }).toBe(0);
});

test("a call that is refused before the database is needed is refused as ever", async () => {
  await proxy.cut();
  try {
    const response = await fetch(`${server.url}/v1/member/info`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: "[]",
    });
    expect(await response.json()).toMatchObject({ errcode: 55031, hint: "not_an_object" });
  } finally {
    await proxy.restore();
  }
});

test("a suspension during which the server could not listen is known when it is back", async () => {
  await expect.poll(async () => (await call()).body.errcode, { timeout: 20_000 }).toBe(0);
  await proxy.cut();
  await owner.clients.setStatus(client.client_id, { status: "suspended" }, by);
  await proxy.restore();
  await expect.poll(async () => (await call()).body.errcode, { timeout: 20_000 }).toBe(55002);
  await owner.clients.setStatus(client.client_id, { status: "normal" }, by);
  await expect.poll(async () => (await call()).body.errcode, { timeout: 20_000 }).toBe(0);
});

test("connections that the database ends are replaced without a word to the caller who comes next", async () => {
  await owner.pool.query(
    "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name = 'dks listen'",
  );
  await owner.pool.query(
    "select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and application_name = 'dks serve'",
  );
  await expect.poll(async () => (await call()).body.errcode, { timeout: 20_000 }).toBe(0);
  // NOTIFY arrives again, too.
  await expect
    .poll(
      async () =>
        (
          await owner.pool.query(
            "select from pg_stat_activity where datname = current_database() and application_name = 'dks listen'",
          )
        ).rowCount,
      { timeout: 20_000 },
    )
    .toBe(2);
});

test("a server can be stopped while its database is away", async () => {
  const stopping = await startSecondServer({
    database: { connectionString: proxy.connectionString },
    environment: { DKS_MASTER_KEY: masterKey },
  });
  await proxy.cut();
  await expect(stopping.close()).resolves.toBeUndefined();
  await proxy.restore();
});
