import { randomBytes } from "node:crypto";
import type { Locator, Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { systemActor } from "../../server/src/actor.ts";
import type { Role } from "../../server/src/modules/staff/staff.ts";
import { type TestPage, expectAccessible, expectNoSidewaysScroll, screenshot } from "./browser.ts";
import { type TestConsole, startTestConsole } from "./console.ts";

let platform: TestConsole;

beforeAll(async () => {
  platform = await startTestConsole();
});
afterAll(() => platform.close());
afterEach(() => platform.closePages());

const by = systemActor("test");

interface Member {
  readonly staffId: string;
  readonly email: string;
  readonly name: string;
}

async function member(role: Role = "operator"): Promise<Member> {
  const name = `成员${randomBytes(3).toString("hex")}`;
  const { staffId, email } = await platform.server.services.staff.create(
    { email: `${randomBytes(6).toString("hex")}@example.com`, name, role },
    by,
  );
  return { staffId, email, name };
}

async function stored({ staffId }: Member) {
  return platform.server.services.staff.find(staffId);
}

/** The page of an admin, who sees the staff. */
async function adminPage(options: { readonly width?: number; readonly name?: string } = {}): Promise<TestPage> {
  const page = await platform.signedIn({ ...options, role: "admin" });
  await page.goto("/console/staff");
  await page.getByRole("heading", { name: "员工", exact: true }).waitFor();
  return page;
}

async function act(page: Page, { name }: Member, what: string): Promise<void> {
  await page.getByRole("button", { name: `${name}的操作` }).click();
  await page.getByRole("menuitem", { name: what, exact: true }).click();
}

async function confirm(dialog: Locator, what: string): Promise<void> {
  await dialog.getByRole("button", { name: what, exact: true }).click();
}

/** What went wrong beside refusals, which Chromium notes on its console. */
function faultsOf(page: TestPage): string[] {
  return page.faults.filter((fault) => !/the server responded with a status of 4\d\d/.test(fault));
}

describe("the staff's page", () => {
  it.each([
    { width: 1440, language: "zh", dark: false },
    { width: 360, language: "en", dark: true },
  ] as const)("shows everyone, at $width pixels in $language", async (options) => {
    const { name, staffId } = await member("viewer");
    await platform.server.services.staff.suspend(staffId, by);
    const page = await platform.signedIn({ ...options, role: "admin" });
    await page.goto("/console/staff");
    await page.getByText(name).waitFor();
    expect(await page.title()).toBe(
      options.language === "zh" ? "员工 · 大卡师开放平台" : "Staff · Dakashi Open Platform",
    );
    await expectAccessible(page);
    await expectNoSidewaysScroll(page);
    await screenshot(page, `staff-${options.width}-${options.language}`);
    if (options.width === 360) {
      await page.getByRole("button", { name: "Open the menu" }).click();
      await page.getByRole("menuitem", { name: "Staff" }).waitFor();
      await screenshot(page, "menu-360-en");
      await page.getByRole("menuitem", { name: "Audit log" }).click();
      await page.getByRole("heading", { name: "Audit log" }).waitFor();
      await page.getByRole("menuitem", { name: "Staff" }).waitFor({ state: "hidden" });
    }
    expect(page.faults).toEqual([]);
  });

  it("is for admins, and leads others to what they may see", async () => {
    const page = await platform.signedIn({ role: "operator" });
    await page.goto("/console/staff");
    await page.waitForURL((url) => url.pathname !== "/console/staff");
    await page.getByRole("menuitem", { name: "操作日志" }).waitFor();
    expect(await page.getByRole("menuitem", { name: "员工" }).count()).toBe(0);
  });

  it("adds somebody, whose first password is shown once and lets them in", async () => {
    const page = await adminPage();
    const email = `${randomBytes(6).toString("hex")}@example.com`;
    await page.getByRole("button", { name: "新建员工" }).click();
    const form = page.getByRole("dialog", { name: "新建员工" });
    await form.getByLabel("邮箱").fill("nobody");
    await form.getByLabel("姓名").fill("新同事");
    await form.getByLabel("只读").check();
    await form.getByRole("button", { name: "创建" }).click();
    await form.getByText("“nobody” 不是邮箱地址。").waitFor();
    await form.getByLabel("邮箱").fill(email);
    await screenshot(page, "staff-create-zh");
    await expectAccessible(page);
    await form.getByRole("button", { name: "创建" }).click();
    const issued = page.getByRole("dialog", { name: "初始密码" });
    const password = await issued.getByTestId("issued-password").innerText();
    await screenshot(page, "staff-issued-zh");
    await expectAccessible(page);
    await confirm(issued, "我已转告或记下");
    await issued.waitFor({ state: "hidden" });
    expect(await page.getByText(password).count()).toBe(0);

    const theirs = await platform.page();
    await theirs.goto("/console");
    await theirs.getByLabel("邮箱").fill(email);
    await theirs.getByLabel("密码", { exact: true }).fill(password);
    await theirs.getByRole("button", { name: "登录", exact: true }).click();
    await theirs.getByRole("heading", { name: "设置自己的密码" }).waitFor();
    expect(faultsOf(page)).toEqual([]);
  });

  it("tells the second of two admins who change the same, overwrites nothing, and keeps what was typed", async () => {
    const someone = await member();
    const [one, other] = [await adminPage({ name: "王芳" }), await adminPage({ name: "李强" })];
    await act(one, someone, "修改");
    await act(other, someone, "修改");
    const [first, second] = [one, other].map((page) => page.getByRole("dialog", { name: "修改员工" }));
    if (first === undefined || second === undefined) throw new Error("two dialogs");
    await first.getByLabel("姓名").fill("改名一");
    await first.getByRole("button", { name: "保存" }).click();
    await one.getByText("已保存").waitFor();

    await second.getByLabel("姓名").fill("改名二");
    await second.getByLabel("只读").check();
    await second.getByRole("button", { name: "保存" }).click();
    await second.getByText(/已被他人修改/).waitFor();
    await second.getByText("现在是：改名一，操作员").waitFor();
    expect(await second.getByLabel("姓名").inputValue()).toBe("改名二");
    await screenshot(other, "staff-conflict-zh");
    await expectAccessible(other);
    expect(await stored(someone)).toMatchObject({ name: "改名一", role: "operator" });
    await second.getByRole("button", { name: "保留我的填写" }).click();
    await second.getByRole("button", { name: "保存" }).click();
    await other.getByText("已保存").waitFor();
    expect(await stored(someone)).toMatchObject({ name: "改名二", role: "viewer" });
    expect(faultsOf(other)).toEqual([]);
  });

  it("says what a reset does, and gives a new password", async () => {
    const someone = await member();
    const page = await adminPage();
    await act(page, someone, "重置密码");
    const ask = page.getByRole("dialog", { name: `重置 ${someone.name} 的密码？` });
    await ask.getByText("结束其所有登录会话").waitFor();
    await screenshot(page, "staff-reset-zh");
    await expectAccessible(page);
    await confirm(ask, "取消");
    expect((await stored(someone)).version).toBe(1);
    await act(page, someone, "重置密码");
    await confirm(ask, "重置");
    await page.getByRole("dialog", { name: "初始密码" }).getByText(someone.email).waitFor();
    expect(faultsOf(page)).toEqual([]);
  });

  it("suspends and resumes", async () => {
    const someone = await member();
    const page = await adminPage({ width: 360 });
    await act(page, someone, "停用");
    await confirm(page.getByRole("dialog", { name: `停用 ${someone.name}？` }), "停用");
    await page.getByText(`${someone.name} 已停用`).waitFor();
    expect(await stored(someone)).toMatchObject({ status: "suspended" });
    await act(page, someone, "恢复");
    await confirm(page.getByRole("dialog", { name: `恢复 ${someone.name}？` }), "恢复");
    await page.getByText(`${someone.name} 已恢复`).waitFor();
    expect(await stored(someone)).toMatchObject({ status: "normal" });
    expect(faultsOf(page)).toEqual([]);
  });

  it("shows where somebody is signed in, and ends that", async () => {
    const page = await adminPage();
    const theirs = await platform.signedIn({ role: "viewer", name: "张伟" });
    await theirs.goto("/console/me");
    await page.reload();
    await page.getByRole("button", { name: "张伟的操作" }).click();
    await page.getByRole("menuitem", { name: "登录会话" }).click();
    const drawer = page.getByRole("dialog", { name: "张伟 的登录会话" });
    await drawer.getByRole("button", { name: "结束", exact: true }).waitFor();
    await screenshot(page, "staff-sessions-zh");
    await expectAccessible(page);
    await drawer.getByRole("button", { name: "全部结束" }).click();
    await page.getByRole("tooltip").getByRole("button", { name: "全部结束" }).click();
    await drawer.getByText("没有登录会话").waitFor();
    await theirs.reload();
    await theirs.getByRole("heading", { name: "登录管理控制台" }).waitFor();
    expect(faultsOf(page)).toEqual([]);
  });

  it("does not let the last admin be made something else", async () => {
    const page = await adminPage({ name: "独一" });
    await platform.server.pool.query("update staff set role = 'operator' where role = 'admin' and name <> '独一'");
    await page.reload();
    await page.getByRole("button", { name: "独一的操作" }).click();
    await page.getByRole("menuitem", { name: "修改", exact: true }).click();
    const form = page.getByRole("dialog", { name: "修改员工" });
    await form.getByLabel("操作员").check();
    await form.getByRole("button", { name: "保存" }).click();
    await form.getByText(/是最后一个未停用的管理员/).waitFor();
    const { rows } = await platform.server.pool.query("select name from staff where role = 'admin'");
    expect(rows).toEqual([{ name: "独一" }]);
  });
});
