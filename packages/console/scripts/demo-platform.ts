import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemActor } from "../../server/src/actor.ts";
import { createServices, startApp } from "../../server/src/app.ts";
import { readConfig } from "../../server/src/config.ts";
import { createPool } from "../../server/src/db/database.ts";
import { openEmbedded } from "../../server/src/db/embedded.ts";
import { migrate } from "../../server/src/db/migrate.ts";
import { createLogger } from "../../server/src/log.ts";
import { formatMonth, localDays } from "../../server/src/modules/packages/billing-month.ts";
import { makeCalls, noteStatistics } from "./demo-calls.ts";
import { createRandom } from "./demo-figures.ts";
import { type DemoInventory, createInventory } from "./demo-inventory.ts";
import { uploadUsage } from "./demo-usage.ts";

/** A whole platform that looks like one which has been at work for a month, and is gone when it is closed. */
export interface DemoPlatform {
  readonly url: string;
  readonly inventory: DemoInventory;
  /** What to sign in with, as an administrator. */
  readonly email: string;
  readonly password: string;
  close(): Promise<void>;
}

const password = "correct horse battery";

export async function startDemoPlatform({
  cardCount = 3_000,
}: { readonly cardCount?: number } = {}): Promise<DemoPlatform> {
  const dataDir = await mkdtemp(join(tmpdir(), "dks-demo-"));
  const embedded = await openEmbedded(dataDir, { settings: { fsync: "off" } });
  await migrate(embedded.address);
  const config = readConfig({ DKS_DATA_DIR: dataDir, PORT: "0", DKS_RATE_PER_SECOND: "1000" });
  const app = await startApp({ config, database: embedded.address, log: createLogger("silent") });
  const url = `http://127.0.0.1:${app.address.port}`;
  const pool = createPool(embedded.address, {
    applicationName: "dks demo",
    connectionsMax: 4,
    connectTimeoutMs: 10_000,
    onIdleError: () => {},
  });
  async function close(): Promise<void> {
    await pool.end();
    await app.stop();
    await embedded.release();
    await rm(dataDir, { recursive: true, force: true, maxRetries: 5 });
  }
  try {
    const services = await createServices(pool, config);
    const random = createRandom(20_261);
    const nowMs = Date.now();
    const { month } = localDays(config.timeZone)(nowMs);
    const inventory = await createInventory(pool, services, {
      random,
      cardCount,
      month: (back) => formatMonth(month - back),
    });
    await uploadUsage({ url, pool, services }, inventory, { random, nowMs });
    await noteStatistics(pool, inventory, random, nowMs);
    await makeCalls(url, inventory, random);
    const email = "wangmin@example.com";
    const issued = await services.staff.create({ email, name: "王敏", role: "admin" }, systemActor("demo"));
    await changeFirstPassword(url, email, issued.password);
    return { url, inventory, email, password, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** What everybody has to do who signs in for the first time. */
async function changeFirstPassword(url: string, email: string, first: string): Promise<void> {
  let cookie = "";
  for (const [path, body] of [
    ["/sign-in/email", { email, password: first }],
    ["/change-password", { currentPassword: first, newPassword: password }],
  ] as const) {
    const response = await fetch(`${url}/console/api/auth${path}`, {
      method: "POST",
      headers: { "content-type": "application/json", origin: url, cookie },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await response.text()}`);
    cookie = response.headers
      .getSetCookie()
      .map((one) => one.replace(/;.*$/s, ""))
      .join("; ");
  }
}
