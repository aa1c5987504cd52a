import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { systemActor } from "../../server/src/actor.ts";
import { parseMonth } from "../../server/src/modules/packages/billing-month.ts";
import { delta, insertSource, reading } from "../../server/test/usage.ts";
import { type TestPage, expectAccessible, expectNoFaults, expectNoSidewaysScroll, screenshot } from "./browser.ts";
import { type TestConsole, startTestConsole } from "./console.ts";

const mb = 1_048_576;
const hostile = `<img src=x onerror="document.title='hit'">`;

let now = Date.parse("2026-10-20T04:00:00Z");
let platform: TestConsole;

beforeAll(async () => {
  platform = await startTestConsole({ clock: () => now });
  const { server } = platform;
  const { accounts, intake, sources } = server.services;
  const by = systemActor("test");
  const account_no = await accounts.create({ name: "上海物联科技", rank: 3, balance: "0.00" }, by);
  await server.importCards([
    {
      serial_no: "87000001",
      iccid: "89860012345678901234",
      msisdn: "1440012345678",
      imsi: "460001234567890",
      account_no,
      custom_no: "100001",
    },
    { serial_no: "87000002", carrier: "cucc" },
    { serial_no: "87000003" },
  ]);
  const product = { carrier: "cmcc", origin_price: "2.00", fee: "1.00", eft_type: 0 };
  await server.importProducts([
    { ...product, product_no: "base", name: "每月 10 MB", data_value: "10", month: 2, level: 1 },
    { ...product, product_no: "cross", name: "季度 100 MB", data_value: "100", month: 3, level: 3 },
    { ...product, product_no: "old", name: hostile, data_value: "5", month: 1, level: 2 },
  ]);
  await server.importPackages([
    { serial_no: "87000001", product_no: "old", first_month: "2026-09" },
    { serial_no: "87000001", product_no: "base", first_month: "2026-10" },
    { serial_no: "87000001", product_no: "cross", first_month: "2026-10" },
    { serial_no: "87000001", product_no: "base", first_month: "2026-12" },
    { serial_no: "87000002", product_no: "base", first_month: "2026-10" },
  ]);
  const gateway = await insertSource(server.pool, { name: "gateway", kind: "delta" });
  const carrier = await insertSource(server.pool, { name: "unicom", kind: "reading" });
  await intake.takeIn(gateway, [delta(gateway, "o1", "87000001", "2026-10-05T04:00:00Z", 40 * mb)]);
  now = Date.parse("2026-11-24T04:00:00Z");
  await intake.takeIn(gateway, [
    delta(gateway, "o2", "87000001", "2026-10-06T05:00:00Z", 5 * mb),
    ...Array.from({ length: 23 }, (_, day) =>
      delta(
        gateway,
        `n${day + 1}`,
        "87000001",
        `2026-11-${String(day + 1).padStart(2, "0")}T04:00:00Z`,
        Math.round((1 + ((day * 7) % 5) * 0.6) * mb),
      ),
    ),
    delta(gateway, "n24", "87000001", "2026-11-02T05:00:00Z", -mb, { corrects: "n2" }),
    delta(gateway, "n3", "87000001", "2026-11-10T04:00:00Z", 1),
  ]);
  await intake.takeIn(carrier, [
    reading(carrier, "1", "87000001", "2026-11-20T10:00:00Z", 40 * mb),
    reading(carrier, "2", "87000002", "2026-10-26T10:00:00Z", 90 * mb),
    // An hour into the card's month, and not reset yet.
    reading(carrier, "3", "87000002", "2026-10-26T17:00:00Z", 95 * mb),
    reading(carrier, "4", "87000002", "2026-10-28T10:00:00Z", 6 * mb),
    reading(carrier, "5", "87000002", "2026-11-03T10:00:00Z", 12 * mb),
    reading(carrier, "6", "87000002", "2026-11-04T10:00:00Z", 11 * mb),
  ]);
  await server.importCards([{ serial_no: "87000001", sim_status: 0, msisdn: "1440087654321" }]);
  await sources.assign("unicom", "87000002", parseMonth("2026-12") ?? 0, by);
});
afterAll(() => platform.close());
afterEach(() => platform.closePages());

/** Waits until the chart is drawn, as far as whoever looks at it can tell. */
async function drawn(page: TestPage): Promise<void> {
  await page.locator("figure.chart svg path").first().waitFor({ state: "attached" });
}

async function explanation(page: TestPage): Promise<string> {
  return (await page.getByTestId("explanation").innerText()).trim();
}

describe("the page of a card", () => {
  it.each([
    { width: 1440, language: "zh", dark: false },
    { width: 360, language: "zh", dark: true },
    { width: 1440, language: "en", dark: true },
    { width: 360, language: "en", dark: false },
  ] as const)("shows its usage, packages and history, at $width pixels in $language", async (options) => {
    const zh = options.language === "zh";
    const name = (part: string): string => `card-${part}-${options.width}-${options.language}`;
    const page = await platform.signedIn({ ...options, role: "viewer" });
    await page.goto("/console/cards/87000001");
    await drawn(page);
    await page.getByRole("cell", { name: "n24" }).waitFor();
    await expectAccessible(page);
    await expectNoSidewaysScroll(page);
    await screenshot(page, name("usage"), true);

    await page.getByRole("tab", { name: zh ? "套餐" : "Packages" }).click();
    await page.getByText(zh ? "未开始" : "Not begun").waitFor();
    await expectAccessible(page);
    await expectNoSidewaysScroll(page);
    await screenshot(page, name("packages"), true);

    await page.getByRole("tab", { name: zh ? "变更历史" : "History" }).click();
    await page.getByText(zh ? "导入平台" : "Came to the platform").waitFor();
    await expectAccessible(page);
    await expectNoSidewaysScroll(page);
    await screenshot(page, name("history"), true);
    expect(await page.title()).toContain("87000001");
    expectNoFaults(page);
  });

  it("says how a sum of deltas came about, with corrections, another source, and what is in quarantine", async () => {
    const page = await platform.signedIn();
    await page.goto("/console/cards/87000001");
    expect(await explanation(page)).toBe(
      [
        "以来源 gateway（增量）为准：它最先上报该账期。",
        "24 条增量记录之和为 49.6 MB。",
        "其中 1 条是更正，指明了所更正的记录。",
        "账期将于 2026-12-04 00:00:00 关账，此后收到的记录作为调整计入。",
        "来源 unicom（读数）也上报了该账期：40 MB，相差 -9.6 MB。只作比较，不计入。",
      ].join("\n"),
    );
    await page.getByRole("link", { name: "以 87000001 上报的 1 条" }).waitFor();

    await page.goto("/console/cards/87000001?month=2026-10");
    await page.getByText("2026-10-01 至 2026-10-31，已用 45 MB，总量 110 MB").waitFor();
    expect(await explanation(page)).toContain(
      "1 条记录在关账后收到，作为调整计入：用量由关账时的 40 MB 变为 45 MB，版本为 2。",
    );
    await page.getByText("关账后的调整").waitFor();
    expectNoFaults(page);
  });

  it("says how readings came about, in a month from the 27th, and narrows the records to a day", async () => {
    const page = await platform.signedIn({ language: "en" });
    await page.goto("/console/cards/87000002");
    expect(await explanation(page)).toBe(
      [
        "The source unicom (readings) counts: it reported the month first.",
        "The carrier's counter is cumulative and never summed: the figure is the last reading of 3, 11 MB at 2026-11-04 18:00:00.",
        "One more was read at the start of this month, before the counter was reset: counted in the month before.",
        "The counter fell once: the carrier has corrected it, and the figure follows.",
        "The month closes at 2026-11-30 00:00:00; what comes later counts as an adjustment.",
      ].join("\n"),
    );
    await page.getByText("counts in 2026-09: the counter had not been reset").waitFor();
    await page.getByRole("combobox", { name: "Day" }).fill("2026-11-03");
    await page.keyboard.press("Enter");
    await page.getByText("1–1 of 1 readings").waitFor();
    expect(page.url()).toContain("day=2026-11-03");
    await page.getByRole("tab", { name: "Packages" }).click();
    await page.getByText("1 MB beyond all of them.").waitFor();
    expectNoFaults(page);
  });

  it("shows a card without anything, and says of one that does not exist that it does not", async () => {
    const page = await platform.signedIn({ width: 360 });
    await page.goto("/console/cards/87000003");
    await page.getByText("该账期还没有用量").waitFor();
    await page.getByText("库存，未售出").waitFor();
    await expectAccessible(page);
    await expectNoSidewaysScroll(page);
    await screenshot(page, "card-empty-360-zh", true);
    await page.goto("/console/cards/NOSUCH");
    await page.getByText("没有卡号为 NOSUCH 的卡").waitFor();
    expect(page.faults.filter((fault) => !fault.includes("404"))).toEqual([]);
  });
});
