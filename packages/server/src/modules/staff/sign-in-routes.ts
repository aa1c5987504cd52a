import { SignInRefusal } from "./sign-in-refusal.ts";

/** A route of better-auth that browsers may call; it has many more, which are not answered. */
export interface SignInRoute {
  /** Below better-auth's path. */
  readonly path: string;
  /** Who calls: anyone, who has given a password and owes a code or sets one up, or who is signed in. */
  readonly caller: "anyone" | "challenged" | "signed_in";
  /** What has to be sent, all of it text, with the most characters it may have. Nothing else reaches better-auth. */
  readonly fields: Readonly<Record<string, number>>;
  /** What a caller could find out by trying; the attempts are counted. */
  readonly tries?: "password" | "totp" | "backup_code";
  /** May be called with a first password too. */
  readonly beforePasswordChange?: true;
  /** Of what better-auth answers, what the browser is. Never the session's token, which no script is to know. */
  readonly answered: readonly string[];
}

const password = 128;
const code = 32;

export const signInRoutes: readonly SignInRoute[] = [
  {
    path: "/sign-in/email",
    caller: "anyone",
    fields: { email: 254, password },
    tries: "password",
    answered: ["twoFactorRedirect"],
  },
  { path: "/two-factor/verify-totp", caller: "challenged", fields: { code }, tries: "totp", answered: [] },
  {
    path: "/two-factor/verify-backup-code",
    caller: "challenged",
    fields: { code },
    tries: "backup_code",
    answered: [],
  },
  {
    path: "/two-factor/enable",
    caller: "signed_in",
    fields: { password },
    tries: "password",
    answered: ["totpURI", "backupCodes"],
  },
  { path: "/two-factor/disable", caller: "signed_in", fields: { password }, tries: "password", answered: [] },
  {
    path: "/two-factor/generate-backup-codes",
    caller: "signed_in",
    fields: { password },
    tries: "password",
    answered: ["backupCodes"],
  },
  {
    path: "/change-password",
    caller: "signed_in",
    fields: { currentPassword: password, newPassword: password },
    tries: "password",
    beforePasswordChange: true,
    answered: [],
  },
  // Whoever is signed out already may be so again.
  { path: "/sign-out", caller: "anyone", fields: {}, answered: [] },
];

/** Reads what was sent. Throws a refusal that names what is missing. */
export async function readFields(request: Request, route: SignInRoute): Promise<Record<string, string>> {
  const names = Object.entries(route.fields);
  if (names.length === 0) return {};
  const body: unknown = await request.json().catch(() => undefined);
  const given = new Map(Object.entries(typeof body === "object" && body !== null ? body : {}));
  return Object.fromEntries(
    names.map(([name, lengthMax]) => {
      const value: unknown = given.get(name);
      // Control characters are in no password that can be typed, and the database takes no NUL.
      if (typeof value !== "string" || value.length > lengthMax || /\p{Cc}/u.test(value))
        throw new SignInRefusal("invalid", { field: name });
      return [name, value];
    }),
  );
}
