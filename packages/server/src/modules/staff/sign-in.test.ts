import { randomBytes, randomUUID } from "node:crypto";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import type { Actor } from "../../actor.ts";
import { openBrowser } from "../../../test/browser.ts";
import { type TestDatabase, createTestDatabase } from "../../../test/database.ts";
import { createPool } from "../../db/database.ts";
import { createMasterKeys } from "../clients/master-key.ts";
import { type SignIn, createSignIn } from "./sign-in.ts";
import { type StaffService, createStaffService } from "./staff.service.ts";

const by: Actor = { kind: "cli", id: "test", name: "test", address: null, requestId: null };
const keys = createMasterKeys([randomBytes(32)]);

let database: TestDatabase;
let staff: StaffService;
let signIn: SignIn;

beforeAll(async () => {
  database = await createTestDatabase();
  staff = createStaffService(database.pool, keys);
  signIn = createSignIn(database.pool, { keys });
});
afterAll(() => database.drop());

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["Date"] });
});
afterEach(() => {
  vi.useRealTimers();
});

function pass(ms: number): void {
  vi.setSystemTime(Date.now() + ms);
}

const minute = 60_000;
const hour = 60 * minute;
const password = "correct horse battery";

/** Someone with a first password. */
async function newcomer() {
  return staff.create({ email: `${randomUUID()}@example.com`, name: "Li Lei", role: "operator" }, by);
}

/** Someone who has chosen a password, in a browser that is signed in. */
async function colleague() {
  const { staffId, email, password: first } = await newcomer();
  const browser = openBrowser(signIn);
  expect((await browser.signIn(email, first)).status).toBe(200);
  expect((await browser.post("/change-password", { currentPassword: first, newPassword: password })).body).toEqual({});
  return { staffId, email, browser };
}

async function eventsAbout(objectId: string): Promise<{ action: string; actor_kind: string; after: unknown }[]> {
  const { rows } = await database.pool.query<{ action: string; actor_kind: string; after: unknown }>(
    "select action, actor_kind, after from audit_event where object_id = $1 order by event_no",
    [objectId],
  );
  return rows;
}

describe("signing in", () => {
  test("is asked for a password and then known by a cookie", async () => {
    const { staffId, email, password: first } = await newcomer();
    const browser = openBrowser(signIn);
    expect(await browser.whoAmI()).toBeUndefined();
    const answer = await browser.signIn(`  ${email.toUpperCase()} `, first);
    expect(answer).toMatchObject({ status: 200, body: { twoFactorRedirect: false } });
    expect(await browser.whoAmI()).toEqual({
      staffId,
      name: "Li Lei",
      email,
      role: "operator",
      sessionId: expect.any(String),
      mustChangePassword: true,
      twoFactor: false,
    });
    expect((await staff.list()).find((row) => row.staff_id === staffId)?.last_sign_in_at).toEqual(expect.any(Date));
    expect(await staff.sessions(staffId)).toMatchObject([{ ip_address: "203.0.113.7" }]);
  });

  test("sets one cookie that no script can read, of this path only, and behind TLS only for TLS", async () => {
    const { email, password: first } = await newcomer();
    const secure = await openBrowser(signIn).signIn(email, first);
    expect(secure.headers.getSetCookie()).toEqual([
      expect.stringMatching(
        /^__Secure-dks\.session_token=[^;]+; Max-Age=604800; Path=\/console; HttpOnly; Secure; SameSite=Lax$/,
      ),
    ]);
    const plain = openBrowser(signIn, { origin: "http://127.0.0.1:8080" });
    expect((await plain.signIn(email, first)).headers.getSetCookie()).toEqual([
      expect.stringMatching(/^dks\.session_token=[^;]+; Max-Age=604800; Path=\/console; HttpOnly; SameSite=Lax$/),
    ]);
    expect(await plain.whoAmI()).toMatchObject({ email });
  });

  test("never gives the session's token to a script", async () => {
    const { email, browser } = await colleague();
    const answers = [await browser.signIn(email, password), await browser.post("/two-factor/enable", { password })];
    const token = decodeURIComponent([...browser.cookies.values()][0] ?? "").split(".")[0] ?? "";
    expect(token).not.toBe("");
    for (const { body } of answers) expect(JSON.stringify(body)).not.toContain(token);
  });

  test("gives a new session each time, whatever cookie the browser had", async () => {
    const { staffId, email, browser } = await colleague();
    const before = await browser.whoAmI();
    const oldCookies = new Map(browser.cookies);
    await browser.signIn(email, password);
    const after = await browser.whoAmI();
    expect(after?.sessionId).not.toBe(before?.sessionId);
    for (const [name, value] of oldCookies) browser.cookies.set(name, value);
    expect(await browser.whoAmI()).toBeUndefined();
    expect(await staff.sessions(staffId)).toHaveLength(1);

    const planted = openBrowser(signIn);
    planted.cookies.set("__Secure-dks.session_token", "chosen-by-another.c2lnbmF0dXJl");
    await planted.signIn(email, password);
    expect(planted.cookies.get("__Secure-dks.session_token")).not.toContain("chosen-by-another");
  });

  test.each([
    ["a wrong password", (email: string) => ({ email, password: "not the right one" })],
    ["an e-mail address that nobody has", () => ({ email: `${randomUUID()}@example.com`, password })],
    ["an e-mail address that is none", () => ({ email: "nobody", password })],
    ["an empty password", (email: string) => ({ email, password: "" })],
  ])("is refused in the same words with %s", async (_, given) => {
    const { email } = await newcomer();
    const browser = openBrowser(signIn);
    const answer = await browser.post("/sign-in/email", given(email));
    expect(answer).toMatchObject({
      status: 401,
      body: { error: { code: "wrong_credentials", message: "wrong e-mail address or password" } },
    });
    expect(answer.headers.getSetCookie()).toEqual([]);
    expect([...answer.headers.keys()]).toEqual(["content-type"]);
  });

  test("is refused in Chinese unless the browser wants English", async () => {
    const answer = await openBrowser(signIn).post(
      "/sign-in/email",
      { email: "nobody@example.com", password },
      { "accept-language": "zh-CN,zh;q=0.9,en;q=0.8" },
    );
    expect(answer.body).toEqual({ error: { code: "wrong_credentials", message: "邮箱或密码错误" } });
  });

  test.each([
    ["nothing", undefined, "email"],
    ["a list", ["email"], "email"],
    ["no password", { email: "a@example.com" }, "password"],
    ["a number", { email: "a@example.com", password: 1 }, "password"],
    ["a password longer than any", { email: "a@example.com", password: "x".repeat(129) }, "password"],
    ["an address longer than any", { email: `${"x".repeat(250)}@example.com`, password }, "email"],
    ["a NUL", { email: "a\0@example.com", password }, "email"],
  ])("is refused with %s", async (_, body, field) => {
    expect(await openBrowser(signIn).post("/sign-in/email", body)).toMatchObject({
      status: 422,
      body: { error: { code: "invalid", field } },
    });
  });

  test("is not possible for the suspended, which only the right password tells", async () => {
    const { staffId, email, browser } = await colleague();
    await staff.suspend(staffId, by);
    expect(await browser.whoAmI()).toBeUndefined();
    const other = openBrowser(signIn);
    expect(await other.signIn(email, "not the right one")).toMatchObject({ status: 401 });
    const refused = await other.signIn(email, password);
    expect(refused).toMatchObject({ status: 403, body: { error: { code: "suspended" } } });
    expect(refused.headers.getSetCookie()).toEqual([]);
    await staff.resume(staffId, by);
    expect(await browser.whoAmI()).toBeUndefined();
    expect(await staff.sessions(staffId)).toEqual([]);
    expect((await other.signIn(email, password)).status).toBe(200);
  });
});

describe("a session", () => {
  test("ends by signing out, and may be ended twice", async () => {
    const { staffId, browser } = await colleague();
    const cookies = new Map(browser.cookies);
    expect(await browser.post("/sign-out")).toMatchObject({ status: 200, body: {} });
    expect(browser.cookies.size).toBe(0);
    for (const [name, value] of cookies) browser.cookies.set(name, value);
    expect(await browser.whoAmI()).toBeUndefined();
    expect((await browser.post("/sign-out")).status).toBe(200);
    expect((await eventsAbout(staffId)).filter(({ action }) => action === "staff.sign_out")).toHaveLength(1);
  });

  test("ends after twelve hours in which it was not used, not before", async () => {
    const { browser } = await colleague();
    for (let times = 0; times < 3; times++) {
      pass(12 * hour - 1);
      expect(await browser.whoAmI()).toBeDefined();
    }
    pass(12 * hour);
    expect(await browser.whoAmI()).toBeUndefined();
    // better-auth would take it yet.
    expect(
      await browser.post("/change-password", { currentPassword: password, newPassword: "another good one" }),
    ).toMatchObject({ status: 401, body: { error: { code: "signed_out" } } });
  });

  test("ends after seven days however much it is used", async () => {
    const { browser } = await colleague();
    for (let hours = 0; hours < 7 * 24 - 8; hours += 8) {
      pass(8 * hour);
      expect(await browser.whoAmI()).toBeDefined();
    }
    pass(8 * hour);
    expect(await browser.whoAmI()).toBeUndefined();
  });

  test.each([
    [
      "another signature",
      (value: string) => value.replace(/\.[^.]+$/, `.${encodeURIComponent(randomBytes(32).toString("base64"))}`),
    ],
    ["no signature", (value: string) => value.replace(/\.[^.]+$/, "")],
    ["another token", (value: string) => (value.startsWith("x") ? "y" : "x") + value.slice(1)],
    ["broken encoding", (value: string) => `%E0%A4%A${value}`],
    ["nothing in it", () => ""],
  ])("is not opened by a cookie with %s", async (_, change) => {
    const { browser } = await colleague();
    for (const [name, value] of browser.cookies) browser.cookies.set(name, change(value));
    expect(await browser.whoAmI()).toBeUndefined();
  });

  test("is not opened by who knows the database but not the master key", async () => {
    const { browser } = await colleague();
    const elsewhere = createSignIn(database.pool, { keys: createMasterKeys([randomBytes(32)]) });
    expect(await elsewhere.signedIn(browser.headers())).toBeUndefined();
  });

  test("is known to every process with the same master key", async () => {
    const { email, browser } = await colleague();
    const other = createSignIn(database.pool, { keys });
    expect(await other.signedIn(browser.headers())).toMatchObject({ email });
  });

  test("is shown and ended one by one", async () => {
    const { staffId, email, browser } = await colleague();
    const phone = openBrowser(signIn, { address: "2001:db8::7" });
    await phone.signIn(email, password);
    const onPhone = await phone.whoAmI();
    expect((await staff.sessions(staffId)).map(({ ip_address }) => ip_address).sort()).toEqual([
      "2001:0db8:0000:0000:0000:0000:0000:0007",
      "203.0.113.7",
    ]);
    await staff.endSession(staffId, onPhone?.sessionId ?? "", by);
    expect(await phone.whoAmI()).toBeUndefined();
    expect(await browser.whoAmI()).toBeDefined();
    await expect(staff.endSession(staffId, onPhone?.sessionId ?? "", by)).rejects.toThrow("no such session");
    const stranger = await colleague();
    const own = await browser.whoAmI();
    await expect(staff.endSession(stranger.staffId, own?.sessionId ?? "", by)).rejects.toThrow("no such session");
    expect(await browser.whoAmI()).toBeDefined();
  });
});

describe("a password", () => {
  test("that is a first one may do nothing but be changed, which ends other sessions", async () => {
    const { email, password: first } = await newcomer();
    const [browser, other] = [openBrowser(signIn), openBrowser(signIn)];
    await browser.signIn(email, first);
    await other.signIn(email, first);
    expect(await browser.post("/two-factor/enable", { password: first })).toMatchObject({
      status: 403,
      body: { error: { code: "password_change_needed" } },
    });
    const before = await browser.whoAmI();
    const changed = await browser.post("/change-password", { currentPassword: first, newPassword: password });
    expect(changed).toMatchObject({ status: 200, body: {} });
    const after = await browser.whoAmI();
    expect(after).toMatchObject({ email, mustChangePassword: false });
    expect(after?.sessionId).not.toBe(before?.sessionId);
    expect(await other.whoAmI()).toBeUndefined();
    expect(await other.signIn(email, first)).toMatchObject({ status: 401 });
    expect(await other.signIn(email, password)).toMatchObject({ status: 200 });
  });

  test.each([
    ["short", "weak_password", "a password needs at least 12 characters"],
    ["password1234!", "weak_password", "this password is among those that are tried first; choose another"],
    [password, "same_password", "the new password must differ from the current one"],
  ])("is not changed to %j", async (newPassword, code, message) => {
    const { browser } = await colleague();
    expect(await browser.post("/change-password", { currentPassword: password, newPassword })).toMatchObject({
      status: 422,
      body: { error: { code, message, field: "newPassword" } },
    });
  });

  test("with the e-mail address's name in it is not taken", async () => {
    const { email, browser } = await colleague();
    const localPart = email.split("@")[0] ?? "";
    expect(
      (await browser.post("/change-password", { currentPassword: password, newPassword: `a ${localPart}!` })).body,
    ).toMatchObject({
      error: { message: `the password must not contain "${localPart}", the name in your e-mail address` },
    });
  });

  test("is changed only by who knows the current one", async () => {
    const { staffId, browser } = await colleague();
    expect(
      await browser.post("/change-password", { currentPassword: "not the right one", newPassword: "another good one" }),
    ).toMatchObject({ status: 422, body: { error: { code: "wrong_password" } } });
    expect((await eventsAbout(staffId)).at(-1)).toMatchObject({
      action: "staff.confirmation_failed",
      actor_kind: "staff",
    });
  });

  test("is stored as a salted hash and never recorded", async () => {
    const { email } = await colleague();
    const { rows } = await database.pool.query<{ all: string }>(
      `select concat(
        (select string_agg(t::text, ' ') from staff t), (select string_agg(t::text, ' ') from staff_credential t),
        (select string_agg(t::text, ' ') from staff_session t), (select string_agg(t::text, ' ') from audit_event t)
      ) as all`,
    );
    expect(rows[0]?.all).toContain(email);
    expect(rows[0]?.all).not.toContain(password);
  });
});

describe("what is recorded", () => {
  test("is who signed in, and every wrong attempt with the address tried", async () => {
    const { staffId, email } = await colleague();
    const browser = openBrowser(signIn);
    await browser.post("/sign-in/email", { email, password: "not the right one" }, { "x-dks-request-id": "r-17" });
    await browser.signIn(email, password);
    expect(await eventsAbout(staffId)).toEqual([
      { action: "staff.create", actor_kind: "cli", after: { email, name: "Li Lei", role: "operator" } },
      { action: "staff.sign_in", actor_kind: "staff", after: { second_factor: null } },
      { action: "staff.change_password", actor_kind: "staff", after: null },
      { action: "staff.sign_in_failed", actor_kind: "system", after: { email, tried: "password" } },
      { action: "staff.sign_in", actor_kind: "staff", after: { second_factor: null } },
    ]);
    const { rows } = await database.pool.query(
      "select address, request_id from audit_event where object_id = $1 and action = 'staff.sign_in_failed'",
      [staffId],
    );
    expect(rows).toEqual([{ address: "203.0.113.7", request_id: "r-17" }]);

    const unknown = `${randomUUID()}@example.com`;
    await browser.signIn(unknown, password);
    expect(await eventsAbout(unknown)).toEqual([
      { action: "staff.sign_in_failed", actor_kind: "system", after: { email: unknown, tried: "password" } },
    ]);
  });
});

describe("what does not come from our own pages", () => {
  test.each([
    ["another site", { origin: "https://evil.example", "sec-fetch-site": "cross-site" }],
    ["a host of which ours is a part", { origin: "https://iot.example.com.evil.example" }],
    ["another port", { origin: "https://iot.example.com:8443" }],
    ["nowhere", { origin: "null", "sec-fetch-site": "cross-site" }],
  ])("but from %s is refused", async (_, headers) => {
    const { email, browser } = await colleague();
    const refused = { status: 403, body: { error: { code: "foreign_page" } } };
    expect(await browser.post("/sign-out", undefined, headers)).toMatchObject(refused);
    expect(
      await browser.post("/change-password", { currentPassword: password, newPassword: "another good one" }, headers),
    ).toMatchObject(refused);
    expect(await openBrowser(signIn).post("/sign-in/email", { email, password }, headers)).toMatchObject(refused);
    expect(await browser.whoAmI()).toBeDefined();
  });

  test("is told from what does by its host, since a proxy may have ended TLS without a word", async () => {
    const { email } = await newcomer();
    const plain = openBrowser(signIn, { origin: "http://iot.example.com" });
    const answer = await plain.post("/sign-in/email", { email, password }, { origin: "https://iot.example.com" });
    expect(answer.body).toMatchObject({ error: { code: "wrong_credentials" } });
  });
});

describe("of better-auth's routes", () => {
  test("none but those that are used is answered", async () => {
    const { betterAuth } = await import("better-auth");
    const { twoFactor } = await import("better-auth/plugins/two-factor");
    const all = Object.values(betterAuth({ secret: "x".repeat(32), plugins: [twoFactor()] }).api).flatMap((route) => {
      const { path, options } = route as { path?: string; options?: { method?: string | string[] } };
      return path === undefined ? [] : [options?.method ?? "GET"].flat().map((method) => `${method} ${path}`);
    });
    const { browser } = await colleague();
    const answered = [];
    for (const route of all) {
      const [method = "", path = ""] = route.split(" ");
      const response = await signIn.handle(
        new Request(`https://iot.example.com/console/api/auth${path}`, {
          method,
          headers: browser.headers(),
          ...(method === "POST" ? { body: "{}" } : {}),
        }),
      );
      if (response.status !== 404) answered.push(route);
    }
    expect(all.length).toBeGreaterThan(30);
    expect(answered.sort()).toEqual([
      "POST /change-password",
      "POST /sign-in/email",
      "POST /sign-out",
      "POST /two-factor/disable",
      "POST /two-factor/enable",
      "POST /two-factor/generate-backup-codes",
      "POST /two-factor/verify-backup-code",
      "POST /two-factor/verify-totp",
    ]);
  });

  test.each(["/sign-in/email/", "/sign-in//email", "/Sign-in/email", "/sign-in/email%2f", ""])(
    "none is found under %j",
    async (path) => {
      expect((await openBrowser(signIn).post(path, { email: "a@example.com", password })).status).toBe(404);
    },
  );
});

test("a database that is away is told to the caller and never taken for being signed out", async () => {
  const { email, browser } = await colleague();
  const away = createPool(
    { connectionString: "postgresql://nobody@127.0.0.1:1/nothing" },
    { applicationName: "dks test", connectionsMax: 1, connectTimeoutMs: 1_000, onIdleError: () => {} },
  );
  const broken = createSignIn(away, { keys });
  await expect(broken.signedIn(browser.headers())).rejects.toMatchObject({ code: "ECONNREFUSED" });
  await expect(openBrowser(broken).signIn(email, password)).rejects.toMatchObject({ code: "ECONNREFUSED" });
  await away.end();
});

test("an error in the middle of an answer leaves nothing behind", async () => {
  const { staffId, email, browser } = await colleague();
  await database.pool.query(
    `alter table staff_session add constraint no_more check (staff_id <> '${staffId}') not valid`,
  );
  try {
    await expect(
      browser.post("/change-password", { currentPassword: password, newPassword: "another good one" }),
    ).rejects.toMatchObject({ constraint: "no_more" });
    await expect(openBrowser(signIn).signIn(email, password)).rejects.toMatchObject({ constraint: "no_more" });
  } finally {
    await database.pool.query("alter table staff_session drop constraint no_more");
  }
  expect(await browser.whoAmI()).toBeDefined();
  expect((await openBrowser(signIn).signIn(email, password)).status).toBe(200);
});
