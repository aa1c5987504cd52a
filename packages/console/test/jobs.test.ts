import { mkdtemp, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser } from "playwright-core";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type TestDatabase, createTestDatabase } from "../../server/test/database.ts";
import { cardsCsv, numberExport } from "../../server/test/jobs.ts";
import { type JobsServer, startJobsServer } from "../../server/test/jobs-server.ts";
import { readWorkbook } from "../../server/test/workbook.ts";
import {
  type PageOptions,
  type TestPage,
  expectAccessible,
  expectNoFaults,
  expectNoSidewaysScroll,
  newPage,
  openBrowser,
  screenshot,
} from "./browser.ts";

const uploadBytesMax = 40 * 1_048_576;

let browser: Browser;
let database: TestDatabase;
let server: JobsServer;
const opened: TestPage[] = [];
/** An export waits before its last row until this is opened. */
let gate = Promise.withResolvers<void>();

beforeAll(async () => {
  browser = await openBrowser();
});
afterAll(() => browser.close());

beforeEach(async () => {
  gate = Promise.withResolvers();
  database = await createTestDatabase();
  server = await startJobsServer(database, {
    uploadBytesMax,
    exports: numberExport((row) => (row === 5_000 ? gate.promise : Promise.resolve())),
  });
});
afterEach(async () => {
  gate.resolve();
  for (const page of opened.splice(0)) await page.context().close();
  await server.stop();
  await database.drop();
});

/** A page of somebody who is signed in. */
async function signedIn(options: PageOptions & { readonly role?: "operator" | "viewer" } = {}): Promise<TestPage> {
  const { cookies } = await server.signIn(options.role ?? "operator");
  const page = await newPage(browser, { ...options, url: server.url });
  opened.push(page);
  await page
    .context()
    .addCookies([...cookies].map(([name, value]) => ({ name, value, domain: "127.0.0.1", path: "/console" })));
  return page;
}

interface Chosen {
  readonly name: string;
  readonly content: string | Buffer;
}

async function chooseFile(page: TestPage, { name, content }: Chosen): Promise<void> {
  await page.locator("input[type=file]").setInputFiles({ name, mimeType: "text/csv", buffer: Buffer.from(content) });
}

/** Uploads a file and comes to the page of the job that is made of it. */
async function uploadFile(page: TestPage, file: Chosen): Promise<void> {
  await page.goto("/console/jobs/import");
  await chooseFile(page, file);
  await page.getByRole("button", { name: "上传并检查" }).click();
  await page.waitForURL(/\/console\/jobs\/\d+$/);
}

async function cardCount(): Promise<number> {
  const { rows } = await database.pool.query<{ count: number }>("select count(*) from card");
  return rows[0]?.count ?? -1;
}

describe("importing", () => {
  it("shows what a file would do before anything is written, skips what is refused, and gives it back", async () => {
    const page = await signedIn();
    const name = `<b>十二月</b> & "新卡".csv`;
    await uploadFile(page, {
      name,
      content: 'serial_no,carrier\n1001,cmcc\n1002,"<img src=x onerror=alert(1)>"\n1003,cmcc\n',
    });
    await page.getByText("检查完成，尚未写入任何内容。").waitFor();
    expect(await cardCount()).toBe(0);
    // What came from the file is text wherever it is shown.
    await page.getByText("<img src=x onerror=alert(1)>").waitFor();
    await page.getByText(name).waitFor();
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("link", { name: "下载这些行及原因" }).click(),
    ]);
    const refused = await readFile(await download.path(), "utf8");
    expect(refused).toContain("line,reason,serial_no,carrier");
    await page.getByRole("button", { name: "跳过 1 行，导入其余" }).dblclick();
    await page.getByText("导入完成。").waitFor();
    expect(await cardCount()).toBe(2);
    expectNoFaults(page);
  });

  it("tells a colleague who confirms the same that it is being done already", async () => {
    const [page, other] = [await signedIn(), await signedIn()];
    await uploadFile(page, { name: "cards.csv", content: cardsCsv(5) });
    await page.getByText("检查完成").waitFor();
    await other.goto(page.url());
    await other.getByText("检查完成").waitFor();
    await page.getByRole("button", { name: "导入（写入 5 项）" }).click();
    await page.getByText("导入完成。").waitFor();
    await other.getByRole("button", { name: "导入（写入 5 项）" }).click();
    await other.getByText("李雷 (operator) 已经确认导入，不会重复执行。").waitFor();
    await other.getByText("导入完成。").waitFor();
    expect(await cardCount()).toBe(5);
  });

  it("refuses a workbook, an empty file and one that is too large before any of it is sent", async () => {
    const page = await signedIn();
    const sent: string[] = [];
    page.on("request", (request) => request.method() === "POST" && sent.push(request.url()));
    await page.goto("/console/jobs/import");
    await chooseFile(page, { name: "卡.xlsx", content: Buffer.from("504b0304140000000800", "hex") });
    await page.getByText("卡.xlsx 是 Excel 工作簿，不是 CSV。").waitFor();
    await chooseFile(page, { name: "空.csv", content: "" });
    await page.getByText("空.csv 是空文件。").waitFor();
    // 2 GB, as the file system says: only its size is looked at.
    const directory = await mkdtemp(join(tmpdir(), "dks-large-"));
    const large = join(directory, "大.csv");
    await writeFile(large, "serial_no,carrier\n");
    await truncate(large, 2 * 1_073_741_824);
    await page.locator("input[type=file]").setInputFiles(large);
    await page.getByText("大.csv 有 2 GB，超过上限 40 MB。").waitFor();
    await rm(directory, { recursive: true });
    expect(await page.getByRole("button", { name: "上传并检查" }).count()).toBe(0);
    expect(sent).toEqual([]);
    expectNoFaults(page);
  });

  it("says what is missing in a file with another header", async () => {
    const page = await signedIn();
    await uploadFile(page, { name: "别的表.csv", content: "卡号,运营商\n1,2\n" });
    await page.getByText("别的表.csv 的第一行缺少列 serial_no、carrier；有未知的列 卡号、运营商。").waitFor();
    await page.getByText("没有导入任何内容。").waitFor();
    expect(page.faults).toEqual([]);
  });

  it("can be cancelled, and asks before it is", async () => {
    const page = await signedIn();
    await uploadFile(page, { name: "cards.csv", content: cardsCsv(5) });
    await page.getByText("检查完成").waitFor();
    await page.getByRole("button", { name: "取消任务" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByRole("button", { name: "不取消" }).click();
    await dialog.waitFor({ state: "hidden" });
    await page.getByText("检查完成").waitFor();
    await page.getByRole("button", { name: "取消任务" }).click();
    await dialog.getByRole("button", { name: "取消任务" }).click();
    await page.getByText("任务已取消，没有写入任何内容。").waitFor();
    expect(await cardCount()).toBe(0);
  });

  it("works with the keyboard alone", async () => {
    const page = await signedIn();
    await page.goto("/console/jobs");
    await tabTo(page, "导入");
    await page.keyboard.press("Enter");
    await page.getByText("文件的列").waitFor();
    const chooser = page.waitForEvent("filechooser");
    await tabTo(page, "点击选择 CSV 文件");
    await page.keyboard.press("Enter");
    await (await chooser).setFiles({ name: "cards.csv", mimeType: "text/csv", buffer: Buffer.from(cardsCsv(2)) });
    await page.getByRole("button", { name: "上传并检查" }).waitFor();
    await tabTo(page, "上传并检查");
    await page.keyboard.press("Enter");
    await page.getByText("检查完成").waitFor();
    await tabTo(page, "导入（写入 2 项）");
    await page.keyboard.press("Enter");
    await page.getByText("导入完成。").waitFor();
    expect(await cardCount()).toBe(2);
  });
});

/** Moves the focus on until it is on what begins so; fails if it is nowhere. */
async function tabTo(page: TestPage, text: string): Promise<void> {
  for (let steps = 0; steps < 60; steps++) {
    await page.keyboard.press("Tab");
    const focused = await page.evaluate(() => document.activeElement?.textContent ?? "");
    if (focused.trim().startsWith(text)) return;
  }
  throw new Error(`the focus does not come to ${text}`);
}

describe("when the server restarts", () => {
  it("an upload that is cut off says so, and is sent again without choosing the file anew", async () => {
    const page = await signedIn();
    const network = await page.context().newCDPSession(page);
    await network.send("Network.enable");
    const conditions = { offline: false, latency: 0, downloadThroughput: -1 };
    await network.send("Network.emulateNetworkConditions", { ...conditions, uploadThroughput: 100_000 });
    await page.goto("/console/jobs/import");
    await chooseFile(page, { name: "large.csv", content: cardsCsv(150_000) });
    await page.getByRole("button", { name: "上传并检查" }).click();
    await page.getByText(/[KM]B \/ /).waitFor();
    await server.stop();
    await page.getByText("上传中断").waitFor();
    await server.start();
    await network.send("Network.emulateNetworkConditions", { ...conditions, uploadThroughput: -1 });
    await page.getByRole("button", { name: "重新上传" }).click();
    await page.getByText("检查完成").waitFor();
    const { rows } = await database.pool.query("select from job");
    expect(rows.length).toBe(1);
  });

  it("an open page keeps what it shows, and goes on by itself", async () => {
    const page = await signedIn();
    const answer = await page.request.post("/console/api/jobs/exports", {
      headers: { origin: server.url },
      data: { kind: "card_export", filter: { count: 5_000 }, columns: ["a", "b"], format: "xlsx" },
    });
    const { job_no } = (await answer.json()) as { job_no: number };
    await page.goto(`/console/jobs/${job_no}`);
    await page.getByText("正在写出 4,000 / 5,000").waitFor();
    await server.stop();
    await page.getByText("无法连接服务器（可能正在重启），请稍后重试").waitFor();
    expect(await page.getByText("正在写出 4,000 / 5,000").isVisible()).toBe(true);
    await server.start();
    await page.getByText("正在写出 4,000 / 5,000").waitFor();
    gate.resolve();
    await page.getByText("已导出 5,000 行。").waitFor();
    const [download] = await Promise.all([
      page.waitForEvent("download"),
      page.getByRole("link", { name: /下载$/ }).click(),
    ]);
    expect(download.suggestedFilename()).toBe(`卡清单-${job_no}.xlsx`);
    const [sheet] = readWorkbook(await readFile(await download.path())).sheets;
    expect(sheet?.rows.length).toBe(5_001);
  });
});

it("a viewer sees all and is offered nothing that would be refused", async () => {
  const page = await signedIn();
  await uploadFile(page, { name: "cards.csv", content: "serial_no,carrier\n1,cmcc\n2,\n" });
  await page.getByText("检查完成").waitFor();
  const viewer = await signedIn({ role: "viewer" });
  await viewer.goto("/console/jobs");
  await viewer.getByText("2 行：将新增 1，更新 0，拒绝 1").waitFor();
  expect(await viewer.getByRole("button", { name: "导入" }).count()).toBe(0);
  await viewer.goto(page.url());
  await viewer.getByText("carrier 为空").waitFor();
  for (const name of ["取消任务", "跳过 1 行，导入其余"])
    expect(await viewer.getByRole("button", { name }).count()).toBe(0);
  expect(await viewer.getByRole("link", { name: "下载这些行及原因" }).count()).toBe(0);
});

it("the list narrows by kind, state and person, and keeps that in its address", async () => {
  const page = await signedIn();
  await uploadFile(page, { name: "cards.csv", content: cardsCsv(1) });
  await page.getByText("检查完成").waitFor();
  await page.goto("/console/jobs?kind=card_export");
  await page.getByText("没有任务").waitFor();
  await page.goto("/console/jobs?kind=card_import&state=checked&mine=1");
  await page.getByText("1 行：将新增 1，更新 0，拒绝 0").waitFor();
  const other = await signedIn();
  await other.goto("/console/jobs?mine=1");
  await other.getByText("没有任务").waitFor();
  await other.getByLabel("只看我发起的").click();
  await other.getByText("1 行：将新增 1，更新 0，拒绝 0").waitFor();
  expect(new URL(other.url()).search).toBe("");
});

describe.each([
  ["a desk", { width: 1440, language: "zh", dark: false }],
  ["a desk, in English and dark", { width: 1440, language: "en", dark: true }],
  ["a phone", { width: 360, language: "zh", dark: false }],
  ["a phone, in English and dark", { width: 360, language: "en", dark: true }],
] as const)("on %s", (_, options) => {
  it("every page fits and is accessible", async () => {
    const uploading = await signedIn();
    const lines = Array.from({ length: 120 }, (__, index) => `${9_000 + index},${index % 4 === 0 ? "" : "cmcc"}`);
    await uploadFile(uploading, {
      name: "十二月新卡-第二批-北京仓库.csv",
      content: `serial_no,carrier\n${lines.join("\n")}\n`,
    });
    await uploading.getByText("检查完成").waitFor();
    const jobPath = new URL(uploading.url()).pathname;
    await uploadFile(uploading, { name: "别的表.csv", content: "卡号,运营商\n1,2\n" });
    await uploading.getByText("没有导入任何内容。").waitFor();
    const failedPath = new URL(uploading.url()).pathname;
    const page = await signedIn(options);
    const name = `jobs-${options.width}-${options.language}-${options.dark ? "dark" : "light"}`;
    for (const [what, path, text] of [
      ["list", "/console/jobs", /#1/],
      ["import", "/console/jobs/import", "serial_no"],
      ["checked", jobPath, /carrier/],
      ["failed", failedPath, "serial_no"],
    ] as const) {
      await page.goto(path);
      await page.getByText(text).first().waitFor();
      await expectNoSidewaysScroll(page);
      await expectAccessible(page);
      await screenshot(page, `${name}-${what}`, true);
    }
    expect(page.faults).toEqual([]);
  });
});
