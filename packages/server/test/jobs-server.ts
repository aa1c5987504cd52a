import { randomBytes } from "node:crypto";
import type pg from "pg";
import { Registry } from "prom-client";
import type { DatabaseAddress } from "../src/db/database.ts";
import { createMetrics } from "../src/http/metrics.ts";
import { createHttpServer } from "../src/http/server.ts";
import { createLogger } from "../src/log.ts";
import { createMasterKeys } from "../src/modules/clients/master-key.ts";
import type { ExportDefinitions } from "../src/modules/jobs/export-job.ts";
import { jobsConsole } from "../src/modules/jobs/jobs.console.ts";
import { createJobService } from "../src/modules/jobs/jobs.service.ts";
import { createSignIn } from "../src/modules/staff/sign-in.ts";
import { staffConsole } from "../src/modules/staff/staff.console.ts";
import { createStaffService } from "../src/modules/staff/staff.service.ts";
import type { Role } from "../src/modules/staff/staff.ts";
import { createWebApplication } from "../src/web/web-application.ts";
import { type Browser, openBrowser } from "./browser.ts";
import { clerk, numberExport, startRunner } from "./jobs.ts";

/** The part of a server that staff use for background jobs, which can go away and come back. */
export interface JobsServer {
  readonly url: string;
  /** A browser in which somebody new with that role has signed in. */
  signIn(role: Role): Promise<Browser>;
  /** Ends it as a stop of the server would; what is under way is left. */
  stop(): Promise<void>;
  /** Starts it again at the same address. */
  start(): Promise<void>;
}

export async function startJobsServer(
  { pool, address }: { readonly pool: pg.Pool; readonly address: DatabaseAddress },
  options: { readonly uploadBytesMax?: number; readonly exports?: ExportDefinitions } = {},
): Promise<JobsServer> {
  const { uploadBytesMax = 8 * 1_048_576, exports = numberExport() } = options;
  const keys = createMasterKeys([randomBytes(32)]);
  const signIn = createSignIn(pool, { keys });
  const staff = createStaffService(pool, keys);
  const log = createLogger("silent");
  let port = 0;
  let end = (): Promise<void> => Promise.resolve();

  async function start(): Promise<void> {
    const runner = await startRunner(address, { exports });
    const server = createHttpServer({
      routes: [],
      uploads: {},
      pages: {},
      web: await createWebApplication({
        endpoints: [
          ...staffConsole(staff, { timeZone: "Asia/Shanghai" }),
          ...jobsConsole(createJobService(pool, { uploadBytesMax, exports })),
        ],
        signIn,
        publicUrl: undefined,
        trustedProxies: [],
        log,
      }),
      authenticate: () => Promise.reject(new Error("there is no signed call here")),
      clock: Date.now,
      onEnded: () => {},
      metrics: createMetrics(new Registry(), pool),
      log,
    });
    ({ port } = await server.listen("127.0.0.1", port));
    end = async () => {
      await server.drain(0);
      await runner.stop();
    };
  }

  await start();
  const url = `http://127.0.0.1:${port}`;
  return {
    url,
    async signIn(role) {
      const email = `${randomBytes(6).toString("hex")}@example.com`;
      const { password } = await staff.create({ email, name: `李雷 (${role})`, role }, clerk);
      const browser = openBrowser(signIn, { origin: url });
      await browser.signIn(email, password);
      await browser.post("/change-password", { currentPassword: password, newPassword: "correct horse battery" });
      return browser;
    },
    stop: () => end(),
    start,
  };
}
