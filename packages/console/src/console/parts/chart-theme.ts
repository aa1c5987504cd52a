import { type GlobalToken, theme } from "antd";
import { useMemo } from "react";
import { useDark } from "../../shared/color-scheme.ts";

/** The colours that charts are drawn in, on light or dark ground. */
export interface ChartColors {
  readonly text: string;
  readonly faint: string;
  readonly line: string;
  readonly ground: string;
  /** For what has no meaning of its own, in this order; apart also for those who see red and green alike. */
  readonly series: readonly string[];
  readonly good: string;
  readonly warning: string;
  readonly danger: string;
}

const lightSeries = ["#1668dc", "#d46b08", "#0f8a7e", "#9254de", "#c41d7f", "#5b6b7f"];
const darkSeries = ["#4c94f5", "#f09b42", "#36c2b2", "#b590f0", "#ef76b8", "#9aa9bb"];

export function useChartColors(): ChartColors {
  const { token } = theme.useToken();
  const dark = useDark();
  return useMemo(
    () => ({
      text: token.colorText,
      faint: token.colorTextTertiary,
      line: token.colorBorderSecondary,
      ground: token.colorBgElevated,
      series: dark ? darkSeries : lightSeries,
      good: dark ? "#49aa19" : "#389e0d",
      warning: dark ? "#f09b42" : "#d46b08",
      danger: dark ? "#f3716d" : "#cf1322",
    }),
    [token, dark],
  );
}

/** What every chart has in common, as ECharts takes it: a chart's own options say only what is its own. */
export function chartTheme(colors: ChartColors, { fontFamily }: Pick<GlobalToken, "fontFamily">): object {
  const axis = {
    axisLine: { lineStyle: { color: colors.line } },
    axisTick: { show: false },
    axisLabel: { color: colors.faint },
    nameTextStyle: { color: colors.faint },
    splitLine: { lineStyle: { color: colors.line } },
  };
  return {
    color: colors.series,
    backgroundColor: "transparent",
    textStyle: { fontFamily, color: colors.text },
    grid: { left: 4, right: 12, top: 40, bottom: 4 },
    categoryAxis: { ...axis, splitLine: { show: false } },
    timeAxis: { ...axis, splitLine: { show: false } },
    valueAxis: { ...axis, axisLine: { show: false } },
    legend: { textStyle: { color: colors.text }, inactiveColor: colors.faint, top: 0, left: 0, itemGap: 16 },
    tooltip: {
      backgroundColor: colors.ground,
      borderColor: colors.line,
      textStyle: { color: colors.text, fontSize: 13 },
      confine: true,
      axisPointer: {
        lineStyle: { color: colors.faint },
        shadowStyle: { color: colors.line, opacity: 0.5 },
        crossStyle: { color: colors.faint },
      },
    },
  };
}
