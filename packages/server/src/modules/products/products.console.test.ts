import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type TestServer, startTestServer } from "../../../test/server.ts";
import { type ConsoleSession, openConsoleSession } from "../../../test/console-session.ts";

let server: TestServer;
let operator: ConsoleSession;
let viewer: ConsoleSession;

beforeAll(async () => {
  server = await startTestServer();
  operator = await openConsoleSession(server, "operator", "李雷");
  viewer = await openConsoleSession(server, "viewer");
});
afterAll(() => server.close());

const values = {
  name: "移动 10M",
  carrier: "cmcc",
  origin_price: "5",
  fee: "3.5",
  data_value: "10",
  month: 1,
  level: 1,
  eft_type: 0,
};

let products = 0;

async function created(changed: object = {}): Promise<string> {
  const productNo = `P${products++}`;
  const { status } = await operator.call("POST", "/products", { product_no: productNo, ...values, ...changed });
  expect(status).toBe(200);
  return productNo;
}

async function events(productNo: string): Promise<unknown[]> {
  const { rows } = await server.pool.query(
    "select actor_name, action, before, after from audit_event where object_kind = 'product' and object_id = $1 order by event_no",
    [productNo],
  );
  return rows;
}

describe("a product", () => {
  it("is created and edited by an operator, each recorded with who it was, before and after", async () => {
    const productNo = await created({ origin_price: "" });
    const edited = await operator.call("PATCH", `/products/${productNo}`, {
      version: 1,
      ...values,
      data_value: "1536.5",
      origin_price: "5",
    });
    expect(edited.body).toMatchObject({
      product_no: productNo,
      data_value: "1536.5",
      size_bytes: 1_611_137_024,
      origin_price: "5.00",
      fee: "3.50",
      version: 2,
    });
    expect(await events(productNo)).toEqual([
      {
        actor_name: "李雷",
        action: "product.create",
        before: null,
        after: {
          name: "移动 10M",
          carrier: "cmcc",
          origin_price: "3.50",
          fee: "3.50",
          size_bytes: 10_485_760,
          months: 1,
          level: 1,
          eft_type: 0,
        },
      },
      {
        actor_name: "李雷",
        action: "product.update",
        before: { size_bytes: 10_485_760, origin_price: "3.50" },
        after: { size_bytes: 1_611_137_024, origin_price: "5.00" },
      },
    ]);
  });

  it("that is saved as it is counts no version up and records nothing", async () => {
    const productNo = await created();
    const saved = await operator.call("PATCH", `/products/${productNo}`, { version: 1, ...values });
    expect(saved.body["version"]).toBe(1);
    expect(await events(productNo)).toHaveLength(1);
  });

  it("is not changed in view of an older version", async () => {
    const productNo = await created();
    await operator.call("PATCH", `/products/${productNo}`, { version: 1, ...values, fee: "4" });
    const refused = await operator.call("PATCH", `/products/${productNo}`, { version: 1, ...values, fee: "5" });
    expect([refused.status, refused.error?.code]).toEqual([409, "conflict"]);
    // An import counts as a change as well.
    await server.importProducts([
      { product_no: productNo, name: "x", carrier: "cmcc", fee: "9", data_value: 1, month: 1, level: 1 },
    ]);
    const again = await operator.call("PATCH", `/products/${productNo}`, { version: 2, ...values, fee: "5" });
    expect(again.status).toBe(409);
    expect((await viewer.call("GET", `/products/${productNo}`)).body).toMatchObject({ fee: "9.00", version: 3 });
  });

  it("that is changed leaves the packages that cards already have as they were ordered", async () => {
    const productNo = await created();
    const client = await server.createClient();
    await server.importCards([{ serial_no: "870001", account_no: client.account_no }]);
    await server.importPackages([{ serial_no: "870001", product_no: productNo, first_month: "2026-01" }]);
    const { rows: before } = await server.pool.query("select * from card_package where serial_no = '870001'");
    await operator.call("PATCH", `/products/${productNo}`, { version: 1, ...values, name: "other", data_value: "99" });
    const { rows: after } = await server.pool.query("select * from card_package where serial_no = '870001'");
    expect(before).toHaveLength(1);
    expect(after).toEqual(before);
  });

  it.each([
    ["product_no", { product_no: "a b" }],
    ["product_no", { product_no: "x".repeat(33) }],
    ["name", { name: " " }],
    ["name", { name: "a\nb" }],
    ["carrier", { carrier: "中国移动" }],
    ["fee", { fee: "" }],
    ["fee", { fee: "1.005" }],
    ["fee", { fee: "-1" }],
    ["origin_price", { origin_price: "1e3" }],
    ["data_value", { data_value: "0" }],
    ["data_value", { data_value: "10 GB" }],
    ["data_value", { data_value: "1.005" }],
    ["month", { month: 0 }],
    ["month", { month: 1.5 }],
    ["month", { month: 121 }],
    ["level", { level: 5 }],
    ["eft_type", { eft_type: 2 }],
  ])("is refused with the field %s named: %j", async (field, changed) => {
    const { status, error } = await operator.call("POST", "/products", {
      product_no: `R${products++}`,
      ...values,
      ...changed,
    });
    expect([status, error?.field]).toEqual([422, field]);
  });

  it("has a number of its own, of two at once as well", async () => {
    const body = { product_no: "TWICE", ...values };
    const answers = await Promise.all([1, 2, 3].map(() => operator.call("POST", "/products", body)));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 422, 422]);
    expect(answers.find(({ status }) => status === 422)?.error?.field).toBe("product_no");
    expect(await events("TWICE")).toHaveLength(1);
  });

  it("is neither made nor changed by a viewer; one that is not there is answered 404", async () => {
    const productNo = await created();
    for (const [method, path, body] of [
      ["POST", "/products", { product_no: "V", ...values }],
      ["PATCH", `/products/${productNo}`, { version: 1, ...values }],
    ] as const)
      expect((await viewer.call(method, path, body)).error?.code).toBe("role_too_low");
    expect((await viewer.call("GET", "/products/NONE")).status).toBe(404);
    expect((await operator.call("PATCH", "/products/NONE", { version: 1, ...values })).status).toBe(404);
  });
});

it("products are found by name, number, carrier and level, page by page", async () => {
  const productNo = await created({ name: "100%_查找", carrier: "cucc", level: 3 });
  const found = async (query: string) => {
    const { body } = await viewer.call("GET", `/products?${query}`);
    return { numbers: (body["list"] as { product_no: string }[]).map(({ product_no }) => product_no), body };
  };
  expect((await found(`search=${encodeURIComponent("%_查")}`)).numbers).toEqual([productNo]);
  expect((await found("search=_%25")).numbers).toEqual([]);
  expect((await found(`search=${productNo.toLowerCase()}&carrier=cucc&level=3`)).numbers).toEqual([productNo]);
  expect((await found(`search=${productNo}&level=4`)).numbers).toEqual([]);
  expect((await viewer.call("GET", "/product-carriers")).body["list"]).toEqual(["cmcc", "cucc"]);
  const all: string[] = [];
  for (let cursor = ""; ;) {
    const { numbers, body } = await found(`limit=3${cursor}`);
    all.push(...numbers);
    if (body["next_cursor"] === undefined) break;
    cursor = `&cursor=${body["next_cursor"] as string}`;
  }
  expect(all).toEqual([...new Set(all)].sort());
  expect(all).toContain(productNo);
});
