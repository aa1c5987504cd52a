import { randomBytes } from "node:crypto";
import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { systemActor } from "../../server/src/actor.ts";
import type { Role } from "../../server/src/modules/staff/staff.ts";
import { authenticatorCode } from "../../server/test/browser.ts";
import { type TestPage, expectAccessible, expectNoSidewaysScroll, screenshot } from "./browser.ts";
import { type TestConsole, startTestConsole } from "./console.ts";

let platform: TestConsole;

beforeAll(async () => {
  platform = await startTestConsole();
});
afterAll(() => platform.close());
afterEach(() => platform.closePages());

const password = "correct horse battery";
const by = systemActor("test");

interface Person {
  readonly staffId: string;
  readonly email: string;
  readonly name: string;
  /** The first one. */
  readonly password: string;
}

async function newcomer(role: Role = "operator", name = "韩梅梅"): Promise<Person> {
  const email = `mei-${randomBytes(4).toString("hex")}@example.com`;
  return { name, ...(await platform.server.services.staff.create({ email, name, role }, by)) };
}

/** Types into the sign-in form as it stands on the page, in Chinese, and sends it. */
async function signIn(page: Page, email: string, given: string): Promise<void> {
  await page.getByLabel("邮箱").fill(email);
  await page.getByLabel("密码", { exact: true }).fill(given);
  await page.getByRole("button", { name: "登录", exact: true }).click();
}

async function choosePassword(page: Page, given = password): Promise<void> {
  await page.getByLabel("新密码", { exact: true }).fill(given);
  await page.getByLabel("再次输入新密码").fill(given);
  await page.getByRole("button", { name: "保存并进入控制台" }).click();
}

/** Somebody who has chosen a password, at a page of theirs. */
async function colleague(role: Role = "operator", name?: string): Promise<{ person: Person; page: TestPage }> {
  const person = await newcomer(role, name);
  const page = await platform.page();
  await page.goto("/console/me");
  await signIn(page, person.email, person.password);
  await choosePassword(page);
  await page.getByRole("heading", { name: "我的账号与安全" }).waitFor();
  return { person, page };
}

/** What went wrong beside refusals, answers of 401 and the like, which Chromium notes on its console. */
function faultsOf(page: TestPage): string[] {
  return page.faults.filter((fault) => !/the server responded with a status of 4\d\d/.test(fault));
}

/** Turns two-factor authentication on; the key, as the page shows it for typing. */
async function turnTotpOn(page: Page): Promise<{ uri: string; backupCodes: string[] }> {
  await page.getByRole("button", { name: "开启两步验证" }).click();
  const dialog = page.getByRole("dialog", { name: "开启两步验证" });
  await dialog.getByLabel("你的密码").fill(password);
  await dialog.getByRole("button", { name: "下一步" }).click();
  const key = await dialog.getByLabel("密钥", { exact: true }).innerText();
  const uri = `otpauth://totp/x?secret=${key.replaceAll(" ", "")}`;
  await screenshot(page, "totp-scan-zh");
  await expectAccessible(page);
  await dialog.getByLabel("验证器上显示的六位验证码").fill("000000");
  await dialog.getByRole("button", { name: "验证并开启" }).click();
  await dialog.getByText("验证码错误或已使用过").waitFor();
  // The one before, which is right as well, so that the next one is left for signing in.
  await dialog.getByLabel("验证器上显示的六位验证码").fill(authenticatorCode(uri, Date.now() - 30_000));
  await dialog.getByRole("button", { name: "验证并开启" }).click();
  await dialog.getByText("这些备用码只显示这一次").waitFor();
  await screenshot(page, "totp-backup-codes-zh");
  const backupCodes = await dialog.getByRole("list", { name: "备用码" }).getByRole("listitem").allInnerTexts();
  expect(backupCodes).toHaveLength(10);
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    dialog.getByRole("button", { name: "下载为文件" }).click(),
  ]);
  expect(download.suggestedFilename()).toBe("dakashi-backup-codes.txt");
  await dialog.getByRole("button", { name: "我已保存好" }).click();
  await dialog.waitFor({ state: "hidden" });
  await page.getByText("已开启").waitFor();
  return { uri, backupCodes };
}

describe("the sign-in page", () => {
  it.each([
    { width: 1440, language: "zh", dark: false },
    { width: 1440, language: "en", dark: true },
    { width: 360, language: "zh", dark: true },
    { width: 360, language: "en", dark: false },
  ] as const)("is as it should be at $width pixels in $language, dark: $dark", async (options) => {
    const page = await platform.page(options);
    await page.goto("/console");
    const zh = options.language === "zh";
    await page.getByRole("heading", { name: zh ? "登录管理控制台" : "Sign in to the console" }).waitFor();
    expect(await page.title()).toBe(
      zh ? "登录管理控制台 · 大卡师开放平台" : "Sign in to the console · Dakashi Open Platform",
    );
    await screenshot(page, `sign-in-${options.width}-${options.language}`);
    await page.getByRole("button", { name: zh ? "登录" : "Sign in", exact: true }).click();
    await page.getByText(zh ? "请输入邮箱" : "Enter your e-mail address").waitFor();
    await expectAccessible(page);
    await expectNoSidewaysScroll(page);
    expect(faultsOf(page)).toEqual([]);
  });

  it("changes language and colours, and remembers both", async () => {
    const page = await platform.page({ language: "zh" });
    await page.goto("/console");
    await page.getByRole("button", { name: "EN" }).click();
    await page.getByRole("button", { name: "Colours" }).click();
    await page.getByRole("menuitem", { name: "Dark" }).click();
    await page.reload();
    await page.getByRole("heading", { name: "Sign in to the console" }).waitFor();
    expect(await page.evaluate(() => document.documentElement.dataset["theme"])).toBe("dark");
  });

  it("can be used by keyboard alone, from the address to a password of one's own", async () => {
    const { email, password: first } = await newcomer();
    const page = await platform.page();
    await page.goto("/console/me");
    // The first field has the focus.
    await page.getByLabel("邮箱").waitFor();
    await page.keyboard.type(email);
    await page.keyboard.press("Tab");
    await page.keyboard.type("not the right one");
    await page.keyboard.press("Enter");
    await page.getByText("邮箱或密码错误").waitFor();
    // What was wrong is selected, to be typed over.
    await page.keyboard.type(first);
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "设置自己的密码" }).waitFor();
    expect(await page.title()).toBe("设置自己的密码 · 大卡师开放平台");
    await page.keyboard.type(password);
    await page.keyboard.press("Tab");
    // The one in between shows what was typed.
    await page.keyboard.press("Tab");
    await page.keyboard.type(password);
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "我的账号与安全" }).waitFor();
    expect(faultsOf(page)).toEqual([]);
  });

  it("says for how long a login is locked after five wrong passwords", async () => {
    const { email } = await newcomer();
    const page = await platform.page();
    await page.goto("/console");
    for (let attempt = 0; attempt < 5; attempt++) {
      await signIn(page, email, `not the right one ${attempt}`);
      await page.getByText("邮箱或密码错误").waitFor();
      await page
        .getByRole("button", { name: "登录", exact: true })
        .and(page.locator(":not(.ant-btn-loading)"))
        .waitFor();
    }
    await signIn(page, email, "not the right one either");
    await page.getByText("尝试次数过多，已暂时锁定，请在 15 分钟后再试").waitFor();
    await screenshot(page, "sign-in-locked-zh");
    await expectAccessible(page);
    expect(faultsOf(page)).toEqual([]);
    await platform.server.pool.query("delete from staff_sign_in_attempt");
  });

  it("fills in fields that a password manager knows", async () => {
    const page = await platform.page();
    await page.goto("/console");
    expect(await page.getByLabel("邮箱").getAttribute("autocomplete")).toBe("username");
    expect(await page.getByLabel("密码", { exact: true }).getAttribute("autocomplete")).toBe("current-password");
  });
});

describe("a first password", () => {
  it("has to be changed, and says what a new one needs", async () => {
    const { email, password: first } = await newcomer();
    const page = await platform.page({ width: 360 });
    await page.goto("/console/jobs");
    await signIn(page, email, first);
    await page.getByRole("heading", { name: "设置自己的密码" }).waitFor();
    await choosePassword(page, "short");
    await page.locator(".ant-form-item-explain-error", { hasText: "至少 12 个字符" }).waitFor();
    await page.getByLabel("新密码", { exact: true }).fill("password1234!");
    await page.getByText("两次输入的密码不一致").waitFor();
    await page.getByLabel("再次输入新密码").fill("password1234!");
    await page.getByRole("button", { name: "保存并进入控制台" }).click();
    await page.getByText("这个密码太常见，很容易被猜到，请换一个").waitFor();
    await screenshot(page, "first-password-360-zh", true);
    await expectAccessible(page);
    await expectNoSidewaysScroll(page);
    await choosePassword(page);
    // The page that was asked for in the first place.
    await page.getByRole("heading", { name: "后台任务" }).waitFor();
    expect(new URL(page.url()).pathname).toBe("/console/jobs");
    expect(faultsOf(page)).toEqual([]);
  });

  it("is asked for again where the page was loaded anew in between", async () => {
    const { email, password: first } = await newcomer();
    const page = await platform.page({ language: "en", dark: true });
    await page.goto("/console/me");
    await page.getByLabel("E-mail address").fill(email);
    await page.getByLabel("Password", { exact: true }).fill(first);
    await page.getByRole("button", { name: "Sign in", exact: true }).click();
    await page.getByRole("heading", { name: "Choose your own password" }).waitFor();
    await page.reload();
    await page.getByLabel("Current password").fill("not the right one");
    await page.getByLabel("New password", { exact: true }).fill(password);
    await page.getByLabel("New password again").fill(password);
    await screenshot(page, "first-password-1440-en-dark");
    await page.getByRole("button", { name: "Save and enter the console" }).click();
    await page.getByText("wrong current password").waitFor();
    await page.getByLabel("Current password").fill(first);
    await page.getByRole("button", { name: "Save and enter the console" }).click();
    await page.getByRole("heading", { name: "My sign-in and security" }).waitFor();
    expect(faultsOf(page)).toEqual([]);
  });
});

describe("signing in with a second factor", () => {
  it("takes a code of the app, or a backup code once", async () => {
    const { person, page } = await colleague();
    const { uri, backupCodes } = await turnTotpOn(page);
    await page.getByRole("button", { name: "韩梅梅的菜单" }).click();
    await page.getByRole("menuitem", { name: "退出登录" }).click();
    await page.getByRole("heading", { name: "登录管理控制台" }).waitFor();

    await signIn(page, person.email, password);
    await page.getByLabel("六位验证码").waitFor();
    await screenshot(page, "sign-in-code-zh");
    await expectAccessible(page);
    await page.keyboard.type("123 456");
    await page.keyboard.press("Enter");
    await page.getByText("验证码错误或已使用过").waitFor();
    await page.keyboard.type(authenticatorCode(uri, Date.now()));
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: "韩梅梅的菜单" }).click();
    await page.getByRole("menuitem", { name: "退出登录" }).click();

    for (const [backupCode, isGood] of [
      [backupCodes[0], true],
      [backupCodes[0], false],
    ] as const) {
      await page.getByLabel("邮箱").waitFor();
      await signIn(page, person.email, password);
      await page.getByRole("button", { name: "手机不在身边？使用备用码" }).click();
      await page.getByLabel("备用码").fill(backupCode ?? "");
      await page.getByRole("button", { name: "验证并登录" }).click();
      if (!isGood) break;
      await page.getByRole("button", { name: "韩梅梅的菜单" }).click();
      await page.getByRole("menuitem", { name: "退出登录" }).click();
    }
    await page.getByText("验证码错误或已使用过").waitFor();
    expect(faultsOf(page)).toEqual([]);
  });

  it("begins again, and says why, when the code comes too late", async () => {
    const { person, page } = await colleague();
    await turnTotpOn(page);
    const other = await platform.page();
    await other.goto("/console");
    await signIn(other, person.email, password);
    await other.getByLabel("六位验证码").fill("123456");
    await platform.server.pool.query("delete from staff_verification where value = $1", [person.staffId]);
    await other.getByRole("button", { name: "验证并登录" }).click();
    await other.getByText("等待输入验证码的时间已过，请重新输入密码").waitFor();
    expect(await other.getByLabel("邮箱").inputValue()).toBe(person.email);
    expect(await other.getByLabel("密码", { exact: true }).inputValue()).toBe("");
  });

  it("is turned off with the password, and new backup codes replace the old", async () => {
    const { page } = await colleague();
    const { backupCodes } = await turnTotpOn(page);
    await page.getByRole("button", { name: "重新生成备用码" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("你的密码").fill(password);
    await dialog.getByRole("button", { name: "生成" }).click();
    await dialog.getByText("这些备用码只显示这一次").waitFor();
    const again = await dialog.getByRole("list", { name: "备用码" }).getByRole("listitem").allInnerTexts();
    expect(again).toHaveLength(10);
    expect(again).not.toContain(backupCodes[0]);
    await dialog.getByRole("button", { name: "我已保存好" }).click();
    await dialog.waitFor({ state: "hidden" });
    await page.getByRole("button", { name: "关闭两步验证" }).click();
    await dialog.getByLabel("你的密码").fill("not the right one");
    await dialog.getByRole("button", { name: "关闭两步验证" }).click();
    await dialog.getByText(/密码错误/).waitFor();
    await dialog.getByLabel("你的密码").fill(password);
    await dialog.getByRole("button", { name: "关闭两步验证" }).click();
    await page.getByText("未开启").waitFor();
    expect(faultsOf(page)).toEqual([]);
  });
});

describe("a session that ends in the middle of a form", () => {
  it("is begun again over the page: nothing typed is lost, and it is done under the same name", async () => {
    const { person, page } = await colleague("admin", "王芳");
    const { uri } = await turnTotpOn(page);
    await page.goto("/console/staff");
    await page.getByRole("button", { name: "新建员工" }).click();
    const form = page.getByRole("dialog", { name: "新建员工" });
    const email = `new-${randomBytes(4).toString("hex")}@example.com`;
    await form.getByLabel("邮箱").fill(email);
    await form.getByLabel("姓名").fill("新同事");
    await platform.server.services.staff.endSessions(person.staffId, by);
    await form.getByRole("button", { name: "创建" }).click();

    const again = page.getByRole("dialog", { name: "登录已过期，请重新登录" });
    await again.getByText(`请 王芳（${person.email}）重新登录`).waitFor();
    await screenshot(page, "session-ended-zh");
    await expectAccessible(page);
    // The focus is where the password goes.
    await again.getByLabel("密码", { exact: true }).waitFor();
    await page.keyboard.type(password);
    await page.keyboard.press("Enter");
    await again.getByLabel("六位验证码").waitFor();
    await page.keyboard.type(authenticatorCode(uri, Date.now()));
    await page.keyboard.press("Enter");
    await page.getByRole("dialog", { name: "初始密码" }).waitFor();
    const { rows } = await platform.server.pool.query(
      `select a.actor_id from audit_event a join staff s on s.id::text = a.object_id
       where s.email = $1 and a.action = 'staff.create'`,
      [email],
    );
    expect(rows).toEqual([{ actor_id: person.staffId }]);
    expect(faultsOf(page)).toEqual([]);
  });

  it("goes on by itself once the same person has signed in in another tab", async () => {
    const { person, page } = await colleague();
    await platform.server.services.staff.endSessions(person.staffId, by);
    await page.getByRole("button", { name: "修改密码" }).click();
    const form = page.getByRole("dialog", { name: "修改密码" });
    await form.getByLabel("当前密码").fill(password);
    await form.getByLabel("新密码", { exact: true }).fill("another good password");
    await form.getByLabel("再次输入新密码").fill("another good password");
    await form.getByRole("button", { name: "保存新密码" }).click();
    await page.getByRole("dialog", { name: "登录已过期，请重新登录" }).waitFor();
    const tab = await page.context().newPage();
    await tab.goto("/console/me");
    await signIn(tab, person.email, password);
    await tab.getByRole("heading", { name: "我的账号与安全" }).waitFor();
    await tab.close();
    // A window behind is told that it is looked at again.
    await page.evaluate(() => window.dispatchEvent(new Event("focus")));
    await page.getByText("密码已修改").waitFor();
    expect(faultsOf(page)).toEqual([]);
  });

  it("never goes on under the name of somebody else, who has signed in in another tab", async () => {
    const { person, page } = await colleague("admin", "王芳");
    const other = await colleague("admin", "李强");
    await page.goto("/console/staff");
    await page.getByRole("button", { name: "新建员工" }).click();
    const form = page.getByRole("dialog", { name: "新建员工" });
    const email = `new-${randomBytes(4).toString("hex")}@example.com`;
    await form.getByLabel("邮箱").fill(email);
    await form.getByLabel("姓名").fill("新同事");

    await platform.server.services.staff.endSessions(person.staffId, by);
    const tab = await page.context().newPage();
    await tab.goto("/console/me");
    await signIn(tab, other.person.email, password);
    await tab.getByRole("heading", { name: "我的账号与安全" }).waitFor();

    await form.getByRole("button", { name: "创建" }).click();
    const again = page.getByRole("dialog", { name: "此浏览器中登录了其他人" });
    await again.getByText(`本页属于 王芳（${person.email}）`).waitFor();
    await screenshot(page, "session-someone-else-zh");
    const count = async (): Promise<unknown> =>
      (await platform.server.pool.query("select 1 from staff where email = $1", [email])).rowCount;
    expect(await count()).toBe(0);
    await again.getByLabel("密码", { exact: true }).fill(password);
    await again.getByRole("button", { name: "登录", exact: true }).click();
    await page.getByRole("dialog", { name: "初始密码" }).waitFor();
    expect(await count()).toBe(1);
    // Now the other tab is the one that is somebody else's.
    await tab.getByRole("button", { name: "修改密码" }).click();
    await tab.getByLabel("当前密码").fill(password);
    await tab.getByLabel("新密码", { exact: true }).fill("another good password");
    await tab.getByLabel("再次输入新密码").fill("another good password");
    await tab.getByRole("button", { name: "保存新密码" }).click();
    await tab.getByRole("dialog", { name: "此浏览器中登录了其他人" }).waitFor();
    expect(faultsOf(page)).toEqual([]);
  });

  it("asks for a new password first where it was reset meanwhile", async () => {
    const { person, page } = await colleague();
    const issued = await platform.server.services.staff.reset(person.staffId, { keepTotp: false }, by);
    await page.getByRole("link", { name: "跳到正文" }).waitFor({ state: "attached" });
    await page.getByRole("button", { name: "EN" }).click();
    const again = page.getByRole("dialog", { name: "Your session has ended: sign in again" });
    await again.getByLabel("Password", { exact: true }).fill(issued.password);
    await again.getByRole("button", { name: "Sign in", exact: true }).click();
    const change = page.getByRole("dialog", { name: "Choose a new password" });
    await change.getByLabel("New password", { exact: true }).fill(password);
    await change.getByLabel("New password again").fill(password);
    await change.getByRole("button", { name: "Save and go on" }).click();
    await change.waitFor({ state: "hidden" });
    await page.getByRole("heading", { name: "My sign-in and security" }).waitFor();
    expect(faultsOf(page)).toEqual([]);
  });
});

describe("one's own sign-in", () => {
  it.each([
    { width: 1440, language: "zh", dark: false },
    { width: 360, language: "en", dark: true },
  ] as const)("is shown at $width pixels in $language", async (options) => {
    const page = await platform.signedIn({ ...options, role: "viewer" });
    await page.goto("/console/me");
    await page.getByText(options.language === "zh" ? "当前" : "This one", { exact: true }).waitFor();
    await expectAccessible(page);
    await expectNoSidewaysScroll(page);
    await screenshot(page, `me-${options.width}-${options.language}`, true);
    expect(faultsOf(page)).toEqual([]);
  });

  it("is ended elsewhere one session at a time", async () => {
    const { person, page } = await colleague();
    const phone = await platform.page({ width: 360 });
    await phone.goto("/console/me");
    await signIn(phone, person.email, password);
    await phone.getByRole("heading", { name: "我的账号与安全" }).waitFor();
    await page.reload();
    await page.getByRole("button", { name: "结束", exact: true }).click();
    await page.getByText("结束这个登录会话？").waitFor();
    await page.getByRole("tooltip").getByRole("button", { name: "结束" }).click();
    await page.getByText("会话已结束").waitFor();
    await phone.reload();
    await phone.getByRole("heading", { name: "登录管理控制台" }).waitFor();
    expect(faultsOf(page)).toEqual([]);
  });
});
