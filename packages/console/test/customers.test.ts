import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { systemActor } from "../../server/src/actor.ts";
import { expectAccessible, expectNoFaults, expectNoSidewaysScroll, screenshot } from "./browser.ts";
import { type TestConsole, startTestConsole } from "./console.ts";

const by = systemActor("test");
const environment = { DKS_MASTER_KEY: Buffer.alloc(32, 7).toString("base64") };
const hostileName = `<img src=x onerror="document.title='taken'"> & "物联"`;

let platform: TestConsole;

beforeAll(async () => {
  platform = await startTestConsole({ environment });
});
afterAll(() => platform.close());
afterEach(() => platform.closePages());

function createAccount(name = "深圳智联", balance = "0.00"): Promise<number> {
  return platform.server.services.accounts.create({ name, rank: 3, balance }, by);
}

describe("the pages of customers", () => {
  let accountNo: number;
  let clientId: string;

  beforeAll(async () => {
    const { services } = platform.server;
    accountNo = await createAccount("上海物联网科技有限公司", "1234567.80");
    await services.movements.book(
      accountNo,
      { kind: "top_up", amount: "500", remark: "银行转账 20261103", requestNo: "t1" },
      by,
    );
    await services.movements.book(
      accountNo,
      { kind: "correction", amount: "-20.5", remark: "上月多记，冲回", requestNo: "t2" },
      by,
    );
    const issued = await services.clients.create(
      { accountNo: String(accountNo), allowIps: ["203.0.113.0/24", "2001:db8::/32"], ratePerSecond: 50 },
      by,
    );
    clientId = issued.clientId;
    await services.clients.rotate(clientId, { overlapSeconds: 86_400 }, by);
    await createAccount(hostileName);
    const rows = [
      ["CMCC-1G", "移动 1G 月包", "cmcc", "5.00", "3.00", 1_024, 1, 1, 0],
      ["CMCC-YEAR-120G", "移动 120G 年包（跨月）", "cmcc", "360.00", "288.00", 122_880, 12, 3, 0],
      ["CUCC-30M", "联通 30M 加油包", "cucc", "1.00", "1.00", 30, 1, 2, 1],
    ] as const;
    const columns = "product_no,name,carrier,origin_price,fee,data_value,month,level,eft_type".split(",");
    await platform.server.importProducts(
      rows.map((row) => Object.fromEntries(columns.map((column, at) => [column, row[at] ?? ""]))),
    );
  });

  describe.each([
    { width: 1440, language: "zh", dark: false },
    { width: 1440, language: "en", dark: true },
    { width: 360, language: "zh", dark: true },
    { width: 360, language: "en", dark: false },
  ] as const)("at $width pixels in $language, dark: $dark", (options) => {
    const suffix = `${options.width}-${options.language}`;

    it.each(["products", "accounts", "account", "clients", "client"])("%s", async (name) => {
      const paths: Record<string, string> = {
        account: `/accounts/${accountNo}`,
        client: `/clients/${clientId}`,
      };
      const page = await platform.signedIn({ ...options, role: "admin" });
      await page.goto(`/console${paths[name] ?? `/${name}`}`);
      await page.locator("h1").waitFor();
      await page
        .getByText(name === "products" ? "CMCC-1G" : name.startsWith("account") ? String(accountNo) : clientId, {
          exact: true,
        })
        .first()
        .waitFor();
      await expectAccessible(page);
      await expectNoSidewaysScroll(page);
      await screenshot(page, `${name}-${suffix}`, true);
      expectNoFaults(page);
      expect(await page.title()).not.toBe("taken");
    });
  });
});
