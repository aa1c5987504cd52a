import { randomBytes } from "node:crypto";
import { systemActor } from "../src/actor.ts";
import type { Role } from "../src/modules/staff/staff.ts";
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

const password = "correct horse battery";

/** Signs somebody new in. Refusals come in English. */
export async function openConsoleSession(
  server: TestServer,
  role: Role = "viewer",
  name = "李雷",
): Promise<ConsoleSession> {
  const email = `${randomBytes(6).toString("hex")}@example.com`;
  const issued = await server.services.staff.create({ email, name, role }, systemActor("test"));
  let cookie = "";

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

  for (const [path, body] of [
    ["/auth/sign-in/email", { email, password: issued.password }],
    ["/auth/change-password", { currentPassword: issued.password, newPassword: password }],
  ] as const) {
    const response = await ask(path, { method: "POST", body: JSON.stringify(body) });
    if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await response.text()}`);
    cookie = response.headers
      .getSetCookie()
      .map((one) => one.replace(/;.*$/s, ""))
      .join("; ");
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
