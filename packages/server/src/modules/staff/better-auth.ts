import { randomUUID } from "node:crypto";
import type { BetterAuthOptions } from "better-auth";
import type pg from "pg";
import { createAuthConnection } from "./auth-connection.ts";
import { passwordLengthMax, passwordLengthMin } from "./password.ts";
import { sessionMaxSeconds } from "./session-life.ts";
import type { SignInSecrets } from "./sign-in-secrets.ts";

/** Where better-auth's routes are. */
export const authPath = "/console/api/auth";

/** What cookies are called, after `__Secure-` behind TLS. */
export const sessionCookie = "dks.session_token";
export const challengeCookie = "dks.two_factor";

/** Where sign-in gets the caller's address and the request's id from: the web application sets them on every request. */
export const clientAddressHeader = "x-dks-client-address";
export const requestIdHeader = "x-dks-request-id";

/** Has better-auth answer a request within a transaction. Throws what the database has thrown. */
export type AnswerByBetterAuth = (db: pg.PoolClient, request: Request) => Promise<Response>;

/** better-auth, set up for this platform. */
export interface BetterAuth {
  /**
   * Loads it when it is first asked for, since that takes about a second, of which no server and no command without a
   * console should have to wait. Anew after a rotation of the master key.
   */
  load(secrets: SignInSecrets, secureCookies: boolean): Promise<AnswerByBetterAuth>;
}

export function createBetterAuth(): BetterAuth {
  const connection = createAuthConnection();
  const loaded = new Map<string, Promise<AnswerByBetterAuth>>();

  async function build(secrets: SignInSecrets, secureCookies: boolean): Promise<AnswerByBetterAuth> {
    const [{ betterAuth }, { twoFactor }] = await Promise.all([
      import("better-auth"),
      import("better-auth/plugins/two-factor"),
    ]);
    const { handler } = betterAuth({
      ...options,
      secrets: [...secrets.versions],
      database: connection.database,
      advanced: { ...options.advanced, useSecureCookies: secureCookies },
      plugins: [twoFactor(twoFactorOptions)],
    });
    return (db, request) => connection.within(db, () => handler(request));
  }

  return {
    load(secrets, secureCookies) {
      const key = `${secureCookies} ${secrets.versions.map(({ version }) => version).join(" ")}`;
      const known = loaded.get(key);
      if (known !== undefined) return known;
      const building = build(secrets, secureCookies);
      loaded.set(key, building);
      building.catch(() => loaded.delete(key));
      return building;
    },
  };
}

const times = { createdAt: "created_at", updatedAt: "updated_at" };

const options = {
  appName: "Dakashi",
  basePath: authPath,
  // The page is where the request says it has gone to; whether by TLS, only a proxy in front may know.
  trustedOrigins: (request?: Request) => {
    const host = request === undefined ? "" : new URL(request.url).host;
    return [`https://${host}`, `http://${host}`];
  },
  emailAndPassword: {
    enabled: true,
    disableSignUp: true,
    minPasswordLength: passwordLengthMin,
    maxPasswordLength: passwordLengthMax,
  },
  user: { modelName: "staff", fields: times },
  session: {
    modelName: "staff_session",
    fields: {
      userId: "staff_id",
      expiresAt: "expires_at",
      ipAddress: "ip_address",
      userAgent: "user_agent",
      createdAt: "created_at",
      updatedAt: "last_seen_at",
    },
    expiresIn: sessionMaxSeconds,
    // Neither longer by being used, nor ended by it when it stands idle: that is seen to here.
    disableSessionRefresh: true,
  },
  account: {
    modelName: "staff_credential",
    fields: { userId: "staff_id", accountId: "account_id", providerId: "provider_id", ...times },
  },
  verification: { modelName: "staff_verification", fields: { expiresAt: "expires_at", ...times } },
  // Attempts are counted before it is asked: see attempts.ts.
  rateLimit: { enabled: false },
  telemetry: { enabled: false },
  logger: { disabled: true },
  onAPIError: { throw: true },
  advanced: {
    cookiePrefix: "dks",
    defaultCookieAttributes: { path: "/console", httpOnly: true, sameSite: "lax" },
    ipAddress: { ipAddressHeaders: [clientAddressHeader], ipv6Subnet: 128 },
    // By themselves they are off where it believes to be tested.
    disableOriginCheck: false,
    disableCSRFCheck: false,
    database: { generateId: () => randomUUID(), validateSchema: false },
  },
} as const satisfies BetterAuthOptions;

const twoFactorOptions = {
  issuer: "Dakashi",
  accountLockout: { enabled: false },
  schema: {
    user: { fields: { twoFactorEnabled: "two_factor_enabled" } },
    twoFactor: {
      modelName: "staff_two_factor",
      fields: {
        userId: "staff_id",
        backupCodes: "backup_codes",
        failedVerificationCount: "failed_verification_count",
        lockedUntil: "locked_until",
      },
    },
  },
};
