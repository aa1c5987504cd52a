import { hash, timingSafeEqual } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { joinParameters } from "@dakashi/sdk/signature";
import { type AddressList, isListed } from "../address-list.ts";
import type { Clock } from "../clock.ts";
import { AppError } from "../errors.ts";
import type { CredentialStore, Credentials, KnownSecret } from "../modules/clients/credentials.ts";
import { type Text, text } from "../text.ts";
import { type Parameters, excerpt } from "./body.ts";
import { clientAddress } from "./client-address.ts";
import { diagnose } from "./diagnose.ts";
import type { Caller } from "./operation.ts";
import type { FailureLimiter, RateLimiter } from "./rate-limit.ts";

/** How far a timestamp may be off, in seconds, either way, both ends included: the founding document's five minutes. */
const timestampToleranceSeconds = 300;

const clientIdPattern = /^iot[a-z0-9]{20}$/;

export interface AuthenticatorOptions {
  readonly credentials: CredentialStore;
  readonly clock: Clock;
  readonly rates: RateLimiter;
  readonly failures: FailureLimiter;
  readonly defaultRatePerSecond: number;
  readonly trustedProxies: AddressList;
  /** Told of every signature that verifies, by which secret and when, before anything else of the call is looked at. */
  readonly onVerified: (secret: KnownSecret, atMs: number) => void;
  /** Told when a secret that is being rotated out still verifies. */
  readonly onOldSecret: (clientId: string) => void;
}

/**
 * Makes the function that finds out who signed a call, or refuses it, in the contract's order: client, signature,
 * timestamp, normal state, allow-list, rate. Returns at once where the credentials are remembered.
 */
export function createAuthenticator(options: AuthenticatorOptions) {
  const { credentials, clock } = options;

  /** Refuses a call whose sender is not known, in few words once an address has failed too often. */
  function failed(request: IncomingMessage, refusal: AppError): AppError {
    const waitMs = options.failures.fail(clientAddress(request, options.trustedProxies));
    if (waitMs === 0) return refusal;
    const seconds = Math.ceil(waitMs / 1000);
    return new AppError("calledTooOften", {
      hint: "failures_too_many",
      retryAfterSeconds: seconds,
      detail: text(
        `该 IP 验签失败次数过多，请在 ${seconds} 秒后再试；签名正确的调用不受影响`,
        `too many failed authentications from this IP, try again in ${seconds} s; correctly signed calls are not affected`,
      ),
    });
  }

  function verify(request: IncomingMessage, parameters: Parameters, found: Credentials | null): Caller {
    const now = clock();
    if (found === null) throw failed(request, unknownClient(parameters["client_id"] ?? ""));
    verifySignature(request, parameters, found, now);
    verifyTimestamp(parameters["timestamp"], now);
    if (found.clientStatus !== "normal" || found.accountStatus !== "normal") throw notNormal(found);
    if (found.allowList.length > 0) verifyAddress(request, found);
    const waitMs = options.rates.take(found.clientId, found.ratePerSecond ?? options.defaultRatePerSecond);
    if (waitMs > 0) throw tooOften(found.ratePerSecond ?? options.defaultRatePerSecond, waitMs);
    return found;
  }

  function verifySignature(request: IncomingMessage, parameters: Parameters, found: Credentials, now: number): void {
    const sign = parameters["sign"];
    if (sign === undefined || sign === "") throw failed(request, missingSign());
    const joined = joinParameters(parameters);
    for (const known of found.secrets) {
      const { expiresAtMs } = known;
      if (expiresAtMs !== null && expiresAtMs <= now) continue;
      if (!isSignature(sign, joined + known.secret)) continue;
      options.onVerified(known, now);
      if (expiresAtMs !== null) options.onOldSecret(found.clientId);
      return;
    }
    const valid = found.secrets.filter(({ expiresAtMs }) => expiresAtMs === null || expiresAtMs > now);
    const expired = found.secrets.filter((secret) => !valid.includes(secret));
    const refusal = failed(request, new AppError("signatureWrong"));
    // Nothing is recomputed for an address that has used up its failures.
    if (refusal.refusal !== "signatureWrong") throw refusal;
    throw new AppError(
      "signatureWrong",
      diagnose(
        parameters,
        sign,
        valid.map(({ secret }) => secret),
        expired.map(({ secret }) => secret),
      ),
    );
  }

  function verifyAddress(request: IncomingMessage, found: Credentials): void {
    const address = clientAddress(request, options.trustedProxies);
    if (!isListed(address, found.allowList))
      throw new AppError("addressRefused", {
        hint: "address_not_listed",
        detail: text(
          `本次调用来自 ${address}，请将其加入客户端 ${found.clientId} 的白名单`,
          `this call came from ${address}; add it to the allow-list of client ${found.clientId}`,
        ),
      });
  }

  return (request: IncomingMessage, parameters: Parameters): Caller | Promise<Caller> => {
    const clientId = parameters["client_id"];
    if (clientId === undefined || clientId === "") throw failed(request, missingClient());
    if (!clientIdPattern.test(clientId)) throw failed(request, unknownClient(clientId));
    const remembered = credentials.peek(clientId);
    return remembered === undefined
      ? credentials.find(clientId).then((found) => verify(request, parameters, found))
      : verify(request, parameters, remembered);
  };
}

/** Compares in constant time. The length and the alphabet are public, so a wrong one may be told apart at once. */
function isSignature(sign: string, signed: string): boolean {
  if (!/^[0-9A-F]{40}$/.test(sign)) return false;
  // In hex, since a digest that comes as a Buffer of its own costs a microsecond more.
  const expected = hash("sha1", signed, "hex").toUpperCase();
  return timingSafeEqual(Buffer.from(sign, "latin1"), Buffer.from(expected, "latin1"));
}

function verifyTimestamp(given: string | undefined, now: number): void {
  const serverTime = Math.floor(now / 1000);
  if (given === undefined || given === "")
    throw new AppError("timestampWrong", {
      hint: "timestamp_missing",
      serverTime,
      detail: text(
        "缺少参数 timestamp，应为当前时间的 Unix 秒数",
        "the parameter timestamp is missing; send the current Unix time in seconds",
      ),
    });
  if (!/^(0|[1-9]\d{0,15})$/.test(given))
    throw new AppError("timestampWrong", {
      hint: "timestamp_malformed",
      serverTime,
      detail: text(
        `timestamp 应为 Unix 秒数（整数），收到的是 ${excerpt(given)}`,
        `timestamp must be the Unix time in whole seconds, and is ${excerpt(given)}`,
      ),
    });
  const difference = Number(given) - serverTime;
  if (Math.abs(difference) <= timestampToleranceSeconds) return;
  if (Math.abs(Number(given) / 1000 - serverTime) <= 86_400)
    throw new AppError("timestampWrong", {
      hint: "timestamp_milliseconds",
      serverTime,
      detail: text(
        "timestamp 是毫秒，应为秒，请除以 1000 取整",
        "timestamp is in milliseconds; divide it by 1000 and send whole seconds",
      ),
    });
  throw new AppError("timestampWrong", {
    hint: "timestamp_outside_window",
    serverTime,
    detail: text(
      `timestamp 与服务器时间相差 ${Math.abs(difference)} 秒（${difference > 0 ? "超前" : "落后"}），允许误差 ${timestampToleranceSeconds} 秒；服务器时间为 ${serverTime}，请校准本机时钟`,
      `timestamp is ${Math.abs(difference)} s ${difference > 0 ? "ahead of" : "behind"} the server's time ${serverTime}, and at most ${timestampToleranceSeconds} s are allowed; set your clock`,
    ),
  });
}

function missingClient(): AppError {
  return new AppError("clientUnknown", {
    hint: "client_id_missing",
    detail: text("缺少参数 client_id", "the parameter client_id is missing"),
  });
}

function unknownClient(clientId: string): AppError {
  return new AppError("clientUnknown", {
    hint: clientIdPattern.test(clientId) ? "client_id_unknown" : "client_id_malformed",
    detail: clientIdPattern.test(clientId)
      ? text(`客户端 ${clientId} 不存在，请核对 client_id`, `there is no client ${clientId}; check client_id`)
      : malformedClient(clientId),
  });
}

/** One that is far too long is not repeated: it may be the secret in the wrong place. */
function malformedClient(clientId: string): Text {
  const length = [...clientId].length;
  return length > 30
    ? text(
        `client_id 应为 iot 加 20 位小写字母和数字，收到的有 ${length} 个字符`,
        `client_id must be iot and 20 lower-case letters and digits, and has ${length} characters`,
      )
    : text(
        `client_id 应为 iot 加 20 位小写字母和数字，收到的是 ${excerpt(clientId)}`,
        `client_id must be iot and 20 lower-case letters and digits, and is ${excerpt(clientId)}`,
      );
}

function missingSign(): AppError {
  return new AppError("signatureWrong", {
    hint: "sign_missing",
    detail: text("缺少参数 sign，每次调用都必须签名", "the parameter sign is missing; every call must be signed"),
  });
}

function notNormal(found: Credentials): AppError {
  return new AppError("clientNotNormal", {
    hint: found.accountStatus === "normal" ? "client_suspended" : "account_suspended",
    detail:
      found.accountStatus === "normal"
        ? text(
            `客户端 ${found.clientId} 已被停用，请联系运营方`,
            `client ${found.clientId} is suspended; ask the operator`,
          )
        : text(
            `账户 ${found.accountNo} 已被停用，请联系运营方`,
            `account ${found.accountNo} is suspended; ask the operator`,
          ),
  });
}

function tooOften(ratePerSecond: number, waitMs: number): AppError {
  return new AppError("calledTooOften", {
    hint: "rate_exceeded",
    retryAfterSeconds: Math.ceil(waitMs / 1000),
    detail: text(
      `该客户端每秒最多调用 ${ratePerSecond} 次，请在 ${waitMs} 毫秒后重试`,
      `this client may call ${ratePerSecond} times a second; try again in ${waitMs} ms`,
    ),
  });
}
