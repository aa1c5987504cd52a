import { randomUUID } from "node:crypto";
import type pg from "pg";
import type { Actor } from "../../actor.ts";
import { transaction } from "../../db/database.ts";
import { invariant } from "../../errors.ts";
import { failureKey } from "../../http/client-address.ts";
import { recordAudit } from "../audit/audit.service.ts";
import { type Attempt, beginAttempt, forgetFailures, takeBackAttempt } from "./attempt-counter.ts";
import {
  authPath,
  challengeCookie,
  clientAddressHeader,
  createBetterAuth,
  requestIdHeader,
  sessionCookie,
} from "./better-auth.ts";
import { passwordProblem } from "./password.ts";
import { type SessionMoments, sessionMoments } from "./session-life.ts";
import {
  type SignedInRow,
  deleteChallenges,
  deleteEndedSessions,
  deleteSession,
  deleteSessions,
  deleteUsedCode,
  insertUsedCode,
  selectChallenged,
  selectSignedIn,
} from "./sessions.queries.ts";
import { SignInRefusal, refusalOf } from "./sign-in-refusal.ts";
import { type SignInRoute, readFields, signInRoutes } from "./sign-in-routes.ts";
import { type SignInSecrets, signedCookie } from "./sign-in-secrets.ts";
import { type StaffRow, lockStaffByEmail, updateLastSignIn, updateMustChangePassword } from "./staff.queries.ts";
import { normalEmail } from "./staff.ts";

/** A call of one of better-auth's routes, with all that is known of it before it is answered. */
interface Call {
  readonly request: Request;
  readonly route: SignInRoute;
  readonly fields: Readonly<Record<string, string>>;
  readonly moments: SessionMoments;
  readonly address: string | null;
  readonly requestId: string | null;
  /** The e-mail address that it is about, whether or not there is such a staff member; empty if it is about none. */
  readonly login: string;
  /** The session it is made in. */
  readonly session: SignedInRow | undefined;
  /** The one cookie that better-auth is to know of. */
  readonly cookie: string | undefined;
}

/**
 * Answers the calls of better-auth's routes: counts attempts, then has better-auth answer, and notes what it has come to,
 * both in one transaction, in which the staff member is locked. So a password is not reset, and nobody suspended, between
 * the moment it was found right and the session that follows from it.
 */
export function createSignInCalls(pool: pg.Pool, currentSecrets: () => SignInSecrets, clock: () => number) {
  const betterAuth = createBetterAuth();

  /** Throws a SignInRefusal for what is refused. */
  return async function answer(request: Request): Promise<Response> {
    const { protocol, pathname } = new URL(request.url);
    const route = signInRoutes.find(({ path }) => request.method === "POST" && pathname === authPath + path);
    if (route === undefined) throw new SignInRefusal("not_found");
    const secrets = currentSecrets();
    const call = await readCall(pool, request, route, secrets, sessionMoments(clock()));
    refuseNewPassword(call);
    const answerByBetterAuth = await betterAuth.load(secrets, protocol === "https:");
    const keys = { address: failureKey(call.address ?? ""), login: call.login };
    const attempt = route.tries === undefined ? undefined : await beginAttempt(pool, keys, call.moments.now);
    const result = await transaction(pool, (db) => carryOut(db, call, attempt, answerByBetterAuth));
    if (result instanceof SignInRefusal) throw result;
    return result;
  };
}

async function readCall(
  pool: pg.Pool,
  request: Request,
  route: SignInRoute,
  secrets: SignInSecrets,
  moments: SessionMoments,
): Promise<Call> {
  const { headers } = request;
  const fields = await readFields(request, route);
  const token = signedCookie(headers, sessionCookie, secrets.current);
  const session = token === undefined ? undefined : await selectSignedIn(pool, token.value, moments);
  const call = {
    request,
    route,
    fields,
    moments,
    address: headers.get(clientAddressHeader),
    requestId: headers.get(requestIdHeader),
    login: normalEmail(fields["email"] ?? session?.email ?? ""),
    session,
    cookie: session === undefined ? undefined : token?.header,
  };
  if (session?.must_change_password === true && route.caller !== "anyone" && route.beforePasswordChange !== true)
    throw new SignInRefusal("password_change_needed");
  if (session !== undefined || route.caller === "anyone") return call;
  if (route.caller === "signed_in") throw new SignInRefusal("signed_out");
  const challenge = signedCookie(headers, challengeCookie, secrets.current);
  const login = challenge === undefined ? undefined : await selectChallenged(pool, challenge.value, moments.now);
  if (login === undefined) throw new SignInRefusal("challenge_expired");
  return { ...call, login, cookie: challenge?.header };
}

/** Before the current one is even looked at, so that mending the new one costs no attempt. */
function refuseNewPassword({ fields, login }: Call): void {
  const { newPassword, currentPassword } = fields;
  if (newPassword === undefined) return;
  const problem = passwordProblem(newPassword, login);
  if (problem !== undefined) throw new SignInRefusal("weak_password", { field: "newPassword", text: problem });
  if (newPassword === currentPassword) throw new SignInRefusal("same_password", { field: "newPassword" });
}

/** How long a code of the authenticator app could be used again: it is right for three half minutes. */
const usedCodeMs = 120_000;

async function carryOut(
  db: pg.PoolClient,
  call: Call,
  attempt: Attempt | undefined,
  answerByBetterAuth: (db: pg.PoolClient, request: Request) => Promise<Response>,
): Promise<Response | SignInRefusal> {
  const { route, moments } = call;
  // For unknown addresses too, which must not be told from known ones by the time it takes.
  const staff = await lockStaffByEmail(db, call.login);
  if (route.caller !== "anyone" && staff?.status !== "normal") return refuse("signed_out");

  const usedCode = route.tries === "totp" ? `totp-${staff?.staff_id}-${code(call)}` : undefined;
  if (usedCode !== undefined) {
    const until = new Date(moments.now.getTime() + usedCodeMs);
    const isNew = await insertUsedCode(db, { id: randomUUID(), identifier: usedCode, now: moments.now, until });
    if (!isNew) return refuse("wrong_code");
  }
  const response = await answerByBetterAuth(db, requestToBetterAuth(call));
  if (!response.ok) {
    if (usedCode !== undefined) await deleteUsedCode(db, usedCode);
    return refuse((await refusalOf(response)).code);
  }
  if (attempt !== undefined) await takeBackAttempt(db, attempt, moments.now);
  const body = (await response.json()) as Record<string, unknown>; // As better-auth answers all of these.
  const refusal = staff === undefined ? undefined : await followUp(db, call, staff, attempt, body);
  return refusal ?? answerToBrowser(call, body, response);

  async function refuse(because: SignInRefusal["code"]): Promise<SignInRefusal> {
    const refusal = new SignInRefusal(because);
    if (refusal.isWrongGuess) await noteWrongGuess(db, call, staff, attempt);
    else if (attempt !== undefined) await takeBackAttempt(db, attempt, moments.now);
    return refusal;
  }
}

function code({ fields }: Call): string {
  return (fields["code"] ?? "").replaceAll(/\s/g, "");
}

/** A request of which better-auth sees what it needs and no more. */
function requestToBetterAuth(call: Call): Request {
  const { request, route, fields, cookie } = call;
  const headers = new Headers({ "content-type": "application/json" });
  for (const name of ["origin", "referer", "sec-fetch-site", "sec-fetch-mode", "sec-fetch-dest", clientAddressHeader]) {
    const value = request.headers.get(name);
    if (value !== null) headers.set(name, value);
  }
  headers.set("user-agent", (request.headers.get("user-agent") ?? "").slice(0, 500));
  if (cookie !== undefined) headers.set("cookie", cookie);
  const body = {
    ...fields,
    ...(fields["email"] === undefined ? {} : { email: call.login }),
    ...(fields["code"] === undefined ? {} : { code: code(call) }),
    // A password is changed because it may be known: whoever else is signed in with it has to do so again.
    ...(fields["newPassword"] === undefined ? {} : { revokeOtherSessions: true }),
  };
  const { origin } = new URL(request.url);
  return new Request(`${origin}${authPath}${route.path}`, { method: "POST", headers, body: JSON.stringify(body) });
}

/** What better-auth has answered, without what no script in the browser is to know. */
function answerToBrowser({ route }: Call, body: Readonly<Record<string, unknown>>, response: Response): Response {
  const answer = Object.fromEntries(route.answered.map((name) => [name, body[name] ?? false]));
  const headers = new Headers();
  for (const cookie of response.headers.getSetCookie()) headers.append("set-cookie", cookie);
  return Response.json(answer, { headers });
}

/** Records what was done and does what else follows from it. A refusal if it must not have been done. */
async function followUp(
  db: pg.PoolClient,
  call: Call,
  staff: StaffRow,
  attempt: Attempt | undefined,
  body: Readonly<Record<string, unknown>>,
): Promise<SignInRefusal | undefined> {
  const { route, session, moments } = call;
  const staffId = staff.staff_id;

  async function record(action: string, after?: object): Promise<void> {
    const object = { kind: "staff", id: staffId };
    await recordAudit(db, actorOf(call, staff), { action, object, ...(after === undefined ? {} : { after }) });
  }

  async function signedIn(): Promise<undefined> {
    invariant(attempt !== undefined, "nobody signs in without a password or code");
    await forgetFailures(db, attempt);
    await updateLastSignIn(db, staffId, moments.now);
    await deleteEndedSessions(db, staffId, moments);
    await record("staff.sign_in", { second_factor: route.tries === "password" ? null : route.tries });
  }

  switch (route.path) {
    case "/sign-in/email":
      if (staff.status === "suspended") {
        await deleteSessions(db, staffId);
        await deleteChallenges(db, staffId);
        await record("staff.sign_in_refused", { status: staff.status });
        return new SignInRefusal("suspended");
      }
      // The cookie that it is in is replaced or taken away.
      if (session !== undefined) await deleteSession(db, session.staff_id, session.session_id);
      return body["twoFactorRedirect"] === true ? undefined : signedIn();
    case "/two-factor/verify-totp":
    case "/two-factor/verify-backup-code":
      if (session === undefined) return signedIn();
      if (!staff.two_factor_enabled) await record("staff.enable_totp");
      return undefined;
    case "/two-factor/disable":
      await record("staff.disable_totp");
      return undefined;
    case "/two-factor/generate-backup-codes":
      await record("staff.new_backup_codes");
      return undefined;
    case "/change-password":
      await updateMustChangePassword(db, staffId, false);
      await deleteChallenges(db, staffId);
      await record("staff.change_password");
      return undefined;
    case "/sign-out":
      await record("staff.sign_out");
      return undefined;
    default:
      return undefined;
  }
}

/** Records that a password or code was wrong, and what that has locked. */
async function noteWrongGuess(
  db: pg.PoolClient,
  call: Call,
  staff: StaffRow | undefined,
  attempt: Attempt | undefined,
): Promise<void> {
  const { route, login, session } = call;
  // Whoever signs in as somebody is not known yet, whatever session the browser has.
  const isSigningIn = session === undefined || route.caller === "anyone";
  const by = actorOf(call, isSigningIn ? undefined : staff);
  const id = staff?.staff_id ?? login;
  await recordAudit(db, by, {
    action: isSigningIn ? "staff.sign_in_failed" : "staff.confirmation_failed",
    object: { kind: "staff", id },
    after: { email: login, tried: route.tries },
  });
  for (const kind of attempt?.locks ?? [])
    await recordAudit(db, by, {
      action: "staff.lock",
      object: kind === "login" ? { kind: "staff", id } : { kind: "address", id: call.address ?? "" },
      after: { email: login },
    });
}

/** Whom the audit log remembers: who is signed in, or has just done so; of everyone else only the address is known. */
function actorOf({ address, requestId }: Call, staff: StaffRow | undefined): Actor {
  return staff === undefined
    ? { kind: "system", id: "sign-in", name: "sign-in", address, requestId }
    : { kind: "staff", id: staff.staff_id, name: staff.name, address, requestId };
}
