import { type Language, type Text, text } from "../../text.ts";

interface Refusal {
  readonly status: number;
  readonly text: Text;
  /** A password or code was wrong. */
  readonly isWrongGuess?: true;
}

/** Every way in which a call of sign-in is refused; the names are the codes in the answer. */
const refusals = {
  not_found: { status: 404, text: text("没有这个接口", "no such endpoint") },
  invalid: { status: 422, text: text("请求内容不完整或格式不对", "the request is incomplete or malformed") },
  foreign_page: {
    status: 403,
    text: text("请求不是来自本站页面，已拒绝", "the request does not come from a page of this site and was refused"),
  },
  signed_out: {
    status: 401,
    text: text("登录已过期，请重新登录", "you are not signed in any more; sign in again"),
  },
  password_change_needed: { status: 403, text: text("请先修改初始密码", "change your first password first") },
  wrong_credentials: {
    status: 401,
    text: text("邮箱或密码错误", "wrong e-mail address or password"),
    isWrongGuess: true,
  },
  wrong_password: { status: 422, text: text("当前密码错误", "wrong current password"), isWrongGuess: true },
  wrong_code: {
    status: 422,
    text: text("验证码错误或已使用过", "the code is wrong or was used already"),
    isWrongGuess: true,
  },
  challenge_expired: {
    status: 401,
    text: text(
      "等待输入验证码的时间已过，请重新输入密码",
      "the time for entering a code has passed; enter your password again",
    ),
  },
  suspended: {
    status: 403,
    text: text("该员工账号已停用，请联系管理员", "this staff member is suspended; ask an admin"),
  },
  locked: { status: 429, text: text("尝试次数过多，已暂时锁定", "too many attempts; locked for a while") },
  weak_password: { status: 422, text: text("密码不符合要求", "the password may not be used") },
  same_password: {
    status: 422,
    text: text("新密码不能与当前密码相同", "the new password must differ from the current one"),
  },
  two_factor_on: { status: 409, text: text("两步验证已经开启", "two-factor authentication is on already") },
  two_factor_off: { status: 409, text: text("两步验证尚未开启", "two-factor authentication is not on") },
} as const satisfies Record<string, Refusal>;

export type SignInRefusalCode = keyof typeof refusals;

interface Detail {
  /** Which part of what was sent is refused. */
  readonly field?: string;
  /** In place of the refusal's own text, or after it. */
  readonly text?: Text;
  readonly retryAfterSeconds?: number;
}

/** A call of sign-in that is refused. */
export class SignInRefusal extends Error {
  readonly code: SignInRefusalCode;
  readonly detail: Detail;

  constructor(code: SignInRefusalCode, detail: Detail = {}) {
    super(refusals[code].text.en);
    this.name = "SignInRefusal";
    this.code = code;
    this.detail = detail;
  }

  get isWrongGuess(): boolean {
    const refusal: Refusal = refusals[this.code];
    return refusal.isWrongGuess === true;
  }

  /** As the console answers every refusal. */
  toResponse(language: Language): Response {
    const { field, retryAfterSeconds } = this.detail;
    return Response.json(
      {
        error: {
          code: this.code,
          message: (this.detail.text ?? refusals[this.code].text)[language],
          ...(field === undefined ? {} : { field }),
          ...(retryAfterSeconds === undefined ? {} : { retry_after_seconds: retryAfterSeconds }),
        },
      },
      {
        status: refusals[this.code].status,
        ...(retryAfterSeconds === undefined ? {} : { headers: { "retry-after": String(retryAfterSeconds) } }),
      },
    );
  }
}

/** What is locked is told with the time it is for. */
export function lockedRefusal(seconds: number): SignInRefusal {
  const minutes = Math.ceil(seconds / 60);
  return new SignInRefusal("locked", {
    retryAfterSeconds: seconds,
    text: text(
      `尝试次数过多，已暂时锁定，请在 ${minutes} 分钟后再试`,
      `too many attempts; locked for another ${minutes === 1 ? "minute" : `${minutes} minutes`}`,
    ),
  });
}

/** better-auth's codes for what a person can be told. */
const byBetterAuthCode: Readonly<Record<string, SignInRefusalCode>> = {
  INVALID_EMAIL_OR_PASSWORD: "wrong_credentials",
  // Nobody has an address that is none; an answer of its own would only make the others look different.
  INVALID_EMAIL: "wrong_credentials",
  INVALID_PASSWORD: "wrong_password",
  INVALID_CODE: "wrong_code",
  INVALID_BACKUP_CODE: "wrong_code",
  INVALID_TWO_FACTOR_COOKIE: "challenge_expired",
  TOO_MANY_ATTEMPTS_REQUEST_NEW_CODE: "challenge_expired",
  TOTP_ALREADY_ENABLED: "two_factor_on",
  TOTP_NOT_ENABLED: "two_factor_off",
  TWO_FACTOR_NOT_ENABLED: "two_factor_off",
  BACKUP_CODES_NOT_ENABLED: "two_factor_off",
  UNAUTHORIZED: "signed_out",
  INVALID_ORIGIN: "foreign_page",
  MISSING_OR_NULL_ORIGIN: "foreign_page",
  CROSS_SITE_NAVIGATION_LOGIN_BLOCKED: "foreign_page",
};

/** What better-auth's refusal is to a person. Throws for one that cannot come about. */
export async function refusalOf(answer: Response): Promise<SignInRefusal> {
  const body: unknown = await answer.json().catch(() => undefined);
  const code = typeof body === "object" && body !== null && "code" in body ? String(body.code) : "";
  const known = byBetterAuthCode[code];
  if (known === undefined) throw new Error(`better-auth answered ${answer.status} ${code}`);
  return new SignInRefusal(known);
}
