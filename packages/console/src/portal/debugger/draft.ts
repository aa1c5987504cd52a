import { kept } from "./kept.ts";
import { type Entry, type Reading, type Row, readJson, readLines, readRows } from "./read-parameters.ts";

/** The ways to give parameters. */
export type Form = "json" | "lines" | "rows";

/** All that was typed into the debugger. */
export interface Draft {
  readonly form: Form;
  readonly json: string;
  readonly lines: string;
  /** Whether the lines are URL-encoded. */
  readonly encoded: boolean;
  readonly rows: readonly Row[];
  readonly secret: string;
  /** The operation the ready request calls. */
  readonly path: string;
  /** What the reader's own program joined and signed, to compare with. */
  readonly theirString: string;
  readonly theirSign: string;
}

const empty: Draft = {
  form: "json",
  json: "",
  lines: "",
  encoded: false,
  rows: [],
  secret: "",
  path: "/v1/member/info",
  theirString: "",
  theirSign: "",
};

/** The worked example of the documentation on signing. */
export const example: Draft = {
  ...empty,
  json: '{\n  "client_id": "iot3355e802d44ay95yeev2",\n  "serial_no": "87000001",\n  "timestamp": 1487560009\n}',
  secret: "9f2c4e8a1b7d3f60",
};

export const debuggerDraft = kept<Draft>(example);

export function cleared({ form }: Draft): Draft {
  return { ...empty, form };
}

export function readDraft({ form, json, lines, encoded, rows }: Draft): Reading {
  if (form === "json") return readJson(json);
  return form === "lines" ? readLines(lines, encoded) : readRows(rows);
}

/** The same parameters in another form. What cannot be read as parameters stays where it is. */
export function inForm(draft: Draft, form: Form): Partial<Draft> {
  return { form, ...written(form, readDraft(draft).entries) };
}

/** Whether a form can hold these values: lines and fields have no line breaks. */
export function canHold(form: Form, { entries }: Reading): boolean {
  return form === "json" || !entries.some(({ name, value }) => /[\r\n]/.test(name + value));
}

/** The draft with a timestamp, in place of the one it has; undefined where its JSON cannot be read. */
export function withTimestamp(draft: Draft, seconds: number): Partial<Draft> | undefined {
  const { entries, refusal } = readDraft(draft);
  if (refusal !== undefined && refusal.hint !== "body_empty") return undefined;
  const timestamp = { name: "timestamp", value: String(seconds), source: String(seconds), refusal: undefined };
  const at = entries.findIndex(({ name }) => name === "timestamp");
  return written(draft.form, at === -1 ? [...entries, timestamp] : entries.with(at, timestamp));
}

/** Parameters in a form. Lines come out as they are read, so they are no longer URL-encoded. */
function written(form: Form, entries: readonly Entry[]): Partial<Draft> {
  if (entries.length === 0) return {};
  if (form === "json") return { json: jsonOf(entries, "\n") };
  if (form === "lines")
    return { lines: entries.map(({ name, value }) => `${name}=${value}`).join("\n"), encoded: false };
  return { rows: entries.map(({ name, value }, key) => ({ key, name, value })) };
}

/** A JSON object of the values as they were written, a member on each line or all in one. */
export function jsonOf(entries: readonly Pick<Entry, "name" | "source">[], lineBreak: "\n" | ""): string {
  const indent = lineBreak === "" ? "" : "  ";
  const space = lineBreak === "" ? "" : " ";
  const members = entries.map(({ name, source }) => `${indent}${JSON.stringify(name)}:${space}${source}`);
  return `{${lineBreak}${members.join(`,${lineBreak}`)}${lineBreak}}`;
}
