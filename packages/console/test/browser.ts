import { mkdirSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { type Browser, type BrowserContext, type Page, chromium } from "playwright-core";
import { expect } from "vitest";

/** Debian's, unless another one is named. */
const executablePath = process.env["CHROMIUM"] ?? "/usr/bin/chromium";

/** The browser that a test file drives. */
export function openBrowser(): Promise<Browser> {
  // Chromium's sandbox needs rights that root in a container has not; these pages are our own.
  return chromium.launch({ executablePath, args: ["--no-sandbox", "--disable-dev-shm-usage"] });
}

export interface PageOptions {
  /** What its paths are relative to. */
  readonly url?: string;
  /** In CSS pixels; 1440 is a desk, 360 a phone. */
  readonly width?: number;
  readonly language?: "zh" | "en";
  readonly dark?: boolean;
}

/** A page whose faults are remembered until {@link expectNoFaults} looks at them. */
export interface TestPage extends Page {
  /** What the page did that no page of ours may: errors on the console, violations of the CSP, requests that failed. */
  readonly faults: string[];
}

/** A page in a browser of its own, as it were: nothing is shared with other pages but the program. */
export async function newPage(browser: Browser, options: PageOptions = {}): Promise<TestPage> {
  const { url, width = 1440, language = "zh", dark = false } = options;
  const context = await browser.newContext({
    ...(url === undefined ? {} : { baseURL: url }),
    viewport: { width, height: width < 600 ? 780 : 900 },
    hasTouch: width < 600,
    isMobile: width < 600,
    locale: language === "zh" ? "zh-CN" : "en-US",
    colorScheme: dark ? "dark" : "light",
    reducedMotion: "reduce",
  });
  const page = await context.newPage();
  return Object.assign(page, { faults: collectFaults(context) });
}

function collectFaults(context: BrowserContext): string[] {
  const faults: string[] = [];
  // Violations of the content security policy are reported on the console, as errors.
  context.on("console", (message) => {
    if (message.type() === "error" || message.type() === "warning") faults.push(`console: ${message.text()}`);
  });
  context.on("weberror", (webError) => faults.push(`error: ${webError.error().message}`));
  context.on("requestfailed", (request) => {
    const failure = request.failure()?.errorText ?? "";
    // What is asked for when the page is left or closed.
    if (failure !== "net::ERR_ABORTED") faults.push(`request failed: ${request.url()} (${failure})`);
  });
  context.on("response", (response) => {
    if (response.status() >= 500) faults.push(`answer ${response.status()}: ${response.url()}`);
  });
  return faults;
}

/** Fails with all that went wrong on the page so far. To be called at a test's end, whether or not it closes the page. */
export function expectNoFaults(page: TestPage): void {
  expect(page.faults).toEqual([]);
}

const axePath = createRequire(import.meta.url).resolve("axe-core/axe.min.js");

/** What axe reports, as far as it is used here. */
interface AxeResults {
  readonly violations: readonly {
    readonly id: string;
    readonly impact?: string;
    readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[];
  }[];
}

/** Fails on anything that axe finds serious or worse. The pages' own CSP holds: axe comes in through the debugger's door. */
export async function expectAccessible(page: Page): Promise<void> {
  const session = await page.context().newCDPSession(page);
  try {
    await session.send("Runtime.evaluate", { expression: readFileSync(axePath, "utf8") });
    const { result } = await session.send("Runtime.evaluate", {
      expression: "axe.run(document, { resultTypes: ['violations'] })",
      awaitPromise: true,
      returnByValue: true,
    });
    const { violations } = result.value as AxeResults;
    const serious = violations
      .filter(({ impact }) => impact === "serious" || impact === "critical")
      .map(
        ({ id, nodes }) => `${id}: ${nodes.map(({ html, failureSummary }) => `${html} ${failureSummary}`).join("\n")}`,
      );
    expect(serious, `on ${page.url()}`).toEqual([]);
  } finally {
    await session.detach();
  }
}

/** Fails if the page is wider than the window, so that a phone would scroll it sideways. */
export async function expectNoSidewaysScroll(page: Page): Promise<void> {
  const [content, window] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
  expect(content, `width of ${page.url()}`).toBeLessThanOrEqual(window ?? 0);
}

/** Keeps a picture where DKS_SCREENSHOTS says, if it says so: for people to look at. */
export async function screenshot(page: Page, name: string, fullPage = false): Promise<void> {
  const directory = process.env["DKS_SCREENSHOTS"];
  if (directory === undefined) return;
  mkdirSync(directory, { recursive: true });
  await page.screenshot({ path: join(directory, `${name}.png`), fullPage });
}
