import { Alert, Skeleton, Timeline } from "antd";
import { Link } from "react-router";
import { type Translate, useLanguage } from "../../shared/language.tsx";
import { useAnswer } from "../calls.ts";
import { gprsStatusName, simStatusName } from "../cards/card-status.tsx";
import { actionName } from "../audit/words.ts";
import { Failure } from "../parts/failure.tsx";
import { useFormat } from "../parts/format.ts";
import { Section } from "../parts/section.tsx";
import { carrierName } from "../products/words.ts";
import styles from "./card.module.css";
import { type CardShown, type HistoryEntry, valueName } from "./words.ts";

/** What has become of the card, the newest first: who, when, by which file, and from what to what. */
export function CardHistory({ card }: { readonly card: CardShown }) {
  const { t } = useLanguage();
  const format = useFormat();
  const history = useAnswer("GET /cards/:serial_no/history", { params: { serial_no: card.serial_no } });
  if (history.data === undefined) {
    if (history.error === null) return <Skeleton active paragraph={{ rows: 8 }} />;
    return <Failure error={history.error} onRetry={() => void history.refetch()} />;
  }
  const { list, more } = history.data;
  return (
    <Section title={t("变更历史", "History")}>
      <Timeline
        style={{ paddingTop: 8 }}
        items={list.map((entry, index) => ({
          key: index,
          color: entry.kind === "changed" ? "blue" : entry.kind === "created" ? "green" : "gray",
          content: (
            <div className={styles["history"]}>
              <strong>{titleOf(entry, t)}</strong> <span className="mono">{format.time(entry.at)}</span>
              <By entry={entry} />
              <Values entry={entry} />
            </div>
          ),
        }))}
      />
      {more && (
        <Alert type="info" showIcon title={t("只显示最近 500 条变更。", "Only the latest 500 changes are shown.")} />
      )}
    </Section>
  );
}

function titleOf(entry: HistoryEntry, t: Translate): string {
  if (entry.kind === "created") return t("导入平台", "Came to the platform");
  if (entry.kind === "changed") return t("卡信息变更", "Changed");
  if (entry.kind === "package") return t("添加套餐", "Package added");
  return entry.event?.action === "card.assign_source"
    ? t("指定用量来源", "Source assigned")
    : actionName(entry.event?.action ?? "", t);
}

/** Who it was, with a link to the job of an import. */
function By({ entry: { event } }: { readonly entry: HistoryEntry }) {
  const { t } = useLanguage();
  if (event === null) return <div className={styles["note"]}>{t("操作者未记录", "By whom was not recorded then")}</div>;
  const by =
    event.actor_kind === "cli"
      ? t(`${event.actor_name}（命令行）`, `${event.actor_name} (command line)`)
      : event.actor_kind === "system"
        ? t("系统", "The platform")
        : event.actor_name;
  return (
    <div className={styles["note"]} style={{ marginTop: 0 }}>
      {by}
      {event.file_name !== null && t(`，文件 ${event.file_name}`, `, file ${event.file_name}`)}
      {event.job_no !== null && (
        <>
          {t("，", ", ")}
          <Link to={`/jobs/${event.job_no}`}>{t(`任务 ${event.job_no}`, `job ${event.job_no}`)}</Link>
        </>
      )}
    </div>
  );
}

function Values({ entry }: { readonly entry: HistoryEntry }) {
  const { t } = useLanguage();
  const names = [...new Set([...Object.keys(entry.before), ...Object.keys(entry.after)])];
  if (names.length === 0) return null;
  const hasBefore = entry.kind !== "package";
  return (
    <table>
      <thead className="visually-hidden">
        <tr>
          <th scope="col">{t("项目", "Value")}</th>
          {hasBefore && <th scope="col">{t("之前", "Before")}</th>}
          <th scope="col">{t("之后", "After")}</th>
        </tr>
      </thead>
      <tbody>
        {names.map((name) => (
          <tr key={name}>
            <th scope="row">{valueName(name, t)}</th>
            {hasBefore && <td className="mono">{shown(name, entry.before[name], t)} →</td>}
            <td className="mono">{shown(name, entry.after[name], t)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function shown(name: string, value: unknown, t: Translate): string {
  if (value === undefined || value === null) return t("（空）", "(empty)");
  if (name === "sim_status") return simStatusName(Number(value), t);
  if (name === "gprs_status") return gprsStatusName(Number(value), t);
  if (name === "carrier" && typeof value === "string") return carrierName(value, t);
  return typeof value === "string" ? value : JSON.stringify(value);
}
