import type { Diagnosis } from "@dakashi/sdk/mistakes";
import { type ParameterValue, signParameters } from "@dakashi/sdk/signature";
import type { Language } from "../../shared/language.tsx";
import { valueRefusal } from "../debugger/refusals.ts";
import type { Operation, OperationParameter } from "./operations.ts";

/** What the reader filled in, all as typed. */
export interface Filled {
  readonly clientId: string;
  readonly secret: string;
  /** Empty for the current time. */
  readonly timestamp: string;
  readonly values: Readonly<Record<string, string>>;
}

/** A signed call, as it is sent. */
export interface SignedCall {
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** The envelope of every answer, as far as it is used here. */
export interface Envelope {
  readonly errcode: number;
  readonly errmsg: string;
  readonly hint: string | undefined;
  readonly serverTime: number | undefined;
  readonly requestId: string | undefined;
}

export type Outcome =
  | {
      readonly kind: "answered";
      readonly status: number;
      readonly text: string;
      /** Undefined where what answered was not the platform. */
      readonly envelope: Envelope | undefined;
      readonly retryAfterSeconds: number | undefined;
      readonly elapsedMs: number;
    }
  | { readonly kind: "unreachable" | "timed_out"; readonly elapsedMs: number };

const timeoutMs = 30_000;

/** Signs a call. Parameters left empty are not sent. A refusal means that a value cannot be signed at all. */
export function signCall(
  operation: Operation,
  filled: Filled,
  language: Language,
  nowSeconds: number,
): SignedCall | Diagnosis {
  const parameters: Record<string, ParameterValue> = {};
  if (filled.clientId !== "") parameters["client_id"] = filled.clientId;
  for (const parameter of operation.parameters) {
    const value = filled.values[parameter.name] ?? "";
    if (value !== "") parameters[parameter.name] = typed(value, parameter.isInteger);
  }
  parameters["timestamp"] = filled.timestamp === "" ? nowSeconds : typed(filled.timestamp, true);
  for (const [name, value] of Object.entries(parameters)) {
    const refusal = typeof value === "string" ? valueRefusal(name, { parsed: value }) : undefined;
    if (refusal !== undefined) return refusal;
  }
  const sign = signParameters(parameters, filled.secret);
  return {
    path: operation.path,
    headers: { "Content-Type": "application/json", "Accept-Language": language },
    body: JSON.stringify({ ...parameters, sign }),
  };
}

/** An integer where one is wanted and given; anything else goes as the text it is, for the server to judge. */
function typed(value: string, isInteger: boolean): ParameterValue {
  return isInteger && /^(0|-?[1-9]\d{0,14})$/.test(value) ? Number(value) : value;
}

/** What a value breaks of the documented rules. It may be sent all the same: the refusal is worth seeing. */
export function ruleBroken(parameter: OperationParameter, value: string): boolean {
  if (value === "") return false;
  if (!parameter.isInteger) return parameter.pattern !== undefined && !new RegExp(parameter.pattern, "u").test(value);
  const number = Number(value);
  return (
    !/^-?\d+$/.test(value) || number < (parameter.minimum ?? -Infinity) || number > (parameter.maximum ?? Infinity)
  );
}

/** Sends a call to this server, and waits for whatever comes of it. */
export async function send({ path, headers, body }: SignedCall): Promise<Outcome> {
  const startedMs = performance.now();
  const elapsed = () => performance.now() - startedMs;
  try {
    const answer = await fetch(path, {
      method: "POST",
      headers,
      body,
      // The signature is all that identifies the caller, as in any other program.
      credentials: "omit",
      cache: "no-store",
      signal: AbortSignal.timeout(timeoutMs),
    });
    const text = await answer.text();
    const retryAfter = answer.headers.get("Retry-After");
    return {
      kind: "answered",
      status: answer.status,
      text,
      envelope: readEnvelope(text),
      retryAfterSeconds: retryAfter === null ? undefined : Number(retryAfter),
      elapsedMs: elapsed(),
    };
  } catch (error) {
    const timedOut = error instanceof DOMException && error.name === "TimeoutError";
    return { kind: timedOut ? "timed_out" : "unreachable", elapsedMs: elapsed() };
  }
}

function readEnvelope(text: string): Envelope | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof parsed !== "object" || parsed === null) return undefined;
  const fields = parsed as Readonly<Record<string, unknown>>; // Any object is one.
  const { errcode, errmsg, hint, server_time: serverTime, request_id: requestId } = fields;
  if (typeof errcode !== "number" || typeof errmsg !== "string") return undefined;
  return {
    errcode,
    errmsg,
    hint: typeof hint === "string" ? hint : undefined,
    serverTime: typeof serverTime === "number" ? serverTime : undefined,
    requestId: typeof requestId === "string" ? requestId : undefined,
  };
}
