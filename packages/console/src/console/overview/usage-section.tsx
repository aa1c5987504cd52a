import { Segmented, Select, Skeleton } from "antd";
import { useCallback, useMemo } from "react";
import { type Language, useLanguage } from "../../shared/language.tsx";
import { Chart, type ChartColors, type ChartOption } from "../parts/chart.tsx";
import { type Format, useFormat } from "../parts/format.ts";
import { Section } from "../parts/section.tsx";
import { useUrlState } from "../url-state.ts";
import { type Cycle, type Inventory, partText } from "./words.ts";
import styles from "./overview.module.css";

const height = 340;

/**
 * What was used on each day of the billing month, and all of it so far beside an even pace towards the allowance. Cards
 * whose months start on different days are in different months, so each such group has a chart of its own.
 */
export function UsageSection({ inventory }: { readonly inventory: Inventory | undefined }) {
  const { t } = useLanguage();
  const format = useFormat();
  const [state, change] = useUrlState(["cycle"]);
  const cycles = inventory?.cycles ?? [];
  const cycle = cycles.find(({ cycle_day }) => String(cycle_day) === state.cycle) ?? cycles[0];
  const options = cycles.map(({ cycle_day, cards }) => ({
    value: String(cycle_day),
    label: t(`${cycle_day} 日起（${format.count(cards)} 张）`, `From day ${cycle_day} (${format.count(cards)})`),
  }));
  const choose = (value: string) => change({ cycle: value === String(cycles[0]?.cycle_day) ? undefined : value });
  const label = t("账期起始日", "First day of the billing month");
  return (
    <Section
      title={t("本账期用量", "Usage this billing month")}
      acts={
        cycle !== undefined &&
        options.length > 1 &&
        (options.length <= 2 ? (
          <Segmented aria-label={label} options={options} value={String(cycle.cycle_day)} onChange={choose} />
        ) : (
          <Select
            aria-label={label}
            style={{ minWidth: 180 }}
            options={options}
            value={String(cycle.cycle_day)}
            onChange={choose}
          />
        ))
      }
    >
      {cycle === undefined ? (
        <Skeleton active title={false} paragraph={{ rows: 8 }} style={{ height: height + 26 }} />
      ) : (
        <CycleChart cycle={cycle} />
      )}
    </Section>
  );
}

function CycleChart({ cycle }: { readonly cycle: Cycle }) {
  const { t, language } = useLanguage();
  const format = useFormat();
  const figures = useMemo(() => figuresOf(cycle), [cycle]);
  const { dates, used, soFar, pace } = figures;
  const [allTheUsage, allowance] = [Number(cycle.used_bytes), Number(cycle.allowance_bytes)];
  const option = useCallback(
    (colors: ChartColors) => chartOf({ figures, colors, format, names: namesIn(language) }),
    [figures, format, language],
  );
  const part = partText(allTheUsage, allowance, language);
  const past = partText(soFar.length, dates.length, language);
  const summary = t(
    `${shortDate(dates[0])} 至 ${shortDate(dates.at(-1))}：已用 ${format.bytes(allTheUsage)}，为套餐总量 ${format.bytes(allowance)} 的 ${part}；账期已过 ${past}`,
    `${shortDate(dates[0])} to ${shortDate(dates.at(-1))}: ${format.bytes(allTheUsage)} used, ${part} of ${format.bytes(allowance)}; ${past} of the month is over`,
  );
  const names = namesIn(language);
  return (
    <>
      <div className={styles["faint"]} style={{ minHeight: 22, marginBottom: 4 }}>
        {summary}
      </div>
      <Chart
        label={t("本账期每日用量与累计用量", "Usage by day and so far, this billing month")}
        height={height}
        option={option}
        table={{
          head: [t("日期", "Date"), names.used, names.soFar, names.pace],
          rows: soFar.map((bytes, index) => [
            dates[index] ?? "",
            format.bytes(used[index] ?? 0),
            format.bytes(bytes),
            format.bytes(pace[index] ?? 0),
          ]),
        }}
      />
    </>
  );
}

interface CycleNames {
  readonly used: string;
  readonly soFar: string;
  readonly pace: string;
}

function namesIn(language: Language): CycleNames {
  return language === "zh"
    ? { used: "当日用量", soFar: "累计用量", pace: "套餐总量的匀速进度" }
    : { used: "On the day", soFar: "So far", pace: "Even pace to the allowance" };
}

interface Figures {
  /** Every day of the month. */
  readonly dates: readonly string[];
  /** As far as the month has come. */
  readonly used: readonly number[];
  readonly soFar: readonly number[];
  readonly pace: readonly number[];
}

const dayMs = 86_400_000;

function figuresOf(cycle: Cycle): Figures {
  const dates: string[] = [];
  for (let ms = Date.parse(cycle.from); ms < Date.parse(cycle.to); ms += dayMs)
    dates.push(new Date(ms).toISOString().slice(0, 10));
  const used = cycle.days.map(Number);
  let sum = 0;
  const allowance = Number(cycle.allowance_bytes);
  return {
    dates,
    used,
    soFar: used.map((bytes) => (sum += bytes)),
    pace: dates.map((_, index) => (allowance * (index + 1)) / dates.length),
  };
}

function shortDate(date: string | undefined): string {
  return date?.slice(5) ?? "";
}

/** The two parts of the chart stand on one another and share the days. */
function chartOf(of: {
  readonly figures: Figures;
  readonly colors: ChartColors;
  readonly format: Format;
  readonly names: CycleNames;
}): ChartOption {
  const { figures, colors, format, names } = of;
  const { dates, used, soFar, pace } = figures;
  const [blue = colors.text] = colors.series;
  const days = dates.map(shortDate);
  const total = axisOf([...soFar, ...pace]);
  const daily = axisOf(used);
  const place = { left: 56, right: 8, outerBoundsMode: "none" as const };
  return {
    tooltip: { trigger: "axis" },
    legend: { data: [names.soFar, names.pace, names.used] },
    axisPointer: { link: [{ xAxisIndex: "all" }] },
    grid: [
      { ...place, top: 62, height: "38%" },
      { ...place, bottom: 26, height: "26%" },
    ],
    xAxis: [
      {
        type: "category",
        data: days,
        gridIndex: 0,
        axisLabel: { show: false },
        axisLine: { lineStyle: { color: colors.line } },
      },
      { type: "category", data: days, gridIndex: 1 },
    ],
    yAxis: [
      { type: "value", gridIndex: 0, axisLabel: { formatter: total.label }, splitNumber: 3 },
      { type: "value", gridIndex: 1, axisLabel: { formatter: daily.label }, splitNumber: 2 },
    ],
    series: [
      {
        type: "line",
        name: names.soFar,
        data: soFar.map((bytes) => bytes / total.unit),
        showSymbol: false,
        lineStyle: { width: 2.5, color: blue },
        itemStyle: { color: blue },
        areaStyle: { color: blue, opacity: 0.12 },
        tooltip: { valueFormatter: (value) => format.bytes(Number(value) * total.unit) },
      },
      {
        type: "line",
        name: names.pace,
        data: pace.map((bytes) => bytes / total.unit),
        showSymbol: false,
        lineStyle: { width: 1.5, type: "dashed", color: colors.faint },
        itemStyle: { color: colors.faint },
        tooltip: { valueFormatter: (value) => format.bytes(Number(value) * total.unit) },
      },
      {
        type: "bar",
        name: names.used,
        xAxisIndex: 1,
        yAxisIndex: 1,
        data: used.map((bytes) => bytes / daily.unit),
        itemStyle: { color: blue, borderRadius: [2, 2, 0, 0] },
        barMaxWidth: 22,
        tooltip: { valueFormatter: (value) => format.bytes(Number(value) * daily.unit) },
      },
    ],
  };
}

const unitNames = ["B", "KB", "MB", "GB", "TB", "PB", "EB"];

/** An axis that counts in the unit of its largest value, so that its marks are round. */
function axisOf(values: readonly number[]): { unit: number; label: (value: number) => string } {
  const largest = Math.max(1, ...values.map(Math.abs));
  const power = Math.min(unitNames.length - 1, Math.floor(Math.log(largest) / Math.log(1024)));
  return { unit: 1024 ** power, label: (value) => `${Number(value.toPrecision(6))} ${unitNames[power]}` };
}
