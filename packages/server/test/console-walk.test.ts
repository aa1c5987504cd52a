import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type ConsoleEndpoint, consoleEndpoints } from "../src/console-api.ts";
import { signInRoutes } from "../src/modules/staff/sign-in-routes.ts";
import { type Role, mayActAs, roles } from "../src/modules/staff/staff.ts";
import { type SignedInStaff, signInAs } from "./console-sign-in.ts";
import { type TestServer, startTestServer } from "./server.ts";

/** Every endpoint of the console, as it is declared: what is added later is walked as well. */

let server: TestServer;
let sessions: Record<Role, SignedInStaff>;
let withFirstPassword: SignedInStaff;

beforeAll(async () => {
  server = await startTestServer();
  const [admin, operator, viewer] = await Promise.all(roles.map((role) => signInAs(server, role)));
  if (admin === undefined || operator === undefined || viewer === undefined) throw new Error("three roles");
  sessions = { admin, operator, viewer };
  withFirstPassword = await signInAs(server, "admin", { firstPassword: true });
});
afterAll(() => server.close());

const isWrite = ({ method }: ConsoleEndpoint): boolean => method !== "GET";
const nameOf = ({ method, path }: ConsoleEndpoint): string => `${method} ${path}`;

/** Names nothing that is there, so that whoever may call it changes nothing. */
function pathOf({ path }: ConsoleEndpoint): string {
  return `/console/api${path.replaceAll(/:[a-zA-Z_]+/g, () => randomUUID())}`;
}

interface Sent {
  readonly method: string;
  readonly path: string;
  readonly cookie?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Announced, and never sent: an answer shows that nobody waits for it. */
  readonly withheldBody?: boolean;
}

interface Answered {
  readonly status: number;
  readonly code: string | undefined;
}

function send({ method, path, cookie, headers = {}, withheldBody = false }: Sent): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const sent = request(server.url + path, {
      method,
      headers: {
        origin: server.url,
        ...(cookie === undefined ? {} : { cookie }),
        ...(withheldBody ? { "content-type": "application/json", "content-length": "100" } : {}),
        ...headers,
      },
    });
    sent.on("error", reject);
    sent.on("response", (response) => {
      const chunks: Buffer[] = [];
      response.on("data", (chunk: Buffer) => chunks.push(chunk));
      response.on("end", () => {
        sent.destroy();
        resolve({ status: response.statusCode ?? 0, code: codeOf(Buffer.concat(chunks).toString()) });
      });
    });
    if (withheldBody) sent.flushHeaders();
    else sent.end();
  });
}

function codeOf(body: string): string | undefined {
  return /^\{"error":\{"code":"(\w+)"/.exec(body)?.[1];
}

/** What every endpoint of those that are wanted answers, by its name. */
async function walk(
  wanted: (endpoint: ConsoleEndpoint) => boolean,
  how: Omit<Sent, "method" | "path">,
): Promise<Record<string, string>> {
  const answers: Record<string, string> = {};
  for (const endpoint of consoleEndpoints.filter(wanted)) {
    const { status, code } = await send({
      method: endpoint.method,
      path: pathOf(endpoint),
      ...how,
      withheldBody: how.withheldBody === true && isWrite(endpoint),
    });
    answers[nameOf(endpoint)] = `${status} ${code ?? ""}`;
  }
  return answers;
}

/** The same answer of all of them. */
function allOf(wanted: (endpoint: ConsoleEndpoint) => boolean, answer: string): Record<string, string> {
  return Object.fromEntries(consoleEndpoints.filter(wanted).map((endpoint) => [nameOf(endpoint), answer]));
}

const every = (): boolean => true;

describe("every endpoint of the console", () => {
  it("is there once", () => {
    const names = consoleEndpoints.map(nameOf);
    expect(new Set(names).size).toBe(names.length);
    expect(names.length).toBeGreaterThan(50);
  });

  it("is refused to who is not signed in, before any body is read", async () => {
    expect(await walk(every, { withheldBody: true })).toEqual(allOf(every, "401 signed_out"));
  });

  it("leads who followed a link to it to the page where one signs in", async () => {
    // fetch does not let anybody pass for a browser that follows a link.
    const navigated = request(`${server.url}/console/api/audit/export`, { headers: { "sec-fetch-mode": "navigate" } });
    const [answer] = (await once(navigated.end(), "response")) as [IncomingMessage];
    answer.resume();
    expect([answer.statusCode, answer.headers.location]).toEqual([303, "/console/"]);
  });

  it("is refused to a cookie that nobody was given", async () => {
    const cookie = "dks.session_token=made-up.c2lnbmF0dXJl";
    expect(await walk(every, { cookie, withheldBody: true })).toEqual(allOf(every, "401 signed_out"));
  });

  it.each(roles)("is refused to a(n) %s if it is for a higher role, before any body is read", async (role) => {
    const tooHigh = (endpoint: ConsoleEndpoint): boolean => !mayActAs(role, endpoint.role);
    expect(await walk(tooHigh, { cookie: sessions[role].cookie, withheldBody: true })).toEqual(
      allOf(tooHigh, "403 role_too_low"),
    );
  });

  it.each(roles)("is answered to a(n) %s if it is for that role", async (role) => {
    const allowed = (endpoint: ConsoleEndpoint): boolean => mayActAs(role, endpoint.role);
    const answers = await walk(allowed, { cookie: sessions[role].cookie });
    // 404 "not_found" is the answer where nothing was bound to the declaration; "missing", where its object is not.
    const wrong = Object.entries(answers).filter(([, answer]) => /^(401|403|5\d\d)|not_found/.test(answer));
    expect(wrong).toEqual([]);
  });

  it("is refused to who has to change a first password, but what that takes", async () => {
    const free = consoleEndpoints.filter((endpoint) => "beforePasswordChange" in endpoint).map(nameOf);
    expect(free).toEqual(["GET /session"]);
    const others = (endpoint: ConsoleEndpoint): boolean => !free.includes(nameOf(endpoint));
    expect(await walk(others, { cookie: withFirstPassword.cookie, withheldBody: true })).toEqual(
      allOf(others, "403 password_change_needed"),
    );
  });

  it("is refused where the page is somebody else's than the session", async () => {
    const { cookie } = sessions.admin;
    const headers = { "x-dks-staff": sessions.viewer.staffId };
    expect(await walk(every, { cookie, headers, withheldBody: true })).toEqual(allOf(every, "401 someone_else"));
    expect(
      await send({ method: "POST", path: "/console/api/auth/change-password", cookie, headers, withheldBody: true }),
    ).toMatchObject({ code: "someone_else" });
  });

  it("asks for at least an operator if it changes anything but the caller's own sessions", () => {
    const forViewers = consoleEndpoints.filter((endpoint) => isWrite(endpoint) && endpoint.role === "viewer");
    expect(forViewers.map(nameOf)).toEqual(["DELETE /sessions/:sessionId"]);
  });

  it("asks for an admin if it is about staff", () => {
    const aboutStaff = consoleEndpoints.filter(({ path }) => path.startsWith("/staff"));
    expect(aboutStaff.filter(({ role }) => role !== "admin").map(nameOf)).toEqual([]);
    expect(aboutStaff.length).toBeGreaterThan(5);
  });
});

describe("what changes something", () => {
  const foreign = [
    ["another site's page", { origin: "https://evil.example", "sec-fetch-site": "cross-site" }],
    ["a page of another host below ours", { origin: "https://evil.example.com", "sec-fetch-site": "same-site" }],
    ["a page without an origin", { origin: "null", "sec-fetch-site": "cross-site" }],
    ["a browser that says nothing of the origin", { origin: "", "sec-fetch-site": "" }],
  ] as const;

  it.each(foreign)("is refused to %s on every path, before any body is read", async (_, headers) => {
    const refused = allOf(isWrite, "403 foreign_page");
    expect(await walk(isWrite, { cookie: sessions.admin.cookie, headers, withheldBody: true })).toEqual(refused);
    for (const { path } of signInRoutes)
      expect(await send({ method: "POST", path: `/console/api/auth${path}`, headers, withheldBody: true })).toEqual({
        status: 403,
        code: "foreign_page",
      });
  });
});
