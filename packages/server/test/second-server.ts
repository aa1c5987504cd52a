import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";
import { signParameters } from "@dakashi/sdk/signature";
import { startApp } from "../src/app.ts";
import type { Clock } from "../src/clock.ts";
import { readConfig } from "../src/config.ts";
import type { DatabaseAddress } from "../src/db/database.ts";
import { createLogger } from "../src/log.ts";
import type { TestClient, WireAnswer } from "./server.ts";

/** A server beside the one under test, on a database that is not its own, and reached as it is told. */
export interface SecondServer {
  readonly url: string;
  readonly logged: () => string;
  /** Signs and sends a call to `/v1/member/info`. */
  memberInfo(client: TestClient, serialNo: string): Promise<WireAnswer>;
  close(): Promise<void>;
}

export async function startSecondServer(options: {
  readonly database: DatabaseAddress;
  readonly clock?: Clock;
  readonly environment?: Readonly<Record<string, string>>;
}): Promise<SecondServer> {
  const { clock = Date.now } = options;
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
  const app = await startApp({ config, database: options.database, log: createLogger("trace", sink), clock });
  const url = `http://127.0.0.1:${app.address.port}`;
  return {
    url,
    logged: () => logged.join(""),
    async memberInfo(client, serialNo) {
      const parameters = { client_id: client.client_id, serial_no: serialNo, timestamp: Math.floor(clock() / 1000) };
      const response = await fetch(`${url}/v1/member/info`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ ...parameters, sign: signParameters(parameters, client.client_secret) }),
      });
      const text = await response.text();
      // The tests that read a member of it fail if it is not there.
      return { status: response.status, headers: response.headers, text, body: JSON.parse(text) as WireAnswer["body"] };
    },
    async close() {
      await app.stop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
