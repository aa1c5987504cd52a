import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { systemActor } from "../../server/src/actor.ts";
import { expectAccessible, expectNoFaults, expectNoSidewaysScroll, screenshot } from "./browser.ts";
import { type TestConsole, startTestConsole } from "./console.ts";

let platform: TestConsole;

beforeAll(async () => {
  platform = await startTestConsole();
  await platform.server.services.accounts.create({ name: "上海物联", rank: 3, balance: "0.00" }, systemActor("test"));
});
afterAll(() => platform.close());
afterEach(() => platform.closePages());

describe("the audit log's page", () => {
  it.each([
    { width: 1440, language: "zh", dark: false },
    { width: 360, language: "en", dark: true },
  ] as const)("shows who did what, at $width pixels in $language", async (options) => {
    const page = await platform.signedIn({ ...options, role: "viewer" });
    await page.goto("/console/audit");
    await page
      .getByText(options.language === "zh" ? "创建账户" : "Account created")
      .first()
      .waitFor();
    await expectAccessible(page);
    await expectNoSidewaysScroll(page);
    await screenshot(page, `audit-${options.width}-${options.language}`);
    expectNoFaults(page);
    expect(page.url()).toContain("/console/audit");
  });
});
