/**
 * Takes pictures of every page, on a platform with demo data of its own:
 *
 *   node packages/console/scripts/screenshots.ts [folder] [--language zh|en] [--width 360|1440] [--dark] [--only name,…]
 *
 * Without a language or width, both. Into docs/images unless told otherwise.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type Browser, type Page, chromium } from "playwright-core";
import { type DemoPlatform, startDemoPlatform } from "./demo-platform.ts";

interface Shown {
  readonly name: string;
  /** May need something of the demo's, or what its server answers the page. */
  readonly path: (demo: DemoPlatform, page: Page) => string | Promise<string>;
  /** By someone who has not signed in. */
  readonly signedOut?: true;
  /** The whole page, however long. */
  readonly whole?: boolean;
}

function at(name: string, path: string, more: Partial<Shown> = {}): Shown {
  return { name, path: () => path, ...more };
}

/** Shown as they are met: they go on below, where there is nothing yet. */
const tools: ReadonlySet<string> = new Set(["debugger", "explorer"]);

/** Every page there is. */
const pages: readonly Shown[] = [
  at("sign-in", "/console/", { signedOut: true }),
  at("overview", "/console/"),
  at("overview-whole", "/console/", { whole: true }),
  at("cards", "/console/cards"),
  { name: "card", path: ({ inventory }) => `/console/cards/${busiestCard(inventory.cards)}`, whole: true },
  at("products", "/console/products"),
  at("accounts", "/console/accounts"),
  { name: "account", path: ({ inventory }) => `/console/accounts/${inventory.clients[0]?.accountNo}`, whole: true },
  at("clients", "/console/clients"),
  { name: "client", path: ({ inventory }) => `/console/clients/${inventory.clients[0]?.clientId}`, whole: true },
  at("sources", "/console/sources"),
  at("source", "/console/sources/onelink-cmcc", { whole: true }),
  at("quarantine", "/console/quarantine"),
  at("calls", "/console/calls"),
  { name: "call", path: (_demo, page) => latestRefusal(page), whole: true },
  at("jobs", "/console/jobs"),
  at("import", "/console/jobs/import"),
  at("audit", "/console/audit"),
  at("staff", "/console/staff"),
  at("me", "/console/me", { whole: true }),
  at("docs", "/docs/", { signedOut: true }),
  ...[
    "debugger",
    "explorer",
    "conventions",
    "signing",
    "samples",
    "operations/memberInfo",
    "operations/memberBatchInfo",
    "operations/memberList",
    "operations/memberUsageDaily",
    "operations/memberUsageMonth",
    "errors",
    "errors/55004",
    "usage",
    "metering",
    "changelog",
    "no-such-page",
  ].map((path) => at(`docs-${path.replace("/", "-")}`, `/docs/${path}`, { signedOut: true, whole: !tools.has(path) })),
];

function busiestCard(cards: DemoPlatform["inventory"]["cards"]): string {
  const busiest = cards.reduce((a, b) => (b.willUseBytes / b.monthlyBytes > a.willUseBytes / a.monthlyBytes ? b : a));
  return busiest.serialNo;
}

async function latestRefusal(page: Page): Promise<string> {
  const found = await page.request.get("/console/api/calls?refused=true&limit=1");
  const { list } = (await found.json()) as { list: { request_id: string }[] };
  return `/console/calls/${list[0]?.request_id}`;
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    language: { type: "string" },
    width: { type: "string" },
    dark: { type: "boolean", default: false },
    only: { type: "string" },
    cards: { type: "string", default: "3000" },
  },
});
const folder = positionals[0] ?? join(import.meta.dirname, "../../../docs/images");
const languages = (["zh", "en"] as const).filter((one) => values.language === undefined || values.language === one);
const widths = values.width === undefined ? [1440, 360] : [Number(values.width)];
const only = values.only?.split(",");
mkdirSync(folder, { recursive: true });

const demo = await startDemoPlatform({ cardCount: Number(values.cards) });
const browser = await chromium.launch({
  executablePath: process.env["CHROMIUM"] ?? "/usr/bin/chromium",
  // Chromium's sandbox needs rights that root in a container has not; these pages are our own.
  args: ["--no-sandbox", "--disable-dev-shm-usage"],
});
try {
  for (const language of languages) for (const width of widths) await take(browser, language, width);
} finally {
  await browser.close();
  await demo.close();
}

async function take(of: Browser, language: "zh" | "en", width: number): Promise<void> {
  const context = await of.newContext({
    baseURL: demo.url,
    viewport: { width, height: width < 600 ? 780 : 900 },
    isMobile: width < 600,
    hasTouch: width < 600,
    locale: language === "zh" ? "zh-CN" : "en-US",
    colorScheme: values.dark ? "dark" : "light",
    reducedMotion: "reduce",
  });
  const page = await context.newPage();
  const wanted = pages.filter(({ name }) => only === undefined || only.includes(name));
  for (const shown of wanted.filter(({ signedOut }) => signedOut === true)) await picture(page, shown, language, width);
  const response = await context.request.post("/console/api/auth/sign-in/email", {
    data: { email: demo.email, password: demo.password },
    headers: { origin: demo.url },
  });
  if (!response.ok()) throw new Error(`the sign-in was answered ${response.status()}`);
  for (const shown of wanted.filter(({ signedOut }) => signedOut !== true)) await picture(page, shown, language, width);
  await context.close();
}

async function picture(page: Page, { name, path, whole }: Shown, language: string, width: number): Promise<void> {
  await page.goto(await path(demo, page));
  // Some pages ask again and again, so that the network is never idle for long.
  await page.waitForLoadState("networkidle", { timeout: 10_000 }).catch(() => {});
  await page
    .locator(".ant-skeleton, .ant-spin-spinning")
    .first()
    .waitFor({ state: "detached", timeout: 10_000 })
    .catch(() => {});
  const file = `${name}-${language}${width === 1440 ? "" : `-${width}`}${values.dark ? "-dark" : ""}.png`;
  await page.screenshot({ path: join(folder, file), fullPage: whole ?? false });
  console.log(file);
}
