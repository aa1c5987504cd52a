import type { Language, Translate } from "../../shared/language.tsx";
import type { CallAnswer } from "../api.ts";

export type Inventory = Exclude<CallAnswer<"GET /overview">["inventory"], null>;
export type SetUp = CallAnswer<"GET /overview">["set_up"];
export type Cycle = Inventory["cycles"][number];
export type Heavy = Inventory["near"];
export type HeavyCard = Heavy["top"][number];
export type CallFigures = CallAnswer<"GET /overview/calls">;
export type Source = CallAnswer<"GET /sources">["list"][number];

export const callRanges = ["day", "week", "month"] as const;
export type CallRange = (typeof callRanges)[number];

export function rangeName(range: CallRange, t: Translate): string {
  const names = { day: t("24 小时", "24 hours"), week: t("7 天", "7 days"), month: t("30 天", "30 days") };
  return names[range];
}

/**
 * A part of a whole: "12.3%", and "<0.1%" rather than nothing; an em dash where there is no whole. Rounded down, so that
 * nothing reads as all of it that is not.
 */
export function partText(part: number, whole: number, language: Language): string {
  if (whole === 0) return "—";
  const percent = (part / whole) * 100;
  if (percent > 0 && percent < 0.1) return "<0.1%";
  const digits = percent > 0 && percent < 100 ? 1 : 0;
  const format = new Intl.NumberFormat(language, {
    minimumFractionDigits: digits,
    maximumFractionDigits: digits,
    roundingMode: "floor",
  });
  return `${format.format(percent)}%`;
}

/** Microseconds as people read them: "850 µs", "12.3 ms", "1.2 s". */
export function latencyText(us: number, language: Language): string {
  const [value, unit] = us < 1_000 ? [us, "µs"] : us < 1_000_000 ? [us / 1_000, "ms"] : [us / 1_000_000, "s"];
  return `${new Intl.NumberFormat(language, { maximumSignificantDigits: 3 }).format(value)} ${unit}`;
}

/** A length of time in its largest units: "3 小时 20 分". */
export function durationText(seconds: number, t: Translate): string {
  const minutes = Math.floor(seconds / 60);
  if (minutes < 1) return t("不到 1 分钟", "less than a minute");
  if (minutes < 60) return t(`${minutes} 分钟`, `${minutes} min`);
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return t(`${hours} 小时 ${minutes % 60} 分`, `${hours} h ${minutes % 60} min`);
  const days = Math.floor(hours / 24);
  return t(`${days} 天 ${hours % 24} 小时`, `${days} d ${hours % 24} h`);
}
