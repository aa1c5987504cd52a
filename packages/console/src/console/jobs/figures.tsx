import { Card, Statistic } from "antd";
import { useLanguage } from "../../shared/language.tsx";
import type { Figures as ImportFigures } from "./words.ts";
import styles from "./jobs.module.css";

/** What an import has done, or would do. */
export function Figures({ figures, isDone }: { readonly figures: ImportFigures; readonly isDone: boolean }) {
  const { t } = useLanguage();
  const shown: readonly (readonly [string, number])[] = [
    [t("数据行", "Lines"), figures.lines],
    [isDone ? t("新增", "Added") : t("将新增", "To be added"), figures.inserted],
    [isDone ? t("更新", "Changed") : t("将更新", "To be changed"), figures.updated],
    [t("无变化", "Unchanged"), figures.unchanged],
    [t("被拒绝", "Refused"), figures.refused],
  ];
  return (
    <Card size="small">
      <div className={styles["figures"]}>
        {shown.map(([title, value]) => (
          <Statistic key={title} title={title} value={value} />
        ))}
      </div>
    </Card>
  );
}
