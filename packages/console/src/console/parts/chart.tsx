import { Empty, Spin, theme } from "antd";
import { useEffect, useRef, useState } from "react";
import { useLanguage } from "../../shared/language.tsx";
import type { ChartOption } from "./chart-library.ts";
import { type ChartColors, chartTheme, useChartColors } from "./chart-theme.ts";

type ChartLibrary = typeof import("./chart-library.ts");

export type { ChartColors, ChartOption };

/** The same figures for who cannot see the drawing. */
export interface ChartTable {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

/**
 * A chart of bars and lines. ECharts is loaded with the first one; the place is kept from the start, so that nothing moves
 * when it appears. Axes, legend and tooltip already have the page's colours; names and values are shown as text, so a
 * `formatter` that returns HTML would be the only way for a hostile name to become markup: use `valueFormatter` instead.
 */
export function Chart(props: {
  /** What the chart shows, in one sentence: read out in place of the drawing. */
  readonly label: string;
  readonly table: ChartTable;
  /** Kept the same (`useCallback`) as long as the figures are: the chart is drawn anew with every other one. */
  readonly option: (colors: ChartColors) => ChartOption;
  /** In pixels. */
  readonly height?: number;
  /** The figures are still to come. */
  readonly loading?: boolean;
  /** There are none, and this is said in place of the chart. */
  readonly empty?: string | undefined;
  /** Called with the place on the category axis that was clicked or touched. Offer the same elsewhere for the keyboard. */
  readonly onSelect?: (index: number) => void;
}) {
  const { height = 300 } = props;
  if (props.empty !== undefined)
    return (
      <div style={{ height, display: "grid", placeItems: "center" }}>
        <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={props.empty} />
      </div>
    );
  return (
    <figure className="chart" aria-label={props.label}>
      <Drawing option={props.option} height={height} loading={props.loading ?? false} onSelect={props.onSelect} />
      <div className="visually-hidden">
        <table>
          <caption>{props.label}</caption>
          <thead>
            <tr>
              {props.table.head.map((title) => (
                <th key={title} scope="col">
                  {title}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {props.table.rows.map(([first, ...rest], index) => (
              // The figures of a chart have an order, and are replaced as a whole.
              <tr key={index}>
                <th scope="row">{first}</th>
                {rest.map((value, column) => (
                  <td key={column}>{value}</td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </figure>
  );
}

function Drawing(props: {
  readonly option: (colors: ChartColors) => ChartOption;
  readonly height: number;
  readonly loading: boolean;
  readonly onSelect: ((index: number) => void) | undefined;
}) {
  const { option, height, loading, onSelect } = props;
  const { t } = useLanguage();
  const { token } = theme.useToken();
  const colors = useChartColors();
  const place = useRef<HTMLDivElement>(null);
  const select = useRef(onSelect);
  const [library, setLibrary] = useState<ChartLibrary>();
  const [chart, setChart] = useState<ReturnType<ChartLibrary["init"]>>();
  const [failed, setFailed] = useState<unknown>();
  // To the boundary around the page, which offers to load it anew: the script is gone when the server has been updated.
  if (failed !== undefined) throw failed;
  useEffect(() => {
    select.current = onSelect;
  }, [onSelect]);
  useEffect(() => {
    let unmounted = false;
    import("./chart-library.ts").then(
      (loaded) => unmounted || setLibrary(loaded),
      (error: unknown) => unmounted || setFailed(error ?? new Error("charts could not be loaded")),
    );
    return () => {
      unmounted = true;
    };
  }, []);
  useEffect(() => {
    const { current } = place;
    if (library === undefined || current === null) return undefined;
    const made = library.init(current, chartTheme(colors, token), { renderer: "svg" });
    made.getZr().on("click", ({ offsetX, offsetY }) => {
      if (!made.containPixel("grid", [offsetX, offsetY])) return;
      const index = made.convertFromPixel({ xAxisIndex: 0 }, offsetX);
      if (Number.isFinite(index)) select.current?.(index);
    });
    const observer = new ResizeObserver(() => made.resize());
    observer.observe(current);
    setChart(made);
    return () => {
      observer.disconnect();
      made.dispose();
    };
  }, [library, colors, token]);
  useEffect(() => {
    if (chart === undefined || chart.isDisposed()) return;
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches;
    chart.setOption({ animation: !still, animationDuration: 300, ...option(colors) }, { notMerge: true });
  }, [chart, option, colors]);
  const waiting = loading || library === undefined;
  return (
    <div style={{ position: "relative", height }}>
      <div
        ref={place}
        aria-hidden="true"
        style={{ height, opacity: loading ? 0.4 : 1, cursor: onSelect === undefined ? "default" : "pointer" }}
      />
      {waiting && (
        <div className="chart-waiting" role="status" aria-label={t("加载中", "Loading")}>
          <Spin delay={200} />
        </div>
      )}
    </div>
  );
}
