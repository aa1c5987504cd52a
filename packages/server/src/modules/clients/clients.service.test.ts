import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type TestDatabase, createTestDatabase } from "../../../test/database.ts";
import { systemActor } from "../../actor.ts";
import { insertAccount } from "../accounts/accounts.queries.ts";
import { type ClientService, createClientService } from "./clients.service.ts";
import { createMasterKeys } from "./master-key.ts";

const by = systemActor("test");
let database: TestDatabase;
let clients: ClientService;
let accountNo: string;

beforeAll(async () => {
  database = await createTestDatabase();
  clients = createClientService(database.pool, createMasterKeys([randomBytes(32)]));
  accountNo = String(await insertAccount(database.pool, { name: "integrator", rank: 3 }));
});
afterAll(() => database.drop());

function create(allowIps: readonly string[] = []) {
  return clients.create({ accountNo, allowIps, ratePerSecond: null }, by);
}

async function allowedIps(clientId: string): Promise<unknown> {
  const { rows } = await database.pool.query("select allow_ips::text[] as ips from client where client_id = $1", [
    clientId,
  ]);
  return rows[0]?.ips;
}

async function secretsOf(clientId: string): Promise<{ secret_no: number; current: boolean }[]> {
  const { rows } = await database.pool.query<{ secret_no: number; current: boolean }>(
    "select secret_no, expires_at is null as current from client_secret where client_id = $1 order by secret_no",
    [clientId],
  );
  return rows;
}

describe("a new client", () => {
  test("has an id as in the founding document and a secret of its own", async () => {
    const [one, other] = [await create(), await create()];
    expect(one.clientId).toMatch(/^iot[a-z0-9]{20}$/);
    expect(one.clientSecret).toMatch(/^[a-z0-9]{40}$/);
    expect(one.clientId).not.toBe(other.clientId);
    expect(one.clientSecret).not.toBe(other.clientSecret);
  });

  test("may be restricted to addresses and ranges, the bits behind the prefix being of no matter", async () => {
    const { clientId } = await create(["203.0.113.7", "198.51.100.77/24", "2001:db8::1/32", "::ffff:192.0.2.1"]);
    expect(await allowedIps(clientId)).toEqual(["203.0.113.7/32", "198.51.100.0/24", "2001:db8::/32", "192.0.2.1/32"]);
  });

  test.each([
    "",
    "localhost",
    "203.0.113",
    "10",
    "203.0.113.7/33",
    "203.0.113.256",
    "10.1/16",
    "203.0.113.010",
    "010.0.0.0/8",
    "2001:db8::/129",
    "fe80::1%eth0",
    "1.2.3.4, 5.6.7.8",
  ])("is not restricted to %j, which is no address", async (range) => {
    await expect(create([range])).rejects.toThrow(`"${range}" is neither an IP address nor a CIDR range`);
  });

  test("needs an account that is there", async () => {
    await expect(clients.create({ accountNo: "99999999", allowIps: [], ratePerSecond: null }, by)).rejects.toThrow(
      "There is no account 99999999",
    );
  });

  test("is found as the first of its account", async () => {
    const account = await insertAccount(database.pool, { name: "other", rank: 3 });
    expect(await clients.findOfAccount(account)).toBeUndefined();
    const issued = await clients.create({ accountNo: String(account), allowIps: [], ratePerSecond: null }, by);
    await clients.create({ accountNo: String(account), allowIps: [], ratePerSecond: null }, by);
    expect(await clients.findOfAccount(account)).toEqual(issued);
    const rotated = await clients.rotate(issued.clientId, { overlapSeconds: 60 }, by);
    expect(await clients.findOfAccount(account)).toEqual(rotated);
  });
});

describe("a rotation", () => {
  test("leaves one current secret, however many come at once", async () => {
    const { clientId } = await create();
    await Promise.all(Array.from({ length: 8 }, () => clients.rotate(clientId, { overlapSeconds: 60 }, by)));
    const secrets = await secretsOf(clientId);
    expect(secrets.map(({ secret_no }) => secret_no)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    expect(secrets.filter(({ current }) => current)).toEqual([{ secret_no: 9, current: true }]);
  });

  test("does not prolong a secret that ends sooner", async () => {
    const { clientId } = await create();
    await clients.rotate(clientId, { overlapSeconds: 60 }, by);
    await clients.rotate(clientId, { overlapSeconds: 86_400 }, by);
    const { rows } = await database.pool.query(
      "select secret_no, expires_at < now() + interval '2 minutes' as soon from client_secret where client_id = $1 and expires_at is not null order by secret_no",
      [clientId],
    );
    expect(rows).toEqual([
      { secret_no: 1, soon: true },
      { secret_no: 2, soon: false },
    ]);
  });

  test("shortens one that would end later", async () => {
    const { clientId } = await create();
    await clients.rotate(clientId, { overlapSeconds: 86_400 }, by);
    await clients.rotate(clientId, { overlapSeconds: 0 }, by);
    const { rows } = await database.pool.query(
      "select count(*)::int as valid from client_secret where client_id = $1 and (expires_at is null or expires_at > now())",
      [clientId],
    );
    expect(rows).toEqual([{ valid: 1 }]);
  });
});

test.each<[string, (clientId: string) => Promise<unknown>]>([
  ["rotated", (clientId) => clients.rotate(clientId, { overlapSeconds: 60 }, by)],
  ["suspended", (clientId) => clients.setStatus(clientId, { status: "suspended" }, by)],
])("a client that is not there cannot be %s", async (_name, change) => {
  await expect(change("iot00000000000000000000")).rejects.toThrow("There is no client iot00000000000000000000.");
});
