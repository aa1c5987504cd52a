import { sha1UpperHex } from "#sha1";

/** What may be signed: a string, or an integer that every language prints alike. */
export type ParameterValue = string | number;

/** A parameter cannot be signed as it is. The message names it and says what to change. */
export class SignatureInputError extends TypeError {
  override readonly name = "SignatureInputError";
  /** The parameter's name. */
  readonly parameter: string;

  constructor(parameter: string, message: string) {
    super(message);
    this.parameter = parameter;
  }
}

const parameterName = /^[a-z][a-z0-9_]*$/;

/**
 * The canonical string of parameters that are known to be valid: names except `sign` in byte order, `name=value`
 * joined with `&`, nothing URL-encoded, empty values kept.
 *
 * The server calls this for every request, after checks of its own. To sign, use {@link signParameters}.
 */
export function joinParameters(parameters: Readonly<Record<string, string>>): string {
  // Names are ASCII, so the order of UTF-16 code units, which sort() uses, is the order of bytes.
  const names = Object.keys(parameters).sort();
  let joined = "";
  for (const name of names) {
    if (name === "sign") continue;
    const pair = `${name}=${parameters[name]}`;
    joined = joined === "" ? pair : `${joined}&${pair}`;
  }
  return joined;
}

/**
 * The string that is signed, without the secret. `sign` is left out if it is among the parameters.
 *
 * What is accepted has one reading: no two different sets of parameters share a canonical string, but for a number
 * and its own digits.
 *
 * @throws {SignatureInputError} for a name that is not `^[a-z][a-z0-9_]*$` and for a value that is not text without
 * `&` or a safe integer.
 */
export function canonicalString(parameters: Readonly<Record<string, ParameterValue>>): string {
  const texts: Record<string, string> = {};
  for (const [name, value] of Object.entries(parameters)) {
    if (name !== "sign") texts[name] = signedText(name, value);
  }
  return joinParameters(texts);
}

/**
 * Signature version 1: SHA-1 over the canonical string followed by the client secret, as upper-case hex. Synchronous
 * in Node and in browsers alike.
 *
 * @throws {SignatureInputError} as {@link canonicalString} does.
 */
export function signParameters(parameters: Readonly<Record<string, ParameterValue>>, clientSecret: string): string {
  return sha1UpperHex(canonicalString(parameters) + clientSecret);
}

/** Takes `unknown`, since callers without a type checker pass booleans, null and objects. */
function signedText(name: string, value: unknown): string {
  if (!parameterName.test(name)) {
    throw new SignatureInputError(
      name,
      `Parameter name ${JSON.stringify(name)} cannot be signed: use lower-case letters, digits and "_", starting with a letter.`,
    );
  }
  if (typeof value === "number") return integerText(name, value);
  if (typeof value !== "string") {
    throw new SignatureInputError(name, `${name} is ${kindOf(value)}: pass a string or an integer.`);
  }
  // An "&" would let one signature stand for two requests: a="1&b=2" signs like a="1", b="2".
  if (value.includes("&")) {
    throw new SignatureInputError(
      name,
      `${name} contains "&", which the signature cannot tell from a separator: remove it.`,
    );
  }
  // UTF-8 has no lone surrogates: all of them would be signed, and sent, as the same replacement character.
  if (!value.isWellFormed()) {
    throw new SignatureInputError(
      name,
      `${name} contains half of a surrogate pair: it was probably cut in the middle of a character.`,
    );
  }
  return value;
}

function integerText(name: string, value: number): string {
  if (Object.is(value, -0)) {
    throw new SignatureInputError(name, `${name} is -0, which languages print differently: pass 0.`);
  }
  if (!Number.isSafeInteger(value)) {
    throw new SignatureInputError(
      name,
      Number.isInteger(value)
        ? `${name} is ${value}, beyond 2^53 - 1, where a number has lost digits: pass it as a string.`
        : `${name} is ${value}, which languages print differently: pass an integer or a string.`,
    );
  }
  return String(value);
}

function kindOf(value: unknown): string {
  if (value === null) return "null";
  if (Array.isArray(value)) return "an array";
  if (typeof value === "object") return "an object";
  return value === undefined ? "undefined" : `a ${typeof value}`;
}
