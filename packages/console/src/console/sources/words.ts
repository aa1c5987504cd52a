import type { Translate } from "../../shared/language.tsx";
import type { CallAnswer } from "../api.ts";
import type { ChartColors } from "../parts/chart-theme.ts";

export type Source = CallAnswer<"GET /sources/:name">;
export type ListedSource = CallAnswer<"GET /sources">["list"][number];
export type ActivityPoint = ListedSource["last_day"][number];
export type RecordFigures = ActivityPoint["figures"];
export type RecordOutcome = keyof RecordFigures;

/** What can become of a record, the good ones first: the order of every legend and bar. */
export const recordOutcomes: readonly RecordOutcome[] = [
  "accepted",
  "duplicate",
  "unknown_card",
  "conflict",
  "invalid",
  "too_old",
  "too_new",
];

export function outcomeName(outcome: RecordOutcome, t: Translate): string {
  const names: Readonly<Record<RecordOutcome, string>> = {
    accepted: t("已计入", "Accepted"),
    duplicate: t("重复", "Duplicate"),
    unknown_card: t("等待导入卡", "Unknown card"),
    conflict: t("冲突", "Conflict"),
    invalid: t("无效", "Invalid"),
    too_old: t("过旧", "Too old"),
    too_new: t("时间超前", "Too new"),
  };
  return names[outcome];
}

export function outcomeColor(outcome: RecordOutcome, colors: ChartColors): string {
  const [blue, , , purple, pink, grey] = colors.series;
  const chosen: Readonly<Record<RecordOutcome, string | undefined>> = {
    accepted: colors.good,
    duplicate: grey,
    unknown_card: blue,
    conflict: purple,
    invalid: colors.danger,
    too_old: colors.warning,
    too_new: pink,
  };
  return chosen[outcome] ?? colors.text;
}

export function kindName(kind: Source["kind"], t: Translate): string {
  return kind === "delta" ? t("增量", "Deltas") : t("读数", "Readings");
}

export function totalOf(points: readonly ActivityPoint[]): RecordFigures {
  const total = Object.fromEntries(recordOutcomes.map((outcome) => [outcome, 0])) as Record<RecordOutcome, number>;
  for (const { figures } of points) for (const outcome of recordOutcomes) total[outcome] += figures[outcome];
  return total;
}

export function sumOf(figures: RecordFigures): number {
  return recordOutcomes.reduce((sum, outcome) => sum + figures[outcome], 0);
}

/** A length of time in its two largest units, as people say it: "3 h 20 min". */
export function durationText(seconds: number, t: Translate): string {
  const units = [
    [86_400, t("天", "d")],
    [3_600, t("小时", "h")],
    [60, t("分钟", "min")],
    [1, t("秒", "s")],
  ] as const;
  const first = units.findIndex(([unit]) => seconds >= unit);
  if (first === -1) return `0 ${t("秒", "s")}`;
  const parts: string[] = [];
  let left = seconds;
  for (const [unit, name] of units.slice(first, first + 2)) {
    const count = Math.floor(left / unit);
    left -= count * unit;
    if (count > 0) parts.push(`${count} ${name}`);
  }
  return parts.join(" ");
}
