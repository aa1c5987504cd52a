import { type Text, text } from "../../text.ts";
import { shown } from "../imports/cell.ts";
import type { RecordRefusal, UsageKind } from "./usage-record.ts";

/** The members of a JSON object, none of them looked at yet. */
export type Members = Readonly<Record<string, unknown>>;

export function isMembers(value: unknown): value is Members {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The CloudEvents type of a kind of record. */
export function eventType(kind: UsageKind): string {
  return kind === "delta" ? "usage.data.delta" : "usage.data.reading";
}

/** Whether a member is there. Many languages write null for what is not. */
export function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null;
}

/** Whether a text says nothing. A carrier that has no figure for a card prints a space. */
export function isBlank(value: unknown): boolean {
  return typeof value === "string" && value.trim() === "";
}

/** A refusal, written down in one breath. */
export function refuse(hint: string, zh: string, en: string): RecordRefusal {
  return { hint, reason: text(zh, en) };
}

/** Whether what was read is a refusal instead: for what may be null or an object besides. */
export function isRefusal(read: string | number | object | null): read is RecordRefusal {
  return typeof read === "object" && read !== null && "hint" in read;
}

// oxlint-disable-next-line no-control-regex -- PostgreSQL stores no NUL, and none of the others belongs into an id
const linePattern = /^[^\u0000-\u001f\u007f-\u009f]+$/;

/** Whether a text has 1 to `lengthMax` characters that are stored and printed as they are: no control characters, no half ones. */
export function isLine(value: string, lengthMax: number): boolean {
  return value.length <= lengthMax && linePattern.test(value) && value.isWellFormed();
}

/** What was found where something else should be, as a sentence quotes it. */
export function found(value: unknown): Text {
  if (typeof value === "string") {
    // Half a character, sent as such or left by the cut, would make the whole answer unreadable to PHP.
    const quoted = shown(value).toWellFormed();
    return text(`“${quoted}”`, `"${quoted}"`);
  }
  // Not printed as JSON: that runs out of stack for what is nested deeply enough.
  if (Array.isArray(value)) return text("数组", "an array");
  if (isMembers(value)) return text("对象", "an object");
  if (typeof value === "number") return text(`数字 ${value}`, `the number ${value}`);
  return text(String(value), String(value));
}
