import type pg from "pg";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { localDays, formatMonth } from "../../server/src/modules/packages/billing-month.ts";
import { makeCalls, noteStatistics } from "../scripts/demo-calls.ts";
import { createRandom } from "../scripts/demo-figures.ts";
import { createInventory } from "../scripts/demo-inventory.ts";
import { uploadUsage } from "../scripts/demo-usage.ts";
import { expectAccessible, expectNoFaults, expectNoSidewaysScroll, screenshot } from "./browser.ts";
import { type TestConsole, startTestConsole } from "./console.ts";

let platform: TestConsole;

afterEach(() => platform.closePages());

/** Lets a few cards have used more than they may: in a month's first days none has by itself. */
async function exceed(pool: pg.Pool, month: string): Promise<void> {
  const { rows } = await pool.query<{ serial_no: string }>(
    `select serial_no from card_package p join card c using (serial_no)
    where c.cycle_day = 1 group by serial_no having bool_and(p.level <> 3) order by serial_no limit 3`,
  );
  const cards = rows.map(({ serial_no }) => serial_no);
  expect(cards).toHaveLength(3);
  await pool.query(
    `insert into usage_month (serial_no, month, source_no, counts, day_bytes)
    select serial_no, $2, (select min(source_no) from usage_source), true, array_fill(0::bigint, '{31}')
    from unnest($1::text[]) as serial_no
    on conflict do nothing`,
    [cards, month],
  );
  await pool.query(
    "update usage_month set used_bytes = 1000000000000000, as_of = now() where counts and serial_no = any($1) and month = $2",
    [cards, month],
  );
}

describe("the first page of a platform at work", () => {
  beforeAll(async () => {
    platform = await startTestConsole();
    const { url, pool, services } = platform.server;
    const random = createRandom(7);
    const nowMs = Date.now();
    const { month } = localDays("Asia/Shanghai")(nowMs);
    const inventory = await createInventory(pool, services, {
      random,
      cardCount: 400,
      month: (back) => formatMonth(month - back),
    });
    await uploadUsage({ url, pool, services }, inventory, { random, nowMs });
    await exceed(pool, `${formatMonth(month)}-01`);
    await noteStatistics(pool, inventory, random, nowMs);
    await makeCalls(url, inventory, random);
    await pool.query(
      "update account set name = '<img src=x onerror=alert(1)>' where account_no = (select min(account_no) from account)",
    );
  });
  afterAll(() => platform.close());

  it.each([
    { width: 1440, language: "zh", dark: false },
    { width: 1440, language: "en", dark: true },
    { width: 360, language: "zh", dark: true },
    { width: 360, language: "en", dark: false },
  ] as const)("shows its figures, at $width pixels in $language", async (options) => {
    const page = await platform.signedIn({ ...options, role: "viewer" });
    await page.goto("/console/");
    const zh = options.language === "zh";
    await page
      .getByText(zh ? "卡总数" : "Cards", { exact: true })
      .first()
      .waitFor();
    await page.locator("dl").getByText("400", { exact: true }).waitFor();
    await page.getByRole("heading", { name: zh ? "用量来源" : "Usage sources" }).waitFor();
    await page.getByRole("link", { name: "onelink-cmcc" }).waitFor();
    // Each chart says the same as text.
    for (const name of zh
      ? ["本账期每日用量与累计用量", "各时段的调用次数", "各时段按原因统计的拒绝次数", "各时段的响应耗时"]
      : [
          "Usage by day and so far, this billing month",
          "Calls over time",
          "Refusals by reason over time",
          "Latency over time",
        ]) {
      await page.getByRole("figure", { name }).locator("svg").waitFor();
      expect(await page.getByRole("table", { name }).getByRole("row").count()).toBeGreaterThan(1);
    }
    await page.getByText("<img src=x onerror=alert(1)>").first().waitFor();
    await expectAccessible(page);
    await expectNoSidewaysScroll(page);
    await screenshot(page, `overview-${options.width}-${options.language}-${options.dark ? "dark" : "light"}`, true);
    expectNoFaults(page);
  });

  it("shows the same as the cards, one by one, would say", async () => {
    const page = await platform.signedIn({ role: "viewer" });
    await page.goto("/console/");
    const answer = (await (await page.request.get("/console/api/overview")).json()) as {
      inventory: {
        cards: number;
        over: { cards: number; top: { serial_no: string; used_bytes: number }[] };
        cycles: { cards: number; days: string[]; used_bytes: string }[];
      };
    };
    const { inventory } = answer;
    expect(inventory.cards).toBe(400);
    expect(inventory.cycles.map(({ cards }) => cards).reduce((a, b) => a + b)).toBe(400);
    const { rows } = await platform.server.pool.query<{ serial_no: string; used_bytes: number }>(
      "select serial_no, used_bytes from usage_month where counts order by month desc",
    );
    for (const { serial_no, used_bytes } of inventory.over.top)
      expect(rows.find((row) => row.serial_no === serial_no)?.used_bytes).toBe(used_bytes);
    expect(inventory.over.cards).toBeGreaterThan(0);
  });

  it("is moved through with the keyboard: other days of the month, another time, a card", async () => {
    const page = await platform.signedIn({ language: "zh" });
    await page.goto("/console/");
    const week = page.getByRole("radio", { name: "7 天" });
    await week.focus();
    await page.keyboard.press("Space");
    await expect.poll(() => new URL(page.url()).search).toBe("?calls=week");
    await page.reload();
    await expect.poll(() => week.isChecked()).toBe(true);
    const unicom = page.getByRole("radio", { name: /^27 日起/ });
    await unicom.focus();
    await page.keyboard.press("Space");
    await expect.poll(() => new URL(page.url()).searchParams.get("cycle")).toBe("27");
    await page
      .getByRole("region", { name: /^已用完或超出用量/ })
      .getByRole("link")
      .nth(1)
      .focus();
    await page.keyboard.press("Enter");
    await page.waitForURL(/\/console\/cards\/\d{13}/);
    expectNoFaults(page);
  });

  it("does not move while its figures arrive", async () => {
    const page = await platform.signedIn({ language: "zh" });
    await page.addInitScript(() => {
      Object.assign(window, { shifted: 0 });
      new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) {
          const shift = entry as PerformanceEntry & { value: number; hadRecentInput: boolean };
          if (!shift.hadRecentInput) (window as unknown as { shifted: number }).shifted += shift.value;
        }
      }).observe({ type: "layout-shift", buffered: true });
    });
    await page.goto("/console/");
    await page.getByRole("link", { name: "onelink-cmcc" }).waitFor();
    await page.getByRole("figure", { name: "各时段的响应耗时" }).locator("svg").waitFor();
    // Below 0.1 is what browsers' makers call good; the page's own parts keep their places.
    expect(await page.evaluate(() => (window as unknown as { shifted: number }).shifted)).toBeLessThan(0.05);
  });
});

describe("the first page of a new platform", () => {
  beforeAll(async () => {
    platform = await startTestConsole();
  });
  afterAll(() => platform.close());

  it.each([
    { width: 1440, language: "zh", role: "operator" },
    { width: 360, language: "en", role: "viewer" },
  ] as const)("says what to do next, at $width pixels in $language to the $role", async (options) => {
    const page = await platform.signedIn(options);
    await page.goto("/console/");
    const zh = options.language === "zh";
    await page.getByText(zh ? "导入套餐产品" : "Import products").waitFor();
    expect(await page.getByRole("link", { name: zh ? "去创建" : "Create", exact: true }).count()).toBe(
      options.role === "operator" ? 3 : 0,
    );
    await expectAccessible(page);
    await expectNoSidewaysScroll(page);
    await screenshot(page, `overview-new-${options.width}-${options.language}`, true);
    expectNoFaults(page);
  });
});
