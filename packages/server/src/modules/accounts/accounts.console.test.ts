import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type TestServer, startTestServer } from "../../../test/server.ts";
import { type ConsoleSession, openConsoleSession } from "../../../test/console-session.ts";

let server: TestServer;
let admin: ConsoleSession;
let operator: ConsoleSession;
let viewer: ConsoleSession;

beforeAll(async () => {
  server = await startTestServer();
  admin = await openConsoleSession(server, "admin", "韩梅梅");
  operator = await openConsoleSession(server, "operator", "李雷");
  viewer = await openConsoleSession(server, "viewer");
});
afterAll(() => server.close());

async function created(name = "integrator"): Promise<number> {
  const { status, body } = await operator.call("POST", "/accounts", { name, rank: 3 });
  expect(status).toBe(200);
  return body["account_no"] as number;
}

let requests = 0;

function booking(amount: string, more: object = {}) {
  return { kind: "correction", amount, remark: "counted again", request_no: `r-${requests++}`, ...more };
}

async function events(accountNo: number): Promise<unknown[]> {
  const { rows } = await server.pool.query(
    `select actor_kind, actor_name, action, before, after from audit_event
    where object_kind = 'account' and object_id = $1 order by event_no`,
    [String(accountNo)],
  );
  return rows;
}

describe("an account", () => {
  it("is created, edited and suspended by an operator, each recorded with who it was, before and after", async () => {
    const accountNo = await created(" Acme 物联 ");
    const edited = await operator.call("PATCH", `/accounts/${accountNo}`, { version: 1, name: "Acme", rank: 1 });
    expect(edited.body).toMatchObject({ account_no: accountNo, name: "Acme", rank: 1, version: 2, balance: "0.00" });
    const suspended = await operator.call("PUT", `/accounts/${accountNo}/status`, { version: 2, status: "suspended" });
    expect(suspended.body).toMatchObject({ status: "suspended", version: 3 });
    const who = { actor_kind: "staff", actor_name: "李雷" };
    expect(await events(accountNo)).toEqual([
      { ...who, action: "account.create", before: null, after: { name: "Acme 物联", rank: 3, balance: "0.00" } },
      { ...who, action: "account.update", before: { name: "Acme 物联", rank: 3 }, after: { name: "Acme", rank: 1 } },
      { ...who, action: "account.suspend", before: { status: "normal" }, after: { status: "suspended" } },
    ]);
  });

  it("is not changed in view of an older version, whatever the change", async () => {
    const accountNo = await created();
    await operator.call("PATCH", `/accounts/${accountNo}`, { version: 1, name: "first", rank: 3 });
    for (const [method, path, body] of [
      ["PATCH", "", { version: 1, name: "second", rank: 3 }],
      ["PUT", "/status", { version: 1, status: "suspended" }],
    ] as const) {
      const refused = await admin.call(method, `/accounts/${accountNo}${path}`, body);
      expect([refused.status, refused.error?.code]).toEqual([409, "conflict"]);
    }
    expect((await viewer.call("GET", `/accounts/${accountNo}`)).body).toMatchObject({
      name: "first",
      status: "normal",
      version: 2,
    });
  });

  it.each([
    ["name", { name: "", rank: 3 }],
    ["name", { name: "a\nb", rank: 3 }],
    ["rank", { name: "a", rank: 6 }],
    ["rank", { name: "a", rank: 1.5 }],
  ])("is refused with the field %s named: %j", async (field, body) => {
    const { status, error } = await operator.call("POST", "/accounts", body);
    expect([status, error?.field]).toEqual([422, field]);
  });

  it("that is not there is answered 404", async () => {
    for (const path of ["/accounts/1", "/accounts/1/movements", "/accounts/1/movements/export"])
      expect((await viewer.call("GET", path)).status, path).toBe(404);
    expect((await admin.call("POST", "/accounts/1/movements", booking("1"))).status).toBe(404);
  });

  it("is neither made nor changed by a viewer, nor its balance by an operator", async () => {
    const accountNo = await created();
    for (const [who, method, path, body] of [
      [viewer, "POST", "/accounts", { name: "x", rank: 1 }],
      [viewer, "PATCH", `/accounts/${accountNo}`, { version: 1, name: "x", rank: 1 }],
      [viewer, "PUT", `/accounts/${accountNo}/status`, { version: 1, status: "suspended" }],
      [operator, "POST", `/accounts/${accountNo}/movements`, booking("1")],
    ] as const)
      expect((await who.call(method, path, body)).error?.code, `${method} ${path}`).toBe("role_too_low");
    expect(await events(accountNo)).toHaveLength(1);
  });

  it("is found by its name, its number and its client's id, and lists go on where they ended", async () => {
    const accountNo = await created("100%_查找 found");
    await created("another");
    const client = await server.createClient({ accountNo: String(accountNo) });
    const search = async (text: string) => {
      const { body } = await viewer.call("GET", `/accounts?search=${encodeURIComponent(text)}`);
      return (body["list"] as { account_no: number }[]).map(({ account_no }) => account_no);
    };
    for (const text of ["%_查找", " FOUND ", String(accountNo), client.client_id.slice(0, 12)])
      expect(await search(text), text).toEqual([accountNo]);
    expect(await search("_%")).toEqual([]);
    const all: number[] = [];
    for (let cursor = ""; ;) {
      const { body } = await viewer.call("GET", `/accounts?limit=2${cursor}`);
      all.push(...(body["list"] as { account_no: number }[]).map(({ account_no }) => account_no));
      if (body["next_cursor"] === undefined) break;
      cursor = `&cursor=${body["next_cursor"] as string}`;
    }
    expect(all).toEqual(all.toSorted((one, other) => other - one));
    expect(new Set(all).size).toBe(all.length);
    expect(all).toContain(accountNo);
  });
});

describe("a balance", () => {
  it("is booked once under one request_no, two at once included, and recorded once", async () => {
    const accountNo = await created();
    const body = booking("100.5", { kind: "top_up", request_no: "once", remark: "" });
    const answers = await Promise.all(
      Array.from({ length: 5 }, () => admin.call("POST", `/accounts/${accountNo}/movements`, body)),
    );
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
    expect(answers.filter(({ body: { repeated } }) => repeated === false)).toHaveLength(1);
    expect((await viewer.call("GET", `/accounts/${accountNo}`)).body).toMatchObject({ balance: "100.50", version: 1 });
    expect((await events(accountNo)).slice(1)).toEqual([
      {
        actor_kind: "staff",
        actor_name: "韩梅梅",
        action: "account.top_up",
        before: { balance: "0.00" },
        after: { balance: "100.50", movement_no: 1, amount: "100.50", remark: "" },
      },
    ]);
    const other = await admin.call("POST", `/accounts/${accountNo}/movements`, { ...body, amount: "100.51" });
    expect([other.status, other.error?.message]).toEqual([
      422,
      "request_no once was used for another movement already; nothing was booked",
    ]);
  });

  it("never falls below zero, two at once included, and the amount is what is refused", async () => {
    const accountNo = await created();
    await admin.call("POST", `/accounts/${accountNo}/movements`, booking("10"));
    const answers = await Promise.all(
      ["-6", "-7"].map((amount) => admin.call("POST", `/accounts/${accountNo}/movements`, booking(amount))),
    );
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 422]);
    expect(answers.find(({ status }) => status === 422)?.error).toMatchObject({ code: "refused", field: "amount" });
    expect((await viewer.call("GET", `/accounts/${accountNo}`)).body["balance"]).toMatch(/^[34]\.00$/);
  });

  it("is the sum of its movements after whatever is booked", async () => {
    const amount = fc.integer({ min: -2_000, max: 2_000 }).map((hundredths) => (hundredths / 100).toFixed(2));
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ amount, request: fc.integer({ min: 0, max: 5 }) }), { minLength: 1, maxLength: 12 }),
        async (asked) => {
          const accountNo = await created();
          const answers = await Promise.all(
            asked.map(({ amount: value, request }) =>
              admin.call("POST", `/accounts/${accountNo}/movements`, booking(value, { request_no: `q${request}` })),
            ),
          );
          expect(answers.filter(({ status }) => status !== 200 && status !== 422)).toEqual([]);
          const { body } = await viewer.call("GET", `/accounts/${accountNo}/movements?limit=100`);
          const list = (body["list"] as { amount: string; balance_after: string; request_no: string }[]).toReversed();
          let sum = 0;
          for (const movement of list) {
            sum += Math.round(Number(movement.amount) * 100);
            expect(Math.round(Number(movement.balance_after) * 100)).toBe(sum);
            expect(sum).toBeGreaterThanOrEqual(0);
          }
          expect(new Set(list.map(({ request_no }) => request_no)).size).toBe(list.length);
          const account = await viewer.call("GET", `/accounts/${accountNo}`);
          expect(account.body["balance"]).toBe((sum / 100).toFixed(2));
        },
      ),
      { numRuns: 15 },
    );
    expect(await server.services.movements.wrongBalances(10)).toEqual([]);
  });

  it("is exported with what comes in and goes out apart, and no formula among it", async () => {
    const accountNo = await created();
    await admin.call("POST", `/accounts/${accountNo}/movements`, booking("5", { kind: "top_up", remark: "=1+1" }));
    await admin.call("POST", `/accounts/${accountNo}/movements`, booking("-2.5", { remark: "@cmd" }));
    const { text } = await viewer.call("GET", `/accounts/${accountNo}/movements/export`);
    const [head, ...lines] = text
      .trim()
      .replace(/^\uFEFF/, "")
      .split(/\r?\n/);
    expect(head).toBe(
      "movement_no,at,kind,amount_in,amount_out,balance_after,remark,request_no,actor_kind,actor_id,actor_name",
    );
    expect(lines.map((line) => line.split(",").slice(2, 7).join(","))).toEqual([
      "correction,,2.50,2.50,'@cmd",
      "top_up,5.00,,5.00,'=1+1",
    ]);
  });
});
