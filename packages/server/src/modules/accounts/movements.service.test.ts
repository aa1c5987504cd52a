import { readdirSync } from "node:fs";
import { join } from "node:path";
import { runner } from "node-pg-migrate";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type TestDatabase, createTestDatabase } from "../../../test/database.ts";
import { systemActor } from "../../actor.ts";
import { connect } from "../../db/database.ts";
import { migrate } from "../../db/migrate.ts";
import { FieldError, MissingError } from "../../errors.ts";
import { type AccountService, createAccountService } from "./accounts.service.ts";
import { type MovementService, createMovementService } from "./movements.service.ts";

const by = systemActor("test");
let database: TestDatabase;
let accounts: AccountService;
let movements: MovementService;

beforeAll(async () => {
  database = await createTestDatabase();
  accounts = createAccountService(database.pool, { announceCredentials: () => Promise.resolve() });
  movements = createMovementService(database.pool);
});
afterAll(async () => {
  // Whatever the tests have done.
  expect(await movements.wrongBalances(10)).toEqual(wrongOnPurpose);
  await database.drop();
});

const wrongOnPurpose: unknown[] = [];

function create(balance = "0.00"): Promise<number> {
  return accounts.create({ name: "integrator", rank: 3, balance }, by);
}

let requests = 0;

function topUp(accountNo: number, amount: string, requestNo = `request-${requests++}`) {
  return movements.book(accountNo, { kind: "top_up", amount, remark: "", requestNo }, by);
}

function correct(accountNo: number, amount: string, remark = "counted again", requestNo = `request-${requests++}`) {
  return movements.book(accountNo, { kind: "correction", amount, remark, requestNo }, by);
}

async function ledger(accountNo: number): Promise<[number, string, string, string][]> {
  const rows = await movements.list(accountNo, {}, 100);
  return rows.map(({ movement_no, kind, amount, balance_after }) => [movement_no, kind, amount, balance_after]);
}

describe("a balance", () => {
  test("begins with an opening movement, or with none when it is zero", async () => {
    const [rich, poor] = [await create("100.5"), await create()];
    expect(await ledger(rich)).toEqual([[1, "opening", "100.50", "100.50"]]);
    expect(await ledger(poor)).toEqual([]);
    expect((await accounts.get(rich)).balance).toBe("100.50");
  });

  test("is changed by movements, each with the balance after it, the newest first", async () => {
    const accountNo = await create("1.00");
    await topUp(accountNo, "20");
    await correct(accountNo, "-0.5");
    expect(await ledger(accountNo)).toEqual([
      [3, "correction", "-0.50", "20.50"],
      [2, "top_up", "20.00", "21.00"],
      [1, "opening", "1.00", "1.00"],
    ]);
    expect(await accounts.get(accountNo)).toMatchObject({ balance: "20.50", version: 1 });
  });

  test("never falls below zero, nor rises above what can be written down", async () => {
    const accountNo = await create("5.00");
    await expect(correct(accountNo, "-5.01")).rejects.toThrow(
      "the balance is 5.00, from which 5.01 cannot be taken; nothing was changed",
    );
    await correct(accountNo, "-5");
    await topUp(accountNo, "9999999999.99");
    await expect(topUp(accountNo, "0.01")).rejects.toThrow("the balance would exceed 9999999999.99");
    expect((await accounts.get(accountNo)).balance).toBe("9999999999.99");
  });

  test.each([
    ["", "x"],
    ["1.005", "x"],
    ["abc", "x"],
    ["0", "x"],
    ["0.00", "x"],
    ["5", ""],
    ["5", "a\nb"],
    ["5", "x".repeat(201)],
  ])("is not corrected by %j with the remark %j", async (amount, remark) => {
    const accountNo = await create("10.00");
    await expect(correct(accountNo, amount, remark)).rejects.toThrow(FieldError);
    expect(await ledger(accountNo)).toHaveLength(1);
  });

  test("is not topped up by less than nothing", async () => {
    await expect(topUp(await create("10.00"), "-1")).rejects.toThrow("must be above zero");
  });

  test("of an account that is not there is not changed", async () => {
    await expect(topUp(1, "1")).rejects.toThrow(MissingError);
  });
});

describe("a request", () => {
  test("that comes twice at once, and again later, is booked once", async () => {
    const accountNo = await create();
    const together = await Promise.all(Array.from({ length: 6 }, () => topUp(accountNo, "10.00", "twice")));
    const later = await topUp(accountNo, "10", "twice");
    expect([...together, later].filter(({ repeated }) => !repeated)).toHaveLength(1);
    expect(new Set([...together, later].map(({ movement }) => movement.movement_no))).toEqual(new Set([1]));
    expect((await accounts.get(accountNo)).balance).toBe("10.00");
    const { rows } = await database.pool.query(
      "select before, after from audit_event where action = 'account.top_up' and object_id = $1",
      [String(accountNo)],
    );
    expect(rows).toEqual([
      { before: { balance: "0.00" }, after: { balance: "10.00", movement_no: 1, amount: "10.00", remark: "" } },
    ]);
  });

  test("that emptied the balance is still known when it comes again", async () => {
    const accountNo = await create("10.00");
    await correct(accountNo, "-10", "paid out", "empty");
    expect(await correct(accountNo, "-10", "paid out", "empty")).toMatchObject({ repeated: true });
    expect((await accounts.get(accountNo)).balance).toBe("0.00");
  });

  test("is not taken for another movement, and is each account's own", async () => {
    const [one, other] = [await create(), await create()];
    await topUp(one, "10.00", "same");
    await expect(topUp(one, "10.01", "same")).rejects.toThrow("request_no same was used for another movement already");
    await expect(correct(one, "10.00", "x", "same")).rejects.toThrow("was used for another movement");
    await topUp(other, "10.01", "same");
    expect((await accounts.get(one)).balance).toBe("10.00");
  });
});

test("two top-ups at once are both booked", async () => {
  const accountNo = await create();
  await Promise.all([topUp(accountNo, "1.10"), topUp(accountNo, "2.20")]);
  expect((await accounts.get(accountNo)).balance).toBe("3.30");
  expect((await ledger(accountNo)).map(([number]) => number)).toEqual([2, 1]);
});

test("eight who write at once, on few accounts, leave balances that are what the movements come to", async () => {
  const numbers = await Promise.all([create("3.00"), create(), create("0.07")]);
  let refused = 0;
  await Promise.all(
    Array.from({ length: 8 }, async (_, writer) => {
      for (let step = 0; step < 12; step++) {
        // A fixed mixture in which balances run dry now and then.
        const amount = ["2.50", "-3.75", "0.01", "-1.30", "1.99"][(writer * 7 + step * 3) % 5] ?? "";
        const accountNo = numbers[(writer + step) % numbers.length] ?? 0;
        await correct(accountNo, amount).catch((error: unknown) => {
          expect(error).toBeInstanceOf(FieldError);
          refused++;
        });
      }
    }),
  );
  expect(refused).toBeGreaterThan(0);
  const booked = (await Promise.all(numbers.map((accountNo) => movements.list(accountNo, {}, 500)))).flat();
  expect(booked).toHaveLength(8 * 12 - refused + 2);
  expect(await movements.wrongBalances(10)).toEqual([]);
});

test("a ledger is narrowed by kind and time, and walked to its end", async () => {
  const accountNo = await create("1.00");
  await topUp(accountNo, "1");
  await correct(accountNo, "1");
  const [last] = await movements.list(accountNo, {}, 1);
  const numbers = async (filter: Parameters<MovementService["list"]>[1]) =>
    (await movements.list(accountNo, filter, 10)).map(({ movement_no }) => movement_no);
  expect(await numbers({ kind: "top_up" })).toEqual([2]);
  expect(await numbers({ before: 3 })).toEqual([2, 1]);
  expect(await numbers({ from: last?.at })).toEqual([3]);
  expect(await numbers({ to: last?.at })).toEqual([2, 1]);
  const walked = [];
  for await (const { movement_no } of movements.walk(accountNo, {})) walked.push(movement_no);
  expect(walked).toEqual([3, 2, 1]);
});

test("a balance that something else has changed is found, and so is a movement", async () => {
  const [one, other] = [await create("10.00"), await create("10.00")];
  await topUp(other, "5.00");
  await topUp(other, "5.00");
  await database.pool.query("update account set balance = 11 where account_no = $1", [one]);
  await database.pool.query(
    "update balance_movement set balance_after = balance_after + 1 where account_no = $1 and movement_no = 2",
    [other],
  );
  wrongOnPurpose.push(
    { account_no: one, balance: "11.00", expected: "10.00" },
    { account_no: other, balance: "20.00", expected: "20.00" },
  );
  expect(await movements.wrongBalances(10)).toEqual(wrongOnPurpose);
});

test("the migration gives every balance that there was an opening movement", async () => {
  const directory = join(import.meta.dirname, "../../../migrations");
  const before = readdirSync(directory).filter((file) => file < "0008");
  const old = await createTestDatabase({ empty: true });
  try {
    const client = await connect(old.address, "dks test");
    try {
      await runner({
        dbClient: client,
        dir: directory,
        direction: "up",
        count: before.length,
        migrationsTable: "schema_migration",
        noLock: true,
        log: () => {},
      });
      await client.query("insert into account (name, balance) values ('one', 12.5), ('two', 0), ('three', 0.01)");
    } finally {
      await client.end();
    }
    await migrate(old.address);
    const { rows } = await old.pool.query(
      "select account_no, movement_no, kind, amount, balance_after, request_no from balance_movement order by account_no",
    );
    expect(rows).toEqual(
      [
        [10_001, "12.50"],
        [10_003, "0.01"],
      ].map(([account_no, amount]) => ({
        account_no,
        movement_no: 1,
        kind: "opening",
        amount,
        balance_after: amount,
        request_no: "opening",
      })),
    );
    expect(await createMovementService(old.pool).wrongBalances(10)).toEqual([]);
  } finally {
    await old.drop();
  }
});
