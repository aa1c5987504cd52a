import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { systemActor } from "../../server/src/actor.ts";
import { type TestPage, expectAccessible, expectNoFaults, expectNoSidewaysScroll, screenshot } from "./browser.ts";
import { type TestConsole, startTestConsole } from "./console.ts";

let platform: TestConsole;

beforeAll(async () => {
  platform = await startTestConsole();
});
afterAll(() => platform.close());
afterEach(() => platform.closePages());

const hourMs = 3_600_000;

/** A delta of the last hour, as a carrier would send it. */
function delta(id: string, subject: string, bytes: number, more: Readonly<Record<string, unknown>> = {}): string {
  const end = Math.floor(Date.now() / hourMs) * hourMs - hourMs;
  return JSON.stringify({
    specversion: "1.0",
    id,
    type: "usage.data.delta",
    subject,
    data: {
      start: new Date(end - hourMs).toISOString(),
      end: new Date(end).toISOString(),
      bytes_total: bytes,
      ...more,
    },
  });
}

async function send(token: string, ...records: readonly string[]) {
  const answer = await platform.server.ingest(token, records.join("\n"));
  expect(answer.body.errcode).toBe(0);
  return answer.body.data?.["counts"];
}

async function used(serialNo: string): Promise<number> {
  const { rows } = await platform.server.pool.query<{ used: number }>(
    "select coalesce(sum(used_bytes), 0)::bigint as used from usage_month where serial_no = $1 and counts",
    [serialNo],
  );
  return rows[0]?.used ?? -1;
}

const views = [
  { width: 1440, language: "zh", dark: false },
  { width: 1440, language: "en", dark: true },
  { width: 360, language: "zh", dark: true },
  { width: 360, language: "en", dark: false },
] as const;

async function look(page: TestPage, name: string, { width, language, dark }: (typeof views)[number]): Promise<void> {
  await screenshot(page, `${name}-${width}-${language}-${dark ? "dark" : "light"}`, true);
  await expectNoSidewaysScroll(page);
  await expectAccessible(page);
}

describe("the pages of sources", () => {
  beforeAll(async () => {
    const { server } = platform;
    await server.importCards([{ serial_no: "87000001" }, { serial_no: "87000002" }]);
    const gateway = await server.createSource({ name: "gateway-shanghai", expectedEverySeconds: 900 });
    await server.createSource({ name: "onelink-a", kind: "reading", unit: "KB", expectedEverySeconds: 21_600 });
    const late = await server.createSource({
      name: "unicom-cmp",
      kind: "reading",
      unit: "MB",
      expectedEverySeconds: 60,
    });
    await server.pool.query(
      "update usage_source set created_at = created_at - interval '1 day' where name = 'unicom-cmp'",
    );
    expect(late.name).toBe("unicom-cmp");
    const records = Array.from({ length: 40 }, (_, index) =>
      delta(`cdr-${index}`, index % 2 ? "87000001" : "87000002", 1024 * index),
    );
    await send(
      gateway.token,
      ...records,
      ...records.slice(0, 10),
      delta("x", "87999999", 5),
      delta("cdr-3", "87000001", 1),
      "{}",
    );
    // What went before, as if the platform had run for a month.
    await server.pool.query(
      `insert into usage_source_activity
      select source_no, date_trunc('hour', now()) - hours * interval '1 hour', 400 + (hours * 37) % 300, (hours * 13) % 60,
        case when hours % 11 = 0 then 7 else 0 end, (hours * 7) % 23, case when hours % 17 = 3 then 40 else 0 end, 0, 0
      from usage_source, generate_series(2, 29 * 24) as hours where name = 'gateway-shanghai'`,
    );
  });

  it("make a source, show its token once, and the command that they show sends a first record", async () => {
    await platform.server.importCards([{ serial_no: "87200001" }]);
    const page = await platform.signedIn({ role: "admin" });
    await page.goto("/console/sources");
    await page.getByRole("button", { name: "新建来源" }).click();
    await page.getByLabel("名称").fill("onelink-a");
    await page.getByText("读数：", { exact: false }).click();
    await page.getByRole("button", { name: "建立并取得令牌" }).click();
    await page.getByText("已有名为 onelink-a 的来源").waitFor();
    await page.getByLabel("名称").fill("onelink-b");
    await page.getByRole("button", { name: "建立并取得令牌" }).click();
    await page.getByText("令牌只显示这一次").waitFor();
    await page.getByLabel("卡号").fill("87200001");
    await screenshot(page, "source-created-1440-zh-light");
    await expectAccessible(page);
    const command = await page.locator("pre").textContent();
    const { stdout } = await promisify(execFile)("sh", ["-c", command ?? ""]);
    expect(JSON.parse(stdout)).toMatchObject({ errcode: 0, data: { counts: { accepted: 1 } } });
    const token = /dus_[A-Za-z0-9]{40}/.exec(command ?? "")?.[0] ?? "";
    // Nothing but the button closes it.
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "已保存，关闭" }).click();
    await page.getByRole("link", { name: "onelink-b" }).waitFor();
    expect(token).not.toBe("");
    expect(await page.content()).not.toContain(token);
    expect((await platform.server.sources.find("onelink-b")).kind).toBe("reading");
  });

  it("rotate a token: both hold, and the page says until when", async () => {
    const { name, token } = await platform.server.createSource();
    const page = await platform.signedIn({ role: "admin", width: 360 });
    await page.goto(`/console/sources/${name}`);
    await page.getByRole("button", { name: "更换令牌" }).click();
    await page.getByRole("button", { name: "更换", exact: true }).click();
    const issued = (await page.getByText(/^dus_[A-Za-z0-9]{40}$/).textContent()) ?? "";
    await screenshot(page, "source-rotated-360-zh-light");
    await expectNoSidewaysScroll(page);
    await page.getByRole("button", { name: "已保存，关闭" }).click();
    await page.getByText("旧令牌有效至").waitFor();
    for (const each of [token, issued]) expect((await platform.server.ingest(each, "")).status).toBe(200);
    expect(issued).not.toBe(token);
    expectNoFaults(page);
  });

  it("suspend a source once it is confirmed, and resume it", async () => {
    const { name, token } = await platform.server.createSource();
    const page = await platform.signedIn({ role: "operator" });
    await page.goto(`/console/sources/${name}`);
    await page.getByRole("button", { name: "停用" }).click();
    await page.getByText("它发来的记录立即全部被拒绝").waitFor();
    await page.getByRole("dialog").getByRole("button", { name: "停用", exact: true }).click();
    await page.getByText("已停用：它发来的记录会整批被拒绝").waitFor();
    expect((await platform.server.ingest(token, "{}")).body.hint).toBe("source_suspended");
    await page.getByRole("button", { name: "恢复" }).click();
    await page.getByRole("button", { name: "停用" }).waitFor();
    expect((await platform.server.ingest(token, "")).body.errcode).toBe(0);
    expectNoFaults(page);
  });

  it("offer nothing to those whose role would not do", async () => {
    const { name } = await platform.server.createSource();
    for (const [role, offered] of [
      ["viewer", []],
      ["operator", ["停用", "预览"]],
    ] as const) {
      const page = await platform.signedIn({ role });
      await page.goto(`/console/sources/${name}`);
      await page.getByText("上报情况").waitFor();
      const names = await page.locator("main button").allTextContents();
      expect(names.filter((each) => each !== "")).toEqual(offered);
    }
  });

  it("tell the second of two who change a source, and keep what the second has chosen", async () => {
    const { name } = await platform.server.createSource();
    const page = await platform.signedIn({ role: "operator" });
    await page.goto(`/console/sources/${name}`);
    await page.getByLabel("是否监视").click();
    await page.locator(".ant-select-dropdown").getByTitle("按小时").click();
    await page.getByLabel("时长").fill("6");
    await platform.server.sources.change(name, { expectedEverySeconds: 86_400 }, systemActor("韩梅梅"));
    await page.getByRole("button", { name: "保存" }).click();
    await page.getByText("已被他人修改").waitFor();
    await page.getByText("现在的设置：每 1 天").waitFor();
    await screenshot(page, "source-conflict-1440-zh-light", true);
    expect(await page.getByLabel("时长").inputValue()).toBe("6");
    await page.getByRole("button", { name: "仍按我的保存" }).click();
    await page.getByText("应至少每 6 小时一次").waitFor();
    expect((await platform.server.sources.find(name)).expectedEverySeconds).toBe(6 * 3600);
  });

  it("assign pasted cards after a preview that changes nothing", async () => {
    const { server } = platform;
    await server.importCards([{ serial_no: "87300001" }, { serial_no: "87300002" }]);
    const { name } = await server.createSource();
    const other = await server.createSource();
    await send(other.token, delta("a", "87300002", 1));
    const page = await platform.signedIn({ role: "operator" });
    await page.goto(`/console/sources/${name}`);
    await page.getByLabel("卡号（serial_no）").fill("87300001, 87300002\n87399999；87300001");
    await page.getByRole("button", { name: "预览 3 张卡" }).click();
    await page.getByText("将指定 2 张，原本如此 0 张，不能指定 1 张").waitFor();
    await page.getByText("没有卡号为 87399999 的卡").waitFor();
    const assigned = "select count(*) as count from card_source where serial_no like '873%'";
    expect((await server.pool.query(assigned)).rows).toEqual([{ count: 0 }]);
    await screenshot(page, "source-assign-1440-zh-light", true);
    await page.getByRole("button", { name: `为 2 张卡指定 ${name}` }).click();
    await page.getByText("已指定 2 张，原本如此 0 张，未能指定 1 张").waitFor();
    expect((await server.pool.query(assigned)).rows).toEqual([{ count: 2 }]);
    // What was pasted is still there, and has been done.
    await page.getByRole("button", { name: "预览 3 张卡" }).click();
    await page.getByText("将指定 0 张，原本如此 2 张").waitFor();
    expectNoFaults(page);
  });

  it.each(views)("look as they should, at $width pixels in $language", async (view) => {
    const page = await platform.signedIn({ ...view, role: "admin" });
    await page.goto("/console/sources");
    await page.getByRole("link", { name: "gateway-shanghai" }).waitFor();
    await look(page, "sources", view);
    await page.getByRole("link", { name: "gateway-shanghai" }).click();
    await page.locator(".chart svg").waitFor();
    await look(page, "source", view);
    expectNoFaults(page);
    expect(page.url()).toMatch(/\/console\/(sources\/gateway-shanghai|quarantine\?entry=.+)$/);
  });
});

describe("the quarantine's page", () => {
  beforeAll(async () => {
    const { server } = platform;
    await server.importCards([{ serial_no: "87100001" }]);
    const { token } = await server.createSource({ name: "cdr-beijing" });
    await send(token, delta("call-1", "87100001", 1_572_864, { apn: "cmiot" }));
    await send(
      token,
      delta("call-1", "87100001", 2_097_152, { apn: "cmnet" }),
      delta("call-2", "89860012345678901234", 4096),
      `{"specversion":"1.0","id":"call-3<img src=x onerror=alert(1)>","type":"usage.data.delta","subject":"87100001","data":{"note":"<script>alert(1)</script>\u202e"}}`,
    );
  });

  it.each(views)("looks as it should, at $width pixels in $language", async (view) => {
    const page = await platform.signedIn({ ...view, role: "operator" });
    await page.goto("/console/quarantine");
    await page.getByRole("button", { name: "call-1" }).waitFor();
    await look(page, "quarantine", view);
    await page.getByRole("button", { name: "call-1" }).click();
    await page.getByText(view.language === "zh" ? "哪一条是对的？" : "Which one is right?").waitFor();
    await look(page, "conflict", view);
    expectNoFaults(page);
    expect(page.url()).toMatch(/\/console\/(sources\/gateway-shanghai|quarantine\?entry=.+)$/);
  });

  it("keeps its filters in the address, and is led by the keyboard", async () => {
    const page = await platform.signedIn({ role: "viewer" });
    await page.goto("/console/quarantine?source=cdr-beijing");
    await page.getByRole("button", { name: "call-2" }).waitFor();
    await page.getByRole("button", { name: /^冲突/ }).click();
    await page.getByRole("button", { name: "call-2" }).waitFor({ state: "detached" });
    expect(new URL(page.url()).searchParams.get("status")).toBe("conflict");
    await page.reload();
    await page.getByRole("button", { name: "call-1" }).focus();
    await page.keyboard.press("Enter");
    await page.getByText("哪一条是对的？").waitFor();
    expect(await page.getByRole("button", { name: /删除|重新处理/ }).count()).toBe(0);
    await page.keyboard.press("Escape");
    await page.getByText("哪一条是对的？").waitFor({ state: "detached" });
    expect(new URL(page.url()).searchParams.get("entry")).toBeNull();
    expectNoFaults(page);
  });

  it("shows what was sent as text, with what cannot be seen made visible", async () => {
    const page = await platform.signedIn({ role: "operator", language: "en" });
    const dialogs: string[] = [];
    page.on("dialog", (dialog) => {
      dialogs.push(dialog.message());
      void dialog.dismiss();
    });
    await page.goto("/console/quarantine?hint=time_missing");
    await page.getByRole("button", { name: "call-3<img" }).click();
    await page.getByText(String.raw`<script>alert(1)</script>\u202e`).waitFor();
    await page.getByText("A delta needs start and end, a reading read_at.").waitFor();
    expect(await page.locator("main img, .ant-drawer img").count()).toBe(0);
    expect(dialogs).toEqual([]);
    expectNoFaults(page);
  });

  it("releases a record once its card is there, and then it counts", async () => {
    const { server } = platform;
    const { name, token } = await server.createSource();
    await send(token, delta("late-1", "87400001", 4096), delta("late-2", "87400002", 1));
    const page = await platform.signedIn({ role: "operator" });
    await page.goto(`/console/quarantine?source=${name}`);
    await page.getByRole("checkbox", { name: "选择 late-1" }).check();
    await page.getByRole("checkbox", { name: "选择 late-2" }).check();
    // Past the import, which would see to it by itself, and at the last moment: once a minute what waits is looked at anyway.
    await server.pool.query("insert into card (serial_no, carrier) values ('87400001', 'cmcc') on conflict do nothing");
    await page.getByRole("button", { name: "重新处理选中的" }).click();
    await page.getByText("仍留在隔离区的 1 条").waitFor();
    await screenshot(page, "quarantine-released-1440-zh-light");
    await expectAccessible(page);
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "late-1" }).waitFor({ state: "detached" });
    expect(await used("87400001")).toBe(4096);
    expectNoFaults(page);
  });

  it("discards the one that is refused of a conflict, and what counts stays", async () => {
    const { server } = platform;
    await server.importCards([{ serial_no: "87500001" }]);
    const { name, token } = await server.createSource();
    await send(token, delta("twice", "87500001", 100));
    await send(token, delta("twice", "87500001", 250));
    const page = await platform.signedIn({ role: "operator", width: 360 });
    await page.goto(`/console/quarantine?source=${name}`);
    await page.getByRole("button", { name: "twice" }).click();
    await page.getByText("由此来源计得 100 B；若以被拒绝的一条为准，应为 250 B。").waitFor();
    // The correction that is offered sets the month right.
    const correction = (await page.getByText('"corrects":"twice"').textContent()) ?? "";
    await page.getByRole("button", { name: "保留已计入的，删除这一条" }).click();
    await page.getByText("已计入的那一条不受影响").waitFor();
    await page.getByRole("button", { name: "删除", exact: true }).click();
    await page.getByText("没有符合条件的记录").waitFor();
    expect(await used("87500001")).toBe(100);
    expect(await send(token, correction)).toMatchObject({ accepted: 1 });
    expect(await used("87500001")).toBe(250);
    expectNoFaults(page);
  });

  it("discards all that match only if they are as many as was told", async () => {
    const { server } = platform;
    const { name, token } = await server.createSource();
    await send(token, ...["a", "b", "c"].map((id) => delta(id, "87600001", 1)));
    const page = await platform.signedIn({ role: "operator" });
    await page.goto(`/console/quarantine?source=${name}`);
    await page.getByRole("button", { name: "删除全部符合的…" }).click();
    await page.getByText("符合条件的共 3 条").waitFor();
    const [{ entryId } = { entryId: "" }] = (await server.services.quarantine.list({ source: name }, 1)).entries;
    await server.services.quarantine.discard({ entryIds: [entryId] }, { many: false }, systemActor("韩梅梅"));
    await page.getByRole("button", { name: "删除 3 条" }).click();
    await page.getByText("已由 3 条变为 2 条，未做任何更改").waitFor();
    await page.getByRole("button", { name: "删除 2 条" }).click();
    await page.getByText("已删除 2").waitFor();
    await page.keyboard.press("Escape");
    await page.getByText("没有符合条件的记录").waitFor();
    expect((await server.services.quarantine.list({ source: name }, 1)).counts).toEqual([]);
  });
});
