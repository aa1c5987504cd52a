import { ReloadOutlined } from "@ant-design/icons";
import { Alert, Button, Spin } from "antd";
import { useState } from "react";
import { useLanguage } from "../../shared/language.tsx";
import { useAnswer } from "../calls.ts";
import { Failure } from "../parts/failure.tsx";
import { useFormat } from "../parts/format.ts";
import { PageHead } from "../parts/page-head.tsx";
import { useUrlState } from "../url-state.ts";
import { CallsSection } from "./calls-section.tsx";
import { FirstSteps } from "./first-steps.tsx";
import { HeavyCards } from "./heavy-cards.tsx";
import { AccountShares, CarrierShares, StatusShares } from "./shares.tsx";
import { Sources } from "./sources.tsx";
import { Tiles } from "./tiles.tsx";
import { UsageSection } from "./usage-section.tsx";
import { callRanges } from "./words.ts";
import styles from "./overview.module.css";

const refetchMs = 60_000;
/** A few cards are counted at every look; of many, the server answers with what it has. */
const countedMs = 15_000;
/** While the cards are being counted, the figures will soon be there. */
const countingMs = 3_000;

/** How the platform is doing: the console's first page. */
export default function OverviewPage() {
  const { t } = useLanguage();
  const [state, change] = useUrlState(["calls"]);
  const range = callRanges.find((one) => one === state.calls) ?? "day";
  const [isCounting, setIsCounting] = useState(false);
  const overview = useAnswer("GET /overview", {}, { refetchInterval: isCounting ? countingMs : countedMs });
  const lastDay = useAnswer("GET /overview/calls", { query: { range: "day" } }, { refetchInterval: refetchMs });
  const calls = useAnswer("GET /overview/calls", { query: { range } }, { refetchInterval: refetchMs });
  const sources = useAnswer("GET /sources", {}, { refetchInterval: refetchMs });
  const all = [overview, lastDay, calls, sources];
  const failed = all.find(({ data, error }) => data === undefined && error !== null);
  const refetch = () => all.forEach((one) => void one.refetch());
  if (failed?.error !== undefined && failed.error !== null) return <Failure error={failed.error} onRetry={refetch} />;

  if ((overview.data?.counting ?? false) !== isCounting) setIsCounting(overview.data?.counting ?? false);
  const inventory = overview.data?.inventory ?? undefined;
  const isNew = inventory !== undefined && inventory.cards === 0;
  const reason = all.find(({ failureReason }) => failureReason !== null)?.failureReason;
  return (
    <div className={styles["page"]}>
      <PageHead title={t("概览", "Overview")}>
        <CountedAt at={inventory?.counted_at} isCounting={isCounting} />
        <Button icon={<ReloadOutlined />} onClick={refetch} aria-label={t("刷新", "Refresh")} />
      </PageHead>
      {reason !== undefined && reason !== null && <Alert type="warning" showIcon title={reason.message} />}
      <Tiles inventory={inventory} calls={lastDay.data} />
      {isNew && overview.data !== undefined ? (
        <FirstSteps setUp={overview.data.set_up} />
      ) : (
        <>
          <div className={styles["wideAndNarrow"]}>
            <UsageSection inventory={inventory} />
            <div className={styles["column"]}>
              <StatusShares inventory={inventory} />
              <CarrierShares inventory={inventory} />
            </div>
          </div>
          <div className={styles["halves"]}>
            <HeavyCards kind="over" inventory={inventory} />
            <HeavyCards kind="near" inventory={inventory} />
          </div>
        </>
      )}
      <CallsSection
        range={range}
        onRange={(chosen) => change({ calls: chosen === "day" ? undefined : chosen })}
        calls={calls.data}
        isOld={calls.isPlaceholderData}
      />
      <div className={styles["wideAndNarrow"]}>
        <Sources sources={sources.data?.list} />
        <AccountShares inventory={inventory} />
      </div>
    </div>
  );
}

/** Of which moment the figures about cards are. */
function CountedAt({ at, isCounting }: { readonly at: string | undefined; readonly isCounting: boolean }) {
  const { t } = useLanguage();
  const format = useFormat();
  return (
    <span className={styles["asOf"]} role="status">
      {isCounting && <Spin size="small" />}
      {at === undefined
        ? isCounting && t("正在统计卡片…", "Counting the cards…")
        : t(`卡与用量统计于 ${format.time(at)}`, `Cards and usage as of ${format.time(at)}`)}
    </span>
  );
}
