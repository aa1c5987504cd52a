import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type pg from "pg";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type TestDatabase, createTestDatabase } from "../../../test/database.ts";
import { startSecondServer } from "../../../test/second-server.ts";
import { startTestServer } from "../../../test/server.ts";
import { systemActor } from "../../actor.ts";
import type { Db } from "../../db/database.ts";
import { insertAccount } from "../accounts/accounts.queries.ts";
import { type ClientService, createClientService } from "./clients.service.ts";
import { createCredentialStore } from "./credentials.ts";
import { addKeyToFile, createMasterKeys, loadMasterKeys } from "./master-key.ts";

const by = systemActor("test");
const keys = createMasterKeys([randomBytes(32)]);
let database: TestDatabase;
let clients: ClientService;
let accountNo: string;
let now = 1_000_000;

beforeAll(async () => {
  database = await createTestDatabase();
  clients = createClientService(database.pool, keys);
  accountNo = String(await insertAccount(database.pool, { name: "integrator", rank: 3 }));
});
afterAll(() => database.drop());

/** The real database, with its statements counted, and held back while `gate` is closed. */
function watchedDb() {
  const db = {
    statements: 0,
    gate: Promise.resolve(),
    async query<Row extends pg.QueryResultRow>(query: pg.QueryConfig): Promise<pg.QueryResult<Row>> {
      db.statements++;
      const result = await database.pool.query<Row>(query);
      await db.gate;
      return result;
    },
  };
  return db satisfies Db;
}

function createClient() {
  return clients.create({ accountNo, allowIps: [], ratePerSecond: null }, by);
}

describe("credentials", () => {
  test("are read once and remembered for five seconds", async () => {
    const db = watchedDb();
    const store = createCredentialStore(db, keys, () => now);
    const { clientId, clientSecret } = await createClient();
    expect(store.peek(clientId)).toBeUndefined();
    const found = await store.find(clientId);
    expect(found).toMatchObject({ clientId, accountStatus: "normal", clientStatus: "normal" });
    expect(found?.secrets).toEqual([{ clientId, secretNo: 1, secret: clientSecret, expiresAtMs: null }]);
    expect(store.peek(clientId)).toBe(found);
    now += 5_000;
    expect(await store.find(clientId)).toBe(found);
    expect(db.statements).toBe(1);
    now += 1;
    expect(store.peek(clientId)).toBeUndefined();
    expect(await store.find(clientId)).toEqual(found);
    expect(db.statements).toBe(2);
  });

  test("of many clients asked for together are read in one statement", async () => {
    const db = watchedDb();
    const store = createCredentialStore(db, keys, () => now);
    const issued = await Promise.all(Array.from({ length: 5 }, createClient));
    const found = await Promise.all(issued.flatMap(({ clientId }) => [store.find(clientId), store.find(clientId)]));
    expect(found.map((each) => each?.clientId)).toEqual(issued.flatMap(({ clientId }) => [clientId, clientId]));
    expect(db.statements).toBe(1);
  });

  test("that do not exist are remembered as such", async () => {
    const db = watchedDb();
    const store = createCredentialStore(db, keys, () => now);
    const unknown = `iot${"0".repeat(20)}`;
    expect(await store.find(unknown)).toBeNull();
    expect(store.peek(unknown)).toBeNull();
    expect(await store.find(unknown)).toBeNull();
    expect(db.statements).toBe(1);
  });

  test("that do not exist take no more than so much memory, however many are asked for", async () => {
    const store = createCredentialStore(watchedDb(), keys, () => now);
    const madeUp = Array.from({ length: 50_500 }, (_, number) => `iot${String(number).padStart(20, "0")}`);
    for (let at = 0; at < madeUp.length; at += 5_000)
      await Promise.all(madeUp.slice(at, at + 5_000).map((clientId) => store.find(clientId)));
    const remembered = madeUp.filter((clientId) => store.peek(clientId) !== undefined);
    expect(remembered).toEqual(madeUp.slice(500));
  });

  test("are forgotten when they are dropped, one client's or all", async () => {
    const store = createCredentialStore(watchedDb(), keys, () => now);
    const [one, other] = [(await createClient()).clientId, (await createClient()).clientId];
    await Promise.all([store.find(one), store.find(other)]);
    store.drop(one);
    expect([store.peek(one), store.peek(other)?.clientId]).toEqual([undefined, other]);
    await store.find(one);
    store.drop("");
    expect([store.peek(one), store.peek(other)]).toEqual([undefined, undefined]);
  });

  test("read before a change are not remembered after it", async () => {
    const db = watchedDb();
    const store = createCredentialStore(db, keys, () => now);
    const { clientId } = await createClient();
    const gate = Promise.withResolvers<void>();
    db.gate = gate.promise;
    const stale = store.find(clientId);
    await expect.poll(() => db.statements).toBe(1);
    await clients.setStatus(clientId, { status: "suspended" }, by);
    store.drop(clientId);
    gate.resolve();
    await stale;
    expect(store.peek(clientId)).toBeUndefined();
    expect((await store.find(clientId))?.clientStatus).toBe("suspended");
  });

  test("that were moved from another client's row do not open, and keep no one else from calling", async () => {
    const store = createCredentialStore(watchedDb(), keys, () => now);
    const [victim, thief, bystander] = [await createClient(), await createClient(), await createClient()];
    await database.pool.query(
      "update client_secret set sealed = (select sealed from client_secret where client_id = $1) where client_id = $2",
      [victim.clientId, thief.clientId],
    );
    const outcomes = await Promise.allSettled([thief, victim, bystander].map(({ clientId }) => store.find(clientId)));
    expect(outcomes.map(({ status }) => status)).toEqual(["rejected", "fulfilled", "fulfilled"]);
    await expect(store.find(thief.clientId)).rejects.toThrow();
  });

  test("sealed under a key that is not at hand say which one is missing", async () => {
    const { clientId } = await createClient();
    const store = createCredentialStore(watchedDb(), createMasterKeys([randomBytes(32)]), () => now);
    await expect(store.find(clientId)).rejects.toThrow(
      `sealed under master key ${keys.currentId}, which is not at hand`,
    );
  });

  test("carry the last few secrets, so that an old one can be named", async () => {
    const store = createCredentialStore(watchedDb(), keys, () => now);
    const { clientId, clientSecret } = await createClient();
    const secrets = [clientSecret];
    for (let rotation = 0; rotation < 5; rotation++)
      secrets.unshift((await clients.rotate(clientId, { overlapSeconds: 60 }, by)).clientSecret);
    const found = await store.find(clientId);
    expect(found?.secrets.map(({ secret }) => secret)).toEqual(secrets.slice(0, 4));
    expect(found?.secrets.map(({ expiresAtMs }) => expiresAtMs === null)).toEqual([true, false, false, false]);
  });
});

describe("two servers on one database", () => {
  const masterKey = randomBytes(32).toString("base64");
  const stoppedClock = Date.now();

  test("both know at once what was changed through either: no clock has to move for it", async () => {
    const clock = () => stoppedClock;
    const first = await startTestServer({ clock, environment: { DKS_MASTER_KEY: masterKey } });
    const second = await startSecondServer({
      database: first.database.address,
      clock,
      environment: { DKS_MASTER_KEY: masterKey },
    });
    try {
      const client = await first.createClient();
      await first.importCards([{ serial_no: "87000001", account_no: client.account_no }]);
      const codes = async () => [
        (await first.memberInfo(client, { serial_no: "87000001" })).body.errcode,
        (await second.memberInfo(client, "87000001")).body.errcode,
      ];
      expect(await codes()).toEqual([0, 0]);
      await first.clients.setStatus(client.client_id, { status: "suspended" }, by);
      await expect.poll(codes).toEqual([55002, 55002]);
      await first.clients.setStatus(client.client_id, { status: "normal" }, by);
      await expect.poll(codes).toEqual([0, 0]);

      const rotated = await first.clients.rotate(client.client_id, { overlapSeconds: 3600 }, by);
      const renewed = { ...client, client_secret: rotated.clientSecret };
      await expect.poll(async () => (await second.memberInfo(renewed, "87000001")).body.errcode).toBe(0);
      expect(await codes()).toEqual([0, 0]);
    } finally {
      await second.close();
      await first.close();
    }
  });

  test("both take a client that someone called with before it existed", async () => {
    const clock = () => stoppedClock;
    const first = await startTestServer({ clock, environment: { DKS_MASTER_KEY: masterKey } });
    const second = await startSecondServer({
      database: first.database.address,
      clock,
      environment: { DKS_MASTER_KEY: masterKey },
    });
    try {
      const client = await first.createClient();
      // As a restored backup would: taken away, asked for, and there again.
      const { rows } = await first.pool.query(
        "delete from client_secret where client_id = $1 returning sealed, key_id",
        [client.client_id],
      );
      await first.clients.setStatus(client.client_id, { status: "normal" }, by);
      const hints = async () => [
        (await first.memberInfo(client, { serial_no: "1" })).body.hint,
        (await second.memberInfo(client, "1")).body.hint,
      ];
      await expect.poll(hints).toEqual(["client_id_unknown", "client_id_unknown"]);
      await first.pool.query(
        "insert into client_secret (client_id, secret_no, sealed, key_id) values ($1, 1, $2, $3)",
        [client.client_id, rows[0]?.sealed, rows[0]?.key_id],
      );
      await first.pool.query("select pg_notify('dks_credentials', $1)", [client.client_id]);
      await expect.poll(hints).toEqual(["card_unknown", "card_unknown"]);
    } finally {
      await second.close();
      await first.close();
    }
  });
});

test("the master key is rotated beside a running server, which opens what is sealed under the new one", async () => {
  const dataDir = await mkdtemp(join(tmpdir(), "dks-data-"));
  const server = await startSecondServer({ database: database.address, environment: { DKS_DATA_DIR: dataDir } });
  try {
    const before = createClientService(database.pool, await loadMasterKeys(undefined, dataDir));
    const account = String(await insertAccount(database.pool, { name: "rotating", rank: 3 }));
    const create = async (service: ClientService) => {
      const issued = await service.create({ accountNo: account, allowIps: [], ratePerSecond: null }, by);
      return { client_id: issued.clientId, client_secret: issued.clientSecret, account_no: account };
    };
    // What the other tests have sealed under keys of their own is not this rotation's business.
    await database.pool.query("delete from client_secret");
    const old = await create(before);
    expect((await server.memberInfo(old, "1")).body.hint).toBe("card_unknown");

    await addKeyToFile(dataDir);
    const after = createClientService(database.pool, await loadMasterKeys(undefined, dataDir));
    const fresh = await create(after);
    expect((await server.memberInfo(fresh, "1")).body.hint).toBe("card_unknown");

    expect(await after.resealSecrets(by)).toBe(1);
    expect(await after.resealSecrets(by)).toBe(0);
    const { rows } = await database.pool.query("select distinct key_id from client_secret");
    expect(rows).toHaveLength(1);
    await database.pool.query("select pg_notify('dks_credentials', '')");
    expect((await server.memberInfo(old, "1")).body.hint).toBe("card_unknown");
    expect((await server.memberInfo(fresh, "1")).body.hint).toBe("card_unknown");
    // The server still seals under the key it started with, and a process with both opens that too.
    const late = await create(before);
    expect((await after.findOfAccount(Number(account)))?.clientSecret).toBe(old.client_secret);
    expect((await server.memberInfo(late, "1")).body.hint).toBe("card_unknown");
    expect(await after.resealSecrets(by)).toBe(1);
  } finally {
    await server.close();
    await rm(dataDir, { recursive: true, force: true });
  }
});
