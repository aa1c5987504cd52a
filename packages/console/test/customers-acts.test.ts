import { readFile } from "node:fs/promises";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { systemActor } from "../../server/src/actor.ts";
import { startSecondServer } from "../../server/test/second-server.ts";
import { type TestPage, expectAccessible, expectNoFaults, expectNoSidewaysScroll, screenshot } from "./browser.ts";
import { type TestConsole, startTestConsole } from "./console.ts";

const by = { ...systemActor("colleague"), name: "韩梅梅" };
const environment = { DKS_MASTER_KEY: Buffer.alloc(32, 7).toString("base64") };
const hostile = `<img src=x onerror="document.title='taken'"> & "物联"`;

let platform: TestConsole;

beforeAll(async () => {
  platform = await startTestConsole({ environment });
});
afterAll(() => platform.close());
afterEach(() => platform.closePages());

function createAccount(name = "深圳智联", balance = "0.00"): Promise<number> {
  return platform.server.services.accounts.create({ name, rank: 3, balance }, by);
}

async function balanceOf(accountNo: number): Promise<string> {
  return (await platform.server.services.accounts.get(accountNo)).balance;
}

/** What is shown of a secret that has just been issued. */
async function issuedOn(page: TestPage): Promise<{ client_id: string; client_secret: string }> {
  const dialog = page.getByRole("dialog");
  const shown = async (label: string) => (await dialog.getByLabel(label, { exact: true }).innerText()).trim();
  return { client_id: await shown("client_id"), client_secret: await shown("client_secret") };
}

/** A refusal is an error on the browser's console, however well the page deals with it. */
function forgetRefusals(page: TestPage): void {
  const others = page.faults.filter((fault) => !/status of (409|422)/.test(fault));
  page.faults.splice(0, page.faults.length, ...others);
}

function button(page: TestPage, name: string) {
  return page.getByRole("button", { name, exact: true });
}

describe("a customer", () => {
  it("gets an account and a client, calls with its secret, and with both while it is rotated", async () => {
    const page = await platform.signedIn({ role: "admin" });
    await page.goto("/console/accounts");
    await button(page, "新建账户").click();
    await page.getByLabel("名称", { exact: true }).fill("成都车联");
    await page.keyboard.press("Enter");
    await page.waitForURL(/\/accounts\/\d+$/);
    const accountNo = /\d+$/.exec(page.url())?.[0] ?? "";

    await button(page, "新建客户端").click();
    await page.getByLabel("IP 白名单").fill("127.0.0.1, 10.1\n300.1.2.3/24");
    await button(page, "创建并显示密钥").click();
    await page.getByText("“10.1”、“300.1.2.3/24” 不是 IP 地址或网段").waitFor();
    forgetRefusals(page);
    await screenshot(page, "client-refused");
    await page.getByLabel("IP 白名单").fill("127.0.0.1, 2001:db8::/32");
    await button(page, "创建并显示密钥").click();
    await page.getByText("密钥只显示这一次").waitFor();
    const first = { ...(await issuedOn(page)), account_no: accountNo };
    await button(page, "用它发起一次签名调用").click();
    await page.getByText("签名正确，服务器应答了调用。").waitFor();
    await expectAccessible(page);
    await screenshot(page, "client-issued");
    await button(page, "我已保存，关闭").click();

    await platform.server.importCards([{ serial_no: "87000001", account_no: accountNo }]);
    const call = await platform.server.memberInfo(first, { serial_no: "87000001" });
    expect(call.body).toMatchObject({ errcode: 0, data: { serial_no: "87000001" } });

    await page.getByRole("link", { name: first.client_id }).click();
    await page.getByRole("heading", { name: `客户端 ${first.client_id}` }).waitFor();
    expect(await page.content()).not.toContain(first.client_secret);
    await button(page, "更换密钥").click();
    await page.getByRole("radio", { name: "7 天" }).check();
    await button(page, "更换并显示新密钥").click();
    await page.getByText("密钥只显示这一次").waitFor();
    const second = { ...(await issuedOn(page)), account_no: accountNo };
    expect(second.client_secret).not.toBe(first.client_secret);
    await button(page, "我已保存，关闭").click();
    await page.getByText("过渡期内仍有效").waitFor();

    // A process beside it, which writes down what it has seen when it stops.
    const beside = await startSecondServer({ database: platform.server.database.address, environment });
    expect((await beside.memberInfo(first, "87000001")).body.errcode).toBe(0);
    expect((await beside.memberInfo(second, "87000001")).body.errcode).toBe(0);
    await beside.close();
    await page.reload();
    await page.getByText("更换后仍有系统在用旧密钥签名").waitFor();
    expect(await page.getByText("未使用过").count()).toBe(0);
    await screenshot(page, "client-rotating");

    await button(page, "立即停用旧密钥").click();
    const dialog = page.getByRole("dialog");
    await dialog.getByText("用旧密钥签名的调用将立即被拒绝").waitFor();
    await expectAccessible(page);
    await dialog.getByRole("button", { name: "立即停用旧密钥" }).click();
    await page.getByText("已失效").waitFor();
    await expect
      .poll(async () => (await platform.server.memberInfo(first, { serial_no: "87000001" })).body.errcode)
      .toBe(55004);
    expect((await platform.server.memberInfo(second, { serial_no: "87000001" })).body.errcode).toBe(0);
    expectNoFaults(page);
  });

  it("is refused while the account is suspended, and answered again after", async () => {
    const client = await platform.server.createClient();
    await platform.server.importCards([{ serial_no: "87000002", account_no: client.account_no }]);
    const errcode = async () => (await platform.server.memberInfo(client, { serial_no: "87000002" })).body.errcode;
    const page = await platform.signedIn();
    await page.goto(`/console/accounts/${client.account_no}`);
    await button(page, "停用").click();
    const dialog = page.getByRole("dialog");
    await dialog.getByText("其所有客户端的调用将立即被拒绝").waitFor();
    expect(await errcode()).toBe(0);
    await dialog.getByRole("button", { name: "停用" }).click();
    await page.getByText("账户已停用：").waitFor();
    await expect.poll(errcode).toBe(55002);
    await page.getByRole("link", { name: client.client_id }).click();
    await page.getByText("所属账户已停用：").waitFor();
    await page.goBack();
    await button(page, "恢复").click();
    await page.getByRole("dialog").getByRole("button", { name: "恢复" }).click();
    await button(page, "停用").waitFor();
    await expect.poll(errcode).toBe(0);
    expectNoFaults(page);
  });
});

describe("two who edit the same", () => {
  it("account: the second is told by whom and what, keeps what was typed, and decides", async () => {
    const accountNo = await createAccount("宁波传感");
    const page = await platform.signedIn();
    await page.goto(`/console/accounts/${accountNo}`);
    await button(page, "编辑").click();
    await page.getByLabel("名称", { exact: true }).fill("宁波传感技术");
    await platform.server.services.accounts.update(accountNo, { version: 1, name: "宁波传感股份", rank: 1 }, by);
    await button(page, "保存").click();
    await page.getByText(/韩梅梅 于 .* 修改过，你的修改尚未保存/).waitFor();
    await screenshot(page, "conflict");
    await expectAccessible(page);
    expect(await page.getByLabel("名称", { exact: true }).inputValue()).toBe("宁波传感技术");
    const drawer = page.getByRole("dialog");
    await drawer.getByRole("cell", { name: "宁波传感股份", exact: true }).waitFor();
    expect(await drawer.getByRole("row", { name: /等级 金牌 金牌 一致/ }).count()).toBe(1);
    await button(page, "保存").click();
    await page.getByRole("heading", { name: "宁波传感技术" }).waitFor();
    expect(await platform.server.services.accounts.get(accountNo)).toMatchObject({ name: "宁波传感技术", rank: 1 });
  });

  it("client: the present values can be taken over one by one", async () => {
    const client = await platform.server.createClient({ allowIps: ["203.0.113.7"] });
    const page = await platform.signedIn({ language: "en", width: 360 });
    await page.goto(`/console/clients/${client.client_id}`);
    await button(page, "Edit").click();
    await page.getByLabel("Rate limit, calls a second").fill("70");
    await page.getByLabel("Allow-list of addresses").fill("203.0.113.8");
    await platform.server.clients.update(client.client_id, { allowIps: ["10.0.0.0/8"], ratePerSecond: 20 }, by);
    await button(page, "Save").click();
    await page.getByText(/韩梅梅 changed this at/).waitFor();
    await expectNoSidewaysScroll(page);
    await screenshot(page, "conflict-360-en");
    await button(page, "Allow-list: use the present value").click();
    await button(page, "Save").click();
    await page.getByRole("dialog").waitFor({ state: "hidden" });
    await page.getByText("70 a second").waitFor();
    const { allow_ips, rate_per_second } = await platform.server.clients.get(client.client_id);
    expect({ allow_ips, rate_per_second }).toEqual({ allow_ips: ["10.0.0.0/8"], rate_per_second: 70 });
  });
});

describe("the balance", () => {
  it("is topped up once by a double click", async () => {
    const accountNo = await createAccount("苏州仪表", "1.00");
    const page = await platform.signedIn({ role: "admin" });
    await page.goto(`/console/accounts/${accountNo}`);
    await button(page, "充值或调整").click();
    await page.getByLabel("金额（元）").fill("￥1,200.5");
    await page.getByText("余额将从 1.00 变为 1,201.50").waitFor();
    await expectAccessible(page);
    await screenshot(page, "booking");
    await button(page, "入账").dblclick();
    await page.getByRole("dialog").waitFor({ state: "hidden" });
    await page.getByText("+1,200.50").waitFor();
    expect(await balanceOf(accountNo)).toBe("1201.50");
    expect(await platform.server.services.movements.list(accountNo, {}, 10)).toHaveLength(2);
    expectNoFaults(page);
  });

  it("is topped up once when the answer was lost and the form is sent again", async () => {
    const accountNo = await createAccount("无锡水务");
    const page = await platform.signedIn({ role: "admin" });
    await page.goto(`/console/accounts/${accountNo}`);
    await page.route(
      (url) => url.pathname.endsWith("/movements"),
      async (route) => {
        if (route.request().method() !== "POST") return route.fallback();
        await route.fetch();
        await route.abort();
      },
    );
    await button(page, "充值或调整").click();
    await page.getByLabel("金额（元）").fill("30");
    await button(page, "入账").click();
    await page.getByText("无法连接服务器").waitFor();
    await page.unroute((url) => url.pathname.endsWith("/movements"));
    await page.unrouteAll({ behavior: "wait" });
    await button(page, "入账").click();
    await page.getByText("这一笔之前已入账，没有重复记账").waitFor();
    expect(await balanceOf(accountNo)).toBe("30.00");
  });

  it("does not fall below zero, and says so at the field", async () => {
    const accountNo = await createAccount("常州电气", "10.00");
    const page = await platform.signedIn({ role: "admin" });
    await page.goto(`/console/accounts/${accountNo}`);
    await button(page, "充值或调整").click();
    await page.getByRole("radio", { name: "调整：扣减" }).check();
    await page.getByLabel("金额（元）").fill("10.01");
    await page.getByLabel("调整原因").fill("多记");
    await button(page, "入账").click();
    await page.getByText("余额为 10.00，不足以扣减 10.01，未作任何更改").waitFor();
    forgetRefusals(page);
    await page.getByLabel("金额（元）").fill("10");
    await button(page, "入账").click();
    await page.getByText("-10.00").waitFor();
    expect(await balanceOf(accountNo)).toBe("0.00");
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("link", { name: "导出 CSV" }).click(),
    ]);
    const csv = await readFile(await download.path(), "utf8");
    expect(csv).toContain("correction,,10.00,0.00,多记");
    expectNoFaults(page);
  });
});

describe("a product", () => {
  it("is made with a size as people write it, and changed for later orders only", async () => {
    const page = await platform.signedIn();
    await page.goto("/console/products");
    await button(page, "新建套餐").click();
    await page.getByLabel("套餐编号").fill("CMCC-10G");
    await page.getByLabel("名称", { exact: true }).fill(hostile);
    await page.getByLabel("流量（MB）").fill("10 GB");
    await page.getByText("= 10240 MB = 10 GB").waitFor();
    await page.getByLabel("售价（元）").fill("20");
    await page.getByLabel("原价（元）").fill("二十五");
    await button(page, "创建").click();
    await page.getByText("应为：").waitFor();
    forgetRefusals(page);
    await expectAccessible(page);
    await screenshot(page, "product-refused");
    await page.getByLabel("原价（元）").fill("25元");
    await button(page, "创建").click();
    await page.getByText(hostile).waitFor();
    expect(await platform.server.services.products.get("CMCC-10G")).toMatchObject({
      size_bytes: 10 * 1_073_741_824,
      fee: "20.00",
      origin_price: "25.00",
    });
    await button(page, `编辑 ${hostile}`).click();
    await page.getByText("只影响之后的订购").waitFor();
    await page.getByLabel("售价（元）").fill("18");
    await page.keyboard.press("Enter");
    await page.getByText("18.00").waitFor();
    expect(await page.title()).toContain("套餐产品");
    expectNoFaults(page);
  });

  it("whose number is taken is refused at that field", async () => {
    await platform.server.importProducts([
      { product_no: "TAKEN", name: "x", carrier: "cmcc", fee: "1", data_value: 1, month: 1, level: 1 },
    ]);
    const page = await platform.signedIn({ language: "en" });
    await page.goto("/console/products");
    await button(page, "New product").click();
    await page.getByLabel("Number", { exact: true }).fill("TAKEN");
    await page.getByLabel("Name", { exact: true }).fill("another");
    await page.getByLabel("Size in MB").fill("5");
    await page.getByLabel("Price in CNY", { exact: true }).fill("1");
    await button(page, "Create").click();
    await page.getByText("there is a product TAKEN already").waitFor();
    expect(await page.getByLabel("Name", { exact: true }).inputValue()).toBe("another");
  });
});

describe("what has been typed", () => {
  it("is not lost by a click, by Escape or by the browser's back button", async () => {
    const accountNo = await createAccount("扬州照明");
    const page = await platform.signedIn();
    await page.goto("/console/accounts");
    await page.getByRole("link", { name: "扬州照明" }).click();
    await button(page, "编辑").click();
    await page.getByLabel("名称", { exact: true }).fill("扬州智慧照明");
    await page.keyboard.press("Escape");
    await page.locator(".ant-modal-confirm-title").filter({ hasText: "放弃未保存的内容？" }).waitFor();
    await button(page, "留在此处").click();
    await page
      .locator(".ant-modal-confirm-title")
      .filter({ hasText: "放弃未保存的内容？" })
      .waitFor({ state: "hidden" });
    await page.goBack();
    await page.locator(".ant-modal-confirm-title").filter({ hasText: "放弃未保存的内容？" }).waitFor();
    await button(page, "留在此处").click();
    expect(await page.getByLabel("名称", { exact: true }).inputValue()).toBe("扬州智慧照明");
    expect(page.url()).toContain(`/accounts/${accountNo}`);
    await page.goBack();
    await button(page, "放弃并离开").click();
    await page.waitForURL(/\/console\/accounts$/);
    expectNoFaults(page);
  });
});

/** Goes on with the Tab key until what is so called has the focus. */
async function tabTo(page: TestPage, name: string): Promise<void> {
  for (let pressed = 0; pressed < 60; pressed++) {
    await page.keyboard.press("Tab");
    const focused = await page.evaluate(
      () => document.activeElement?.getAttribute("aria-label") ?? document.activeElement?.textContent,
    );
    if (focused === name) return;
  }
  throw new Error(`the Tab key does not come to ${name}`);
}

describe("the keyboard alone", () => {
  it("makes an account, edits it and suspends it", async () => {
    const page = await platform.signedIn();
    await page.goto("/console/accounts");
    await button(page, "新建账户").waitFor();
    await tabTo(page, "新建账户");
    await page.keyboard.press("Enter");
    await page.getByLabel("名称", { exact: true }).waitFor();
    await expect.poll(() => page.evaluate(() => document.activeElement?.id)).toBe("name");
    await page.keyboard.type("键盘科技");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "键盘科技" }).waitFor();
    await tabTo(page, "编辑");
    await page.keyboard.press("Enter");
    await page.getByLabel("名称", { exact: true }).waitFor();
    await expect.poll(() => page.evaluate(() => document.activeElement?.id)).toBe("name");
    await page.keyboard.press("End");
    await page.keyboard.type("有限公司");
    await tabTo(page, "保存");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "键盘科技有限公司" }).waitFor();
    await page.getByRole("dialog").waitFor({ state: "hidden" });
    await tabTo(page, "停用");
    await page.keyboard.press("Enter");
    await page.getByRole("dialog").getByText("随时可以恢复").waitFor();
    await tabTo(page, "停用");
    await page.keyboard.press("Enter");
    await page.getByText("账户已停用：").waitFor();
    expectNoFaults(page);
  });
});

describe("a viewer", () => {
  it("sees everything and is offered nothing to change", async () => {
    const accountNo = await createAccount(hostile, "5.00");
    const issued = await platform.server.clients.create(
      { accountNo: String(accountNo), allowIps: [], ratePerSecond: null },
      by,
    );
    const page = await platform.signedIn({ role: "viewer" });
    for (const path of ["products", "accounts", `accounts/${accountNo}`, "clients", `clients/${issued.clientId}`]) {
      await page.goto(`/console/${path}`);
      await page.locator("h1").waitFor();
      await page
        .getByText(path === "products" ? "修改时间" : path.startsWith("account") ? hostile : issued.clientId)
        .first()
        .waitFor();
      const acts = /新建|编辑|停用|恢复|充值|更换|导入/;
      expect(await page.getByRole("button", { name: acts }).count(), path).toBe(0);
    }
    expect(await page.title()).not.toBe("taken");
    expectNoFaults(page);
  });
});
