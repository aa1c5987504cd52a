import type { Browser } from "playwright-core";
import type { Role } from "../../server/src/modules/staff/staff.ts";
import { signInAs } from "../../server/test/console-sign-in.ts";
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

export async function startTestConsole(options: TestServerOptions = {}): Promise<TestConsole> {
  const server = await startTestServer(options);
  const browser = await openBrowser();
  const opened: TestPage[] = [];

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
      const { cookie: cookies } = await signInAs(server, role, { name });
      const made = await page(pageOptions);
      await made.context().addCookies(
        cookies.split("; ").map((cookie) => {
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
