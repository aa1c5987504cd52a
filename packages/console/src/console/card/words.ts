import type { Translate } from "../../shared/language.tsx";
import type { CallAnswer } from "../api.ts";

export type CardShown = CallAnswer<"GET /cards/:serial_no">;
export type CardUsage = CallAnswer<"GET /cards/:serial_no/usage">;
export type SourceMonth = CardUsage["sources"][number];
export type UsageRecord = CallAnswer<"GET /cards/:serial_no/records">["list"][number];
export type CardPackages = CallAnswer<"GET /cards/:serial_no/packages">;
export type CardPackage = CardPackages["list"][number];
export type HistoryEntry = CallAnswer<"GET /cards/:serial_no/history">["list"][number];
export type Kind = SourceMonth["source"]["kind"];

/** Bytes in MB of 1,048,576, with at most two decimals: as the signed API prints them. */
export function megabytes(bytes: number): string {
  const hundredths = Math.floor((Math.abs(bytes) * 100 + 524_288) / 1_048_576);
  const text = (hundredths / 100).toFixed(2).replace(/\.?0+$/, "");
  return bytes < 0 && hundredths > 0 ? `-${text}` : text;
}

/** With its sign, whichever it is: what something adds. */
export function signedMegabytes(bytes: number): string {
  const text = megabytes(bytes);
  return bytes > 0 ? `+${text}` : text;
}

export function kindName(kind: Kind, t: Translate): string {
  return kind === "delta" ? t("增量", "deltas") : t("读数", "readings");
}

/** A value of a card, as its history names it. */
export function valueName(name: string, t: Translate): string {
  const names: Readonly<Record<string, string>> = {
    iccid: "ICCID",
    msisdn: "MSISDN",
    imsi: "IMSI",
    carrier: t("运营商", "Carrier"),
    account_no: t("账户", "Account"),
    custom_no: t("自定义编号", "Custom number"),
    sim_status: t("卡状态", "SIM status"),
    gprs_status: t("上网功能", "Data"),
    cycle_day: t("账期起始日", "Billing month starts on day"),
    product_no: t("套餐产品", "Product"),
    name: t("名称", "Name"),
    first_month: t("首个账期", "First month"),
    last_month: t("最后账期", "Last month"),
    size_data_value: t("流量（MB）", "Size (MB)"),
    source: t("用量来源", "Usage source"),
    from_month: t("起始账期", "From month"),
  };
  return names[name] ?? name;
}
