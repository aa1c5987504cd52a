import type { Role } from "../src/modules/staff/staff.ts";
import { signInAs } from "./console-sign-in.ts";
import type { TestServer } from "./server.ts";

/** What a console call was answered. */
export interface ConsoleAnswer {
  readonly status: number;
  readonly text: string;
  /** The parsed answer; empty where it is a file, or nothing. */
  // The tests that read a member of it fail if it is not there.
  // oxlint-disable-next-line typescript/no-explicit-any
  readonly body: any;
  /** Why it was refused, if it was. */
  readonly error: { readonly code: string; readonly message: string; readonly field?: string } | undefined;
}

/** Somebody who has signed in, and calls the console's endpoints as its pages do. */
export interface ConsoleSession {
  readonly name: string;
  call(method: string, path: string, body?: unknown): Promise<ConsoleAnswer>;
  get(path: string): Promise<ConsoleAnswer>;
}

/** Signs somebody new in. Refusals come in English. */
export async function openConsoleSession(
  server: TestServer,
  role: Role = "viewer",
  name = "李雷",
): Promise<ConsoleSession> {
  const { cookie } = await signInAs(server, role, { name });

  async function call(method: string, path: string, body?: unknown): Promise<ConsoleAnswer> {
    const response = await fetch(`${server.url}/console/api${path}`, {
      method,
      headers: {
        "accept-language": "en",
        origin: server.url,
        cookie,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    const isJson = response.headers.get("content-type")?.startsWith("application/json") === true;
    const parsed = (isJson ? JSON.parse(text) : {}) as { readonly error?: NonNullable<ConsoleAnswer["error"]> };
    return { status: response.status, text, body: parsed, error: parsed.error };
  }

  return { name, call, get: (path) => call("GET", path) };
}
