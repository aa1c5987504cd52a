import { randomBytes } from "node:crypto";
import type { Browser } from "playwright-core";
import { systemActor } from "../../server/src/actor.ts";
import type { Role } from "../../server/src/modules/staff/staff.ts";
import { type TestServer, type TestServerOptions, startTestServer } from "../../server/test/server.ts";
import { type PageOptions, type TestPage, newPage, openBrowser } from "./browser.ts";

/** The whole platform on a database of its own, and a browser to look at it with. */
export interface TestConsole {
  readonly server: TestServer;
  readonly browser: Browser;
  /** A page of somebody new, who has signed in. Closed with the console, or by {@link closePages}. */
  signedIn(options?: PageOptions & { readonly role?: Role; readonly name?: string }): Promise<TestPage>;
  /** A page of nobody yet. */
  page(options?: PageOptions): Promise<TestPage>;
  closePages(): Promise<void>;
  close(): Promise<void>;
}

const password = "correct horse battery";

export async function startTestConsole(options: TestServerOptions = {}): Promise<TestConsole> {
  const server = await startTestServer(options);
  const browser = await openBrowser();
  const opened: TestPage[] = [];

  /** Signs somebody new in, as a browser does; its cookies, as one keeps them. */
  async function cookiesOf(role: Role, name: string): Promise<string[]> {
    const email = `${randomBytes(6).toString("hex")}@example.com`;
    const issued = await server.services.staff.create({ email, name, role }, systemActor("test"));
    let cookies: string[] = [];
    for (const [path, body] of [
      ["/sign-in/email", { email, password: issued.password }],
      ["/change-password", { currentPassword: issued.password, newPassword: password }],
    ] as const) {
      const response = await fetch(`${server.url}/console/api/auth${path}`, {
        method: "POST",
        headers: { "content-type": "application/json", origin: server.url, cookie: cookies.join("; ") },
        body: JSON.stringify(body),
      });
      if (!response.ok) throw new Error(`${path} answered ${response.status}: ${await response.text()}`);
      cookies = response.headers.getSetCookie().map((cookie) => cookie.replace(/;.*$/s, ""));
    }
    return cookies;
  }

  async function page(pageOptions: PageOptions = {}): Promise<TestPage> {
    const made = await newPage(browser, { ...pageOptions, url: server.url });
    opened.push(made);
    return made;
  }

  async function closePages(): Promise<void> {
    for (const one of opened.splice(0)) await one.context().close();
  }

  return {
    server,
    browser,
    page,
    closePages,
    async signedIn({ role = "operator", name = "李雷", ...pageOptions } = {}) {
      const cookies = await cookiesOf(role, name);
      const made = await page(pageOptions);
      await made.context().addCookies(
        cookies.map((cookie) => {
          const at = cookie.indexOf("=");
          return { name: cookie.slice(0, at), value: cookie.slice(at + 1), domain: "127.0.0.1", path: "/console" };
        }),
      );
      return made;
    },
    async close() {
      await closePages();
      await browser.close();
      await server.close();
    },
  };
}
