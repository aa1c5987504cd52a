import type { Role } from "../src/modules/staff/staff.ts";
import { signInAs } from "./console-sign-in.ts";
import type { TestServer } from "./server.ts";

/** What a console call was answered. */
export interface StaffAnswer {
  readonly status: number;
  readonly text: string;
  /** The parsed answer; nothing where it is a file. */
  readonly body: Readonly<Record<string, unknown>>;
  /** Why it was refused, if it was. */
  readonly error: { readonly code: string; readonly message: string; readonly field?: string } | undefined;
}

/** Somebody who is signed in, and calls the console's endpoints as its pages do. */
export interface StaffCaller {
  readonly name: string;
  call(method: string, path: string, body?: unknown): Promise<StaffAnswer>;
}

/** Signs somebody new in, in English. */
export async function signInStaff(server: TestServer, role: Role, name: string = role): Promise<StaffCaller> {
  const { cookie } = await signInAs(server, role, { name });

  async function send(method: string, path: string, body?: unknown): Promise<Response> {
    return fetch(`${server.url}/console/api${path}`, {
      method,
      headers: {
        origin: server.url,
        "accept-language": "en",
        cookie,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  }

  return {
    name,
    async call(method, path, body) {
      const response = await send(method, path, body);
      const text = await response.text();
      const isJson = response.headers.get("content-type")?.startsWith("application/json") === true;
      // The tests that read a member of it fail if it is not there.
      const parsed = (isJson ? JSON.parse(text) : {}) as StaffAnswer["body"];
      return { status: response.status, text, body: parsed, error: parsed["error"] as StaffAnswer["error"] };
    },
  };
}
