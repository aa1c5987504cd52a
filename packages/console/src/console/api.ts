import type { ConsoleEndpoint } from "@dakashi/server/console-api";
import type { Static, TSchema } from "typebox";
import type { Language } from "../shared/language.tsx";

/** An endpoint as the server declares it, by method and path: `GET /audit`. */
export type EndpointKey = ConsoleEndpoint extends infer E
  ? E extends { readonly method: infer M extends string; readonly path: infer P extends string }
    ? `${M} ${P}`
    : never
  : never;

type Declared<K extends EndpointKey> = K extends `${infer M} ${infer P}`
  ? Extract<ConsoleEndpoint, { readonly method: M; readonly path: P }>
  : never;

/** A declared part of a request as its sender writes it; `undefined` where the endpoint takes none. */
type Part<E, Name extends "params" | "query" | "body" | "answer"> = E extends { readonly [N in Name]?: infer S }
  ? Exclude<S, undefined> extends TSchema
    ? Static<Exclude<S, undefined>>
    : undefined
  : undefined;

/** What a call of an endpoint has to bring. */
export type CallInput<K extends EndpointKey> = {
  readonly [N in "params" | "query" | "body" as Part<Declared<K>, N> extends undefined ? never : N]: Part<
    Declared<K>,
    N
  >;
};

export type CallAnswer<K extends EndpointKey> = Part<Declared<K>, "answer">;

/** A call that was refused, or could not be made. The message is in the page's language, for people. */
export class CallError extends Error {
  /** Stable: `signed_out`, `conflict`, `invalid`, …; `offline` when no answer came. */
  readonly code: string;
  readonly status: number;
  /** The part of the request that was refused, such as `rate_per_second`. */
  readonly field: string | undefined;

  constructor(message: string, code: string, status: number, field?: string) {
    super(message);
    this.name = "CallError";
    this.code = code;
    this.status = status;
    this.field = field;
  }
}

/** Why a call has to wait for whoever is at the page: the session has ended, is another person's, or has a first password. */
export type Interruption = "signed_out" | "someone_else" | "password_change_needed";

export function isInterruption(code: string): code is Interruption {
  return code === "signed_out" || code === "someone_else" || code === "password_change_needed";
}

/** Resolves when whoever the page belongs to is signed in again. */
type Ask = (because: Interruption) => Promise<void>;

/** Set by the part of the page that can ask for the password again. */
let askAgain: Ask = () => Promise.reject(new Error("nobody to ask"));
let pageOf: string | undefined;

/** Says whose page this is, and who asks them to sign in again when a call is interrupted. */
export function onInterrupted(staffId: string, ask: Ask): void {
  pageOf = staffId;
  askAgain = ask;
}

export function signInAgain(because: Interruption): Promise<void> {
  return askAgain(because);
}

/**
 * What goes with every call: the language of refusals, and whose page it is made from, so that the server refuses it where
 * somebody else has signed in meanwhile in the same browser.
 */
export function callHeaders(language: Language): Record<string, string> {
  return { "accept-language": language, ...(pageOf === undefined ? {} : { "x-dks-staff": pageOf }) };
}

export const apiPath = "/console/api";

/** What goes into a path or a query string. */
type Values = Readonly<Record<string, string | number | boolean | null | undefined>>;

/** The URL of an endpoint, as for a link to a download. */
export function urlOf<K extends EndpointKey>(key: K, input: CallInput<K>): string {
  const { params, query } = input as { params?: Values; query?: Values };
  const path = key
    .slice(key.indexOf(" ") + 1)
    .replaceAll(/:([a-z_A-Z]+)/g, (_, name: string) => encodeURIComponent(String(params?.[name] ?? "")));
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(query ?? {}))
    if (value !== undefined && value !== null && value !== "") search.set(name, String(value));
  const text = search.toString();
  return apiPath + path + (text === "" ? "" : `?${text}`);
}

/**
 * Calls the console's server. When the session has ended meanwhile the user is asked to sign in again, over the page as
 * it is, and the call is made again: what was typed is not lost.
 */
export async function call<K extends EndpointKey>(
  key: K,
  input: CallInput<K>,
  options: { readonly language: Language; readonly signal?: AbortSignal },
): Promise<CallAnswer<K>> {
  const method = key.slice(0, key.indexOf(" "));
  const { body } = input as { body?: unknown };
  for (;;) {
    const response = await send(
      urlOf(key, input),
      {
        method,
        headers: {
          ...callHeaders(options.language),
          ...(body === undefined ? {} : { "content-type": "application/json" }),
        },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        ...(options.signal === undefined ? {} : { signal: options.signal }),
      },
      options.language,
    );
    if (response.ok) {
      // What the declaration says is what the server has been checked to answer.
      return (response.status === 204 ? undefined : await response.json()) as CallAnswer<K>;
    }
    const refusal = await refusalOf(response, options.language);
    if (!isInterruption(refusal.code) || key === "GET /session") throw refusal;
    await signInAgain(refusal.code);
  }
}

/** As fetch, but that no answer came is told in the page's language. */
export async function send(url: string, init: RequestInit, language: Language): Promise<Response> {
  try {
    return await fetch(url, init);
  } catch (error) {
    if (init.signal?.aborted === true) throw error;
    throw new CallError(
      language === "zh"
        ? "无法连接服务器（可能正在重启），请稍后重试"
        : "The server cannot be reached (it may be restarting); try again in a moment",
      "offline",
      0,
    );
  }
}

/** What a refused call was told. Also understands what a proxy in between may answer. */
export async function refusalOf(response: Response, language: Language): Promise<CallError> {
  const answer: unknown = await response.json().catch(() => undefined);
  if (typeof answer === "object" && answer !== null && "error" in answer) {
    const { error } = answer as { error: { code: string; message: string; field?: string } };
    return new CallError(error.message, error.code, response.status, error.field);
  }
  return new CallError(
    language === "zh" ? `服务器答复了 HTTP ${response.status}` : `The server answered HTTP ${response.status}`,
    "unknown",
    response.status,
  );
}
