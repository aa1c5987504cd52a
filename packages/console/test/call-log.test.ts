import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { systemActor } from "../../server/src/actor.ts";
import { eventually } from "../../server/test/dks.ts";
import type { TestClient } from "../../server/test/server.ts";
import { type TestPage, expectAccessible, expectNoFaults, expectNoSidewaysScroll, screenshot } from "./browser.ts";
import { type TestConsole, startTestConsole } from "./console.ts";

let platform: TestConsole;
let client: TestClient;
/** Of a good call, of one whose signature is in lower case, and of one with the secret in a wrong place. */
let good: string;
let lowerCase: string;
let pasted: string;

beforeAll(async () => {
  const startedAt = Date.now();
  platform = await startTestConsole();
  const { server } = platform;
  const accountNo = await server.services.accounts.create(
    { name: "上海物联网络科技", rank: 3, balance: "0.00" },
    systemActor("test"),
  );
  client = await server.createClient({ accountNo: String(accountNo) });
  await server.importCards([{ serial_no: "87000001", account_no: accountNo }]);
  const agent = { "user-agent": "acme-device/2.4 (okhttp 4.12)" };
  good = (await server.memberInfo(client, { serial_no: "87000001" }, agent)).body.request_id;
  const parameters = { client_id: client.client_id, timestamp: server.now(), serial_no: "87000001" };
  const { signParameters } = await import("@dakashi/sdk/signature");
  const sign = signParameters(parameters, client.client_secret).toLowerCase();
  const refused = await server.post("/v1/member/info", JSON.stringify({ ...parameters, sign }), agent);
  expect(refused.body).toMatchObject({ errcode: 55004, hint: "sign_lower_case" });
  lowerCase = refused.body.request_id;
  pasted = (await server.memberInfo(client, { serial_no: client.client_secret, note: client.client_secret }, agent))
    .body.request_id;
  await Promise.all(Array.from({ length: 60 }, (_, index) => server.memberInfo(client, { serial_no: `8700${index}` })));
  await server.pool.query(
    "insert into call_log_gap (from_ms, to_ms, reason, calls) values ($1, $2, 'strangers', 1234)",
    [startedAt, Date.now()],
  );
  await eventually("the calls are written", async () => {
    const { rows } = await server.pool.query<{ count: number }>("select count(*) from call_log");
    return (rows[0]?.count ?? 0) >= 63 ? true : undefined;
  });
});
afterAll(() => platform.close());
afterEach(() => platform.closePages());

async function fits(page: TestPage, name: string): Promise<void> {
  await screenshot(page, name, true);
  await expectAccessible(page);
  await expectNoSidewaysScroll(page);
}

describe("the call log's pages", () => {
  it.each([
    { width: 1440, language: "zh", dark: false },
    { width: 1440, language: "en", dark: true },
    { width: 360, language: "zh", dark: true },
    { width: 360, language: "en", dark: false },
  ] as const)("list calls and tell all of one, at $width pixels in $language", async (options) => {
    const zh = options.language === "zh";
    const page = await platform.signedIn({ ...options, role: "viewer" });
    const name = `calls-${options.width}-${options.language}`;
    await page.goto("/console/calls");
    await page.getByText("/v1/member/info").first().waitFor();
    await page.getByText(zh ? "已应答，但不在日志中" : "are not in the log").waitFor();
    await fits(page, name);
    await page.goto("/console/calls?serial_no=nothing1");
    await page.getByText(zh ? "没有符合条件的调用" : "No call fits").waitFor();
    await fits(page, `${name}-empty`);
    for (const [kind, id] of Object.entries({ good, lowerCase, pasted, missing: `${good.slice(0, 11)}zzzz` })) {
      await page.goto(`/console/calls/${id}`);
      await page
        .getByText(kind === "missing" ? (zh ? "没有记入日志" : /not in the log/) : zh ? "acme-device" : "acme-device")
        .first()
        .waitFor();
      await fits(page, `${name}-${kind}`);
    }
    expect(await page.locator("h1").innerText()).toBe(zh ? "一次调用" : "A call");
    expectNoFaults(page);
  });
});

describe("on the telephone", () => {
  it("a refused call is found by the answer that the integrator reads out, with what was wrong", async () => {
    const page = await platform.signedIn({ role: "viewer" });
    await page.goto("/console/calls");
    // By keyboard alone.
    await page.getByLabel("按 request_id 查找一次调用").focus();
    await page.keyboard.insertText(`{"errcode":55004,"errmsg":"签名错误","request_id":"${lowerCase.toUpperCase()}"}`);
    await page.keyboard.press("Enter");
    await page.waitForURL(`**/console/calls/${lowerCase}`);
    await page.getByRole("alert").getByText("sign 应为大写").first().waitFor();
    const text = await page.locator("#main").innerText();
    expect(text).toContain("55004");
    expect(text).toContain("sign_lower_case");
    expect(text).toContain("上海物联网络科技");
    expect(text).toContain("87000001");
    expect(text).toContain("127.0.0.1");
    const explanation = page.getByRole("link", { name: /文档中的解释/ });
    expect(await explanation.getAttribute("href")).toBe("/docs/errors/55004#sign_lower_case");
    const client$ = page.getByRole("link", { name: client.client_id });
    expect(await client$.getAttribute("href")).toBe(`/console/clients/${client.client_id}`);
    const card = page.getByRole("link", { name: "87000001" });
    expect(await card.getAttribute("href")).toBe("/console/cards/87000001");
    expectNoFaults(page);
  });

  it("a secret in the wrong place is not shown, but that something was", async () => {
    const page = await platform.signedIn({ role: "viewer", language: "en" });
    await page.goto(`/console/calls/${pasted}`);
    await page.getByText("not kept, 40 characters").first().waitFor();
    expect(await page.content()).not.toContain(client.client_secret);
    expectNoFaults(page);
  });
});

describe("the list", () => {
  it("is narrowed by filters that stay in the address, and goes on further back", async () => {
    const page = await platform.signedIn({ role: "viewer", language: "en" });
    await page.goto("/console/calls");
    await page.getByText("/v1/member/info").first().waitFor();
    expect(await page.locator("tbody tr.ant-table-row").count()).toBe(50);
    await page.getByRole("button", { name: "Look further back" }).click();
    await page.waitForURL(/cursor=/);
    await page.getByText("There is nothing older").waitFor();
    expect(await page.locator("tbody tr.ant-table-row").count()).toBe(13);
    await page.getByLabel("Parameter serial_no").fill("87000001");
    await page.keyboard.press("Enter");
    await page.waitForURL((url) => url.search === "?serial_no=87000001");
    await page.getByText(lowerCase).waitFor();
    await page.getByText(good).waitFor();
    await expect.poll(() => page.locator("tbody tr.ant-table-row").count(), { timeout: 20_000 }).toBe(2);
    await page.getByLabel("Result").click();
    await page.getByText("All that failed").click();
    await page.waitForURL(/errcode=refused/);
    await page.getByText(good).waitFor({ state: "detached" });
    await page.getByText(lowerCase).waitFor();
    await page.getByLabel("Account number").fill("abc");
    await page.getByText("An account's number has digits only").waitFor();
    await page.reload();
    await page.getByText(lowerCase).waitFor();
    expect(await page.getByLabel("Parameter serial_no").inputValue()).toBe("87000001");
    await page.goBack();
    await page.getByText(good).waitFor();
    expectNoFaults(page);
  });
});
