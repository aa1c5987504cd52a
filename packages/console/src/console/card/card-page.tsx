import { Alert, Skeleton, Tabs } from "antd";
import { Link, useParams } from "react-router";
import { useLanguage } from "../../shared/language.tsx";
import { useAnswer } from "../calls.ts";
import { GprsStatus, SimStatus } from "../cards/card-status.tsx";
import { Failure } from "../parts/failure.tsx";
import { useFormat } from "../parts/format.ts";
import { PageHead } from "../parts/page-head.tsx";
import { useUrlState } from "../url-state.ts";
import { CardHistory } from "./card-history.tsx";
import { CardPackagesTab } from "./card-packages.tsx";
import { CardSummary } from "./card-summary.tsx";
import { CardUsageTab } from "./card-usage.tsx";
import styles from "./card.module.css";
import type { CardShown } from "./words.ts";

/** One card: what it is, what it has used and why, its packages, and what has become of it. */
export default function CardPage() {
  const { serialNo = "" } = useParams();
  const card = useAnswer("GET /cards/:serial_no", { params: { serial_no: serialNo } });
  if (card.data === undefined || card.data.serial_no !== serialNo) {
    if (card.error === null) return <Skeleton active paragraph={{ rows: 14 }} />;
    return <Failure error={card.error} onRetry={() => void card.refetch()} />;
  }
  return <CardContent key={serialNo} card={card.data} />;
}

function CardContent({ card }: { readonly card: CardShown }) {
  const { t } = useLanguage();
  const [{ tab }, change] = useUrlState(["tab"]);
  return (
    <div className={styles["sections"]}>
      <PageHead title={t(`卡 ${card.serial_no}`, `Card ${card.serial_no}`)}>
        <span>
          {t("卡状态", "SIM")} <SimStatus status={card.sim_status} />
        </span>
        <span>
          {t("上网功能", "Data")} <GprsStatus status={card.gprs_status} />
        </span>
      </PageHead>
      <Quarantined card={card} />
      <CardSummary card={card} />
      <Tabs
        activeKey={tab ?? "usage"}
        onChange={(key) => change({ tab: key === "usage" ? undefined : key })}
        destroyOnHidden
        items={[
          { key: "usage", label: t("用量", "Usage"), children: <CardUsageTab card={card} /> },
          { key: "packages", label: t("套餐", "Packages"), children: <CardPackagesTab card={card} /> },
          { key: "history", label: t("变更历史", "History"), children: <CardHistory card={card} /> },
        ]}
      />
    </div>
  );
}

/** Records that name this card and do not count. */
function Quarantined({ card }: { readonly card: CardShown }) {
  const { t } = useLanguage();
  const format = useFormat();
  if (card.quarantined.length === 0) return null;
  return (
    <Alert
      type="warning"
      showIcon
      title={t("有用量记录在隔离区，未计入用量", "Usage records of this card are in quarantine and do not count")}
      description={
        <ul className={styles["words"]}>
          {card.quarantined.map(({ subject, count }) => (
            <li key={subject}>
              <Link to={`/quarantine?${new URLSearchParams({ subject }).toString()}`}>
                {t(
                  `以 ${subject} 上报的 ${format.count(count)} 条`,
                  `${format.count(count)} that name it as ${subject}`,
                )}
              </Link>
            </li>
          ))}
        </ul>
      }
    />
  );
}
