import type { Sentence } from "./refusals.ts";

/** What a call's timestamp means to the server, by the browser's clock. */
export interface TimestampReading {
  /** The server's hint where it would refuse it. */
  readonly hint:
    | "timestamp_missing"
    | "timestamp_malformed"
    | "timestamp_milliseconds"
    | "timestamp_outside_window"
    | undefined;
  /** The moment it names, in milliseconds, as far as it names one. */
  readonly atMs: number | undefined;
  /** Beyond the browser's clock, in seconds; negative if behind it. */
  readonly differenceSeconds: number | undefined;
}

/** How far a timestamp may be off, in seconds, either way, both ends included. */
export const timestampToleranceSeconds = 300;

/** The last moment that Date can show. */
const dateMsMax = 8.64e15;

/** Reads a timestamp by the server's rules. Milliseconds are recognised at any time, by the server only when about now. */
export function readTimestamp(value: string | undefined, nowMs: number): TimestampReading {
  const unknown = { atMs: undefined, differenceSeconds: undefined };
  if (value === undefined || value === "") return { hint: "timestamp_missing", ...unknown };
  if (!/^(0|[1-9]\d{0,15})$/.test(value)) return { hint: "timestamp_malformed", ...unknown };
  const nowSeconds = Math.floor(nowMs / 1000);
  const given = Number(value);
  // As seconds, these would be the years 5138 to 3170843; as milliseconds they are 1973 to 5138.
  const inMilliseconds = given >= 1e11 && given < 1e14;
  const seconds = inMilliseconds ? Math.floor(given / 1000) : given;
  const atMs = inMilliseconds ? given : given * 1000;
  const differenceSeconds = seconds - nowSeconds;
  const read = { atMs: atMs <= dateMsMax ? atMs : undefined, differenceSeconds };
  if (inMilliseconds) return { hint: "timestamp_milliseconds", ...read };
  return {
    hint: Math.abs(differenceSeconds) <= timestampToleranceSeconds ? undefined : "timestamp_outside_window",
    ...read,
  };
}

/** A length of time in its two largest units. */
export function describeSeconds(seconds: number): Sentence {
  const units = [
    [31_557_600, "年", "year"],
    [86_400, "天", "day"],
    [3_600, "小时", "hour"],
    [60, "分", "minute"],
    [1, "秒", "second"],
  ] as const;
  const at = units.findIndex(([length]) => seconds >= length);
  if (at === -1) return { zh: "0 秒", en: "0 seconds" };
  let rest = Math.floor(seconds);
  const parts = units.slice(at, at + 2).flatMap(([length, zh, en]) => {
    const count = Math.floor(rest / length);
    rest -= count * length;
    return count === 0 ? [] : [{ zh: `${count} ${zh}`, en: `${count} ${en}${count === 1 ? "" : "s"}` }];
  });
  return { zh: parts.map(({ zh }) => zh).join(" "), en: parts.map(({ en }) => en).join(" ") };
}
