import { signParameters } from "@dakashi/sdk/signature";
import type { Clock } from "../src/clock.ts";
import type { DatabaseAddress } from "../src/db/database.ts";
import { startLoggedApp } from "./logged-app.ts";
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
  const { database, environment = {} } = options;
  const app = await startLoggedApp({ database, clock, environment });
  const { url } = app;
  return {
    url,
    logged: app.logged,
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
    close: () => app.stop(),
  };
}
