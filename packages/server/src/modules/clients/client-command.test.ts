import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type TestDatabase, createTestDatabase } from "../../../test/database.ts";
import { type Outcome, runDks } from "../../../test/dks.ts";

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

function dks(...args: string[]): Promise<Outcome> {
  return runDks(args, {
    DATABASE_URL: database.address.connectionString,
    DKS_MASTER_KEY: Buffer.alloc(32, 7).toString("base64"),
  });
}

async function json(...args: string[]): Promise<Record<string, string>> {
  const { status, stdout, stderr } = await dks(...args, "--json");
  expect([status, stderr]).toEqual([0, ""]);
  return JSON.parse(stdout) as Record<string, string>; // Compared below.
}

async function events(id: string | undefined): Promise<unknown[]> {
  const { rows } = await database.pool.query(
    "select actor_kind, action, before, after from audit_event where object_id = $1 order by event_no",
    [id],
  );
  return rows;
}

test("an account is created with its balance as the first movement, recorded as of the command line", async () => {
  const { account_no: accountNo, ...rest } = await json("account", "create", "--name", "甲", "--balance", "100.5");
  expect(accountNo).toMatch(/^\d+$/);
  expect(rest).toEqual({});
  const { rows } = await database.pool.query(
    "select kind, amount, balance_after, actor_kind from balance_movement where account_no = $1",
    [accountNo],
  );
  expect(rows).toEqual([{ kind: "opening", amount: "100.50", balance_after: "100.50", actor_kind: "cli" }]);
  expect(await events(accountNo)).toEqual([
    {
      actor_kind: "cli",
      action: "account.create",
      before: null,
      after: { name: "甲", rank: 3, balance: "100.50" },
    },
  ]);
});

test("balances are compared with their movements; the exit status tells a difference", async () => {
  const { account_no: accountNo } = await json("account", "create", "--name", "乙", "--balance", "1");
  expect(await json("account", "verify")).toEqual({ first_wrong: [] });
  await database.pool.query("update account set balance = 2 where account_no = $1", [accountNo]);
  const { status, stdout } = await dks("account", "verify", "--json");
  expect(status).toBe(1);
  expect(JSON.parse(stdout)).toEqual({
    first_wrong: [{ account_no: accountNo, balance: "2.00", expected: "1.00" }],
  });
  await database.pool.query("update account set balance = 1 where account_no = $1", [accountNo]);
});

describe("a client", () => {
  test("is created, rotated, suspended and resumed, each recorded without a secret", async () => {
    const { account_no: accountNo = "" } = await json("account", "create", "--name", "丙");
    const created = await json("client", "create", "--account", accountNo, "--allow-ip", "10.0.0.0/8", "::1");
    expect(created).toEqual({
      client_id: expect.stringMatching(/^iot[a-z0-9]{20}$/),
      client_secret: expect.stringMatching(/^[a-z0-9]{40}$/),
    });
    const clientId = created["client_id"] ?? "";
    const rotated = await json("client", "rotate", clientId, "--overlap", "30m");
    expect(Object.keys(rotated)).toEqual(["client_id", "client_secret"]);
    expect(rotated["client_secret"]).not.toBe(created["client_secret"]);
    expect(await json("client", "suspend", clientId)).toEqual({ client_id: clientId, status: "suspended" });
    expect(await json("client", "resume", clientId)).toEqual({ client_id: clientId, status: "normal" });
    const recorded = await events(clientId);
    const by = { actor_kind: "cli", before: null };
    expect(recorded).toEqual([
      {
        ...by,
        action: "client.create",
        after: { account_no: Number(accountNo), allow_ips: ["10.0.0.0/8", "::1/128"], rate_per_second: null },
      },
      { ...by, action: "client.rotate", after: { secret_no: 2, overlap_seconds: 1_800 } },
      { ...by, action: "client.suspend", before: { status: "normal" }, after: { status: "suspended" } },
      { ...by, action: "client.resume", before: { status: "suspended" }, after: { status: "normal" } },
    ]);
  });

  test.each<[number, string[]]>([
    [1, ["client", "rotate", `iot${"0".repeat(20)}`]],
    [1, ["client", "suspend", `iot${"0".repeat(20)}`]],
    [1, ["client", "create", "--account", "1"]],
    [1, ["client", "create", "--account", "1", "--allow-ip", "10.1"]],
    [2, ["client", "create"]],
    [2, ["client", "create", "--account", "x"]],
    [2, ["client", "create", "--account", "1", "--rate", "0"]],
    [2, ["client", "rotate", "x", "--overlap", "2y"]],
    [2, ["account", "create", "--name", "x", "--balance", "1.005"]],
  ])("or an account is refused with status %i: %j", async (status, args) => {
    const outcome = await dks(...args);
    expect([outcome.status, outcome.stdout]).toEqual([status, ""]);
    expect(outcome.stderr).not.toBe("");
  });
});
