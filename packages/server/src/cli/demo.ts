import type pg from "pg";
import { systemActor } from "../actor.ts";
import { type Services, createServices } from "../app.ts";
import type { Config } from "../config.ts";
import { createPool } from "../db/database.ts";
import type { OpenDatabase } from "../db/open.ts";
import { cardImport } from "../modules/cards/cards.import.ts";
import { importCsv } from "../modules/imports/import-csv.ts";
import { packageImport } from "../modules/packages/packages.import.ts";
import { productImport } from "../modules/products/products.import.ts";
import { type Text, text } from "../text.ts";
import { curlCommand, signRequest } from "./sign.ts";

/** What the demo data consists of, as far as a caller needs it. */
export interface Demo {
  readonly account_no: string;
  readonly client_id: string;
  readonly client_secret: string;
  readonly serial_no: string;
}

/** The founding document's own example: card 87000001 with 10 MB a month. */
const serialNo = "87000001";
const accountName = "演示账户 Demo";
const productsCsv = `product_no,name,carrier,origin_price,fee,data_value,month,level,eft_type
demo_10,演示套餐 10M,cmcc,1.00,1.00,10,120,1,0
`;
/** From a fixed month, so that a later start finds the package instead of adding another; it lasts ten years. */
const packagesCsv = `serial_no,product_no,first_month
${serialNo},demo_10,2026-01
`;

/** Creates what is missing of the demo data, and so changes nothing the second time. */
export async function ensureDemo(pool: pg.Pool, { accounts, clients }: Services): Promise<Demo> {
  const by = systemActor("demo");
  const accountNo = await accounts.findOrCreate({ name: accountName, rank: 3, balance: "100.00" }, by);
  const client =
    (await clients.findOfAccount(accountNo)) ??
    (await clients.create({ accountNo: String(accountNo), allowIps: [], ratePerSecond: null }, by));
  await importCsv(pool, productImport, productsCsv);
  await importCsv(
    pool,
    cardImport,
    `serial_no,iccid,carrier,account_no\n${serialNo},89860000000087000001,cmcc,${accountNo}\n`,
  );
  await importCsv(pool, packageImport, packagesCsv);
  return {
    account_no: String(accountNo),
    client_id: client.clientId,
    client_secret: client.clientSecret,
    serial_no: serialNo,
  };
}

/** What is said of the demo at a start, made for the address the server listens on. */
export type DemoNote = (url: string) => readonly Text[];

/** The demo at a server's start: in the embedded database unless told otherwise, and never beside data of others. */
export async function ensureDemoIfWanted(config: Config, database: OpenDatabase): Promise<DemoNote | undefined> {
  if (!(config.demo ?? database.embedded)) return undefined;
  const pool = createPool(database.address, {
    applicationName: "dks demo",
    connectionsMax: 2,
    connectTimeoutMs: 10_000,
    onIdleError: () => {},
  });
  try {
    const services = await createServices(pool, config);
    if ((await services.accounts.any()) && (await services.accounts.findByName(accountName)) === undefined)
      return undefined;
    const demo = await ensureDemo(pool, services);
    return (url) => demoLines(demo, url).lines;
  } finally {
    await pool.end();
  }
}

export function demoLines(demo: Demo, url: string): { curl: string; lines: Text[] } {
  const { body } = signRequest({ client_id: demo.client_id, serial_no: demo.serial_no }, demo.client_secret);
  const curl = curlCommand(`${url}/v1/member/info`, body);
  return {
    curl,
    lines: [
      text("", ""),
      text(
        "演示数据：查询卡 87000001，签名五分钟内有效（过期后运行 npx dks demo 重新生成）：",
        "Demo data: a call for card 87000001, its signature valid for five minutes (npx dks demo makes a new one):",
      ),
      text("", ""),
      text(curl, curl),
      text("", ""),
      text(
        `客户端 ${demo.client_id}，密钥 ${demo.client_secret}`,
        `client_id ${demo.client_id}, client_secret ${demo.client_secret}`,
      ),
    ],
  };
}
