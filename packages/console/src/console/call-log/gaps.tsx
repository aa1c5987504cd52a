import { Alert } from "antd";
import { useLanguage } from "../../shared/language.tsx";
import { useFormat } from "../parts/format.ts";
import { type Gap, gapReason } from "./words.ts";

/** How many gaps are told one by one. */
const shownMax = 5;

/** Says which calls were answered and are not in the log, so that nobody takes silence for "it was never made". */
export function Gaps({ gaps }: { readonly gaps: readonly Gap[] }) {
  const { t } = useLanguage();
  const format = useFormat();
  if (gaps.length === 0) return null;
  const calls = gaps.reduce((sum, gap) => sum + gap.calls, 0);
  const left = gaps.length - shownMax;
  return (
    <Alert
      style={{ marginBottom: 16 }}
      type="warning"
      showIcon
      title={t(
        `此时段内有 ${format.count(calls)} 次调用已应答，但不在日志中`,
        `${format.count(calls)} calls of this time were answered and are not in the log`,
      )}
      description={
        <ul style={{ margin: 0, paddingInlineStart: 20 }}>
          {gaps.slice(0, shownMax).map((gap) => (
            <li key={`${gap.from} ${gap.reason}`}>
              {t(
                `${format.time(gap.from)} 至 ${format.time(gap.to)}，${format.count(gap.calls)} 次：${gapReason(gap.reason, t)}`,
                `${format.time(gap.from)} to ${format.time(gap.to)}, ${format.count(gap.calls)}: ${gapReason(gap.reason, t)}`,
              )}
            </li>
          ))}
          {left > 0 && <li>{t(`另有 ${left} 段`, `and ${left} more`)}</li>}
        </ul>
      }
    />
  );
}
