import { Select } from "antd";
import { useLanguage } from "../../shared/language.tsx";
import type { CardSort, CardsAnswer } from "./listing.ts";

/** The list's order. Those that there are too many cards for are offered and explained, but cannot be chosen. */
export function SortSelect(props: {
  /** As the address has it. */
  readonly value: string | undefined;
  readonly answer: CardsAnswer | undefined;
  readonly onChange: (value: string | undefined) => void;
}) {
  const { t } = useLanguage();
  const { answer } = props;
  const orders: readonly (readonly [value: string, label: string])[] = [
    ["serial_no", t("卡号从小到大", "Card number, ascending")],
    ["-serial_no", t("卡号从大到小", "Card number, descending")],
    ["-created_at", t("最近入库在前", "Added last first")],
    ["created_at", t("最早入库在前", "Added first first")],
    ["-percent", t("用量百分比从高到低", "Percent used, most first")],
    ["percent", t("用量百分比从低到高", "Percent used, least first")],
    ["-used", t("已用流量从多到少", "Data used, most first")],
    ["left", t("剩余流量从少到多", "Data left, least first")],
  ];
  const wanted = orders.some(([value]) => value === props.value) ? (props.value ?? "") : "serial_no";
  const shown =
    answer === undefined || sortName(wanted) === answer.sort
      ? wanted
      : wanted.startsWith("-")
        ? "-serial_no"
        : "serial_no";
  const isOffered = (value: string): boolean => answer === undefined || answer.sorts.includes(sortName(value));
  const tooMany = t("（卡太多，请先筛选）", " (narrow the list first)");
  return (
    <Select
      aria-label={t("排序", "Order")}
      style={{ width: 240 }}
      popupMatchSelectWidth={false}
      value={shown}
      options={orders.map(([value, label]) => ({
        value,
        label: isOffered(value) ? label : `${label}${tooMany}`,
        disabled: !isOffered(value),
      }))}
      onChange={(value: string) => props.onChange(value === "serial_no" ? undefined : value)}
    />
  );
}

function sortName(value: string): CardSort {
  // The values above are names of orders, with a minus or without.
  return value.replace(/^-/, "") as CardSort;
}
