import { isUtf8 } from "node:buffer";
import { AppError } from "../errors.ts";
import { type Text, text } from "../text.ts";

/**
 * The parameters of a call as they are signed: every value the text that stands for it in the canonical string. Has no
 * prototype, so that a parameter called `constructor` is a parameter.
 */
export type Parameters = Record<string, string>;

/** No larger body is read. */
export const bodyBytesMax = 16 * 1024;

const parameterName = /^[a-z][a-z0-9_]*$/;

/** Longer than any name that an operation knows. */
const nameShownMax = 30;

/**
 * Reads the flat JSON object of a call, from the bytes as received.
 *
 * Our own scanner rather than JSON.parse, which keeps the last of two equal names, turns 1.0 and 1e0 into 1, and rounds
 * integers beyond 2^53: each would let two different bodies share one signed string. Whatever is no flat object of
 * strings and integers is looked at again by {@link explain}, off the fast path, to say what is wrong with it.
 */
export function parseParameters(body: Buffer): Parameters {
  if (!isUtf8(body)) throw wrongBody("not_utf8", text("请求体不是有效的 UTF-8 编码", "the body is not valid UTF-8"));
  const json = body.toString("utf8");
  const parameters: Parameters = Object.create(null) as Parameters; // Object.create is typed any.
  const end = json.length;
  // A byte order mark, which .NET's default UTF-8 writer puts in front.
  let at = skipSpace(json, json.charCodeAt(0) === 0xfeff ? 1 : 0);
  if (json.charCodeAt(at) !== 0x7b /* { */) throw explain(json);
  at = skipSpace(json, at + 1);
  if (json.charCodeAt(at) === 0x7d /* } */) return finish(json, at, parameters);
  while (at < end) {
    const nameEnd = stringEnd(json, at);
    if (nameEnd === -1) throw explain(json);
    const name = json.slice(at + 1, nameEnd);
    if (!parameterName.test(name) || name in parameters) throw explain(json);
    at = skipSpace(json, nameEnd + 1);
    if (json.charCodeAt(at) !== 0x3a /* : */) throw explain(json);
    at = skipSpace(json, at + 1);
    const valueEnd = json.charCodeAt(at) === 0x22 /* " */ ? stringEnd(json, at) : integerEnd(json, at);
    if (valueEnd === -1) throw explain(json);
    const value = json.charCodeAt(at) === 0x22 ? stringValue(json, at, valueEnd) : json.slice(at, valueEnd);
    if (value === undefined || value.includes("&")) throw explain(json);
    parameters[name] = value;
    at = skipSpace(json, json.charCodeAt(at) === 0x22 ? valueEnd + 1 : valueEnd);
    const next = json.charCodeAt(at);
    if (next === 0x7d /* } */) return finish(json, at, parameters);
    if (next !== 0x2c /* , */) throw explain(json);
    at = skipSpace(json, at + 1);
  }
  throw explain(json);
}

function finish(json: string, closing: number, parameters: Parameters): Parameters {
  if (skipSpace(json, closing + 1) !== json.length) throw explain(json);
  return parameters;
}

function skipSpace(json: string, from: number): number {
  let at = from;
  for (;;) {
    const code = json.charCodeAt(at);
    if (code !== 0x20 && code !== 0x0a && code !== 0x0d && code !== 0x09) return at;
    at++;
  }
}

/** Where the closing quote of the string that opens at `from` is; -1 if there is no string. */
function stringEnd(json: string, from: number): number {
  if (json.charCodeAt(from) !== 0x22) return -1;
  for (let at = from + 1; at < json.length; at++) {
    const code = json.charCodeAt(at);
    if (code === 0x22) return at;
    if (code < 0x20) return -1;
    if (code === 0x5c /* \ */) at++;
  }
  return -1;
}

/** The text of a JSON string; undefined when an escape is wrong or makes half a surrogate pair, which UTF-8 has not. */
function stringValue(json: string, open: number, close: number): string | undefined {
  const raw = json.slice(open + 1, close);
  if (!raw.includes("\\")) return raw;
  try {
    const value: unknown = JSON.parse(json.slice(open, close + 1));
    return typeof value === "string" && value.isWellFormed() ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Behind the last digit of a safe integer, spelled as every language spells it; -1 for anything else. */
function integerEnd(json: string, from: number): number {
  let at = from;
  if (json.charCodeAt(at) === 0x2d /* - */) at++;
  const digits = at;
  while (isDigit(json.charCodeAt(at))) at++;
  const count = at - digits;
  if (count === 0 || count > 16) return -1;
  // No leading zero, and so no -0 either: 0 alone is an integer, 01 is not JSON, -0 prints as 0 or as -0.
  if (json.charCodeAt(digits) === 0x30 && at - from > 1) return -1;
  if (count === 16 && !Number.isSafeInteger(Number(json.slice(from, at)))) return -1;
  return at;
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

/** What is wrong with a body that the scanner did not take. */
function explain(json: string): AppError {
  if (json.trim() === "")
    return wrongBody("body_empty", text("请求体为空，应为 JSON 对象", "the body is empty; send a JSON object"));
  const seen = new Map<string, unknown>();
  let whole: unknown;
  try {
    whole = JSON.parse(json.charCodeAt(0) === 0xfeff ? json.slice(1) : json);
  } catch (error) {
    return wrongBody("not_json", notJson(json, error));
  }
  if (typeof whole !== "object" || whole === null || Array.isArray(whole))
    return wrongBody(
      "not_an_object",
      text(
        `请求体应为 JSON 对象，例如 {"client_id":"…"}，收到的是${kind(whole).zh}`,
        `the body must be a JSON object such as {"client_id":"…"}, and is ${kind(whole).en}`,
      ),
    );
  for (const [name, value] of topLevelEntries(json)) {
    if (!parameterName.test(name))
      return wrongParameter(
        "name_malformed",
        text(
          `参数名 ${excerpt(name)} 不合法：应以小写字母开头，由小写字母、数字和下划线组成`,
          `the parameter name ${excerpt(name)} is malformed: it must start with a lower-case letter and hold lower-case letters, digits and _ only`,
        ),
      );
    // A name may be as long as the body, and goes into the log too.
    const shown = name.length > nameShownMax ? `${name.slice(0, nameShownMax)}…` : name;
    if (seen.has(name))
      return wrongParameter(
        "name_repeated",
        text(`参数 ${shown} 出现了不止一次`, `the parameter ${shown} is given more than once`),
      );
    seen.set(name, value);
    const problem = valueProblem(shown, value);
    if (problem !== undefined) return problem;
  }
  // All that the scanner refuses and the above does not is a name spelled with an escape, such as "\u0061" for "a".
  return wrongParameter(
    "name_escaped",
    text(
      "参数名中不能使用反斜杠转义，请直接书写",
      "a parameter name must be written as it is, without backslash escapes",
    ),
  );
}

/** `value` is the source text of a number, or the parsed value of anything else. */
function valueProblem(name: string, value: unknown): AppError | undefined {
  if (value instanceof NumberSource) {
    if (integerEnd(value.source, 0) === value.source.length) return undefined;
    if (/^-?\d+$/.test(value.source) && value.source !== "-0")
      return wrongParameter(
        "integer_too_large",
        text(
          `参数 ${name} 是超出 2^53 的数字，多数语言会丢失其末尾数位，请改用字符串传递`,
          `the parameter ${name} is a number beyond 2^53, which loses its last digits in most languages: send it as a string`,
        ),
      );
    return wrongParameter(
      "not_an_integer",
      text(
        `参数 ${name} 的写法 ${excerpt(value.source)} 在不同语言中会输出成不同的文本，请传整数，或改用字符串`,
        `the parameter ${name} is written ${excerpt(value.source)}, which languages print differently: send an integer or a string`,
      ),
    );
  }
  if (typeof value !== "string")
    return wrongParameter(
      "value_type",
      text(
        `参数 ${name} 是${kind(value).zh}，只接受字符串和整数`,
        `the parameter ${name} is ${kind(value).en}: only strings and integers are accepted`,
      ),
    );
  if (value.includes("&"))
    return wrongParameter(
      "value_ampersand",
      text(
        `参数 ${name} 的值含有 “&”，它在签名中无法与分隔符区分，请去掉`,
        `the parameter ${name} contains "&", which the signature cannot tell from a separator: leave it out`,
      ),
    );
  if (!value.isWellFormed())
    return wrongParameter(
      "value_surrogate",
      text(
        `参数 ${name} 含有半个代理对（字符被截断）`,
        `the parameter ${name} contains half of a surrogate pair: a character was cut in two`,
      ),
    );
  return undefined;
}

/** A number as it was written. */
class NumberSource {
  readonly source: string;
  constructor(source: string) {
    this.source = source;
  }
}

/** The members of a JSON object that parses, repeated names and all. */
function topLevelEntries(json: string): [string, unknown][] {
  const entries: [string, unknown][] = [];
  let at = skipSpace(json, json.indexOf("{") + 1);
  while (json.charCodeAt(at) === 0x22) {
    const nameEnd = stringEnd(json, at);
    const name = String(JSON.parse(json.slice(at, nameEnd + 1)));
    const from = skipSpace(json, json.indexOf(":", nameEnd) + 1);
    const to = valueEnd(json, from);
    const source = json.slice(from, to).trim();
    entries.push([name, /^[-\d]/.test(source) ? new NumberSource(source) : (JSON.parse(source) as unknown)]);
    at = json.charCodeAt(to) === 0x2c ? skipSpace(json, to + 1) : json.length;
  }
  return entries;
}

/** The comma or brace behind the value that begins at `from`, in JSON that parses. */
function valueEnd(json: string, from: number): number {
  let depth = 0;
  for (let at = from; at < json.length; at++) {
    const char = json[at];
    if (char === '"') at = stringEnd(json, at);
    else if (char === "{" || char === "[") depth++;
    else if (depth === 0 && (char === "," || char === "}")) return at;
    else if (char === "}" || char === "]") depth--;
  }
  return json.length;
}

function notJson(json: string, error: unknown): Text {
  if (/^\s*[a-z_]+=/.test(json))
    return text(
      '请求体是表单格式（a=1&b=2），应为 JSON，例如 {"client_id":"…"}',
      'the body is form-encoded (a=1&b=2); send JSON such as {"client_id":"…"}',
    );
  const position = error instanceof Error ? /position (\d+)/.exec(error.message)?.[1] : undefined;
  return position === undefined
    ? text("请求体不是有效的 JSON", "the body is not valid JSON")
    : text(
        `请求体不是有效的 JSON（第 ${Number(position) + 1} 个字符处）`,
        `the body is not valid JSON (at character ${Number(position) + 1})`,
      );
}

/** What a value is, behind 是. */
function kind(value: unknown): Text {
  if (value === null) return text(" null", "null");
  if (Array.isArray(value)) return text("数组", "an array");
  if (typeof value === "object") return text("对象", "an object");
  if (typeof value === "boolean") return text("布尔值", "a boolean");
  return typeof value === "number" ? text("数字", "a number") : text("字符串", "a string");
}

/** An ICCID and a client_id are shown whole, a secret in the wrong place, of 40 characters, is not. */
const excerptCharactersMax = 30;

/** As much of what was received as helps to recognise it, in JSON's quotes. */
export function excerpt(value: string): string {
  const characters = [...value];
  return JSON.stringify(
    characters.length > excerptCharactersMax ? `${characters.slice(0, excerptCharactersMax).join("")}…` : value,
  );
}

function wrongBody(hint: string, detail: Text): AppError {
  return new AppError("bodyWrong", { hint, detail });
}

function wrongParameter(hint: string, detail: Text): AppError {
  return new AppError("parameterWrong", { hint, detail });
}
