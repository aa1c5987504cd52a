import type { Role } from "../src/modules/staff/staff.ts";
import { signInAs } from "./console-sign-in.ts";
import type { TestServer } from "./server.ts";

/** What the console's server answered. */
export interface ConsoleAnswer {
  readonly status: number;
  // The tests that read a member of it fail if it is not there.
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly body: any;
}

/** Calls the console of a test server as a page of somebody who has signed in. */
export interface ConsoleSession {
  get(path: string): Promise<ConsoleAnswer>;
  send(method: "POST" | "PUT" | "PATCH" | "DELETE", path: string, body?: unknown): Promise<ConsoleAnswer>;
}

/** Signs somebody new in. Refusals come in English. */
export async function openConsoleSession(
  server: TestServer,
  role: Role = "viewer",
  name = "李雷",
): Promise<ConsoleSession> {
  const { cookie } = await signInAs(server, role, { name });

  async function ask(path: string, init: RequestInit): Promise<Response> {
    return fetch(`${server.url}/console/api${path}`, {
      ...init,
      headers: {
        "accept-language": "en",
        origin: server.url,
        cookie,
        ...(init.body === undefined ? {} : { "content-type": "application/json" }),
      },
    });
  }

  async function answer(path: string, init: RequestInit): Promise<ConsoleAnswer> {
    const response = await ask(path, init);
    return { status: response.status, body: response.status === 204 ? undefined : await response.json() };
  }
  return {
    get: (path) => answer(path, {}),
    send: (method, path, body) =>
      answer(path, { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) }),
  };
}
