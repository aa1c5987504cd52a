import type { Diagnosis } from "@dakashi/sdk/mistakes";
import {
  bodyBytesMax,
  bodyEmpty,
  bodyTooLarge,
  nameEscaped,
  nameRefusal,
  notAnObject,
  notJson,
  type WrittenValue,
  valueRefusal,
  withoutEquals,
} from "./refusals.ts";

/** One parameter as it was given. */
export interface Entry {
  readonly name: string;
  /** The text that is signed; for what is refused, the text that was given. */
  readonly value: string;
  /** The value as it stands in a JSON body. */
  readonly source: string;
  /** Why the server would not take it. */
  readonly refusal: Diagnosis | undefined;
}

/** What was pasted, read. */
export interface Reading {
  readonly entries: readonly Entry[];
  /** What is wrong with the whole of it. There are no entries then. */
  readonly refusal: Diagnosis | undefined;
}

/** A row of the table. The key tells rows apart while they are edited. */
export interface Row {
  readonly key: number;
  readonly name: string;
  readonly value: string;
}

/** Reads a JSON body by the server's rules, telling of every parameter what is wrong with it, not of the first alone. */
export function readJson(text: string): Reading {
  if (text.trim() === "") return { entries: [], refusal: bodyEmpty };
  const bytes = new TextEncoder().encode(text).length;
  if (bytes > bodyBytesMax) return { entries: [], refusal: bodyTooLarge(bytes) };
  const json = text.startsWith("\ufeff") ? text.slice(1) : text;
  let whole: unknown;
  try {
    whole = JSON.parse(json);
  } catch (error) {
    return { entries: [], refusal: notJson(text, error) };
  }
  if (typeof whole !== "object" || whole === null || Array.isArray(whole))
    return { entries: [], refusal: notAnObject(whole) };
  return checked(
    members(json).map(([written, source]) => {
      const isNumber = /^[-\d]/.test(source);
      const parsed: unknown = isNumber ? undefined : JSON.parse(source);
      return {
        name: String(JSON.parse(`"${written}"`)),
        written,
        value: typeof parsed === "string" ? parsed : source,
        source,
        found: isNumber ? { number: source } : { parsed },
      };
    }),
  );
}

/**
 * Reads `name=value`, a line each, or all in one line with `&` between them, as in a joined string or a query. Values
 * are taken as they stand; `decode` undoes URL-encoding first.
 */
export function readLines(text: string, decode: boolean): Reading {
  const lines = text
    .replace(/^\ufeff/, "")
    .split(/\r\n|\r|\n/)
    .filter((line) => line.trim() !== "");
  const [first = ""] = lines;
  // Of several lines, each is one parameter, and an & in it belongs to the value; the server refuses it there.
  const pairs = lines.length === 1 ? first.replace(/^(https?:\/\/[^?]*)?\?/, "").split("&") : lines;
  return checked(
    pairs.map((pair) => {
      const equals = pair.indexOf("=");
      if (equals === -1) return { ...given(pair, ""), refusal: withoutEquals(pair) };
      const name = pair.slice(0, equals);
      const value = pair.slice(equals + 1);
      return given(decode ? decoded(name) : name, decode ? decoded(value) : value);
    }),
  );
}

export function readRows(rows: readonly Row[]): Reading {
  return checked(
    rows.filter(({ name, value }) => name !== "" || value !== "").map(({ name, value }) => given(name, value)),
  );
}

/** The parameters that are signed and sent, `sign` among them. Only of a reading in which nothing is refused. */
export function parametersOf(reading: Reading): Record<string, string> {
  return Object.fromEntries(reading.entries.map(({ name, value }) => [name, value]));
}

interface Given {
  readonly name: string;
  /** The name as it stands in the JSON, where it is from JSON. */
  readonly written: string;
  readonly value: string;
  readonly source: string;
  readonly found: WrittenValue;
  /** Known before the rules are looked at. */
  readonly refusal?: Diagnosis;
}

/** What is typed is text, but for a time stamp, which every sample sends as an integer. Both sign alike. */
function given(name: string, value: string): Given {
  const isInteger = name === "timestamp" && /^[1-9]\d{0,14}$/.test(value);
  return {
    name,
    written: name,
    value,
    source: isInteger ? value : JSON.stringify(value),
    found: { parsed: value },
  };
}

function checked(all: readonly Given[]): Reading {
  const seen = new Set<string>();
  const entries = all.map(({ name, written, value, source, found, refusal }) => {
    const problem =
      refusal ??
      nameRefusal(name, seen.has(name)) ??
      valueRefusal(name, found) ??
      (written.includes("\\") ? nameEscaped : undefined);
    seen.add(name);
    return { name, value, source, refusal: problem };
  });
  return { entries, refusal: undefined };
}

/**
 * The names, without their quotes, and the values of an object that is known to parse, all as they are written.
 * JSON.parse would keep the last of two equal names, and make 1.0 and 1e0 into 1.
 */
function members(json: string): [name: string, value: string][] {
  const found: [string, string][] = [];
  let depth = 0;
  let name = "";
  let valueFrom = -1;
  for (const { 0: token, index } of json.matchAll(/"[^"\\]*(?:\\.[^"\\]*)*"|[{}[\],:]/g)) {
    if (depth === 1 && valueFrom !== -1 && (token === "," || token === "}")) {
      found.push([name, json.slice(valueFrom, index).trim()]);
      valueFrom = -1;
    } else if (depth === 1 && valueFrom === -1 && token.startsWith('"')) name = token.slice(1, -1);
    else if (depth === 1 && valueFrom === -1 && token === ":") valueFrom = index + 1;
    if (token === "{" || token === "[") depth++;
    else if (token === "}" || token === "]") depth--;
  }
  return found;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll("+", " "));
  } catch {
    return text;
  }
}
