import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";
import { startApp } from "../src/app.ts";
import type { Clock } from "../src/clock.ts";
import { type Config, readConfig } from "../src/config.ts";
import type { DatabaseAddress } from "../src/db/database.ts";
import { createLogger } from "../src/log.ts";

/** A server in this process, as app.ts makes it, whose log is kept and whose data directory is its own. */
export interface LoggedApp {
  readonly url: string;
  readonly config: Config;
  /** Everything that was logged, as text. */
  readonly logged: () => string;
  stop(): Promise<void>;
}

export async function startLoggedApp(options: {
  readonly database: DatabaseAddress;
  readonly clock: Clock;
  /** Environment variables beside those set here. */
  readonly environment: Readonly<Record<string, string>>;
}): Promise<LoggedApp> {
  const dataDir = await mkdtemp(join(tmpdir(), "dks-data-"));
  const config = readConfig({
    DKS_DATA_DIR: dataDir,
    PORT: "0",
    DKS_RATE_PER_SECOND: "100000",
    ...options.environment,
  });
  const logged: string[] = [];
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      logged.push(chunk.toString());
      done();
    },
  });
  const { database, clock } = options;
  const app = await startApp({ config, database, log: createLogger("trace", sink), clock });
  return {
    url: `http://127.0.0.1:${app.address.port}`,
    config,
    logged: () => logged.join(""),
    async stop() {
      await app.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
