import { Skeleton } from "antd";
import type { ReactNode } from "react";
import { useLanguage } from "../../shared/language.tsx";
import { useFormat } from "../parts/format.ts";
import { type CallFigures, type Inventory, latencyText, partText } from "./words.ts";
import styles from "./overview.module.css";

/** The figures to know first. */
export function Tiles({
  inventory,
  calls,
}: {
  readonly inventory: Inventory | undefined;
  readonly calls: CallFigures | undefined;
}) {
  const { t, language } = useLanguage();
  const format = useFormat();
  const sums = inventory && {
    running: inventory.by_sim_status.find(({ sim_status }) => sim_status === 1)?.cards ?? 0,
    used: sumOf(inventory, ({ used_bytes }) => used_bytes),
    allowance: sumOf(inventory, ({ allowance_bytes }) => allowance_bytes),
  };
  return (
    <dl className={styles["tiles"]}>
      <Tile
        title={t("卡总数", "Cards")}
        figure={inventory && format.count(inventory.cards)}
        note={
          inventory && t(`库存 ${format.count(inventory.in_stock)} 张`, `${format.count(inventory.in_stock)} in stock`)
        }
      />
      <Tile
        title={t("正常使用", "Running")}
        figure={sums && format.count(sums.running)}
        note={
          inventory &&
          sums &&
          (inventory.cards === 0
            ? "—"
            : t(
                `占 ${partText(sums.running, inventory.cards, language)}`,
                `${partText(sums.running, inventory.cards, language)} of all`,
              ))
        }
      />
      <Tile
        title={t("本账期已用", "Used this month")}
        figure={sums && format.bytes(sums.used)}
        note={
          sums &&
          (sums.allowance === 0
            ? t("没有生效的套餐", "No package in effect")
            : t(
                `可用 ${format.bytes(sums.allowance)} 的 ${partText(sums.used, sums.allowance, language)}`,
                `${partText(sums.used, sums.allowance, language)} of ${format.bytes(sums.allowance)}`,
              ))
        }
      />
      <Tile
        title={t("超出用量的卡", "Over their allowance")}
        figure={inventory && format.count(inventory.over.cards)}
        note={
          inventory &&
          t(
            `另有 ${format.count(inventory.near.cards)} 张已用 90% 以上`,
            `${format.count(inventory.near.cards)} more above 90%`,
          )
        }
      />
      <Tile
        title={t("近 24 小时调用", "Calls, last 24 h")}
        figure={calls && format.count(calls.totals.calls)}
        note={
          calls &&
          (calls.totals.calls === 0
            ? t("没有调用", "None")
            : t(
                `拒绝 ${partText(calls.totals.refused, calls.totals.calls, language)}`,
                `${partText(calls.totals.refused, calls.totals.calls, language)} refused`,
              ))
        }
      />
      <Tile
        title={t("响应耗时 P95", "Latency, p95")}
        figure={calls && latency(calls.totals.p95_us)}
        note={calls && t(`中位数 ${latency(calls.totals.p50_us)}`, `median ${latency(calls.totals.p50_us)}`)}
      />
    </dl>
  );

  function latency(us: number | null): string {
    return us === null ? "—" : latencyText(us, language);
  }
}

function sumOf(inventory: Inventory, value: (cycle: Inventory["cycles"][number]) => string): number {
  return inventory.cycles.reduce((sum, cycle) => sum + Number(value(cycle)), 0);
}

function Tile({
  title,
  figure,
  note,
}: {
  readonly title: string;
  readonly figure: string | undefined;
  readonly note: ReactNode;
}) {
  return (
    <div className={styles["tile"]}>
      <dt>{title}</dt>
      {figure === undefined ? (
        <dd>
          <Skeleton active title={{ width: "70%" }} paragraph={{ rows: 1, width: "90%" }} />
        </dd>
      ) : (
        <>
          <dd className={styles["figure"]}>{figure}</dd>
          <dd className={styles["note"]}>{note}</dd>
        </>
      )}
    </div>
  );
}
