import { randomBytes } from "node:crypto";
import { systemActor } from "../src/actor.ts";
import type { Role } from "../src/modules/staff/staff.ts";
import type { TestServer } from "./server.ts";

/** Somebody who has signed in to a test server's console, as a browser does. */
export interface SignedInStaff {
  readonly staffId: string;
  readonly email: string;
  /** What its browser sends with every request. */
  readonly cookie: string;
  /** What came with the last answer, as it was set. */
  readonly setCookies: readonly string[];
}

interface SessionOptions {
  readonly name?: string;
  /** The first one is kept, and nothing may be done but change it. */
  readonly firstPassword?: boolean;
  /** Beside those that a browser sends. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** What somebody new chooses in place of the first password. */
const chosenPassword = "correct horse battery";

/** Signs somebody new in over HTTP. */
export async function signInAs(server: TestServer, role: Role, options: SessionOptions = {}): Promise<SignedInStaff> {
  const { name = "李雷", firstPassword = false, headers = {} } = options;
  const email = `${randomBytes(6).toString("hex")}@example.com`;
  const issued = await server.services.staff.create({ email, name, role }, systemActor("test"));
  let setCookies: string[] = [];
  const cookie = (): string => setCookies.map((one) => one.replace(/;.*$/s, "")).join("; ");
  const steps = [
    ["/sign-in/email", { email, password: issued.password }],
    ["/change-password", { currentPassword: issued.password, newPassword: chosenPassword }],
  ] as const;
  for (const [path, body] of firstPassword ? steps.slice(0, 1) : steps) {
    const response = await fetch(`${server.url}/console/api/auth${path}`, {
      method: "POST",
      headers: { "content-type": "application/json", origin: server.url, cookie: cookie(), ...headers },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await response.text()}`);
    setCookies = response.headers.getSetCookie();
  }
  return { staffId: issued.staffId, email, cookie: cookie(), setCookies };
}
