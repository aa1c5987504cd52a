import { Empty, Skeleton, Tag } from "antd";
import { Link } from "react-router";
import { useLanguage } from "../../shared/language.tsx";
import { useFormat } from "../parts/format.ts";
import { Section } from "../parts/section.tsx";
import { type Source, durationText } from "./words.ts";
import styles from "./overview.module.css";

/** How fresh what each source sends is, those that are late first. */
export function Sources({ sources }: { readonly sources: readonly Source[] | undefined }) {
  const { t } = useLanguage();
  const inOrder = sources?.toSorted((a, b) => urgency(a) - urgency(b));
  return (
    <Section title={t("用量来源", "Usage sources")} acts={<Link to="/sources">{t("全部来源", "All sources")}</Link>}>
      <div style={{ minHeight: 240 }}>
        {inOrder === undefined ? (
          <Skeleton active title={false} paragraph={{ rows: 5 }} />
        ) : inOrder.length === 0 ? (
          <div className={styles["blank"]} style={{ height: 240 }}>
            <Empty
              image={Empty.PRESENTED_IMAGE_SIMPLE}
              description={t("还没有用量来源，卡的用量无从得知", "There are no sources yet, so usage is not known")}
            />
          </div>
        ) : (
          <ul className={styles["sources"]}>
            {inOrder.map((source) => (
              <SourceRow key={source.name} source={source} />
            ))}
          </ul>
        )}
      </div>
    </Section>
  );
}

function urgency({ late, status }: Source): number {
  return late ? 0 : status === "normal" ? 1 : 2;
}

function SourceRow({ source }: { readonly source: Source }) {
  const { t } = useLanguage();
  const format = useFormat();
  const { name, received_at, newest_at, lag_seconds } = source;
  const counted = source.last_day.reduce((sum, { figures }) => sum + figures.accepted + figures.duplicate, 0);
  const aside = source.last_day.reduce(
    (sum, { figures }) =>
      sum + figures.conflict + figures.unknown_card + figures.invalid + figures.too_old + figures.too_new,
    0,
  );
  return (
    <li className={styles["source"]}>
      <Link to={`/sources/${encodeURIComponent(name)}`}>{name}</Link>
      <span>
        <State source={source} />
      </span>
      <span>
        {newest_at === null || lag_seconds === null
          ? t("还没有数据", "No data yet")
          : t(`数据截至 ${format.shortTime(newest_at)}`, `Data up to ${format.shortTime(newest_at)}`)}
        {lag_seconds !== null && (
          <div className={styles["faint"]}>
            {t(`滞后 ${durationText(lag_seconds, t)}`, `${durationText(lag_seconds, t)} behind`)}
          </div>
        )}
      </span>
      <span className={styles["faint"]}>
        {received_at === null
          ? t("从未收到", "Never heard of")
          : t(`收到于 ${format.shortTime(received_at)}`, `Received ${format.shortTime(received_at)}`)}
      </span>
      <span>
        {t(`24 小时 ${format.count(counted)} 条`, `${format.count(counted)} in 24 h`)}
        {aside > 0 && (
          <div>
            <Link to={`/quarantine?source=${encodeURIComponent(name)}`}>
              {t(`${format.count(aside)} 条被隔离`, `${format.count(aside)} set aside`)}
            </Link>
          </div>
        )}
      </span>
    </li>
  );
}

function State({ source }: { readonly source: Source }) {
  const { t } = useLanguage();
  if (source.status === "suspended") return <Tag>{t("已停用", "Suspended")}</Tag>;
  if (source.late) return <Tag color="error">{t("迟到", "Late")}</Tag>;
  if (source.expected_every_seconds === null) return <Tag>{t("未监测", "Not watched")}</Tag>;
  return <Tag color="success">{t("按时", "On time")}</Tag>;
}
