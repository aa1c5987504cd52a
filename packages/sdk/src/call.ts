import { DakashiConnectionError, DakashiError } from "./errors.ts";
import { type Answer, exchange } from "./exchange.ts";
import type { Settings } from "./options.ts";
import { type ParameterValue, SignatureInputError, signParameters } from "./signature.ts";

/** Where an operation is, and whether it changes something. */
export interface Operation {
  readonly path: string;
  readonly write: boolean;
}

/** Options of one call. */
export interface CallOptions {
  /** Ends the call, retries included; it then rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** Parameters as a caller without a type checker may give them. Those that are undefined are not sent. */
export type GivenParameters = Readonly<Record<string, ParameterValue | undefined>>;

export type Call = (
  operation: Operation,
  parameters: GivenParameters,
  options: CallOptions,
) => Promise<Answer<unknown>>;

/** The client signs these itself; a value given for them would be overwritten, or break the signature. */
const ownParameters = ["client_id", "timestamp", "sign"];

/**
 * The first wait before a retry. Shorter, and all retries would fall into the same second of a restarting server;
 * longer, and a lost packet would be felt by whoever waits for the answer.
 */
const backOffMsFirst = 500;

/** Beyond this, waiting longer no longer relieves the server and only keeps the caller. */
const backOffMsMax = 8_000;

/** A longer Retry-After is the caller's to plan: the call fails at once and says how long. */
const retryAfterSecondsMax = 30;

/** "The timestamp is outside the window". */
const timestampRefused = 55006;

/** "A dependency is not available; nothing was changed". */
const dependencyUnavailable = 55050;

/** Too many calls, and what the platform or a proxy before it answers while it starts, stops or is overloaded. */
const passingStatuses = new Set([429, 502, 503, 504]);

/** Signs and sends calls, repeats those that may succeed when repeated, and keeps the correction of a wrong clock. */
export function createCall(settings: Settings): Call {
  /** What the platform's clock shows beyond ours. */
  let clockOffsetMs = 0;

  /** Takes over the platform's time, if that is what was refused. */
  function correctClock(error: unknown): boolean {
    if (!(error instanceof DakashiError) || error.errcode !== timestampRefused) return false;
    if (error.serverTime === undefined) return false;
    clockOffsetMs = error.serverTime * 1000 - settings.now();
    return true;
  }

  return async function call(operation, given, { signal }) {
    const parameters = ownedParameters(operation, given);
    const requestNo = operation.write ? String(parameters["request_no"]) : undefined;
    let clockCorrected = false;
    let retries = 0;
    for (;;) {
      const timestamp = Math.floor((settings.now() + clockOffsetMs) / 1000);
      const submitted = { ...parameters, client_id: settings.clientId, timestamp };
      const sign = signParameters(submitted, settings.clientSecret);
      try {
        return await exchange(settings, {
          path: operation.path,
          parameters: submitted,
          sign,
          requestNo,
          signal,
        });
      } catch (error) {
        // Not counted as a retry, since nothing failed that may fail again; only once, so that a platform whose
        // server_time is itself refused is not asked for ever.
        if (!clockCorrected && correctClock(error)) {
          clockCorrected = true;
          continue;
        }
        const waitMs = retries < settings.retriesMax ? waitBeforeRetryMs(error, retries, settings.random) : undefined;
        if (waitMs === undefined) throw error;
        retries += 1;
        await settings.delay(waitMs, signal);
      }
    }
  };
}

/** The caller's parameters, with a `request_no` for a write: the platform carries out each number once. */
function ownedParameters(operation: Operation, given: GivenParameters): Record<string, ParameterValue> {
  const parameters: Record<string, ParameterValue> = Object.fromEntries(
    Object.entries(given).filter((entry): entry is [string, ParameterValue] => entry[1] !== undefined),
  );
  for (const name of ownParameters) {
    if (Object.hasOwn(parameters, name)) {
      throw new SignatureInputError(name, `${name} is added by the client: leave it out.`);
    }
  }
  if (operation.write) parameters["request_no"] ??= uniqueRequestNo();
  return parameters;
}

/** 128 random bits. Not `crypto.randomUUID`, which browsers withhold from pages served over plain HTTP. */
function uniqueRequestNo(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/**
 * How long to wait before repeating the call, or undefined if it should not be repeated. Repeating is safe for every
 * operation: reads change nothing, and a write's `request_no` stays the same.
 */
function waitBeforeRetryMs(error: unknown, retries: number, random: () => number): number | undefined {
  if (!(error instanceof DakashiError || error instanceof DakashiConnectionError)) return undefined;
  if (!mayPass(error)) return undefined;
  const backOffMs = Math.min(backOffMsFirst * 2 ** retries, backOffMsMax);
  const { retryAfterSeconds } = error;
  // Both are spread, so that clients refused in the same moment do not return in the same moment.
  if (retryAfterSeconds === undefined) return (backOffMs / 2) * (1 + random());
  if (retryAfterSeconds > retryAfterSecondsMax) return undefined;
  return retryAfterSeconds * 1000 + backOffMs * random();
}

function mayPass(error: DakashiError | DakashiConnectionError): boolean {
  // No status: the connection failed.
  if (error.status === undefined || passingStatuses.has(error.status)) return true;
  return error instanceof DakashiError && error.errcode === dependencyUnavailable;
}
