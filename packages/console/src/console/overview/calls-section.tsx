import { Segmented } from "antd";
import { type ReactNode, useCallback, useMemo } from "react";
import { Link } from "react-router";
import { useLanguage } from "../../shared/language.tsx";
import { Chart, type ChartColors, type ChartOption } from "../parts/chart.tsx";
import { useFormat } from "../parts/format.ts";
import { useChartColors } from "../parts/chart-theme.ts";
import { Section } from "../parts/section.tsx";
import { type CallFigures, type CallRange, callRanges, latencyText, partText, rangeName } from "./words.ts";
import styles from "./overview.module.css";

const height = 240;
/** As many reasons as can be told apart; the rest are one. */
const reasonsMax = 5;

/** Calls of the signed API over time: how many, why some were refused, how long they took. */
export function CallsSection(props: {
  readonly range: CallRange;
  readonly onRange: (range: CallRange) => void;
  readonly calls: CallFigures | undefined;
  /** They are of another range, until those asked for are there. */
  readonly isOld: boolean;
}) {
  const { t } = useLanguage();
  const { range, onRange, calls, isOld } = props;
  const isEmpty = calls !== undefined && calls.totals.calls === 0;
  const shown = { calls: calls ?? noCalls, range, isLoading: calls === undefined || isOld };
  return (
    <Section
      title={t("接口调用", "API calls")}
      acts={
        <>
          <Segmented
            aria-label={t("时间范围", "Period")}
            options={callRanges.map((one) => ({ value: one, label: rangeName(one, t) }))}
            value={range}
            onChange={onRange}
          />
          <Link to="/calls" style={{ alignSelf: "center" }}>
            {t("调用日志", "Call log")}
          </Link>
        </>
      }
    >
      <div className={styles["halves"]}>
        <CountChart
          {...shown}
          empty={isEmpty ? t("这段时间没有调用", "There were no calls in this time") : undefined}
        />
        <LatencyChart {...shown} empty={isEmpty ? t("没有耗时数据", "There is nothing to measure") : undefined} />
      </div>
      <div className={styles["wideAndNarrow"]} style={{ marginTop: 20 }}>
        <RefusalChart
          {...shown}
          empty={
            calls !== undefined && calls.totals.refused === 0 ? t("没有被拒绝的调用", "No call was refused") : undefined
          }
        />
        <Reasons calls={calls} />
      </div>
    </Section>
  );
}

const noCalls: CallFigures = {
  step_ms: 0,
  totals: { calls: 0, refused: 0, p50_us: null, p95_us: null, p99_us: null },
  steps: [],
  refusals: [],
};

interface Shown {
  readonly calls: CallFigures;
  readonly range: CallRange;
  readonly isLoading: boolean;
  readonly empty: string | undefined;
}

/** When a step begins, as short as the range allows. */
function useStepNames({ calls, range }: Shown): readonly string[] {
  const format = useFormat();
  return useMemo(
    () =>
      calls.steps.map(({ at }) => {
        const time = format.shortTime(at);
        return range === "day" ? time.slice(-5) : time;
      }),
    [calls, range, format],
  );
}

/** What every one of these charts has. */
function baseOf(names: readonly string[], range: CallRange): ChartOption {
  return {
    tooltip: { trigger: "axis" },
    legend: {},
    grid: { left: 4, right: 12, top: 40, bottom: 4 },
    xAxis: {
      type: "category",
      data: [...names],
      axisLabel: { formatter: (name: string) => (range === "day" ? name : name.slice(0, 5)), hideOverlap: true },
    },
  };
}

function CountChart(props: Shown) {
  const { t } = useLanguage();
  const format = useFormat();
  const { calls, range, isLoading, empty } = props;
  const names = useStepNames(props);
  const [succeeded, refused] = [t("成功", "Succeeded"), t("被拒绝", "Refused")];
  const option = useCallback(
    (colors: ChartColors): ChartOption => ({
      ...baseOf(names, range),
      yAxis: { type: "value", minInterval: 1, splitNumber: 3, axisLabel: { formatter: shortCount } },
      series: [
        {
          type: "bar",
          stack: "calls",
          name: succeeded,
          data: calls.steps.map((step) => step.calls - step.refused),
          itemStyle: { color: colors.series[0] ?? colors.text },
          barCategoryGap: "20%",
          tooltip: { valueFormatter: (value) => format.count(Number(value)) },
        },
        {
          type: "bar",
          stack: "calls",
          name: refused,
          data: calls.steps.map((step) => step.refused),
          itemStyle: { color: colors.danger },
          tooltip: { valueFormatter: (value) => format.count(Number(value)) },
        },
      ],
    }),
    [calls, names, range, succeeded, refused, format],
  );
  return (
    <Part title={t("调用次数", "Calls")}>
      <Chart
        label={t("各时段的调用次数", "Calls over time")}
        height={height}
        loading={isLoading}
        empty={empty}
        option={option}
        table={{
          head: [t("时间", "Time"), succeeded, refused],
          rows: calls.steps.map((step, index) => [
            names[index] ?? "",
            format.count(step.calls - step.refused),
            format.count(step.refused),
          ]),
        }}
      />
    </Part>
  );
}

function RefusalChart(props: Shown) {
  const { t } = useLanguage();
  const format = useFormat();
  const { calls, range, isLoading, empty } = props;
  const names = useStepNames(props);
  const reasons = useMemo(() => reasonsOf(calls, t("其他原因", "Other reasons")), [calls, t]);
  const option = useCallback(
    (colors: ChartColors): ChartOption => {
      const palette = reasonColors(colors);
      return {
        ...baseOf(names, range),
        // The list beside it names the colours.
        legend: { show: false },
        grid: { left: 4, right: 12, top: 12, bottom: 4 },
        yAxis: { type: "value", minInterval: 1, splitNumber: 3, axisLabel: { formatter: shortCount } },
        series: reasons.map(({ name, steps }, index) => ({
          type: "bar",
          stack: "refusals",
          name,
          data: [...steps],
          itemStyle: { color: palette[index % palette.length] ?? colors.text },
          barCategoryGap: "20%",
          tooltip: { valueFormatter: (value) => format.count(Number(value)) },
        })),
      };
    },
    [names, range, reasons, format],
  );
  return (
    <Part title={t("拒绝原因", "Refusals by reason")}>
      <Chart
        label={t("各时段按原因统计的拒绝次数", "Refusals by reason over time")}
        height={height}
        loading={isLoading}
        empty={empty}
        option={option}
        table={{
          head: [t("时间", "Time"), ...reasons.map(({ name }) => name)],
          rows: names.map((name, index) => [name, ...reasons.map(({ steps }) => format.count(steps[index] ?? 0))]),
        }}
      />
    </Part>
  );
}

function reasonColors(colors: ChartColors): readonly string[] {
  return [colors.danger, ...colors.series.slice(1, reasonsMax), colors.faint];
}

/** The reasons in words, with what exactly was wrong. */
function Reasons({ calls }: { readonly calls: CallFigures | undefined }) {
  const { t, language } = useLanguage();
  const format = useFormat();
  const palette = reasonColors(useChartColors());
  if (calls === undefined || calls.refusals.length === 0) return <div />;
  const shown = calls.refusals.slice(0, reasonsMax);
  const rest = calls.refusals.slice(reasonsMax).reduce((sum, one) => sum + one.calls, 0);
  return (
    <ul className={styles["reasons"]} aria-label={t("拒绝原因与次数", "Reasons and how often")}>
      {shown.map(({ errcode, text, calls: count, hints }, index) => (
        <li key={errcode}>
          <span className={styles["dot"]} style={{ background: palette[index] }} aria-hidden="true" />
          <span>
            <Link to={`/calls?errcode=${errcode}`}>
              {text} {errcode}
            </Link>
            <div className={`${styles["faint"]} ${styles["hints"]}`}>
              {hints
                .filter(({ hint }) => hint !== "")
                .slice(0, 2)
                .map(({ hint }) => hint)
                .join(", ")}
            </div>
          </span>
          <span className={styles["value"]}>
            {format.count(count)} <small>{partText(count, calls.totals.refused, language)}</small>
          </span>
        </li>
      ))}
      {rest > 0 && (
        <li>
          <span className={styles["dot"]} style={{ background: palette[reasonsMax] }} aria-hidden="true" />
          <span>{t("其他原因", "Other reasons")}</span>
          <span className={styles["value"]}>
            {format.count(rest)} <small>{partText(rest, calls.totals.refused, language)}</small>
          </span>
        </li>
      )}
    </ul>
  );
}

function reasonsOf({ refusals, steps }: CallFigures, others: string): { name: string; steps: readonly number[] }[] {
  const named = refusals.slice(0, reasonsMax).map(({ errcode, text, steps: counts }) => ({
    name: `${text} ${errcode}`,
    steps: counts,
  }));
  const rest = refusals.slice(reasonsMax);
  if (rest.length === 0) return named;
  return [
    ...named,
    { name: others, steps: steps.map((_, index) => rest.reduce((sum, one) => sum + (one.steps[index] ?? 0), 0)) },
  ];
}

type Step = CallFigures["steps"][number];

const lines: readonly { readonly name: string; readonly value: (step: Step) => number | null }[] = [
  { name: "P50", value: (step) => step.p50_us },
  { name: "P95", value: (step) => step.p95_us },
  { name: "P99", value: (step) => step.p99_us },
];

function LatencyChart(props: Shown) {
  const { t, language } = useLanguage();
  const { calls, range, isLoading, empty } = props;
  const names = useStepNames(props);
  const option = useCallback(
    (colors: ChartColors): ChartOption => ({
      ...baseOf(names, range),
      yAxis: { type: "value", splitNumber: 3, axisLabel: { formatter: (us: number) => latencyText(us, language) } },
      series: lines.map(({ name, value }, index) => ({
        type: "line",
        name,
        data: calls.steps.map(value),
        // A step alone between two without calls would be no line.
        showSymbol: calls.steps.filter((step) => value(step) !== null).length < calls.steps.length / 2,
        symbolSize: 5,
        lineStyle: { width: 2, color: colors.series[index] ?? colors.text },
        itemStyle: { color: colors.series[index] ?? colors.text },
        tooltip: {
          valueFormatter: (us) => (us === null || us === undefined ? "—" : latencyText(Number(us), language)),
        },
      })),
    }),
    [calls, names, range, language],
  );
  return (
    <Part title={t("响应耗时", "Latency")}>
      <Chart
        label={t("各时段的响应耗时", "Latency over time")}
        height={height}
        loading={isLoading}
        empty={empty}
        option={option}
        table={{
          head: [t("时间", "Time"), ...lines.map(({ name }) => name)],
          rows: calls.steps.map((step, index) => [
            names[index] ?? "",
            ...lines.map(({ value }) => {
              const us = value(step);
              return us === null ? "—" : latencyText(us, language);
            }),
          ]),
        }}
      />
    </Part>
  );
}

function Part({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  return (
    <div style={{ minWidth: 0 }}>
      <h3 className={styles["subtitle"]}>{title}</h3>
      {children}
    </div>
  );
}

function shortCount(value: number): string {
  if (value >= 1_000_000) return `${value / 1_000_000}M`;
  return value >= 10_000 ? `${value / 1_000}k` : String(value);
}
