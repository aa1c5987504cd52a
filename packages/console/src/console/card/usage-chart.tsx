import { useCallback, useMemo } from "react";
import { useLanguage } from "../../shared/language.tsx";
import { Chart, type ChartColors, type ChartOption } from "../parts/chart.tsx";
import { type CardUsage, megabytes } from "./words.ts";

const bytesPerMb = 1_048_576;

/** The days of a month as bars, and what they add up to as a line towards the allowance. */
export function UsageChart(props: {
  readonly usage: CardUsage;
  readonly loading: boolean;
  readonly onDay: (date: string) => void;
}) {
  const { usage, loading, onDay } = props;
  const { t } = useLanguage();
  const rows = useMemo(() => cumulated(usage), [usage]);
  const names = useMemo(
    () => ({
      day: t("当日用量", "That day"),
      sum: t("累计用量", "Month to date"),
      dayAxis: t("当日 MB", "MB a day"),
      sumAxis: t("累计 MB", "MB to date"),
      allowance: t(`总量 ${usage.total_data_value} MB`, `Allowance ${usage.total_data_value} MB`),
    }),
    [t, usage.total_data_value],
  );
  const option = useCallback(
    (colors: ChartColors): ChartOption => {
      const allowance = usage.allowance_bytes / bytesPerMb;
      const scale = scaleTo(Math.max(allowance, ...rows.map(({ sum }) => (sum ?? 0) / bytesPerMb)));
      return {
        grid: { top: 56 },
        legend: { data: [names.day, names.sum] },
        tooltip: {
          trigger: "axis",
          axisPointer: { type: "shadow" },
          valueFormatter: (value) => (typeof value === "number" ? `${megabytes(value * bytesPerMb)} MB` : "—"),
        },
        xAxis: { type: "category", data: rows.map(({ date }) => date.slice(5)) },
        yAxis: [
          { type: "value", name: names.dayAxis, nameTextStyle: { align: "left" } },
          {
            type: "value",
            name: names.sumAxis,
            nameTextStyle: { align: "right" },
            splitLine: { show: false },
            ...scale,
          },
        ],
        series: [
          {
            name: names.day,
            type: "bar",
            barMaxWidth: 22,
            itemStyle: { color: colors.series[0] ?? colors.text, borderRadius: [3, 3, 0, 0] },
            data: rows.map(({ used }) => (used === null ? null : used / bytesPerMb)),
          },
          {
            name: names.sum,
            type: "line",
            yAxisIndex: 1,
            symbol: "circle",
            symbolSize: 5,
            itemStyle: { color: colors.series[1] ?? colors.text },
            lineStyle: { width: 2 },
            data: rows.map(({ sum }) => (sum === null ? null : sum / bytesPerMb)),
            ...(allowance === 0
              ? {}
              : {
                  markLine: {
                    silent: true,
                    symbol: "none",
                    lineStyle: { color: colors.danger, type: "dashed" as const, width: 1.5 },
                    label: { formatter: names.allowance, position: "insideEndTop" as const, color: colors.danger },
                    data: [{ yAxis: allowance }],
                  },
                }),
          },
        ],
      };
    },
    [rows, names, usage.allowance_bytes],
  );
  return (
    <Chart
      label={t(
        `账期 ${usage.billing_month} 每日用量与累计用量：共用 ${usage.used_data_value} MB，总量 ${usage.total_data_value} MB`,
        `Usage of ${usage.billing_month} by day and to date: ${usage.used_data_value} MB of ${usage.total_data_value} MB`,
      )}
      table={{
        head: [t("日期", "Date"), t("当日用量（MB）", "That day (MB)"), t("累计用量（MB）", "To date (MB)")],
        rows: rows.map(({ date, used, sum }) => [
          date,
          used === null ? "—" : megabytes(used),
          sum === null ? "—" : megabytes(sum),
        ]),
      }}
      option={option}
      height={320}
      loading={loading}
      empty={usage.sources.length === 0 ? t("该账期还没有用量", "There is no usage in this month") : undefined}
      onSelect={(index) => {
        const date = rows[index]?.date;
        if (date !== undefined) onDay(date);
      }}
    />
  );
}

/** Nothing behind the last day of which something is known: a flat line there would say that nothing was used. */
function cumulated({ days }: CardUsage) {
  const last = days.findLastIndex(({ used_data_value: used }) => used !== null);
  let total = 0;
  return days.map(({ date, used_bytes: used }, index) => {
    total += used;
    return { date, used: index > last ? null : used, sum: index > last ? null : total };
  });
}

/** Five or so round steps, the last beyond the value, so that the allowance's line is not the chart's edge. */
function scaleTo(value: number): { max?: number; interval?: number } {
  if (value <= 0) return {};
  const rough = (value * 1.05) / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const interval = ([1, 2, 2.5, 5, 10].find((step) => step * power >= rough) ?? 10) * power;
  return { interval, max: Math.ceil((value * 1.05) / interval) * interval };
}
