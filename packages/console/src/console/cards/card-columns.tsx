import type { TableColumnType } from "antd";
import type { ReactNode } from "react";
import { Link } from "react-router";
import { type Translate, useLanguage } from "../../shared/language.tsx";
import { type Format, useFormat } from "../parts/format.ts";
import { carrierName } from "../products/words.ts";
import { GprsStatus, SimStatus } from "./card-status.tsx";
import type { ListedCard } from "./listing.ts";
import { UsageBar } from "./usage-bar.tsx";
import styles from "./cards.module.css";

/** The columns that there are, in the order in which they are shown. The first is always there. */
export const columnNames = [
  "serial_no",
  "iccid",
  "msisdn",
  "imsi",
  "custom_no",
  "account",
  "carrier",
  "sim_status",
  "gprs_status",
  "cycle_day",
  "usage",
  "left",
  "data_as_of",
  "created_at",
] as const;
export type ColumnName = (typeof columnNames)[number];

/** What is shown to who has chosen nothing. */
export const defaultColumns: readonly ColumnName[] = [
  "serial_no",
  "iccid",
  "account",
  "carrier",
  "sim_status",
  "gprs_status",
  "usage",
  "data_as_of",
];

/** Which columns of an export each of them stands for. */
export const exportedColumns: Readonly<Record<ColumnName, readonly string[]>> = {
  serial_no: ["serial_no"],
  iccid: ["iccid"],
  msisdn: ["msisdn"],
  imsi: ["imsi"],
  custom_no: ["custom_no"],
  account: ["account_no", "account_name"],
  carrier: ["carrier"],
  sim_status: ["sim_status"],
  gprs_status: ["gprs_status"],
  cycle_day: ["cycle_day"],
  usage: ["billing_month", "total_data_value", "used_data_value", "used_percent"],
  left: ["left_data_value"],
  data_as_of: ["data_as_of"],
  created_at: ["created_at"],
};

export function columnTitle(name: ColumnName, t: Translate): string {
  const titles: Readonly<Record<ColumnName, string>> = {
    serial_no: t("卡号", "Card number"),
    iccid: "ICCID",
    msisdn: "MSISDN",
    imsi: "IMSI",
    custom_no: t("自定义编号", "Custom number"),
    account: t("账户", "Account"),
    carrier: t("运营商", "Carrier"),
    sim_status: t("卡状态", "SIM"),
    gprs_status: t("数据", "Data"),
    cycle_day: t("账期起始日", "Billing day"),
    usage: t("本月用量", "Used this month"),
    left: t("本月剩余", "Left this month"),
    data_as_of: t("用量截至", "Usage up to"),
    created_at: t("入库时间", "Added"),
  };
  return titles[name];
}

const widths: Readonly<Record<ColumnName, number>> = {
  serial_no: 125,
  iccid: 185,
  msisdn: 150,
  imsi: 160,
  custom_no: 150,
  account: 170,
  carrier: 160,
  sim_status: 95,
  gprs_status: 90,
  cycle_day: 110,
  usage: 215,
  left: 130,
  data_as_of: 120,
  created_at: 140,
};

export function useCardColumns(names: readonly ColumnName[]): TableColumnType<ListedCard>[] {
  const { t } = useLanguage();
  const format = useFormat();
  return names.map((name) => ({
    key: name,
    title: columnTitle(name, t),
    width: widths[name],
    ...(name === "left" ? { align: "right" } : {}),
    // The others scroll under it.
    ...(name === "serial_no" ? { fixed: "left" } : {}),
    render: (_, card) => cellOf(name, card, t, format),
  }));
}

/** What stands in a column for a card; null where there is nothing. */
export function cellOf(name: ColumnName, card: ListedCard, t: Translate, format: Format): ReactNode {
  switch (name) {
    case "serial_no":
      return (
        <Link className="mono" to={`/cards/${encodeURIComponent(card.serial_no)}`}>
          {card.serial_no}
        </Link>
      );
    case "account":
      return card.account_no === null ? (
        t("在库", "In stock")
      ) : (
        <Link className={styles["account"] ?? ""} to={`/accounts/${card.account_no}`} title={card.account_name ?? ""}>
          {card.account_name}
        </Link>
      );
    case "carrier":
      return carrierName(card.carrier, t);
    case "sim_status":
      return <SimStatus status={card.sim_status} />;
    case "gprs_status":
      return <GprsStatus status={card.gprs_status} />;
    case "cycle_day":
      return t(`${card.cycle_day} 日`, String(card.cycle_day));
    case "usage":
      return <UsageBar card={card} />;
    case "left":
      return <span className="mono">{card.left_data_value} MB</span>;
    case "data_as_of":
      return card.data_as_of === null ? (
        t("尚无用量", "No usage yet")
      ) : (
        <span className="mono">{format.shortTime(card.data_as_of)}</span>
      );
    case "created_at":
      return <span className="mono">{format.shortTime(card.created_at)}</span>;
    case "iccid":
    case "msisdn":
    case "imsi":
    case "custom_no":
    default:
      return card[name] === null ? "—" : <span className="mono">{card[name]}</span>;
  }
}
