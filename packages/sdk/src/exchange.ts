import { DakashiConnectionError, DakashiError, DakashiTimeoutError } from "./errors.ts";
import type { Settings } from "./options.ts";
import type { ParameterValue } from "./signature.ts";

/** One signed request. */
export interface SignedRequest {
  readonly path: string;
  readonly parameters: Readonly<Record<string, ParameterValue>>;
  readonly sign: string;
  readonly requestNo: string | undefined;
  readonly signal: AbortSignal | undefined;
}

/** A successful answer. */
export interface Answer<Data> {
  /** The answer's `data`. */
  readonly data: Data;
  /** Quote it when asking the operator about this call. */
  readonly requestId: string | undefined;
  /** The write's `request_no`, made by the client unless given; undefined for a read. */
  readonly requestNo: string | undefined;
}

/** An answer that is not the platform's is quoted up to here: enough to recognise a proxy's page. */
const excerptLengthMax = 200;

/**
 * Sends one request, once, and reads its answer.
 *
 * @throws {DakashiError} if the platform refused it.
 * @throws {DakashiTimeoutError} if the answer was not complete within `timeoutMs`.
 * @throws {DakashiConnectionError} if no answer of the platform came.
 * @throws the signal's reason, if it aborts first.
 */
export async function exchange(settings: Settings, request: SignedRequest): Promise<Answer<unknown>> {
  const { requestNo } = request;
  const { response, text } = await send(settings, request);
  const envelope = parseEnvelope(text);
  if (envelope === undefined) {
    throw new DakashiConnectionError(describeForeignAnswer(settings.baseUrl + request.path, response, text), {
      status: response.status,
      retryAfterSeconds: retryAfterSeconds(response),
      requestNo,
    });
  }
  const requestId = textOf(envelope["request_id"]);
  if (envelope.errcode === 0) return { data: envelope["data"], requestId, requestNo };
  throw new DakashiError(envelope.errmsg, {
    errcode: envelope.errcode,
    requestId,
    requestNo,
    hint: textOf(envelope["hint"]),
    docUrl: addressOf(envelope["doc_url"], settings.baseUrl),
    status: response.status,
    retryAfterSeconds: retryAfterSeconds(response),
    serverTime: integerOf(envelope["server_time"]),
  });
}

async function send(settings: Settings, request: SignedRequest): Promise<{ response: Response; text: string }> {
  // A local binding: a browser's fetch must not be called as a method of the settings.
  const { fetch, timeoutMs } = settings;
  const { requestNo, signal } = request;
  const url = settings.baseUrl + request.path;
  signal?.throwIfAborted();

  const stop = new AbortController();
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    stop.abort();
  }, timeoutMs);
  const abort = (): void => stop.abort();
  signal?.addEventListener("abort", abort, { once: true });
  try {
    const response = await fetch(url, {
      method: "POST",
      headers: {
        "Content-Type": "application/json",
        ...(settings.language === undefined ? {} : { "Accept-Language": settings.language }),
      },
      body: JSON.stringify({ ...request.parameters, sign: request.sign }),
      // A followed redirect would turn the POST into a GET, or hand the signed call to another host.
      redirect: "manual",
      // The signature is the only credential; a browser would add cookies.
      credentials: "omit",
      signal: stop.signal,
    });
    return { response, text: withoutSignature(await response.text(), request.sign) };
  } catch (error) {
    if (signal?.aborted === true) throw signal.reason;
    if (timedOut) throw new DakashiTimeoutError(`No answer from ${url} within ${timeoutMs} ms.`, { requestNo });
    throw new DakashiConnectionError(`No answer from ${url}: ${reasonOf(error)}.`, {
      requestNo,
      cause: error,
    });
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", abort);
  }
}

/** Some proxies print the request on their error pages, and errors end up in logs. */
function withoutSignature(text: string, sign: string): string {
  return text.replaceAll(new RegExp(sign, "gi"), "[signature]");
}

interface Envelope {
  readonly errcode: number;
  readonly errmsg: string;
  readonly [field: string]: unknown;
}

/** Undefined if the text is not an answer of the platform. */
function parseEnvelope(text: string): Envelope | undefined {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return undefined;
  }
  return isEnvelope(body) ? body : undefined;
}

function isEnvelope(body: unknown): body is Envelope {
  if (typeof body !== "object" || body === null || !("errcode" in body) || !("errmsg" in body)) return false;
  if (!Number.isInteger(body.errcode) || typeof body.errmsg !== "string") return false;
  return body.errcode !== 0 || "data" in body;
}

function describeForeignAnswer(url: string, response: Response, text: string): string {
  const isRedirect = response.type === "opaqueredirect" || (response.status >= 300 && response.status < 400);
  if (isRedirect) {
    // Browsers hide both the status and the location.
    const location = response.headers.get("Location");
    return `${url} redirects${location === null ? "" : ` to ${location}`}: give the final address as baseUrl.`;
  }
  const contentType = response.headers.get("Content-Type") ?? "no content type";
  const excerpt = text.replaceAll(/\s+/g, " ").trim().slice(0, excerptLengthMax);
  const quoted = excerpt === "" ? "an empty body" : JSON.stringify(excerpt);
  return `${url} answered with HTTP ${response.status}, ${contentType}, which is not the platform's answer: ${quoted}.`;
}

/** The platform sends seconds. A date, which a proxy may send, cannot be trusted to a clock that may be wrong. */
function retryAfterSeconds(response: Response): number | undefined {
  const value = response.headers.get("Retry-After");
  return value !== null && /^\d{1,9}$/.test(value) ? Number(value) : undefined;
}

/** Node says only "fetch failed", and keeps what happened in the cause. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  if (!(cause instanceof Error)) return error.message;
  const code = "code" in cause ? String(cause.code) : "";
  return `${error.message}, ${cause.message || code || cause.name}`;
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

/** The platform gives a path, since it need not know under which name it is reached. */
function addressOf(value: unknown, baseUrl: string): string | undefined {
  if (typeof value !== "string" || value === "") return undefined;
  return value.startsWith("/") ? baseUrl + value : value;
}

function integerOf(value: unknown): number | undefined {
  return typeof value === "number" && Number.isSafeInteger(value) ? value : undefined;
}
