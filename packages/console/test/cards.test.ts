import { readFile } from "node:fs/promises";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { systemActor } from "../../server/src/actor.ts";
import { formatMonth, localDays } from "../../server/src/modules/packages/billing-month.ts";
import { createMonthWriter } from "../../server/test/usage-months.ts";
import { readWorkbook } from "../../server/test/workbook.ts";
import { type TestPage, expectAccessible, expectNoFaults, expectNoSidewaysScroll, screenshot } from "./browser.ts";
import { type TestConsole, startTestConsole } from "./console.ts";

const iccid = "89860426110087000101";
const hostile = `<img src=x onerror=alert(1)> & "物联"`;

/** A busy machine takes its time. */
const slow = { timeout: 30_000 };

let platform: TestConsole;
let empty: TestConsole;

beforeAll(async () => {
  [platform, empty] = await Promise.all([startTestConsole(), startTestConsole()]);
  const { server } = platform;
  const [own, other] = await Promise.all(
    ["上海物联科技有限公司", hostile].map((name) =>
      server.services.accounts.create({ name, rank: 3, balance: "0.00" }, systemActor("test")),
    ),
  );
  await server.importProducts([
    {
      product_no: "p1024",
      name: "1 GB",
      carrier: "cmcc",
      origin_price: "9.00",
      fee: "8.00",
      data_value: "1024",
      month: 12,
      level: 1,
      eft_type: 0,
    },
  ]);
  const numbers = Array.from({ length: 120 }, (_, index) => index);
  await server.importCards(
    numbers.map((index) => ({
      serial_no: String(87_000_101 + index),
      iccid: `8986042611${String(87_000_10 + index).padStart(9, "0")}1`.replace(/^8986042611.*$/, (text) =>
        index === 0 ? iccid : text,
      ),
      msisdn: 14_400_000_001 + index,
      imsi: 460_040_000_000_001 + index,
      carrier: ["cmcc", "cmcc", "cucc", "ctcc"][index % 4] ?? "cmcc",
      account_no: index % 10 === 9 ? "" : ((index % 2 === 0 ? own : other) ?? ""),
      custom_no: index % 10 === 9 ? "" : 600_001 + index,
      sim_status: index === 118 ? 3 : index % 9 === 4 ? 0 : index % 11 === 5 ? 2 : 1,
    })),
  );
  const { month } = localDays("Asia/Shanghai")(Date.now());
  const months = [formatMonth(month - 1), formatMonth(month)];
  await server.importPackages(
    numbers
      .filter((index) => index % 7 !== 6)
      .map((index) => ({ serial_no: 87_000_101 + index, product_no: "p1024", first_month: months[0] ?? "" })),
  );
  const write = await createMonthWriter(server.pool, "delta");
  // Whichever of the two a card is in, by its cycle day and the day on which this runs.
  for (const each of months)
    await write(
      numbers
        .filter((index) => index % 8 !== 3)
        .map((index) => ({
          serialNo: String(87_000_101 + index),
          month: each,
          usedBytes: Math.round(((index * 37) % 113) * 10.24 * 1_048_576),
          asOf: `${months[0]}-28T02:03:04Z`,
        })),
    );
});
afterAll(async () => {
  await Promise.all([platform.close(), empty.close()]);
});
afterEach(() => platform.closePages());

function rows(page: TestPage) {
  return page.locator("tbody tr.ant-table-row");
}

async function search(page: TestPage, text: string): Promise<void> {
  await page.getByRole("searchbox").fill(text);
  await page.keyboard.press("Enter");
}

describe("finding a card", () => {
  it.each([
    ["its number", "87000101", "卡号"],
    ["its custom number", "600001", "自定义编号"],
    ["its ICCID", iccid, "ICCID"],
    ["its ICCID as it is printed, in groups", "8986 0426 1100 8700 0101", "ICCID"],
    ["the last ten digits of its ICCID", iccid.slice(-10), "ICCID 后 10 位"],
    ["its MSISDN", "14400000001", "MSISDN"],
    ["its IMSI", "460040000000001", "IMSI"],
  ])("by %s, and says so", async (_, text, kind) => {
    const page = await platform.signedIn({ role: "viewer" });
    await page.goto("/console/cards");
    await search(page, text);
    await page.getByText(`按${kind}找到 1 张卡`).waitFor();
    await expect.poll(() => rows(page).count(), slow).toBe(1);
    await page.getByRole("link", { name: "87000101" }).waitFor();
    expect(new URL(page.url()).searchParams.get("search")).toBe(text.trim());
    expectNoFaults(page);
  });

  it("lists those whose number begins so, and says what was looked for when there is none", async () => {
    const page = await platform.signedIn({ role: "viewer" });
    await page.goto("/console/cards");
    await search(page, "8700022");
    await page.getByText("以下是卡号以此开头的卡。").waitFor();
    await expect.poll(() => rows(page).count(), slow).toBe(1);
    await search(page, "99999999");
    await page.getByText("没有卡号、自定义编号或MSISDN是 “99999999” 的卡，也没有卡号以此开头的卡。").waitFor();
    await page.getByText("没有找到卡").waitFor();
    await search(page, "8.98604E+19");
    await page.getByText("已被 Excel 改成科学计数法").waitFor();
    await search(page, "87000101?");
    await page.getByText("不是卡的编号").waitFor();
    await expectAccessible(page);
    expectNoFaults(page);
  });

  it("says that the filters hide it, and takes them off", async () => {
    const page = await platform.signedIn({ role: "viewer" });
    await page.goto("/console/cards?sim=3&search=87000101");
    await page.getByText("其中 1 张不符合当前筛选，未显示。").waitFor();
    await page.getByRole("status").getByRole("button", { name: "清除筛选" }).click();
    await page.getByRole("link", { name: "87000101" }).waitFor();
    expect(page.url()).not.toContain("sim=");
    expectNoFaults(page);
  });
});

it("narrows, orders and pages, all of it in the address, and the back button undoes it", async () => {
  const page = await platform.signedIn({ role: "viewer" });
  await page.goto("/console/cards");
  await page.getByText("共 120 张卡").waitFor();
  await page.getByLabel("卡状态", { exact: true }).click();
  await page.getByTitle("停机中").click();
  await page.getByText("共 1 张卡").waitFor();
  await page.getByRole("link", { name: "87000219" }).waitFor();
  expect(page.url()).toContain("sim=3");
  await page.goBack();
  await page.getByText("共 120 张卡").waitFor();
  await page.getByLabel("账户", { exact: true }).fill("上海");
  await page.getByTitle(/^上海物联科技有限公司 \(/).click();
  await page.getByText("共 60 张卡").waitFor();
  await page.getByLabel("排序").click();
  await page.getByTitle("用量百分比从高到低").click();
  await expect.poll(() => page.url(), slow).toContain("sort=-percent");
  await page.getByRole("button", { name: "下一页" }).click();
  await expect.poll(() => rows(page).count(), slow).toBe(10);
  await page.reload();
  await expect.poll(() => rows(page).count(), slow).toBe(10);
  await page.getByText("上海物联科技有限公司 (1000").waitFor();
  await page.getByRole("button", { name: "回到最前" }).click();
  await expect.poll(() => rows(page).count(), slow).toBe(50);
  await page.getByRole("button", { name: "清除筛选" }).click();
  await page.getByText("共 120 张卡").waitFor();
  // Names of customers are text wherever they are shown.
  expect(await page.getByText(hostile).count()).toBeGreaterThan(10);
  expectNoFaults(page);
});

it("shows the columns that were chosen, in the address and the next time", async () => {
  const page = await platform.signedIn({ role: "viewer" });
  await page.goto("/console/cards");
  await page.getByRole("button", { name: "选择列" }).click();
  await page.getByRole("checkbox", { name: "IMSI" }).click();
  await page.getByRole("columnheader", { name: "IMSI" }).waitFor();
  await page.getByRole("checkbox", { name: "账户" }).click();
  await page.getByRole("columnheader", { name: "账户" }).waitFor({ state: "detached" });
  expect(page.url()).toContain("columns=");
  await page.goto("/console/cards");
  await page.getByRole("columnheader", { name: "IMSI" }).waitFor();
  expectNoFaults(page);
});

it("exports what is listed as a workbook whose card numbers have all their digits", async () => {
  const page = await platform.signedIn();
  await page.goto(`/console/cards?search=${iccid}`);
  await page.getByText("按ICCID找到 1 张卡").waitFor();
  await page.getByRole("button", { name: "导出" }).click();
  await page.getByText("Excel，全部列").click();
  await page.waitForURL(/\/console\/jobs\/\d+$/);
  await page.getByText("已导出 1 行。").waitFor();
  const [download] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("link", { name: /下载$/ }).click(),
  ]);
  const [sheet] = readWorkbook(await readFile(await download.path())).sheets;
  expect(sheet?.rows).toEqual([
    expect.objectContaining({ A: "卡号", B: "ICCID", C: "MSISDN", D: "IMSI" }),
    expect.objectContaining({
      A: "87000101",
      B: iccid,
      C: "14400000001",
      D: "460040000000001",
      G: "上海物联科技有限公司",
    }),
  ]);
  await screenshot(page, "cards-export-job");
  expectNoFaults(page);
});

it("is used with the keyboard alone", async () => {
  const page = await platform.signedIn();
  await page.goto("/console/cards");
  await page.getByText("共 120 张卡").waitFor();
  await page.locator("#main").focus();
  for (let steps = 0; steps < 10; steps++) {
    await page.keyboard.press("Tab");
    if (await page.getByRole("searchbox").evaluate((box) => box === document.activeElement)) break;
  }
  await page.keyboard.type("14400000001");
  await page.keyboard.press("Enter");
  await page.getByText("按MSISDN找到 1 张卡").waitFor();
  await page.getByLabel("卡状态", { exact: true }).focus();
  await page.keyboard.press("Enter");
  await page.keyboard.press("ArrowDown");
  await page.keyboard.press("Enter");
  await expect.poll(() => page.url(), slow).toContain("sim=0");
  await page.getByRole("link", { name: "87000101" }).waitFor({ state: "detached" });
  expectNoFaults(page);
});

it("offers an import where there are no cards yet, and nothing to a viewer that would be refused", async () => {
  const page = await empty.signedIn();
  await page.goto("/console/cards");
  await page.getByText("还没有卡。").waitFor();
  await screenshot(page, "cards-empty");
  await expectAccessible(page);
  await page.getByRole("main").getByRole("button", { name: "导入卡" }).last().click();
  await page.waitForURL(/\/jobs\/import\?kind=card_import$/);
  const viewer = await empty.signedIn({ role: "viewer" });
  await viewer.goto("/console/cards");
  await viewer.getByText("还没有卡。").waitFor();
  for (const name of ["导入卡", "导出"]) expect(await viewer.getByRole("button", { name }).count()).toBe(0);
  expectNoFaults(page);
  await empty.closePages();
});

describe.each([
  { width: 1440, language: "zh", dark: false },
  { width: 1440, language: "en", dark: true },
  { width: 360, language: "zh", dark: false },
  { width: 360, language: "en", dark: true },
] as const)("at $width pixels in $language, dark $dark", (options) => {
  it("fits and is accessible", async () => {
    const page = await platform.signedIn(options);
    const name = `cards-${options.width}-${options.language}-${options.dark ? "dark" : "light"}`;
    for (const [what, query] of [
      ["all", ""],
      ["narrowed", "?carrier=cmcc&usage=80&sort=-percent"],
      ["search", "?search=600001"],
      ["nothing", "?sim=4"],
      [
        "wide",
        "?columns=serial_no,iccid,msisdn,imsi,custom_no,account,carrier,sim_status,gprs_status,cycle_day,usage,left,data_as_of,created_at",
      ],
    ] as const) {
      await page.goto(`/console/cards${query}`);
      await page.getByText(options.language === "zh" ? /共 \d+ 张卡/ : /^\d+ cards?$/).waitFor();
      await expectNoSidewaysScroll(page);
      await expectAccessible(page);
      await screenshot(page, `${name}-${what}`);
    }
    expect(page.faults).toEqual([]);
  });
});
