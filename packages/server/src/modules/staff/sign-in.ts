import type pg from "pg";
import { type Clock, systemClock } from "../../clock.ts";
import { languageOf } from "../../http/envelope.ts";
import type { MasterKeys } from "../clients/master-key.ts";
import { sessionCookie } from "./better-auth.ts";
import { sessionMoments } from "./session-life.ts";
import { selectSignedIn, updateLastSeen } from "./sessions.queries.ts";
import { createSignInCalls } from "./sign-in-calls.ts";
import { SignInRefusal } from "./sign-in-refusal.ts";
import { type SignInSecrets, signInSecrets, signedCookie } from "./sign-in-secrets.ts";
import type { Role } from "./staff.ts";

/*
 * What a browser calls, all by POST with a JSON body, below /console/api/auth. Names are better-auth's.
 *
 *   /sign-in/email                      {email, password}   → {twoFactorRedirect}: true if a code is needed yet
 *   /two-factor/verify-totp             {code}              → {}  the second step of signing in, and of setting TOTP up
 *   /two-factor/verify-backup-code      {code}              → {}  in its place, with a code that is good once
 *   /two-factor/enable                  {password}          → {totpURI, backupCodes}; holds once a code is verified
 *   /two-factor/disable                 {password}          → {}
 *   /two-factor/generate-backup-codes   {password}          → {backupCodes}, ten, in place of those so far
 *   /change-password                    {currentPassword, newPassword} → {}; ends all other sessions
 *   /sign-out                           (no body)           → {}
 *
 * A refusal is {"error": {code, message}} with the message in the language of Accept-Language, and
 *
 *   401 wrong_credentials       e-mail address or password; nothing tells which
 *   422 wrong_password          of whoever is signed in
 *   422 wrong_code              or one that was used already
 *   401 challenge_expired       a code was sent more than ten minutes after the password: begin again
 *   429 locked                  five wrong passwords or codes; error.retry_after_seconds says for how long
 *   403 suspended               told to who has the right password
 *   422 weak_password, same_password   error.field is "newPassword"; the message says what is wrong
 *   403 password_change_needed  a first password has to be changed before anything else
 *   409 two_factor_on, two_factor_off  enabling it twice; a code or new backup codes without it
 *   401 signed_out, 422 invalid, 403 foreign_page, 404 not_found
 */

/** Who is signed in. */
export interface SignedIn {
  readonly staffId: string;
  readonly name: string;
  readonly email: string;
  readonly role: Role;
  readonly sessionId: string;
  /** The password is a first one, with which nothing may be done but change it. */
  readonly mustChangePassword: boolean;
  /** Whether a code is asked for beside the password. */
  readonly twoFactor: boolean;
}

/** Both throw what the database throws when it cannot be reached. */
export interface SignIn {
  /**
   * Answers a request for something below `/console/api/auth`. Its URL is the one that the browser has, as far as that is
   * known: cookies are `Secure` if it begins with https, and only pages of its host may write. The caller's address is in
   * the header `x-dks-client-address`, the request's id in `x-dks-request-id`.
   */
  handle(request: Request): Promise<Response>;
  /** Who the session cookie says it is; undefined when signed out, expired, or suspended. */
  signedIn(headers: Headers): Promise<SignedIn | undefined>;
}

/** How often at most it is written down that a session is used. */
const noteSeenMs = 60_000;

export function createSignIn(pool: pg.Pool, { keys, clock = systemClock }: SignInOptions): SignIn {
  let secrets: SignInSecrets | undefined;
  /** Read anew, from the file they are in: a rotation may have come about beside this process. */
  function currentSecrets(): SignInSecrets {
    secrets = signInSecrets(keys);
    return secrets;
  }
  const answer = createSignInCalls(pool, currentSecrets, clock);

  function sessionToken(headers: Headers): string | undefined {
    if (!headers.has("cookie")) return undefined;
    secrets ??= currentSecrets();
    const cookie =
      signedCookie(headers, sessionCookie, secrets.current) ??
      signedCookie(headers, sessionCookie, currentSecrets().current);
    return cookie?.value;
  }

  return {
    async handle(request) {
      try {
        return await answer(request);
      } catch (error) {
        if (!(error instanceof SignInRefusal)) throw error;
        const language = request.headers.get("accept-language");
        return error.toResponse(languageOf({ headers: language === null ? {} : { "accept-language": language } }));
      }
    },

    async signedIn(headers) {
      const token = sessionToken(headers);
      if (token === undefined) return undefined;
      const moments = sessionMoments(clock());
      const row = await selectSignedIn(pool, token, moments);
      if (row === undefined) return undefined;
      if (moments.now.getTime() - row.last_seen_at.getTime() > noteSeenMs)
        await updateLastSeen(pool, row.session_id, moments.now);
      return {
        staffId: row.staff_id,
        name: row.name,
        email: row.email,
        role: row.role,
        sessionId: row.session_id,
        mustChangePassword: row.must_change_password,
        twoFactor: row.two_factor_enabled,
      };
    },
  };
}

export interface SignInOptions {
  readonly keys: MasterKeys;
  /** better-auth goes by the system's clock in any case. */
  readonly clock?: Clock;
}
