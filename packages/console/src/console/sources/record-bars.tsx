import { useLanguage } from "../../shared/language.tsx";
import { type ChartColors, useChartColors } from "../parts/chart-theme.ts";
import { useFormat } from "../parts/format.ts";
import {
  type ActivityPoint,
  type RecordFigures,
  outcomeColor,
  outcomeName,
  recordOutcomes,
  sumOf,
  totalOf,
} from "./words.ts";
import styles from "./sources.module.css";

/** What a source has sent in the last 24 hours: a bar for each hour, and the sums by what became of the records. */
export function RecordBars({ points }: { readonly points: readonly ActivityPoint[] }) {
  const { t } = useLanguage();
  const format = useFormat();
  const colors = useChartColors();
  const total = totalOf(points);
  if (sumOf(total) === 0) return <small>{t("24 小时内没有记录", "No records in 24 hours")}</small>;
  const highest = Math.max(...points.map(({ figures }) => sumOf(figures)));
  return (
    <div className={styles["bars"]}>
      <svg
        className={styles["sparkline"]}
        viewBox={`0 0 ${points.length * 5} 28`}
        preserveAspectRatio="none"
        role="img"
        aria-label={t(
          `最近 24 小时共 ${format.count(sumOf(total))} 条记录，每小时最多 ${format.count(highest)} 条`,
          `${format.count(sumOf(total))} records in the last 24 hours, ${format.count(highest)} in the busiest`,
        )}
      >
        {points.map(({ from, figures }, hour) => (
          <HourBar key={from} at={hour * 5} figures={figures} highest={highest} colors={colors} />
        ))}
      </svg>
      <div className={styles["sums"]}>
        {recordOutcomes
          .filter((outcome) => total[outcome] > 0)
          .map((outcome) => (
            <span key={outcome}>
              <i className={styles["dot"]} style={{ background: outcomeColor(outcome, colors) }} />
              {outcomeName(outcome, t)} {format.count(total[outcome])}
            </span>
          ))}
      </div>
    </div>
  );
}

/** The refused ones on top, and never thinner than can be seen: one among a million is what one looks for. */
function HourBar(props: {
  readonly at: number;
  readonly figures: RecordFigures;
  readonly highest: number;
  readonly colors: ChartColors;
}) {
  const { at, figures, highest, colors } = props;
  const taken = figures.accepted + figures.duplicate;
  const refused = sumOf(figures) - taken;
  const height = (count: number): number => (count === 0 ? 0 : Math.max(2, (count / highest) * 26));
  const refusedHeight = height(refused);
  const takenHeight = Math.min(height(taken), 28 - refusedHeight);
  return (
    <>
      <rect x={at} y={27} width={4} height={1} className={styles["ground"]} />
      <rect x={at} y={28 - takenHeight} width={4} height={takenHeight} fill={colors.good} />
      <rect x={at} y={28 - takenHeight - refusedHeight} width={4} height={refusedHeight} fill={colors.danger} />
    </>
  );
}
