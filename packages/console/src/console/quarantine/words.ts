import type { Translate } from "../../shared/language.tsx";
import type { CallAnswer } from "../api.ts";
import { outcomeName } from "../sources/words.ts";

export type Entry = CallAnswer<"GET /quarantine/entry">;
export type EntryHead = CallAnswer<"GET /quarantine">["list"][number];
export type Status = Entry["status"];
export type Acted = CallAnswer<"POST /quarantine/release">;
export type ActOutcome = Acted["counts"][number]["outcome"];
export type Act = "release" | "discard";

/** What needs somebody first. */
export const statuses: readonly Status[] = ["unknown_card", "conflict", "invalid", "too_old", "too_new"];

export function isStatus(status: string | undefined): status is Status {
  return statuses.some((one) => one === status);
}

export const statusColors: Readonly<Record<Status, string>> = {
  unknown_card: "processing",
  conflict: "warning",
  invalid: "error",
  too_old: "default",
  too_new: "default",
};

export function actOutcomeName(outcome: ActOutcome, t: Translate): string {
  if (outcome === "discarded") return t("已删除", "Discarded");
  if (outcome === "gone") return t("已不在隔离区", "Gone already");
  return outcomeName(outcome, t);
}

/** Whether an entry has left the quarantine by it. */
export function hasLeft(outcome: ActOutcome): boolean {
  return outcome === "accepted" || outcome === "duplicate" || outcome === "discarded" || outcome === "gone";
}

/** What the staff can do about an entry that is no conflict. */
export function nextStep({ status, hint }: Pick<Entry, "status" | "hint">, t: Translate): string {
  if (hint === "card_ambiguous")
    return t(
      "改正卡的资料、使号码只属于一张卡之后，记录会自动计入。若由上报方改用卡号重发，请随后删除此条目。",
      "Once the number belongs to one card only, the record counts by itself. If it is sent again under the card number instead, discard this entry.",
    );
  if (status === "unknown_card")
    return t(
      "导入这张卡即可，无需其他操作：一分钟内自动计入。如果是卡号写错了，请上报方改正后重发，再删除此条目。",
      "Import the card: that is all, it counts within a minute. If the number is a mistake, have it sent again with the right one and discard this entry.",
    );
  if (status === "too_old")
    return t(
      "重新处理也不会计入。核实之后请删除。",
      "It would not be taken in if it was tried again. Discard it once that is understood.",
    );
  if (status === "too_new")
    return t(
      "如果记录的时间没有错，到那个时间之后重新处理即可；如果是时钟或时区有误，请上报方改正后重发，再删除此条目。",
      "If its time is right, release it once that has come. If a clock or an offset is wrong, have it sent again and discard this entry.",
    );
  return t(
    "请上报方改正后重发，可以沿用同一个 id；重发的记录计入之后，删除此条目。",
    "Have it mended and sent again, under the same id if they like; once that counts, discard this entry.",
  );
}

/**
 * Text from outside as it can be shown: characters that cannot be seen, or turn the direction of others about, in the way
 * JSON would escape them.
 */
export function visibleText(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu, (char) =>
    char === "\n" ? char : `\\u${(char.codePointAt(0) ?? 0).toString(16).padStart(4, "0")}`,
  );
}
