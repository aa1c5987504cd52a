import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { expectAccessible, expectNoFaults, expectNoSidewaysScroll, screenshot, type TestPage } from "./browser.ts";
import { type TestConsole, startTestConsole } from "./console.ts";

let platform: TestConsole;

beforeAll(async () => {
  platform = await startTestConsole();
});

afterAll(() => platform?.close());
afterEach(() => platform.closePages());

async function open(page: TestPage, path: string): Promise<void> {
  await page.goto(path);
  await page.locator("main h1").waitFor();
}

/** One of each kind. */
const kinds = [
  "/docs",
  "/docs/signing",
  "/docs/samples",
  "/docs/metering",
  "/docs/changelog",
  "/docs/operations/memberBatchInfo",
  "/docs/errors",
  "/docs/errors/55004",
  "/docs/debugger",
  "/docs/explorer",
  "/docs/no-such-page",
];

/** Where a page of the portal leads, and what it can be led to. */
interface Visited {
  readonly ids: ReadonlySet<string>;
  readonly links: readonly string[];
}

async function visit(page: TestPage, path: string): Promise<Visited> {
  await open(page, path);
  const { ids, links, titles } = await page.evaluate(() => ({
    ids: [...document.querySelectorAll("[id]")].map(({ id }) => id),
    links: [...document.querySelectorAll("a[href]")].map((link) => link.getAttribute("href") ?? ""),
    titles: [document.title, document.querySelector<HTMLMetaElement>('meta[name="description"]')?.content ?? ""],
  }));
  for (const title of titles) expect(title, path).not.toBe("");
  return { ids: new Set(ids), links };
}

describe.each(["zh", "en"] as const)("in %s", (language) => {
  test("every link leads to a page, and to a place in it", async () => {
    const page = await platform.page({ language: language === "zh" ? "en" : "zh" });
    const start = `/docs/${language}`;
    const visited = new Map<string, Visited>();
    const files = new Set<string>();
    const wanted: [from: string, path: string, hash: string][] = [["", start, ""]];
    for (const [from, path, hash] of wanted) {
      const known = visited.get(path) ?? (await visit(page, path));
      if (hash !== "") expect(known.ids, `${path}#${hash} from ${from}`).toContain(decodeURIComponent(hash));
      if (visited.has(path)) continue;
      visited.set(path, known);
      for (const link of known.links) {
        const { origin, pathname, hash: anchor } = new URL(link, `${platform.server.url}${path}`);
        if (origin !== platform.server.url) continue;
        if (!/^\/docs(\/|$)/.test(pathname)) {
          files.add(pathname);
          continue;
        }
        // Links keep to the language that the address names.
        expect(`${pathname}/`, `from ${path}`).toContain(`${start}/`);
        // A language's tab is a place once it is chosen.
        const tab = pathname.endsWith("/samples") ? "" : anchor.slice(1);
        wanted.push([path, pathname.replace(/\/$/, ""), tab]);
      }
    }
    // 7 documents, 5 operations, 2 tools, the table of errors and its pages.
    expect(visited.size).toBeGreaterThan(30);
    for (const file of files) expect((await fetch(platform.server.url + file)).status, file).toBe(200);
    expect([...files]).toContain("/openapi.json");
    expect(await page.title()).toContain(language === "zh" ? "大卡师开放平台" : "Dakashi Open Platform");
    expectNoFaults(page);
  }, 300_000);

  test.each([
    { width: 1440, dark: false },
    { width: 1440, dark: true },
    { width: 360, dark: false },
    { width: 360, dark: true },
  ])(
    "everyone can use every kind of page, $width px wide, dark $dark",
    async ({ width, dark }) => {
      const page = await platform.page({ language, width, dark });
      for (const path of kinds) {
        await open(page, path);
        expect(await page.getAttribute("html", "lang")).toBe(language === "zh" ? "zh-CN" : "en");
        await expectNoSidewaysScroll(page);
        await expectAccessible(page);
        await screenshot(page, `portal${path.replaceAll("/", "-")}-${width}-${language}${dark ? "-dark" : ""}`, true);
      }
      expectNoFaults(page);
    },
    300_000,
  );
});

test("a link to a refusal leads to its explanation, with a slash at the end or without, in either language", async () => {
  const page = await platform.page();
  for (const path of ["/docs/errors/55004", "/docs/errors/55004/", "/docs/en/errors/55004", "/docs/zh/errors/55004/"]) {
    await open(page, `${path}#sign_lower_case`);
    const top = await page.locator("#sign_lower_case").evaluate((element) => element.getBoundingClientRect().top);
    expect(top).toBeGreaterThanOrEqual(0);
    expect(top).toBeLessThan(200);
    expect(await page.getAttribute("html", "lang")).toBe(path.includes("/en/") ? "en" : "zh-CN");
  }
});

test("switching the language keeps the place and gives an address that can be passed on", async () => {
  const page = await platform.page();
  await open(page, "/docs/conventions");
  await page.evaluate(() => scrollTo(0, 600));
  // Not click(), which scrolls the sticky bar to where it would be without scrolling.
  await page.getByRole("button", { name: "English" }).dispatchEvent("click");
  await page.getByRole("heading", { level: 1, name: "Conventions" }).waitFor();
  expect(new URL(page.url()).pathname).toBe("/docs/en/conventions");
  expect(await page.evaluate(() => scrollY)).toBeGreaterThan(300);
  await page.getByRole("navigation", { name: "Contents" }).getByRole("link", { name: "Error codes" }).click();
  await page.getByRole("heading", { level: 1, name: "Error codes" }).waitFor();
  expect(new URL(page.url()).pathname).toBe("/docs/en/errors");

  const colleague = await platform.page({ language: "zh" });
  await open(colleague, "/docs/en/errors");
  expect(await colleague.locator("h1").innerText()).toBe("Error codes");
});

test("nothing shifts while a page loads", async () => {
  for (const width of [1440, 360]) {
    const page = await platform.page({ width });
    await page.addInitScript(() => {
      Object.assign(globalThis, { shifted: 0 });
      new PerformanceObserver((list) => {
        for (const entry of list.getEntries())
          Object.assign(globalThis, {
            shifted:
              (globalThis as unknown as { shifted: number }).shifted + (entry as unknown as { value: number }).value, // Of entries of this type.
          });
      }).observe({ type: "layout-shift", buffered: true });
    });
    for (const path of kinds) {
      await open(page, path);
      await page.waitForLoadState("networkidle");
      const shifted = await page.evaluate(() => (globalThis as unknown as { shifted: number }).shifted);
      expect(shifted, `${path} at ${width}`).toBeLessThan(0.01);
    }
  }
});

test("the first page is under 200 kB of compressed script", async () => {
  const page = await platform.page();
  const session = await page.context().newCDPSession(page);
  await session.send("Network.enable");
  const scripts = new Map<string, { readonly encoding: string; bytes: number }>();
  session.on("Network.responseReceived", ({ requestId, type, response }) => {
    if (type === "Script")
      scripts.set(requestId, { encoding: new Headers(response.headers).get("content-encoding") ?? "none", bytes: 0 });
  });
  session.on("Network.loadingFinished", ({ requestId, encodedDataLength }) => {
    const script = scripts.get(requestId);
    if (script !== undefined) script.bytes = encodedDataLength;
  });
  await open(page, "/docs");
  await page.waitForLoadState("networkidle");
  const total = [...scripts.values()].reduce((sum, { bytes }) => sum + bytes, 0);
  expect(scripts.size).toBeGreaterThan(2);
  expect.soft(total, "bytes of compressed script").toBeGreaterThan(50_000);
  for (const { encoding, bytes } of scripts.values()) if (bytes > 2_000) expect(encoding).toMatch(/^(br|gzip)$/);
  expect(total).toBeLessThan(200_000);
});

test("nothing is asked of anyone else, and nothing in the page is inline script", async () => {
  const page = await platform.page();
  const asked = new Set<string>();
  page.on("request", (request) => asked.add(new URL(request.url()).origin));
  for (const path of kinds) await open(page, path);
  expect([...asked]).toEqual([platform.server.url]);
  expectNoFaults(page);
});

test("a page whose files are gone with an update says so, and loads again", async () => {
  const page = await platform.page({ language: "en" });
  await open(page, "/docs");
  await page.route("**/static/conventions*", (route) => route.fulfill({ status: 404 }));
  await page.getByRole("navigation", { name: "Contents" }).getByRole("link", { name: "Conventions" }).click();
  await page.getByRole("heading", { name: "The page could not be loaded" }).waitFor();
  await expectAccessible(page);
  await screenshot(page, "portal-load-failure-en");
  // Away from it, by the same navigation, everything works.
  await page.getByRole("navigation", { name: "Contents" }).getByRole("link", { name: "Error codes" }).click();
  await page.getByRole("heading", { level: 1, name: "Error codes" }).waitFor();
  await page.unroute("**/static/conventions*");
  await page.goBack();
  // Browsers differ in whether they ask again for a module that could not be had; the button helps in any.
  const heading = page.getByRole("heading", { level: 1, name: "Conventions" });
  const again = page.getByRole("button", { name: "Load again" });
  await heading.or(again).waitFor();
  if (await again.isVisible()) await again.click();
  await heading.waitFor();
  expect(new URL(page.url()).pathname).toBe("/docs/conventions");
});

test("a reader with nothing but a keyboard gets to the text, the contents and back", async () => {
  const page = await platform.page({ language: "en" });
  await open(page, "/docs");
  await page.keyboard.press("Tab");
  expect(await page.evaluate(() => document.activeElement?.textContent)).toBe("Skip to the content");
  await page.keyboard.press("Enter");
  expect(await page.evaluate(() => document.activeElement?.id)).toBe("content");
  await page.getByRole("tab", { name: "PHP" }).focus();
  await page.keyboard.press("ArrowRight");
  expect(await page.evaluate(() => document.activeElement?.textContent)).toBe("Python");
  expect(await page.getByRole("tabpanel").innerText()).toContain("import hashlib");
  await page.getByRole("link", { name: "Signing a call" }).first().focus();
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { level: 1, name: "Signing a call" }).waitFor();
  expect(await page.evaluate(() => document.activeElement?.tagName)).toBe("H1");
  await page.goBack();
  await page.getByRole("heading", { level: 1, name: "Quick start" }).waitFor();
});

test("on a phone the contents open over the page, and close with Escape and by following a link", async () => {
  const page = await platform.page({ width: 360, language: "en" });
  await open(page, "/docs");
  await page.getByRole("button", { name: "Open the contents" }).click();
  await page.getByRole("dialog", { name: "Contents" }).waitFor();
  await expectAccessible(page);
  await screenshot(page, "portal-drawer-360-en");
  await page.keyboard.press("Escape");
  await page.getByRole("dialog", { name: "Contents" }).waitFor({ state: "hidden" });
  await page.getByRole("button", { name: "Open the contents" }).click();
  await page.getByRole("dialog").getByRole("link", { name: "Error codes" }).click();
  await page.getByRole("heading", { level: 1, name: "Error codes" }).waitFor();
  await page.getByRole("dialog", { name: "Contents" }).waitFor({ state: "hidden" });
  expect(new URL(page.url()).pathname).toBe("/docs/errors");
});
