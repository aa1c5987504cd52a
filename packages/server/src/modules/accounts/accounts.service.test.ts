import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type TestServer, startTestServer } from "../../../test/server.ts";
import { systemActor } from "../../actor.ts";
import { ConflictError, FieldError, MissingError } from "../../errors.ts";
import { type AccountService, createAccountService } from "./accounts.service.ts";

const by = systemActor("test");
let server: TestServer;
let accounts: AccountService;

beforeAll(async () => {
  server = await startTestServer();
  accounts = createAccountService(server.pool, {
    announceCredentials: (db, accountNo) => server.clients.announceOfAccount(db, accountNo),
  });
});
afterAll(() => server.close());

function create(name: string, rank = 3): Promise<number> {
  return accounts.create({ name, rank, balance: "0.00" }, by);
}

async function events(accountNo: number): Promise<unknown[]> {
  const { rows } = await server.pool.query(
    "select action, actor_id, before, after from audit_event where object_kind = 'account' and object_id = $1 order by event_no",
    [String(accountNo)],
  );
  return rows;
}

describe("an account", () => {
  test("has a name of one line, without the spaces around it", async () => {
    const accountNo = await create("  Acme 物联 ");
    expect(await accounts.get(accountNo)).toMatchObject({ name: "Acme 物联", balance: "0.00", version: 1 });
    for (const name of ["", "   ", "x".repeat(101), "a\nb", "a\u0000"])
      await expect(create(name)).rejects.toThrow(FieldError);
  });

  test("that is not there is neither shown nor changed", async () => {
    await expect(accounts.get(1)).rejects.toThrow(MissingError);
    await expect(accounts.update(1, { version: 1, name: "x", rank: 1 }, by)).rejects.toThrow(MissingError);
    await expect(accounts.setStatus(1, { version: 1, status: "suspended" }, by)).rejects.toThrow(MissingError);
  });

  test("is changed in view of its version, and what changed is recorded", async () => {
    const accountNo = await create("one name");
    const changed = await accounts.update(accountNo, { version: 1, name: "another name", rank: 3 }, by);
    expect(changed).toMatchObject({ name: "another name", rank: 3, version: 2 });
    expect(await events(accountNo)).toEqual([
      {
        action: "account.create",
        actor_id: "test",
        before: null,
        after: { name: "one name", rank: 3, balance: "0.00" },
      },
      {
        action: "account.update",
        actor_id: "test",
        before: { name: "one name" },
        after: { name: "another name" },
      },
    ]);
  });

  test("that is saved as it is keeps its version, and nothing is recorded", async () => {
    const accountNo = await create("unchanged");
    expect(await accounts.update(accountNo, { version: 1, name: "unchanged", rank: 3 }, by)).toMatchObject({
      version: 1,
    });
    expect(await events(accountNo)).toHaveLength(1);
  });

  test("edited by eight at once takes one edit and refuses the others, which nothing is left of", async () => {
    const accountNo = await create("contended");
    const outcomes = await Promise.allSettled(
      Array.from({ length: 8 }, (_, index) =>
        accounts.update(accountNo, { version: 1, name: `edit ${index}`, rank: 1 }, by),
      ),
    );
    const taken = outcomes.filter((outcome) => outcome.status === "fulfilled");
    expect(taken).toHaveLength(1);
    for (const outcome of outcomes)
      if (outcome.status === "rejected") expect(outcome.reason).toBeInstanceOf(ConflictError);
    expect(await accounts.get(accountNo)).toEqual(taken[0]?.value);
    expect(await events(accountNo)).toHaveLength(2);
  });

  test("counts its cards no further than it is told to", async () => {
    const accountNo = await create("with cards");
    expect(await accounts.countCards(accountNo, 2)).toBe(0);
    await server.importCards(
      ["88000001", "88000002", "88000003"].map((serial_no) => ({ serial_no, account_no: accountNo })),
    );
    expect(await accounts.countCards(accountNo, 2)).toBe(2);
    expect(await accounts.countCards(accountNo, 10)).toBe(3);
  });
});

describe("a list of accounts", () => {
  test("is narrowed by a part of the name, by the number, by a client's id and by status, page after page", async () => {
    const numbers: number[] = [];
    for (const name of ["50% off_A", "50% off_B", "50x offyC"]) numbers.push(await create(name));
    const [first = 0, second = 0, third = 0] = numbers;
    const client = await server.createClient({ accountNo: String(second) });
    const found = async (filter: Parameters<AccountService["list"]>[0], limit = 10) =>
      (await accounts.list(filter, limit)).map(({ account_no }) => account_no);

    expect(await found({ search: "50% OFF_" })).toEqual([second, first]);
    expect(await found({ search: "50" })).toEqual(expect.arrayContaining([third, second, first]));
    expect(await found({ search: String(third) })).toEqual([third]);
    expect(await found({ search: client.client_id })).toEqual([second]);
    expect(await found({ search: client.client_id.slice(0, 12) })).toEqual([second]);
    expect(await found({ search: "\\" })).toEqual([]);
    expect(await found({ search: "50" }, 1)).toEqual([third]);
    expect(await found({ search: "50", before: third }, 1)).toEqual([second]);
    await accounts.setStatus(first, { version: 1, status: "suspended" }, by);
    expect(await found({ search: "50", status: "suspended" })).toEqual([first]);
    const [listed] = await accounts.list({ search: String(second) }, 1);
    expect(listed).toMatchObject({ clients: 1 });
  });
});

test("suspending an account refuses the calls of all its clients at once, and resuming answers them", async () => {
  const one = await server.createClient();
  const other = await server.createClient({ accountNo: one.account_no });
  const bystander = await server.createClient();
  const codes = () =>
    Promise.all(
      [one, other, bystander].map(async (client) => {
        const { body } = await server.memberInfo(client, { serial_no: "1" });
        return body.hint;
      }),
    );
  expect(await codes()).toEqual(["card_unknown", "card_unknown", "card_unknown"]);
  const accountNo = Number(one.account_no);
  await accounts.setStatus(accountNo, { version: 1, status: "suspended" }, by);
  await expect.poll(codes).toEqual(["account_suspended", "account_suspended", "card_unknown"]);
  await expect(accounts.setStatus(accountNo, { version: 1, status: "normal" }, by)).rejects.toThrow(ConflictError);
  await accounts.setStatus(accountNo, { version: 2, status: "normal" }, by);
  await expect.poll(codes).toEqual(["card_unknown", "card_unknown", "card_unknown"]);
  expect((await events(accountNo)).slice(1)).toEqual([
    { action: "account.suspend", actor_id: "test", before: { status: "normal" }, after: { status: "suspended" } },
    { action: "account.resume", actor_id: "test", before: { status: "suspended" }, after: { status: "normal" } },
  ]);
});
