import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { signInAs } from "./console-sign-in.ts";
import { type TestServer, startTestServer } from "./server.ts";

let server: TestServer;

beforeAll(async () => {
  server = await startTestServer();
});
afterAll(() => server.close());

describe("what the console and the portal answer", () => {
  it.each([
    "/",
    "/console",
    "/console/cards/1001",
    "/docs/",
    "/static/missing.js",
    "/console/api/session",
    "/console/api/nothing",
    "/console/api/auth/nothing",
  ])(
    "lets the browser load nothing but from here, run no inline script, and be shown in no frame: %s",
    async (path) => {
      const { headers } = await fetch(server.url + path, { redirect: "manual" });
      const policy = Object.fromEntries(
        (headers.get("content-security-policy") ?? "").split("; ").map((directive) => {
          const [name = "", ...sources] = directive.split(" ");
          return [name, sources.join(" ")];
        }),
      );
      expect(policy).toMatchObject({
        "default-src": "'none'",
        "script-src": "'self'",
        "connect-src": "'self'",
        "frame-ancestors": "'none'",
        "base-uri": "'none'",
        "form-action": "'self'",
      });
      expect(JSON.stringify(policy)).not.toMatch(/https?:|\*|unsafe-eval/);
      expect(headers.get("x-content-type-options")).toBe("nosniff");
      expect(headers.get("cross-origin-opener-policy")).toBe("same-origin");
      expect(headers.get("referrer-policy")).toBe("same-origin");
      expect(headers.get("x-request-id")).toMatch(/\S/);
    },
  );

  it("is kept by no cache where it is of somebody", async () => {
    const { cookie } = await signInAs(server, "viewer");
    for (const path of ["/console/api/session", "/console/api/audit", "/console/api/audit/export"]) {
      const response = await fetch(server.url + path, { headers: { cookie } });
      expect([path, response.status, response.headers.get("cache-control")]).toEqual([path, 200, "no-store"]);
      await response.body?.cancel();
    }
  });
});

describe("the session's cookie", () => {
  const attributes = (cookies: readonly string[]): string[] => cookies.map((cookie) => cookie.replace(/=[^;]+/, ""));

  it("is read by no script and sent with no other site's requests", async () => {
    const { setCookies } = await signInAs(server, "viewer");
    expect(attributes(setCookies)).toEqual([
      "dks.session_token; Max-Age=604800; Path=/console; HttpOnly; SameSite=Lax",
    ]);
  });

  const secure = ["__Secure-dks.session_token; Max-Age=604800; Path=/console; HttpOnly; Secure; SameSite=Lax"];

  it("travels by TLS only where DKS_PUBLIC_URL says that there is TLS", async () => {
    const url = "https://iot.example.com";
    const behindTls = await startTestServer({ environment: { DKS_PUBLIC_URL: url } });
    try {
      const { setCookies, cookie } = await signInAs(behindTls, "viewer", { headers: { origin: url } });
      expect(attributes(setCookies)).toEqual(secure);
      expect((await fetch(`${behindTls.url}/console/api/session`, { headers: { cookie } })).status).toBe(200);
    } finally {
      await behindTls.close();
    }
  });

  it("travels by TLS only where a trusted proxy says so, and nobody else is believed", async () => {
    const headers = { "x-forwarded-proto": "https" };
    const behindProxy = await startTestServer({ environment: { DKS_TRUST_PROXY: "127.0.0.1" } });
    try {
      expect(attributes((await signInAs(behindProxy, "viewer", { headers })).setCookies)).toEqual(secure);
    } finally {
      await behindProxy.close();
    }
    expect(attributes((await signInAs(server, "viewer", { headers })).setCookies)).not.toEqual(secure);
  });
});

describe("the audit log", () => {
  it("has the request's own id, whatever the caller says it is", async () => {
    const { staffId } = await signInAs(server, "viewer", { headers: { "x-dks-request-id": "made-up" } });
    const { rows } = await server.pool.query<{ request_id: string }>(
      "select distinct request_id from audit_event where object_id = $1 and request_id is not null",
      [staffId],
    );
    expect(rows).toHaveLength(2);
    expect(rows.map(({ request_id: id }) => id)).not.toContain("made-up");
  });
});
