import type { Page } from "playwright-core";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { systemActor } from "../../server/src/actor.ts";
import { signInAs } from "../../server/test/console-sign-in.ts";
import { pages } from "../src/console/pages.tsx";
import { type PageOptions, type TestPage, expectNoSidewaysScroll, screenshot } from "./browser.ts";
import { type TestConsole, startTestConsole } from "./console.ts";

/**
 * Names, remarks and parameters that would do harm if any page took them for anything but text, in everything that has
 * them; and a walk over every page that is registered, whichever they are.
 */

const image = '<img src=x onerror="window.harmed=1">';
const script = '"><script>window.harmed=1</script>';
const template = "${window.harmed=1}{{constructor.constructor('window.harmed=1')()}}";
const link = "javascript:window.harmed=1";
const backwards = "\u202egpj.exe";
const long = "很长的名称没有空格".repeat(11).slice(0, 95);
const hostile = [image, script, template, link, backwards, long];

const by = systemActor("test");
let platform: TestConsole;
/** What stands for the parts of an address that begin with a colon, where no page links to one. */
const known: Record<string, string> = {};

const quoted = (value: string): string => `"${value.replaceAll('"', '""')}"`;

beforeAll(async () => {
  platform = await startTestConsole();
  const { server } = platform;
  const { accounts, movements, clients, sources, staff } = server.services;
  for (const [at, name] of hostile.entries()) {
    const accountNo = await accounts.create({ name, rank: 3, balance: "10.00" }, by);
    const remark = name;
    await movements.book(accountNo, { kind: "top_up", amount: "5.00", remark, requestNo: `m-${at}` }, by);
    const client = await clients.create({ accountNo: String(accountNo), allowIps: [], ratePerSecond: null }, by);
    await staff.create({ email: `hostile-${at}@example.com`, name, role: "viewer" }, by);
    await server.importProducts([
      {
        product_no: `hostile_${at}`,
        name: quoted(name),
        carrier: "cmcc",
        origin_price: "1.00",
        fee: "1.00",
        data_value: 10,
        month: 1,
        level: 1,
        eft_type: 0,
      },
    ]);
    await server.importCards([{ serial_no: `8800000${at}`, account_no: String(accountNo) }]);
    await server.importPackages([{ serial_no: `8800000${at}`, product_no: `hostile_${at}`, first_month: "2026-11" }]);
    Object.assign(known, { accountNo: String(accountNo), clientId: client.clientId, serialNo: `8800000${at}` });
    // In the call log, and in what is said of the refusal.
    const caller = { client_id: client.clientId, client_secret: client.clientSecret, account_no: String(accountNo) };
    const { body } = await server.call("/v1/member/info", caller, {
      member: name.replaceAll("&", ""),
      note: name.replaceAll("&", ""),
    });
    known["requestId"] = body.request_id;
  }
  const source = await sources.create(
    { name: "hostile", kind: "delta", unit: null, graceSeconds: 21_600, closeAfterSeconds: 259_200 },
    by,
  );
  known["name"] = "hostile";
  for (const [at, text] of hostile.entries())
    await server.ingest(
      source.token,
      JSON.stringify({
        specversion: "1.0",
        id: text,
        source: "hostile",
        type: "usage.data.delta",
        subject: at % 2 === 0 ? text : "88000001",
        data: { start: "2026-11-01T00:00:00Z", end: text, bytes_total: text, remark: text },
      }),
    );
  await uploadImport();
});
afterAll(() => platform.close());
afterEach(() => platform.closePages());

/** A file whose name and whose lines are hostile, checked and waiting to be confirmed. */
async function uploadImport(): Promise<void> {
  const { server } = platform;
  const { cookie } = await signInAs(server, "operator", { name: image });
  const file = Buffer.from(`serial_no,carrier\n9900000001,${quoted(script)}\n${quoted(image)},cmcc\n`);
  const query = new URLSearchParams({ kind: "card_import", file_name: `${image}.csv`, size: String(file.length) });
  const response = await fetch(`${server.url}/console/api/jobs/imports?${query}`, {
    method: "POST",
    headers: { "content-type": "application/octet-stream", origin: server.url, cookie },
    body: file,
  });
  const job = (await response.json()) as { job_no: number }; // As the endpoint declares it.
  known["jobNo"] = String(job.job_no);
  await fetch(`${server.url}/console/api/auth/sign-in/email`, {
    method: "POST",
    headers: { "content-type": "application/json", origin: server.url },
    body: JSON.stringify({ email: image, password: script }),
  });
}

/** What a page did that none may, beside what {@link TestPage.faults} has. */
interface Walked {
  readonly problems: string[];
  readonly text: string;
  readonly visited: ReadonlySet<string>;
}

/** Shows one page and everything on it that opens in place, and looks for what must not be. */
async function lookAt(
  page: TestPage,
  path: string,
  isNarrow: boolean,
): Promise<{ text: string; links: string[]; problems: string[] }> {
  await page.goto(`/console${path}`);
  await page.locator("main h1").first().waitFor();
  await page.waitForLoadState("networkidle");
  let text = await page.locator("body").innerText();
  // All rows that open, then one tab after the other, each of which puts something else on the page.
  await page.evaluate(() => {
    for (const row of document.querySelectorAll<HTMLElement>(".ant-table-row-expand-icon-collapsed")) row.click();
  });
  const tabs = page.locator("main [role=tab]");
  for (let at = 0; at < (await tabs.count()); at++) {
    await tabs.nth(at).click();
    text += await page.locator("body").innerText();
  }
  await page.waitForLoadState("networkidle");
  text += await page.locator("body").innerText();
  const found = await page.evaluate(() => ({
    harmed: "harmed" in window,
    made: [...document.querySelectorAll("script:not([src]), img[src='x'], a[href^='javascript:'], [onerror]")].map(
      ({ outerHTML }) => outerHTML,
    ),
    links: [...document.querySelectorAll<HTMLAnchorElement>("a[href^='/console/']")].map(({ pathname }) =>
      pathname.slice("/console".length),
    ),
    title: document.title,
  }));
  const problems = [
    ...(found.harmed ? [`${path}: something ran`] : []),
    ...found.made.map((html) => `${path}: ${html}`),
    ...(/^.+ · .+$/.test(found.title) ? [] : [`${path}: is called ${found.title}`]),
  ];
  if (isNarrow) await expectNoSidewaysScroll(page);
  await screenshot(page, `hostile-${isNarrow ? 360 : 1440}${path.replaceAll("/", "-")}`);
  return { text, links: found.links, problems };
}

/** Shows every page that is registered; of those with parts in their address, what other pages link to, or is known. */
async function walk(page: TestPage, isNarrow: boolean): Promise<Walked> {
  const problems: string[] = [];
  const visited = new Set<string>();
  const links = new Set<string>();
  let text = "";
  async function visit(pattern: string, path: string): Promise<void> {
    const seen = await lookAt(page, path, isNarrow);
    for (const linked of seen.links) links.add(linked);
    problems.push(...seen.problems);
    text += seen.text;
    visited.add(pattern);
  }
  const patterns = pages.map(({ path }) => path);
  for (const pattern of patterns.filter((path) => !path.includes(":"))) await visit(pattern, pattern);
  for (const pattern of patterns.filter((path) => path.includes(":"))) {
    const matching = new RegExp(`^${pattern.replaceAll(/:[a-zA-Z]+/g, "[^/]+")}$`);
    const linked = [...links].filter((path) => matching.test(path) && !patterns.includes(path)).slice(0, 2);
    const filledIn = pattern.replaceAll(/:([a-zA-Z]+)/g, (part, name: string) => known[name] ?? part);
    const chosen = linked.length > 0 ? linked : [filledIn];
    for (const path of chosen) if (!path.includes(":")) await visit(pattern, path);
  }
  return { problems, text, visited };
}

async function watched(options: PageOptions): Promise<{ page: TestPage; hosts: Set<string>; dialogs: string[] }> {
  const page = await platform.signedIn({ ...options, role: "admin", name: image });
  const hosts = new Set<string>();
  const dialogs: string[] = [];
  page.context().on("request", (request) => {
    const { protocol, host } = new URL(request.url());
    hosts.add(protocol === "data:" || protocol === "blob:" ? protocol : host);
  });
  page.on("dialog", (dialog) => {
    dialogs.push(dialog.message());
    void dialog.dismiss();
  });
  return { page, hosts, dialogs };
}

const withoutControls = (text: string): string => text.replaceAll(/\s+/g, " ");

async function expectHarmless(page: Page): Promise<void> {
  expect(await page.evaluate(() => "harmed" in window)).toBe(false);
}

describe("hostile names and remarks", () => {
  it.each([
    { width: 1440, language: "zh", dark: false },
    { width: 360, language: "en", dark: true },
  ] as const)(
    "are text on every page at $width pixels, and no page asks anybody else for anything",
    async (options) => {
      const { page, hosts, dialogs } = await watched(options);
      const { problems, text, visited } = await walk(page, options.width === 360);
      expect(problems).toEqual([]);
      expect([...visited].toSorted()).toEqual(pages.map(({ path }) => path).toSorted());
      expect(dialogs).toEqual([]);
      expect(page.faults).toEqual([]);
      expect([...hosts].filter((host) => host !== new URL(platform.server.url).host)).toEqual([]);
      const shown = withoutControls(text);
      expect(hostile.filter((one) => !shown.includes(withoutControls(one)))).toEqual([]);
      await expectHarmless(page);
    },
  );
});
