import { sha1UpperHex } from "#sha1";
import { joinParameters } from "./signature.ts";

export { sha1UpperHex };

/**
 * What is known of a signature that did not match. `hint` is stable, for programs; `detail` is for people, in Chinese
 * and in English.
 */
export interface Diagnosis {
  readonly hint: string;
  readonly detail: { readonly zh: string; readonly en: string };
}

/** The parameters of a call, known to be valid: every value the text that stands for it in the joined string. */
type Parameters = Readonly<Record<string, string>>;

interface Mistake extends Diagnosis {
  /** The signed text, secret included, as it comes out with this mistake made. Several where it has several forms. */
  readonly signed: (parameters: Parameters, secret: string) => readonly string[];
}

/**
 * The usual mistakes, each recomputed with the secret: by the server with the one on file, by the portal's debugger with
 * the one typed in. That one matches shows that whoever signed has the secret, so naming it tells nothing to a caller
 * that has not. The most specific come first.
 */
const mistakes: readonly Mistake[] = [
  {
    hint: "sign_values_url_encoded",
    detail: {
      zh: "拼接时对参数值做了 URL 编码，应使用原始值",
      en: "the values were URL-encoded before signing; join them as they are",
    },
    signed: (parameters, secret) =>
      [encodeURIComponent, rfc3986, formEncode, phpEncode, javaEncode].map(
        (encode) => joinParameters(mapValues(parameters, encode)) + secret,
      ),
  },
  {
    hint: "sign_client_id_left_out",
    detail: { zh: "拼接时漏掉了 client_id", en: "client_id was left out of the signed string" },
    signed: (parameters, secret) => [joinParameters(without(parameters, "client_id")) + secret],
  },
  {
    hint: "sign_timestamp_left_out",
    detail: { zh: "拼接时漏掉了 timestamp", en: "timestamp was left out of the signed string" },
    signed: (parameters, secret) => [joinParameters(without(parameters, "timestamp")) + secret],
  },
  {
    hint: "sign_included",
    detail: {
      zh: "sign 本身不参与签名，应从拼接字符串中去掉",
      en: "sign itself was part of the signed string; leave it out",
    },
    signed: (parameters, secret) =>
      ["", "null"].map((sign) => {
        const names = [...Object.keys(without(parameters, "sign")), "sign"].sort();
        return names.map((name) => `${name}=${name === "sign" ? sign : parameters[name]}`).join("&") + secret;
      }),
  },
  {
    hint: "sign_ampersand_before_secret",
    detail: {
      zh: "client_secret 应直接接在拼接字符串之后，前面不要加 “&” 或 “&key=”",
      en: 'the secret is appended directly, without "&" or "&key=" before it',
    },
    signed: (parameters, secret) =>
      ["&", "&key=", "&secret=", "&client_secret="].map((glue) => joinParameters(parameters) + glue + secret),
  },
  {
    hint: "sign_secret_first",
    detail: {
      zh: "client_secret 应接在拼接字符串之后，而不是之前",
      en: "the secret belongs behind the joined string, not before it",
    },
    signed: (parameters, secret) => [secret + joinParameters(parameters), secret + joinParameters(parameters) + secret],
  },
  {
    hint: "sign_secret_white_space",
    detail: {
      zh: "client_secret 前后多了空白或换行（常见于从文件或剪贴板读取），请去掉",
      en: "the secret has white space or a line break around it, as when it is read from a file; trim it",
    },
    signed: (parameters, secret) =>
      [`${secret}\n`, `${secret}\r\n`, `${secret} `, ` ${secret}`, ` ${secret} `, `${secret}\t`].map(
        (spaced) => joinParameters(parameters) + spaced,
      ),
  },
  {
    hint: "sign_secret_missing",
    detail: { zh: "拼接字符串末尾没有加上 client_secret", en: "the secret was not appended to the joined string" },
    signed: (parameters) => [joinParameters(parameters)],
  },
  {
    hint: "sign_times_entity",
    detail: {
      zh: "拼接字符串中的 “&timestamp” 被当作 HTML 实体变成了 “×tamp”，请避免经 HTML 渲染后再复制",
      en: 'an HTML renderer turned "&timestamp" in the joined string into "×tamp"; do not pass it through HTML',
    },
    signed: (parameters, secret) => [
      joinParameters(parameters).replaceAll("&times", "×") + secret,
      joinParameters(parameters).replaceAll("&", "&amp;") + secret,
    ],
  },
  {
    hint: "sign_milliseconds",
    detail: {
      zh: "签名时所用的 timestamp 与提交的不一致：一个是毫秒，一个是秒，应都用秒",
      en: "the timestamp was signed in one unit and sent in another, milliseconds and seconds; use seconds in both",
    },
    signed: (parameters, secret) => {
      const timestamp = parameters["timestamp"] ?? "";
      return [`${timestamp}000`, timestamp.slice(0, -3)].map(
        (other) => joinParameters(replace(parameters, "timestamp", other)) + secret,
      );
    },
  },
  {
    hint: "sign_not_sorted",
    detail: {
      zh: "参数没有按参数名的字典序排序，而是按提交顺序拼接的",
      en: "the parameters were joined in the order they were sent; sort them by name",
    },
    signed: (parameters, secret) => [
      Object.entries(without(parameters, "sign"))
        .map(([name, value]) => `${name}=${value}`)
        .join("&") + secret,
    ],
  },
  {
    hint: "sign_empty_left_out",
    detail: {
      zh: "值为空的参数也要参与拼接（name=）",
      en: "parameters with an empty value belong into the string too, as name=",
    },
    signed: (parameters, secret) => [
      joinParameters(Object.fromEntries(Object.entries(parameters).filter(([, value]) => value !== ""))) + secret,
    ],
  },
  {
    hint: "sign_without_names",
    detail: {
      zh: "只拼接了参数值，应为 name=value 并以 “&” 连接",
      en: "the values were joined without their names; join name=value with &",
    },
    signed: (parameters, secret) => {
      const names = Object.keys(without(parameters, "sign")).sort();
      return [
        names.map((name) => parameters[name]).join("") + secret,
        names.map((name) => `${name}${parameters[name]}`).join("") + secret,
        names.map((name) => `${name}=${parameters[name]}`).join("") + secret,
      ];
    },
  },
];

/** Neither its shape nor a usual mistake explains it. */
export const unexplained: Diagnosis = {
  hint: "sign_mismatch",
  detail: {
    zh: "与按提交的参数算出的签名不一致。请核对 client_secret，并确认签名所用的参数与提交的参数完全相同",
    en: "it does not match the parameters as submitted. Check the secret, and that exactly the parameters you send are the ones you sign",
  },
};

/**
 * The usual mistake that gives a signed text, secret included, which `isTheirs` recognises. Each is recomputed only
 * when those before it were not recognised.
 */
export function findMistake(
  parameters: Parameters,
  secret: string,
  isTheirs: (signed: string) => boolean,
): Diagnosis | undefined {
  const made = mistakes.find((mistake) => mistake.signed(parameters, secret).some((signed) => isTheirs(signed)));
  return made === undefined ? undefined : { hint: made.hint, detail: made.detail };
}

/** What can be said of the signature's look alone, or with its letters' case and its algorithm put right. */
export function shapeMistake(parameters: Parameters, sign: string, secrets: readonly string[]): Diagnosis | undefined {
  if (/^[0-9a-f]{40}$/i.test(sign)) {
    if (sign === sign.toUpperCase()) return undefined;
    return secrets.some((secret) => sha1UpperHex(joinParameters(parameters) + secret) === sign.toUpperCase())
      ? {
          hint: "sign_lower_case",
          detail: {
            zh: "sign 应为大写十六进制，请把结果转换成大写",
            en: "sign must be upper-case hex; convert the result to upper case",
          },
        }
      : undefined;
  }
  const lengths: Record<number, string> = { 32: "MD5", 64: "SHA-256", 128: "SHA-512" };
  const algorithm = /^[0-9a-f]+$/i.test(sign) ? lengths[sign.length] : undefined;
  if (algorithm !== undefined)
    return {
      hint: "sign_algorithm",
      detail: {
        zh: `sign 有 ${sign.length} 位，像是 ${algorithm} 的结果；应为 SHA-1，40 位大写十六进制`,
        en: `sign has ${sign.length} digits, as ${algorithm} gives; it must be SHA-1, 40 digits of upper-case hex`,
      },
    };
  return {
    hint: "sign_malformed",
    detail: {
      zh: `sign 应为 40 位大写十六进制，收到的有 ${[...sign].length} 个字符`,
      en: `sign must be 40 digits of upper-case hex; it has ${[...sign].length} characters`,
    },
  };
}

function without(parameters: Parameters, name: string): Parameters {
  return Object.fromEntries(Object.entries(parameters).filter(([other]) => other !== name));
}

function replace(parameters: Parameters, name: string, value: string): Parameters {
  return { ...parameters, [name]: value };
}

function mapValues(parameters: Parameters, change: (value: string) => string): Parameters {
  return Object.fromEntries(Object.entries(parameters).map(([name, value]) => [name, change(value)]));
}

function rfc3986(value: string): string {
  return encodeURIComponent(value).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** As Go's QueryEscape and Python's quote_plus write it: a space becomes a plus. */
function formEncode(value: string): string {
  return rfc3986(value).replaceAll("%20", "+");
}

/** As PHP's urlencode and http_build_query write it: the tilde is encoded too. */
function phpEncode(value: string): string {
  return formEncode(value).replaceAll("~", "%7E");
}

/** As Java's URLEncoder writes it, and URLSearchParams: but the asterisk is not. */
function javaEncode(value: string): string {
  return phpEncode(value).replaceAll("%2A", "*");
}
