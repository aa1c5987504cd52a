import type pg from "pg";
import { systemActor } from "../../server/src/actor.ts";
import type { Services } from "../../server/src/app.ts";
import { cardImport } from "../../server/src/modules/cards/cards.import.ts";
import { importCsv } from "../../server/src/modules/imports/import-csv.ts";
import { packageImport } from "../../server/src/modules/packages/packages.import.ts";
import { productImport } from "../../server/src/modules/products/products.import.ts";
import { type Random, partUsed, pick } from "./demo-figures.ts";

export interface DemoClient {
  readonly accountNo: number;
  readonly clientId: string;
  readonly clientSecret: string;
}

export interface DemoCard {
  readonly serialNo: string;
  readonly carrier: "cmcc" | "cucc" | "ctcc";
  readonly accountNo: number | undefined;
  readonly cycleDay: number;
  /** What a month of its packages gives. */
  readonly monthlyBytes: number;
  /** What it will have used by the month's end. */
  readonly willUseBytes: number;
}

export interface DemoInventory {
  readonly clients: readonly DemoClient[];
  readonly cards: readonly DemoCard[];
}

const megabyte = 1_048_576;

const accounts = [
  { name: "上海智联物流科技有限公司", share: 30, balance: "18650.00", rank: 1 },
  { name: "深圳鹏城共享出行", share: 22, balance: "9240.50", rank: 2 },
  { name: "杭州云仓冷链", share: 15, balance: "6120.00", rank: 2 },
  { name: "北京安行车联网", share: 11, balance: "3300.80", rank: 3 },
  { name: "成都天府智慧水务", share: 8, balance: "2045.00", rank: 3 },
  { name: "广州羊城快充", share: 6, balance: "880.00", rank: 3 },
  { name: "武汉光谷传感", share: 4, balance: "126.40", rank: 4 },
  { name: "苏州工业园环境监测", share: 2, balance: "0.00", rank: 5 },
] as const;

const products = [
  { no: "mon_30m", name: "物联网月包 30M", carrier: "cmcc", price: "1.50", sizeMb: 30, months: 12, level: 1 },
  { no: "mon_100m", name: "物联网月包 100M", carrier: "cmcc", price: "3.00", sizeMb: 100, months: 12, level: 1 },
  { no: "mon_1g", name: "车联网月包 1G", carrier: "cmcc", price: "9.00", sizeMb: 1_024, months: 12, level: 1 },
  { no: "un_100m", name: "联通月包 100M", carrier: "cucc", price: "2.80", sizeMb: 100, months: 12, level: 1 },
  { no: "un_500m", name: "联通月包 500M", carrier: "cucc", price: "6.00", sizeMb: 500, months: 12, level: 1 },
  { no: "ct_30m", name: "电信抄表包 30M", carrier: "ctcc", price: "1.20", sizeMb: 30, months: 24, level: 1 },
  {
    no: "ct_year_600m",
    name: "电信年包 600M（流量结转）",
    carrier: "ctcc",
    price: "36.00",
    sizeMb: 600,
    months: 12,
    level: 3,
  },
  { no: "add_100m", name: "加油包 100M", carrier: "cmcc", price: "2.00", sizeMb: 100, months: 1, level: 2 },
] as const;

const by = systemActor("demo");

/** Accounts with clients, products, cards with packages: through the services and imports that an operator uses. */
export async function createInventory(
  pool: pg.Pool,
  services: Services,
  of: { readonly random: Random; readonly cardCount: number; readonly month: (back: number) => string },
): Promise<DemoInventory> {
  const { random, cardCount, month } = of;
  const clients: DemoClient[] = [];
  for (const { name, balance, rank } of accounts) {
    const accountNo = await services.accounts.create({ name, rank, balance }, by);
    const issued = await services.clients.create(
      { accountNo: String(accountNo), allowIps: [], ratePerSecond: null },
      by,
    );
    clients.push({ accountNo, ...issued });
  }
  await importLines(
    pool,
    productImport,
    "product_no,name,carrier,origin_price,fee,data_value,month,level,eft_type",
    products.map(
      ({ no, name, carrier, price, sizeMb, months, level }) =>
        `${no},${name},${carrier},${price},${price},${sizeMb},${months},${level},0`,
    ),
  );

  const cards: DemoCard[] = [];
  const cardLines: string[] = [];
  const packageLines: string[] = [];
  const counts = { cmcc: 0, cucc: 0, ctcc: 0 };
  for (let index = 0; index < cardCount; index++) {
    const carrier = pick<DemoCard["carrier"]>(random, ["cmcc", "cmcc", "cmcc", "cucc", "cucc", "ctcc"]);
    const number = ++counts[carrier];
    const serialNo = `${{ cmcc: 1440, cucc: 1064, ctcc: 1410 }[carrier]}${202_600_000 + number * 7}`;
    const iccid = `${{ cmcc: "898604", cucc: "898606", ctcc: "898611" }[carrier]}${String(2_400_000_000_000 + number * 13)}0`;
    const isStock = random() < 0.06;
    const accountNo = isStock ? undefined : clients[accountAt(random())]?.accountNo;
    const simStatus = isStock ? 2 : random() < 0.93 ? 1 : random() < 0.6 ? 0 : random() < 0.5 ? 3 : 2;
    cardLines.push(
      [serialNo, iccid, carrier, accountNo ?? "", accountNo === undefined ? "" : 100_000 + index, simStatus].join(","),
    );
    const product = pick(random, ofCarrier(carrier));
    const monthlyBytes = (product.level === 3 ? product.sizeMb / product.months : product.sizeMb) * megabyte;
    if (!isStock) packageLines.push(`${serialNo},${product.no},${month(pick(random, [2, 3, 5]))}`);
    const part = partUsed(random);
    if (!isStock && part > 1 && random() < 0.4) packageLines.push(`${serialNo},add_100m,${month(0)}`);
    cards.push({
      serialNo,
      carrier,
      accountNo,
      cycleDay: carrier === "cucc" ? 27 : 1,
      monthlyBytes,
      willUseBytes: isStock || simStatus === 2 ? 0 : Math.round(monthlyBytes * part),
    });
  }
  await importLines(pool, cardImport, "serial_no,iccid,carrier,account_no,custom_no,sim_status", cardLines);
  await importLines(pool, packageImport, "serial_no,product_no,first_month", packageLines);
  return { clients, cards };
}

function ofCarrier(carrier: DemoCard["carrier"]): readonly [(typeof products)[number], ...(typeof products)[number][]] {
  const [first, ...others] = products.filter((product) => product.carrier === carrier && product.level !== 2);
  if (first === undefined) throw new Error(`no product of ${carrier}`);
  return [first, ...others];
}

function accountAt(part: number): number {
  let left = part * accounts.reduce((sum, { share }) => sum + share, 0);
  return accounts.findIndex(({ share }) => (left -= share) < 0);
}

async function importLines(
  pool: pg.Pool,
  definition: Parameters<typeof importCsv>[1],
  header: string,
  lines: readonly string[],
): Promise<void> {
  const { refused } = await importCsv(pool, definition, `${header}\n${lines.join("\n")}\n`);
  if (refused > 0) throw new Error(`${refused} lines of ${header} were refused`);
}
