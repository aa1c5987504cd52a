import type { Translate } from "../../shared/language.tsx";
import type { CallAnswer } from "../api.ts";

export type ListedCall = CallAnswer<"GET /calls">["list"][number];
export type FoundCall = NonNullable<CallAnswer<"GET /calls/:request_id">["call"]>;
export type Gap = CallAnswer<"GET /calls">["gaps"][number];

/** What a call was made to, in words where it was no path. */
export function operationName(operation: string, t: Translate): string {
  return operation === "" ? t("（不是有效的 HTTP）", "(not valid HTTP)") : operation;
}

/** Why calls are not in the log. */
export function gapReason(reason: Gap["reason"], t: Translate): string {
  if (reason === "buffer_full")
    return t(
      "数据库当时不可用或写入过慢，内存中的缓冲已满",
      "the database was away or too slow, and the buffer in memory was full",
    );
  if (reason === "not_written") return t("数据库拒绝写入", "the database refused to store them");
  return t(
    "未通过身份验证的失败调用过于频繁，只计数、不逐条记录",
    "failing calls of callers who had not signed came too fast, and were only counted",
  );
}

/** How long a call took, in the unit a person would choose. */
export function durationText(us: number): string {
  if (us < 1_000) return `${us} µs`;
  if (us < 1_000_000) return `${Number((us / 1_000).toPrecision(3))} ms`;
  return `${Number((us / 1_000_000).toPrecision(3))} s`;
}

/** Of what kinds of characters something was made. */
export function characterKinds(kinds: readonly string[], t: Translate): string {
  const names: Readonly<Record<string, string>> = {
    "0-9": t("数字", "digits"),
    "a-z": t("小写字母", "lower-case letters"),
    "A-Z": t("大写字母", "upper-case letters"),
    space: t("空白", "white space"),
    sign: t("符号", "punctuation"),
    other: t("其他字符", "other characters"),
  };
  return kinds.map((kind) => names[kind] ?? kind).join(t("、", ", "));
}

/** Where the portal explains an error. */
export function explanationUrl(errcode: number, hint: string | null): string {
  return `/docs/errors/${errcode}${hint === null ? "" : `#${hint}`}`;
}

/** The id of a call in whatever was pasted: the id itself, or the whole answer that it stands in. */
export function requestIdIn(pasted: string): string {
  const quoted = /request_id\W+([0-9a-z]{10}-[0-9a-z]{1,11})/i.exec(pasted)?.[1];
  const alone = /(?<![0-9a-z])[0-9a-z]{10}-[0-9a-z]{1,11}(?![0-9a-z])/i.exec(pasted)?.[0];
  return (quoted ?? alone ?? pasted.trim()).toLowerCase();
}
