import type { Diagnosis } from "@dakashi/sdk/mistakes";

/** One sentence in both languages. */
export type Sentence = Diagnosis["detail"];

/** The value of a parameter as it stands in a JSON body: a number keeps the digits it was written with. */
export type WrittenValue = { readonly number: string } | { readonly parsed: unknown };

/** No larger body is read by the server. */
export const bodyBytesMax = 16 * 1024;

const parameterName = /^[a-z][a-z0-9_]*$/;

// What follows is refused by the server too, under the same hints and in the same words. A test compares the two.

export const bodyEmpty = refusal("body_empty", "请求体为空，应为 JSON 对象", "the body is empty; send a JSON object");

export function notJson(json: string, error: unknown): Diagnosis {
  if (/^\s*[a-z_]+=/.test(json))
    return refusal(
      "not_json",
      '请求体是表单格式（a=1&b=2），应为 JSON，例如 {"client_id":"…"}',
      'the body is form-encoded (a=1&b=2); send JSON such as {"client_id":"…"}',
    );
  const position = error instanceof Error ? /position (\d+)/.exec(error.message)?.[1] : undefined;
  return position === undefined
    ? refusal("not_json", "请求体不是有效的 JSON", "the body is not valid JSON")
    : refusal(
        "not_json",
        `请求体不是有效的 JSON（第 ${Number(position) + 1} 个字符处）`,
        `the body is not valid JSON (at character ${Number(position) + 1})`,
      );
}

export function notAnObject(whole: unknown): Diagnosis {
  const found = kind(whole);
  return refusal(
    "not_an_object",
    `请求体应为 JSON 对象，例如 {"client_id":"…"}，收到的是${found.zh}`,
    `the body must be a JSON object such as {"client_id":"…"}, and is ${found.en}`,
  );
}

export function bodyTooLarge(bytes: number): Diagnosis {
  return refusal(
    "body_too_large",
    `最多 ${bodyBytesMax} 字节，现有 ${bytes} 字节`,
    `at most ${bodyBytesMax} bytes, and it has ${bytes}`,
  );
}

/** Of a pasted `name=value`; no such thing reaches the server. */
export function withoutEquals(pair: string): Diagnosis {
  return refusal(
    "without_equals",
    `${excerpt(pair)} 中没有 “=”。如果它属于前一个参数的值，那么该值含有 “&”，不能签名`,
    `${excerpt(pair)} has no "=". If it belongs to the value before it, that value contains "&" and cannot be signed`,
  );
}

export function nameRefusal(name: string, repeated: boolean): Diagnosis | undefined {
  if (!parameterName.test(name))
    return refusal(
      "name_malformed",
      `参数名 ${excerpt(name)} 不合法：应以小写字母开头，由小写字母、数字和下划线组成`,
      `the parameter name ${excerpt(name)} is malformed: it must start with a lower-case letter and hold lower-case letters, digits and _ only`,
    );
  return repeated
    ? refusal("name_repeated", `参数 ${name} 出现了不止一次`, `the parameter ${name} is given more than once`)
    : undefined;
}

export const nameEscaped = refusal(
  "name_escaped",
  "参数名中不能使用反斜杠转义，请直接书写",
  "a parameter name must be written as it is, without backslash escapes",
);

export function valueRefusal(name: string, value: WrittenValue): Diagnosis | undefined {
  if ("number" in value) return numberRefusal(name, value.number);
  const { parsed } = value;
  if (typeof parsed !== "string") {
    const found = kind(parsed);
    return refusal(
      "value_type",
      `参数 ${name} 是${found.zh}，只接受字符串和整数`,
      `the parameter ${name} is ${found.en}: only strings and integers are accepted`,
    );
  }
  if (parsed.includes("&"))
    return refusal(
      "value_ampersand",
      `参数 ${name} 的值含有 “&”，它在签名中无法与分隔符区分，请去掉`,
      `the parameter ${name} contains "&", which the signature cannot tell from a separator: leave it out`,
    );
  if (!parsed.isWellFormed())
    return refusal(
      "value_surrogate",
      `参数 ${name} 含有半个代理对（字符被截断）`,
      `the parameter ${name} contains half of a surrogate pair: a character was cut in two`,
    );
  return undefined;
}

function numberRefusal(name: string, source: string): Diagnosis | undefined {
  const isWhole = /^-?\d+$/.test(source) && source !== "-0";
  if (isWhole && Number.isSafeInteger(Number(source))) return undefined;
  return isWhole
    ? refusal(
        "integer_too_large",
        `参数 ${name} 是超出 2^53 的数字，多数语言会丢失其末尾数位，请改用字符串传递`,
        `the parameter ${name} is a number beyond 2^53, which loses its last digits in most languages: send it as a string`,
      )
    : refusal(
        "not_an_integer",
        `参数 ${name} 的写法 ${excerpt(source)} 在不同语言中会输出成不同的文本，请传整数，或改用字符串`,
        `the parameter ${name} is written ${excerpt(source)}, which languages print differently: send an integer or a string`,
      );
}

/** What a value is, behind 是. */
function kind(value: unknown): Sentence {
  if (value === null) return { zh: " null", en: "null" };
  if (Array.isArray(value)) return { zh: "数组", en: "an array" };
  if (typeof value === "object") return { zh: "对象", en: "an object" };
  if (typeof value === "boolean") return { zh: "布尔值", en: "a boolean" };
  return typeof value === "number" ? { zh: "数字", en: "a number" } : { zh: "字符串", en: "a string" };
}

/** As much of what was given as helps to recognise it, in JSON's quotes. */
function excerpt(value: string): string {
  const characters = [...value];
  return JSON.stringify(characters.length > 40 ? `${characters.slice(0, 40).join("")}…` : value);
}

function refusal(hint: string, zh: string, en: string): Diagnosis {
  return { hint, detail: { zh, en } };
}
