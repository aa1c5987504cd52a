import { apiPath, refusalOf, send } from "../api.ts";
import type { Language } from "../../shared/language.tsx";

/** Calls one of the routes below /console/api/auth; modules/staff/sign-in.ts says what they take, answer and refuse. */
export async function authCall<Answer = Record<string, never>>(
  path: string,
  body: Readonly<Record<string, string>> | undefined,
  language: Language,
): Promise<Answer> {
  const response = await send(
    `${apiPath}/auth${path}`,
    {
      method: "POST",
      headers: {
        "accept-language": language,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    },
    language,
  );
  if (!response.ok) throw await refusalOf(response, language);
  return (await response.json()) as Answer;
}
