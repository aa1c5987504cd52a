/** What is known of a failed call beside its message. */
export interface FailureDetails {
  /** The HTTP status, where an answer came. */
  readonly status?: number | undefined;
  /** The write's `request_no`. */
  readonly requestNo?: string | undefined;
  /** What the answer's Retry-After header asks for. */
  readonly retryAfterSeconds?: number | undefined;
}

/** What a refusal's envelope and headers say. */
export interface RefusalDetails extends FailureDetails {
  readonly status: number;
  readonly errcode: number;
  readonly requestId: string | undefined;
  readonly hint: string | undefined;
  readonly docUrl: string | undefined;
  readonly serverTime: number | undefined;
}

/** The platform understood the call and refused it. The message is the answer's `errmsg`. */
export class DakashiError extends Error {
  override readonly name = "DakashiError";
  /** The code of the contract. Texts may improve, codes do not change. */
  readonly errcode: number;
  /** Quote it when asking the operator about this call. */
  readonly requestId: string | undefined;
  /** A stable reason finer than `errcode`, such as `sign_lower_case`. */
  readonly hint: string | undefined;
  /** Where the platform's documentation explains this refusal; undefined if the platform does not say. */
  readonly docUrl: string | undefined;
  /** The HTTP status; 200 for most refusals. */
  readonly status: number;
  /** How long the platform asks to wait before the next call, in seconds. */
  readonly retryAfterSeconds: number | undefined;
  /** The platform's clock in Unix seconds, where the call's time was refused. */
  readonly serverTime: number | undefined;
  /** The write's `request_no`, made by the client unless given; undefined for a read. */
  readonly requestNo: string | undefined;

  constructor(message: string, details: RefusalDetails) {
    super(message);
    this.errcode = details.errcode;
    this.requestId = details.requestId;
    this.hint = details.hint;
    this.docUrl = details.docUrl;
    this.status = details.status;
    this.retryAfterSeconds = details.retryAfterSeconds;
    this.serverTime = details.serverTime;
    this.requestNo = details.requestNo;
  }
}

/**
 * No answer of the platform arrived: the connection failed, or something else answered, such as a proxy with an HTML
 * page. Whether a write was carried out is unknown: repeat it with the same `requestNo`.
 */
export class DakashiConnectionError extends Error {
  override readonly name: string = "DakashiConnectionError";
  /** The HTTP status of the answer that was not the platform's; undefined if there was none. */
  readonly status: number | undefined;
  /** How long that answer asks to wait before the next call, in seconds. */
  readonly retryAfterSeconds: number | undefined;
  /** The write's `request_no`, made by the client unless given; undefined for a read. */
  readonly requestNo: string | undefined;

  constructor(message: string, details: FailureDetails & { readonly cause?: unknown }) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.status = details.status;
    this.retryAfterSeconds = details.retryAfterSeconds;
    this.requestNo = details.requestNo;
  }
}

/** The whole answer did not arrive within `timeoutMs`. */
export class DakashiTimeoutError extends DakashiConnectionError {
  override readonly name = "DakashiTimeoutError";
}
