import { type Language, type Text, text } from "./text.ts";

interface Refusal {
  readonly errcode: number;
  readonly http: number;
  readonly text: Text;
}

/**
 * Every way an operation can end other than well. The numbers are the contract and never change;
 * 50000 is from the founding document, 55001 to 55019 from its later revisions, the rest are ours.
 */
export const refusals = {
  unknown: { errcode: 50000, http: 500, text: text("未知异常", "unknown exception") },
  clientUnknown: { errcode: 55001, http: 200, text: text("client_id 错误", "unknown client_id") },
  clientNotNormal: {
    errcode: 55002,
    http: 200,
    text: text("账户状态异常", "the account is not in a normal state"),
  },
  addressRefused: {
    errcode: 55003,
    http: 200,
    text: text("IP 不在白名单内", "the IP is not on the allow-list"),
  },
  signatureWrong: { errcode: 55004, http: 200, text: text("签名错误", "wrong signature") },
  cardUnknown: { errcode: 55005, http: 200, text: text("卡号不存在", "no such card") },
  timestampWrong: { errcode: 55006, http: 200, text: text("时间戳错误", "wrong timestamp") },
  calledTooOften: { errcode: 55012, http: 429, text: text("调用过于频繁", "called too often") },
  parameterWrong: {
    errcode: 55030,
    http: 200,
    text: text("参数错误", "a parameter is missing or malformed"),
  },
  bodyWrong: { errcode: 55031, http: 200, text: text("请求体错误", "wrong request body") },
  uploadWrong: { errcode: 55031, http: 400, text: text("请求体错误", "wrong request body") },
  contentTypeWrong: { errcode: 55031, http: 415, text: text("请求体错误", "wrong request body") },
  operationUnknown: { errcode: 55032, http: 404, text: text("接口不存在", "no such operation") },
  methodWrong: { errcode: 55033, http: 405, text: text("请求方式错误", "wrong HTTP method") },
  bodyTooLarge: {
    errcode: 55034,
    http: 413,
    text: text("请求体过大", "the request body is too large"),
  },
  sourceUnknown: {
    errcode: 55040,
    http: 401,
    text: text("用量来源的令牌错误", "unknown token of a usage source"),
  },
  sourceNotNormal: {
    errcode: 55041,
    http: 403,
    text: text("用量来源已停用", "the usage source is suspended"),
  },
  unavailable: {
    errcode: 55050,
    http: 503,
    text: text("服务暂不可用，未做任何更改", "temporarily unavailable, nothing was changed"),
  },
  intakeUnavailable: {
    errcode: 55050,
    http: 503,
    text: text(
      "服务暂不可用，本次请求可能已有部分用量记录入库；请整体重发，已入库的会答复为 duplicate",
      "temporarily unavailable; some records of this request may have been taken in: send all of it again, and those are answered duplicate",
    ),
  },
} as const satisfies Record<string, Refusal>;

export type RefusalName = keyof typeof refusals;

interface RefusalDetail {
  /** What was found and what to change; follows the refusal's own text. */
  readonly detail?: Text;
  /** A stable, machine-readable reason within the code, such as `sign_lower_case`. */
  readonly hint?: string;
  /** The server's time, in Unix seconds, so that a caller can correct its clock. */
  readonly serverTime?: number;
  /** When a call has a chance again, in seconds. */
  readonly retryAfterSeconds?: number;
  /** For the log only: never in an answer. */
  readonly cause?: unknown;
}

/**
 * A refusal that a caller of the API is told. Thrown anywhere below an operation's handler;
 * the HTTP layer turns it into the envelope.
 */
export class AppError extends Error {
  readonly refusal: RefusalName;
  readonly detail: Text | undefined;
  readonly hint: string | undefined;
  readonly serverTime: number | undefined;
  readonly retryAfterSeconds: number | undefined;

  constructor(refusal: RefusalName, detail: RefusalDetail = {}) {
    super(
      detail.detail === undefined ? refusals[refusal].text.en : `${refusals[refusal].text.en}: ${detail.detail.en}`,
      detail.cause === undefined ? undefined : { cause: detail.cause },
    );
    this.name = "AppError";
    this.refusal = refusal;
    this.detail = detail.detail;
    this.hint = detail.hint;
    this.serverTime = detail.serverTime;
    this.retryAfterSeconds = detail.retryAfterSeconds;
  }

  /** Where the refusal is explained: a path on this server, in the developer portal. */
  get docUrl(): string {
    const page = `/docs/errors/${refusals[this.refusal].errcode}`;
    return this.hint === undefined ? page : `${page}#${this.hint}`;
  }

  /** The whole message a caller is shown: the code's own text, then what to change. */
  messageIn(language: Language): string {
    const own = refusals[this.refusal].text[language];
    if (this.detail === undefined) return own;
    return language === "zh" ? `${own}：${this.detail.zh}` : `${own}: ${this.detail.en}`;
  }
}

/**
 * A problem that the operator at the command line, or whoever starts the server, can mend:
 * printed as it is, without a stack trace, with exit status 1.
 */
export class OperatorError extends Error {
  readonly text: Text;

  constructor(problem: Text, cause?: unknown) {
    super(problem.en, cause === undefined ? undefined : { cause });
    this.name = "OperatorError";
    this.text = problem;
  }
}

/** One part of what was given will not do; the message says why, and `field` which it is, as a form names it. */
export class FieldError extends OperatorError {
  readonly field: string;

  constructor(field: string, problem: Text) {
    super(problem);
    this.field = field;
  }
}

/** What a change is about does not exist. */
export class MissingError extends OperatorError {}

/** Someone else has changed the same thing since it was read; nothing was changed now. */
export class ConflictError extends OperatorError {}

/** What was uploaded is larger than is taken. */
export class TooLargeError extends OperatorError {}

/** For what cannot happen: a failure is a bug of ours, answered as 50000 and logged with this message. */
export function invariant(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`invariant violated: ${message}`);
}
