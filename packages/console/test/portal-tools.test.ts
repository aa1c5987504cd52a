/** The portal's tools in a browser: the signature debugger, the explorer and search. */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import type { TestClient } from "../../server/test/server.ts";
import { expectAccessible, expectNoFaults, expectNoSidewaysScroll, screenshot, type TestPage } from "./browser.ts";
import { type TestConsole, startTestConsole } from "./console.ts";

interface Vector {
  readonly name: string;
  readonly secret: string;
  readonly params: Readonly<Record<string, string | number>>;
  readonly string: string;
  readonly sign: string;
}

const vectors = JSON.parse(
  readFileSync(join(import.meta.dirname, "../../../docs/signature-vectors.json"), "utf8"),
) as Vector[]; // Of another shape, they would not compare equal below.

let platform: TestConsole;
let client: TestClient;

beforeAll(async () => {
  platform = await startTestConsole();
  client = await platform.server.createClient();
  await platform.server.importCards([{ serial_no: "87000001", account_no: client.account_no }]);
});

afterAll(() => platform?.close());
afterEach(() => platform.closePages());

async function open(page: TestPage, path: string): Promise<void> {
  await page.goto(path);
  await page.locator("main h1").waitFor();
}

function sha1(text: string): string {
  return createHash("sha1").update(text, "utf8").digest("hex").toUpperCase();
}

describe("the signature debugger", () => {
  async function openDebugger(width = 1440): Promise<TestPage> {
    const page = await platform.page({ language: "en", width });
    await open(page, "/docs/debugger");
    await page.waitForLoadState("networkidle");
    return page;
  }

  async function give(page: TestPage, params: Vector["params"], secret: string): Promise<void> {
    await page.getByLabel("Request body (JSON)").fill(JSON.stringify(params));
    await page.getByRole("textbox", { name: "client_secret" }).fill(secret);
  }

  test("shows the steps of every published vector, cut off from the network, and asks nothing of anyone", async () => {
    const page = await openDebugger();
    const asked: string[] = [];
    page.on("request", (request) => asked.push(request.url()));
    await page.context().setOffline(true);
    await page.getByRole("button", { name: "Show the secret" }).click();
    for (const { name, params, secret, string, sign } of vectors) {
      await give(page, params, secret);
      expect(await page.locator(".debugger-digest code").textContent(), name).toBe(sign);
      expect(await page.locator(".debugger-output").first().textContent(), name).toBe(string + secret);
      const sorted = await page.locator(".debugger-names code").allTextContents();
      expect(sorted, name).toEqual(Object.keys(params).toSorted());
      await page.getByLabel("The string your program joined").fill(string + secret);
      await page.getByText("The same, the secret included.").or(page.getByText("The same, with the secret")).waitFor();
      await page.getByLabel("The signature your program made").fill(sign);
      await page.getByText("The signature matches.").waitFor();
      await page.getByLabel("The string your program joined").fill("");
      await page.getByLabel("The signature your program made").fill("");
    }
    expect(asked).toEqual([]);
    const kept = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, location.href]));
    for (const { secret } of vectors) if (secret !== "") expect(kept).not.toContain(secret);
    expectNoFaults(page);
  });

  const params = { client_id: "iot3355e802d44ay95yeev2", serial_no: "87000001", timestamp: 1487560009 };
  const given = {
    serial_no: "87000001",
    remark: "流量 卡+%",
    custom_no: "",
    client_id: params.client_id,
    timestamp: 1487560009,
  };
  const secret = "9f2c4e8a1b7d3f60";
  function joined(changes: Readonly<Record<string, string | number | undefined>> = {}): string {
    const all = Object.entries({ ...given, ...changes }).filter(([, value]) => value !== undefined);
    return all
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, value]) => `${name}=${value}`)
      .join("&");
  }

  test.each([
    ["sign_lower_case", sha1(joined() + secret).toLowerCase()],
    ["sign_values_url_encoded", sha1(joined({ remark: encodeURIComponent(given.remark) }) + secret)],
    ["sign_client_id_left_out", sha1(joined({ client_id: undefined }) + secret)],
    ["sign_timestamp_left_out", sha1(joined({ timestamp: undefined }) + secret)],
    ["sign_included", sha1(joined({ sign: "" }) + secret)],
    ["sign_ampersand_before_secret", sha1(`${joined()}&${secret}`)],
    ["sign_secret_first", sha1(secret + joined())],
    ["sign_secret_white_space", sha1(`${joined()}${secret}\n`)],
    ["sign_secret_missing", sha1(joined())],
    ["sign_times_entity", sha1(joined().replace("&timestamp", "×tamp") + secret)],
    ["sign_milliseconds", sha1(joined({ timestamp: "1487560009000" }) + secret)],
    [
      "sign_not_sorted",
      sha1(
        Object.entries(given)
          .map(([name, value]) => `${name}=${value}`)
          .join("&") + secret,
      ),
    ],
    ["sign_empty_left_out", sha1(joined({ custom_no: undefined }) + secret)],
    ["sign_without_names", sha1(joined().replace(/(^|&)\w+=/g, "") + secret)],
    ["sign_algorithm", createHash("md5").update(joined()).digest("hex")],
    ["sign_malformed", "485C49516A"],
    ["sign_mismatch", sha1("something else")],
  ])("names the mistake %s and leads to its explanation", async (hint, sign) => {
    const page = await openDebugger();
    await give(page, given, secret);
    await page.getByLabel("The signature your program made").fill(sign);
    await page.getByText("The signature differs:").waitFor();
    await page.getByRole("link", { name: hint }).click();
    await page.locator(`#${hint}`).waitFor();
    expect(new URL(page.url()).pathname).toBe("/docs/errors/55004");
    // What was typed is still there on the way back.
    await page.goBack();
    expect(await page.getByLabel("The signature your program made").inputValue()).toBe(sign);
    expectNoFaults(page);
  });

  test("says where a string differs, and makes what cannot be seen visible", async () => {
    const page = await openDebugger(360);
    await give(page, params, secret);
    await page
      .getByLabel("The string your program joined")
      .fill(`client_id=iot3355e802d44ay95yeev2&serial_no=87000001\u200b&timestamp=1487560009`);
    await page.getByText(/It differs from character 53 on/).waitFor();
    expect(await page.locator(".debugger-outcome .debugger-marks").innerText()).toContain("U+200B");
    await expectNoSidewaysScroll(page);
    await expectAccessible(page);
    await screenshot(page, "portal-debugger-differs-360-en", true);
  });

  test("writes the ready request in seven languages, and the keyboard goes through them", async () => {
    const page = await openDebugger();
    const tabs = page.getByRole("tablist", { name: "Programming language" });
    expect(await tabs.getByRole("tab").count()).toBe(7);
    await tabs.getByRole("tab", { name: "curl" }).focus();
    const seen = new Set<string>();
    for (let step = 0; step < 7; step++) {
      const snippet = await page.locator(".debugger-snippet code").innerText();
      expect(snippet).toContain("485C49516A7799D6179656BAF681231E86071364");
      expect(snippet).toContain(`${platform.server.url}/v1/member/info`);
      expect(snippet).not.toContain(secret);
      seen.add(snippet);
      await page.keyboard.press("ArrowRight");
    }
    expect(seen.size).toBe(7);
  });
});

describe("the explorer", () => {
  async function openExplorer(operation = "memberInfo", width = 1440): Promise<TestPage> {
    const page = await platform.page({ language: "en", width });
    await open(page, `/docs/explorer?operation=${operation}`);
    return page;
  }

  async function sign(page: TestPage, clientId = client.client_id, secret = client.client_secret): Promise<void> {
    await page.getByLabel("client_id").fill(clientId);
    await page.getByRole("textbox", { name: "client_secret" }).fill(secret);
  }

  test("makes the first call, shows request, answer and time, and keeps the secret to itself", async () => {
    const page = await openExplorer();
    const bodies: string[] = [];
    page.on("request", (request) => bodies.push(`${request.url()} ${request.postData() ?? ""}`));
    await sign(page);
    await page.getByRole("button", { name: /Use example/ }).click();
    await page.keyboard.press("Tab");
    await page.getByRole("button", { name: "Send" }).click();
    await page.getByText("errcode 0", { exact: true }).waitFor();
    expect(await page.locator(".explorer-result").innerText()).toMatch(/took \d+ ms/);
    expect(await page.locator(".explorer-result").innerText()).toContain('"serial_no": "87000001"');
    expect(bodies).toHaveLength(1);
    expect(bodies[0]).toContain(`${platform.server.url}/v1/member/info`);
    expect(bodies.join("\n")).not.toContain(client.client_secret);
    const kept = await page.evaluate(() =>
      JSON.stringify([{ ...localStorage }, { ...sessionStorage }, location.href, history.state]),
    );
    expect(kept).not.toContain(client.client_secret);
    expect(kept).not.toContain(client.client_id);
    await expectAccessible(page);
    await screenshot(page, "portal-explorer-answer-1440-en", true);
    expectNoFaults(page);
  });

  test("says what a refusal meant, and its link leads to the explanation", async () => {
    const page = await openExplorer("memberInfo", 360);
    await sign(page, client.client_id, "another secret");
    await page.getByLabel("serial_no").fill("87000001");
    await page.getByRole("button", { name: "Send" }).click();
    await page.getByText("errcode 55004", { exact: true }).waitFor();
    await expectNoSidewaysScroll(page);
    await expectAccessible(page);
    await screenshot(page, "portal-explorer-refusal-360-en", true);
    await page.getByRole("link", { name: /What this error means/ }).click();
    await page.locator("#sign_mismatch").waitFor();
    expect(await page.title()).toContain("55004");
    // Nothing typed is lost.
    await page.goBack();
    expect(await page.getByLabel("serial_no").inputValue()).toBe("87000001");
  });

  test("corrects a wrong clock by the server's", async () => {
    const page = await openExplorer();
    await sign(page);
    await page.getByLabel("serial_no").fill("87000001");
    await page.getByLabel("timestamp").fill(String(platform.server.now() - 4_000));
    await page.getByRole("button", { name: "Send" }).click();
    await page.getByText("errcode 55006", { exact: true }).waitFor();
    await page.getByRole("button", { name: /Correct by the server's time/ }).click();
    await page.getByText("errcode 0", { exact: true }).waitFor();
    expect(await page.getByLabel("timestamp").inputValue()).toBe("");
  });

  test("calls every operation with its documented examples", async () => {
    const page = await openExplorer();
    await sign(page);
    const select = page.getByLabel("Operation");
    for (const operation of ["memberBatchInfo", "memberList", "memberUsageDaily", "memberUsageMonth"]) {
      await select.selectOption(operation);
      expect(new URL(page.url()).searchParams.get("operation")).toBe(operation);
      // The address changes first; the list says the new operation when its fields are there.
      await expect.poll(() => select.inputValue()).toBe(operation);
      for (const label of await page.locator(".explorer-label:has(.accent) label").allInnerTexts()) {
        const field = page.getByLabel(label, { exact: true });
        if ((await field.inputValue()) === "")
          await page.getByRole("button", { name: new RegExp(` ${label}$`) }).click();
      }
      const answered = page.waitForResponse((response) => response.url().includes("/v1/"));
      await page.getByRole("button", { name: "Send" }).click();
      expect(await (await answered).json(), operation).toMatchObject({ errcode: 0 });
      await page.getByText("errcode 0", { exact: true }).waitFor();
    }
  });

  test("says that the server cannot be reached, and loses nothing", async () => {
    const page = await openExplorer();
    await sign(page);
    await page.getByLabel("serial_no").fill("87000001");
    await page.context().setOffline(true);
    await page.getByRole("button", { name: "Send" }).click();
    await page.getByText("The server cannot be reached.").waitFor();
    await page.context().setOffline(false);
    expect(await page.getByLabel("serial_no").inputValue()).toBe("87000001");
    await page.getByRole("button", { name: "Send" }).click();
    await page.getByText("errcode 0", { exact: true }).waitFor();
  });
});

describe("search", () => {
  test.each([
    ["zh", "白名单", "55003", /\/docs\/(errors\/55003|conventions|quick)/],
    ["zh", "签名大写", "sign_lower_case", /\/docs\/(errors\/55004#sign_lower_case|signing#)/],
    ["zh", "55004", "55004", /\/docs\/errors\/55004$/],
    ["en", "allow-list", "55003", /\/docs\/(errors\/55003|conventions#)/],
    ["en", "lower_case", "sign_lower_case", /\/docs\/errors\/55004#sign_lower_case$/],
    ["en", "data_as_of", "data_as_of", /#(data\.|data_as_of|.*as-of)/],
  ] as const)("in %s for %s finds it, by the keyboard alone", async (language, query, shown, address) => {
    const page = await platform.page({ language });
    await open(page, "/docs");
    await page.keyboard.press("Control+k");
    const field = page.getByRole("combobox");
    await field.waitFor();
    await page.keyboard.type(query);
    const options = page.getByRole("option");
    await options.first().waitFor();
    expect(await page.getByRole("listbox").innerText()).toContain(shown);
    expect(await page.locator("mark").count()).toBeGreaterThan(0);
    await expectAccessible(page);
    await screenshot(page, `portal-search-${language}-${shown}`);
    // Down to the result whose address is looked for; every one is somewhere in the list.
    const count = await options.count();
    const first = await field.getAttribute("aria-activedescendant");
    await page.keyboard.press("ArrowDown");
    if (count > 1) expect(await field.getAttribute("aria-activedescendant")).not.toBe(first);
    await page.keyboard.press("ArrowUp");
    expect(await field.getAttribute("aria-activedescendant")).toBe(first);
    await page.keyboard.press("Enter");
    await page.waitForURL((url) => url.pathname !== "/docs");
    expect(page.url()).toMatch(address);
    expectNoFaults(page);
  });

  test("says that nothing was found, closes with Escape and gives the focus back", async () => {
    const page = await platform.page({ width: 360 });
    await open(page, "/docs/signing");
    await page.getByRole("button", { name: /搜索/ }).click();
    await page.getByRole("combobox").fill("没有这样的词语");
    await page.getByText("没有找到").waitFor();
    await screenshot(page, "portal-search-nothing-360-zh");
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "hidden" });
    expect(await page.evaluate(() => document.activeElement?.className)).toContain("open-search");
  });
});
