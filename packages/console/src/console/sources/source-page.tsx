import { Alert, Descriptions, Skeleton, Tag } from "antd";
import { useParams } from "react-router";
import { useLanguage } from "../../shared/language.tsx";
import { useAnswer } from "../calls.ts";
import { Failure } from "../parts/failure.tsx";
import { useFormat } from "../parts/format.ts";
import { PageHead } from "../parts/page-head.tsx";
import { useMayActAs } from "../session.tsx";
import { ActivityChart } from "./activity-chart.tsx";
import { AssignCards } from "./assign-cards.tsx";
import { RotateToken } from "./rotate-token.tsx";
import { SettingsForm } from "./settings-form.tsx";
import { Heard, Lag, SourceState } from "./source-state.tsx";
import { SuspendSource } from "./suspend-source.tsx";
import { type Source, durationText, kindName } from "./words.ts";
import styles from "./sources.module.css";

const refetchMs = 10_000;

/** One source: what it is, what it has sent, and which cards its figures count for. */
export default function SourcePage() {
  const { t } = useLanguage();
  const name = useParams()["name"] ?? "";
  const mayActAs = useMayActAs();
  const answer = useAnswer("GET /sources/:name", { params: { name } }, { refetchInterval: refetchMs });
  const source = answer.data;
  if (source === undefined) {
    if (answer.error !== null) return <Failure error={answer.error} onRetry={() => void answer.refetch()} />;
    return <Skeleton active paragraph={{ rows: 12 }} />;
  }
  return (
    <>
      <PageHead title={t(`来源 ${source.name}`, `Source ${source.name}`)}>
        {mayActAs("operator") && <SuspendSource source={source} />}
        {mayActAs("admin") && <RotateToken source={source} />}
      </PageHead>
      <div className={styles["sections"]}>
        {answer.failureReason !== null && <Alert type="warning" showIcon title={answer.failureReason.message} />}
        {source.status === "suspended" && (
          <Alert
            type="warning"
            showIcon
            title={t(
              "已停用：它发来的记录会整批被拒绝，已计入的用量不受影响。",
              "Suspended: whatever it sends is refused. What it has sent before still counts.",
            )}
          />
        )}
        <Facts source={source} />
        <ActivityChart name={source.name} />
        {mayActAs("operator") && <SettingsForm key={source.name} source={source} />}
        {mayActAs("operator") && <AssignCards key={`cards ${source.name}`} name={source.name} />}
      </div>
    </>
  );
}

function Facts({ source }: { readonly source: Source }) {
  const { t } = useLanguage();
  const format = useFormat();
  const items = [
    { label: t("状态", "State"), children: <SourceState source={source} /> },
    {
      label: t("上报的是", "It reports"),
      children: (
        <>
          {kindName(source.kind, t)} <Tag>{source.unit ?? t("记录自带单位", "units in the records")}</Tag>
        </>
      ),
    },
    { label: t("最近一次上报", "Last heard of"), children: <Heard source={source} /> },
    { label: t("用量时间落后", "Usage behind by"), children: <Lag source={source} /> },
    ...(source.kind === "reading"
      ? [{ label: t("月初宽限", "Grace after a month's start"), children: durationText(source.grace_seconds, t) }]
      : []),
    { label: t("账期结束后关账", "A month closes after"), children: durationText(source.close_after_seconds, t) },
    { label: t("建立时间", "Made"), children: <span className="mono">{format.time(source.created_at)}</span> },
    ...(source.old_token_expires_at === null
      ? []
      : [
          {
            label: t("旧令牌有效至", "The old token holds until"),
            children: <span className="mono">{format.time(source.old_token_expires_at)}</span>,
          },
        ]),
  ];
  return <Descriptions size="small" bordered column={{ xs: 1, md: 2 }} items={items} />;
}
