import { type Diagnosis, findMistake, sha1UpperHex, shapeMistake, unexplained } from "@dakashi/sdk/mistakes";
import { joinParameters, signParameters } from "@dakashi/sdk/signature";
import { markOf } from "./invisible.ts";
import type { Sentence } from "./refusals.ts";

type Parameters = Readonly<Record<string, string>>;

/** How a string of the reader's own compares with the right one. */
export type StringComparison =
  | { readonly same: "joined" | "with_secret" }
  | {
      readonly same: undefined;
      /** Of the first character that differs, counted from 1. */
      readonly position: number;
      /** The end of what both begin with. */
      readonly before: string;
      /** From the first difference on, as much as is worth showing; empty where the string ends. */
      readonly theirs: string;
      readonly ours: string;
      /** Whether `ours` is of the secret, and not for everyone's eyes. */
      readonly inSecret: boolean;
      readonly meaning: Sentence | undefined;
    };

/** How much of either side is shown on each side of the difference, in characters. */
const shownMax = 24;

/** Compares with the joined string, with or without the secret behind it, whichever was meant. */
export function compareString(parameters: Parameters, secret: string, pasted: string): StringComparison {
  const joined = joinParameters(parameters);
  if (pasted === joined) return { same: "joined" };
  if (pasted === joined + secret) return { same: "with_secret" };
  const hasMore = pasted.startsWith(joined) && pasted.slice(joined.length).trim() !== "";
  const hasSecret = secret !== "" && (hasMore || pasted.trimEnd().endsWith(secret));
  const theirs = [...pasted];
  const ours = [...joined, ...(hasSecret ? secret : "")];
  let at = 0;
  while (at < theirs.length && theirs[at] === ours[at]) at++;
  return {
    same: undefined,
    position: at + 1,
    before: ours.slice(Math.max(0, at - shownMax), at).join(""),
    theirs: theirs.slice(at, at + shownMax).join(""),
    ours: ours.slice(at, at + shownMax).join(""),
    inSecret: hasSecret && at >= [...joined].length,
    meaning: meaningOf({ parameters, secret, pasted, expected: ours.join(""), theirs, ours, at }),
  };
}

/** Whether a signature is right, and if not, which mistake it shows; in the server's order. */
export function compareSignature(parameters: Parameters, secret: string, sign: string): Diagnosis | "same" {
  if (sign === signParameters(parameters, secret)) return "same";
  const upper = sign.toUpperCase();
  return (
    shapeMistake(parameters, sign, [secret]) ??
    findMistake(parameters, secret, (signed) => sha1UpperHex(signed) === upper) ??
    unexplained
  );
}

interface Difference {
  readonly parameters: Parameters;
  readonly secret: string;
  readonly pasted: string;
  readonly expected: string;
  readonly theirs: readonly string[];
  readonly ours: readonly string[];
  readonly at: number;
}

/** The first that explains it; the most certain come first. */
function meaningOf(difference: Difference): Sentence | undefined {
  return (
    usualMistake(difference) ??
    otherEncoding(difference) ??
    otherNormalisation(difference) ??
    otherCharacter(difference) ??
    otherNotation(difference) ??
    otherParameters(difference) ??
    otherValue(difference)
  );
}

function usualMistake({ parameters, secret, pasted }: Difference): Sentence | undefined {
  return findMistake(parameters, secret, (signed) => signed === pasted || signed === pasted + secret)?.detail;
}

/** UTF-8 that was read as something else: 流 becomes æµ or 娴. */
function otherEncoding({ pasted, expected }: Difference): Sentence | undefined {
  const bytes = new TextEncoder().encode(expected);
  const encodings = { "windows-1252": "Latin-1", gbk: "GBK" };
  for (const [label, name] of Object.entries(encodings))
    if (new TextDecoder(label).decode(bytes) === pasted)
      return {
        zh: `UTF-8 的字节被当作 ${name} 解码了，请全程使用 UTF-8`,
        en: `UTF-8 bytes were decoded as ${name}; use UTF-8 all the way`,
      };
  return undefined;
}

function otherNormalisation({ pasted, expected }: Difference): Sentence | undefined {
  if (pasted.normalize("NFC") !== expected.normalize("NFC")) return undefined;
  return {
    zh: "看起来相同，但 Unicode 规范化形式不同（如 macOS 的文件名、某些输入法），请原样使用同一个值",
    en: "they look alike but are normalised differently in Unicode, as file names of macOS are; sign the very value that is sent",
  };
}

/** A character that is not seen, or not seen for what it is, on either side. */
function otherCharacter({ theirs, ours, at, secret, pasted, expected }: Difference): Sentence | undefined {
  const their = theirs[at];
  const our = ours[at];
  if (our === undefined && pasted.slice(expected.length).trim() === "")
    return {
      zh: "末尾多了空白或换行，常见于 echo、读取文件或复制粘贴",
      en: "there is white space or a line break at the end, as from echo, a file or the clipboard",
    };
  const theirMark = their === undefined ? undefined : markOf(their);
  const ourMark = our === undefined ? undefined : markOf(our);
  if (theirMark !== undefined) {
    const { name, code } = theirMark;
    return theirs[at + 1] === our && our !== undefined
      ? { zh: `多了一个${name.zh}（${code}），请去掉`, en: `there is a ${name.en} (${code}) too many; remove it` }
      : { zh: `这里写成了${name.zh}（${code}）`, en: `there is a ${name.en} (${code}) in its place` };
  }
  if (ourMark !== undefined && ours[at + 1] === their)
    return {
      zh: `少了值中的${ourMark.name.zh}（${ourMark.code}）：签名前值被去掉了空白，或被改动`,
      en: `the value's ${ourMark.name.en} (${ourMark.code}) is missing: the value was trimmed or changed before it was signed`,
    };
  if (ourMark !== undefined && !ourMark.usual)
    return {
      zh: `这里应为${ourMark.name.zh}（${ourMark.code}）`,
      en: `there should be a ${ourMark.name.en} (${ourMark.code}) here`,
    };
  if (secret !== "" && expected.startsWith(pasted) && expected.slice(pasted.length) === secret)
    return { zh: "末尾没有加上 client_secret", en: "the secret is not appended" };
  return undefined;
}

/** The same value, written in another notation. */
function otherNotation({ theirs, ours, at }: Difference): Sentence | undefined {
  const rest = theirs.slice(at).join("");
  if (/^%[0-9a-f]{2}/i.test(rest) || (theirs[at] === "+" && ours[at] === " "))
    return {
      zh: "这个值做了 URL 编码，应使用原始值",
      en: "this value was URL-encoded; join it as it is",
    };
  if (/^\\(u[0-9a-f]{4}|["\\/bfnrt])/i.test(rest))
    return {
      zh: "这里是 JSON 的转义写法（如 \\u6d41、\\/），签名用的应是值本身，而不是它在 JSON 中的写法",
      en: "this is the value as JSON escapes it, such as \\u6d41 or \\/; sign the value itself, not its spelling in JSON",
    };
  if (
    /^&(amp|lt|gt|quot|#\d+|#x[0-9a-f]+);/i.test(theirs.slice(Math.max(0, at - 1)).join("")) ||
    /^&(amp|lt|gt|quot|#\d+);/i.test(rest)
  )
    return {
      zh: "这里经过了 HTML 转义（如 &amp;），请使用原始值",
      en: "this was escaped for HTML; join the values as they are",
    };
  if (theirs[at] === '"' || theirs[at] === "'")
    return {
      zh: "值的两边多了引号，引号只属于 JSON",
      en: "there are quotes around the value; they belong to the JSON only",
    };
  if (theirs[at]?.toLowerCase() === ours[at]?.toLowerCase())
    return { zh: "大小写不同", en: "the letters differ in case" };
  return undefined;
}

/** Names that are missing, too many, or in another order. */
function otherParameters({ parameters, secret, pasted }: Difference): Sentence | undefined {
  const ours = Object.keys(parameters)
    .filter((name) => name !== "sign")
    .sort();
  const text = secret !== "" && pasted.endsWith(secret) ? pasted.slice(0, -secret.length) : pasted;
  const theirs = text.split("&").map((pair) => pair.split("=", 1)[0] ?? "");
  const missing = ours.filter((name) => !theirs.includes(name));
  const extra = theirs.filter((name) => !ours.includes(name));
  if (extra.includes("sign"))
    return { zh: "sign 本身不参与签名，请去掉", en: "sign itself is not signed; leave it out" };
  if (missing.length > 0 && extra.length === 0)
    return { zh: `缺少参数：${missing.join("、")}`, en: `parameters are missing: ${missing.join(", ")}` };
  if (extra.length > 0 && missing.length === 0)
    return {
      zh: `多了没有提交的参数：${extra.join("、")}`,
      en: `there are parameters that are not sent: ${extra.join(", ")}`,
    };
  if (missing.length === 0 && theirs.join("&") !== ours.join("&"))
    return {
      zh: "参数的顺序不对：按参数名逐字节排序，数字在前，下划线其次，小写字母在后",
      en: "the order is not right: sort by name, byte by byte, digits first, then the underscore, then letters",
    };
  return undefined;
}

/** The name of the parameter within whose value the difference lies. */
function otherValue({ ours, at }: Difference): Sentence | undefined {
  const start = ours.lastIndexOf("&", at - 1) + 1;
  const name = ours.slice(start, at).join("").split("=", 1)[0] ?? "";
  if (!ours.slice(start, at).includes("=")) return undefined;
  return name === "timestamp"
    ? {
        zh: "timestamp 的值不同：签名和提交必须用同一个时间，不要各取一次",
        en: "timestamp differs: sign and send one and the same time, and do not ask the clock twice",
      }
    : { zh: `参数 ${name} 的值不同`, en: `the value of ${name} differs` };
}
