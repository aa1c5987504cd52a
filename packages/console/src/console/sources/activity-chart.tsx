import { Card, Grid, Segmented } from "antd";
import { useCallback } from "react";
import { useLanguage } from "../../shared/language.tsx";
import { useAnswer } from "../calls.ts";
import type { ChartColors, ChartOption } from "../parts/chart.tsx";
import { Chart } from "../parts/chart.tsx";
import { Failure } from "../parts/failure.tsx";
import { useFormat } from "../parts/format.ts";
import { useUrlState } from "../url-state.ts";
import { outcomeColor, outcomeName, recordOutcomes, sumOf, totalOf } from "./words.ts";
import styles from "./sources.module.css";

/** What a source has sent, by what became of the records: hour by hour or day by day. */
export function ActivityChart({ name }: { readonly name: string }) {
  const { t } = useLanguage();
  const format = useFormat();
  const isWide = Grid.useBreakpoint().sm ?? true;
  const [state, change] = useUrlState(["each"]);
  const each = state.each === "day" ? "day" : "hour";
  const activity = useAnswer(
    "GET /sources/:name/activity",
    { params: { name }, query: { each } },
    { refetchInterval: 30_000 },
  );
  const points = activity.data?.list;
  // "11-24 15:00" and "11-24": in the platform's time zone, where a day begins.
  const label = useCallback(
    (from: string) => (each === "day" ? format.time(from).slice(5, 10) : format.time(from).slice(11, 16)),
    [each, format],
  );
  const shown = recordOutcomes.filter((outcome) => outcome === "accepted" || totalOf(points ?? [])[outcome] > 0);
  const shownNames = shown.join(" ");
  const option = useCallback(
    (colors: ChartColors): ChartOption => ({
      tooltip: {
        trigger: "axis",
        axisPointer: { type: "shadow" },
        valueFormatter: (value) => format.count(Number(value)),
      },
      legend: { type: "plain" },
      // On a phone six names take three lines.
      grid: { top: isWide ? 64 : 92, containLabel: true },
      xAxis: { type: "category", data: (points ?? []).map(({ from }) => label(from)) },
      yAxis: { type: "value", minInterval: 1 },
      series: recordOutcomes
        .filter((outcome) => shownNames.split(" ").includes(outcome))
        .map((outcome) => ({
          type: "bar" as const,
          name: outcomeName(outcome, t),
          stack: "records",
          itemStyle: { color: outcomeColor(outcome, colors) },
          data: (points ?? []).map(({ figures }) => figures[outcome]),
        })),
    }),
    [points, shownNames, label, format, t, isWide],
  );
  const total = sumOf(totalOf(points ?? []));
  const title =
    each === "hour"
      ? t("最近 24 小时的记录", "Records in the last 24 hours")
      : t("最近 30 天的记录", "Records in the last 30 days");
  return (
    <Card size="small">
      <div className={styles["chartHead"]}>
        <h2>{t("上报情况", "What it has sent")}</h2>
        <Segmented
          aria-label={t("粒度", "Granularity")}
          value={each}
          options={[
            { value: "hour", label: t("按小时", "By the hour") },
            { value: "day", label: t("按天", "By the day") },
          ]}
          onChange={(chosen) => change({ each: chosen === "day" ? "day" : undefined })}
        />
      </div>
      {points === undefined && activity.error !== null ? (
        <Failure error={activity.error} onRetry={() => void activity.refetch()} />
      ) : (
        <Chart
          label={`${title}: ${format.count(total)}`}
          loading={points === undefined}
          empty={
            points !== undefined && total === 0
              ? each === "hour"
                ? t("24 小时内没有收到记录", "It has sent no records in 24 hours")
                : t("30 天内没有收到记录", "It has sent no records in 30 days")
              : undefined
          }
          height={points !== undefined && total === 0 ? 160 : 300}
          option={option}
          table={{
            head: [t("时间", "Time"), ...shown.map((outcome) => outcomeName(outcome, t))],
            rows: (points ?? []).map(({ from, figures }) => [
              format.shortTime(from),
              ...shown.map((outcome) => format.count(figures[outcome])),
            ]),
          }}
        />
      )}
    </Card>
  );
}
