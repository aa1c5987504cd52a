import type { Language } from "../../shared/language.tsx";
import { apiPath, callHeaders, isInterruption, refusalOf, send, signInAgain } from "../api.ts";

type Body = Readonly<Record<string, string>> | undefined;

/** What the server lets somebody sign in with; modules/staff/sign-in.ts says what each takes, answers and refuses. */
type SignInPath = "/sign-in/email" | "/two-factor/verify-totp" | "/two-factor/verify-backup-code" | "/sign-out";

/** What whoever is signed in may change of their own sign-in. */
type OwnPath =
  | "/change-password"
  | "/two-factor/enable"
  | "/two-factor/disable"
  | "/two-factor/generate-backup-codes"
  | "/two-factor/verify-totp";

/** A step of signing in, by whoever it may be: a refusal is thrown. */
export function signInCall<Answer = Record<string, never>>(
  path: SignInPath,
  body: Body,
  language: Language,
): Promise<Answer> {
  return post(path, body, { "accept-language": language }, language);
}

/** A change of one's own sign-in; asked for again where the session has ended meanwhile, as every other call is. */
export async function ownCall<Answer = Record<string, never>>(
  path: OwnPath,
  body: Body,
  language: Language,
): Promise<Answer> {
  for (;;) {
    try {
      return await post<Answer>(path, body, callHeaders(language), language);
    } catch (error) {
      const code = error instanceof Error && "code" in error ? String(error.code) : "";
      if (!isInterruption(code)) throw error;
      await signInAgain(code);
    }
  }
}

async function post<Answer>(
  path: string,
  body: Body,
  headers: Readonly<Record<string, string>>,
  language: Language,
): Promise<Answer> {
  const response = await send(
    `${apiPath}/auth${path}`,
    {
      method: "POST",
      headers: { ...headers, ...(body === undefined ? {} : { "content-type": "application/json" }) },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    },
    language,
  );
  if (!response.ok) throw await refusalOf(response, language);
  return (await response.json()) as Answer; // As the server's own tests hold it to.
}
