import type { Translate } from "../../shared/language.tsx";
import type { CallAnswer } from "../api.ts";

export type Product = CallAnswer<"GET /products">["list"][number];

export const levels = [1, 2, 3, 4] as const;

export function levelName(level: number, t: Translate): string {
  return (
    [t("基础", "Base"), t("加油", "Add-on"), t("跨月", "Cross-month"), t("附加", "Extra")][level - 1] ?? String(level)
  );
}

export function scopeName(effective: number, t: Translate): string {
  return effective === 1 ? t("省内", "Within the province") : t("全国", "Nationwide");
}

export function monthsName(months: number, t: Translate): string {
  return t(`${months} 个月`, months === 1 ? "1 month" : `${months} months`);
}

const carriers: Readonly<Record<string, readonly [zh: string, en: string]>> = {
  cmcc: ["中国移动", "China Mobile"],
  cucc: ["中国联通", "China Unicom"],
  ctcc: ["中国电信", "China Telecom"],
};

export const knownCarriers = Object.keys(carriers);

/** With what it is called, where that is known. */
export function carrierName(carrier: string, t: Translate): string {
  const words = carriers[carrier];
  return words === undefined ? carrier : `${t(...words)} (${carrier})`;
}
