import { Space, Table, Tag } from "antd";
import { useLanguage } from "../../shared/language.tsx";
import { useFormat } from "../parts/format.ts";
import { type Acted, actOutcomeName, hasLeft, visibleText } from "./words.ts";
import styles from "./quarantine.module.css";

/** What became of entries: the sums, and why some of them stay. */
export function ActedResult({ acted }: { readonly acted: Acted }) {
  const { t } = useLanguage();
  const format = useFormat();
  const stay = acted.results.filter(({ outcome }) => !hasLeft(outcome));
  const staying = acted.counts.reduce((sum, { outcome, count }) => sum + (hasLeft(outcome) ? 0 : count), 0);
  return (
    <Space orientation="vertical" size={12} style={{ width: "100%" }}>
      <Space size={[4, 4]} wrap>
        {acted.counts.map(({ outcome, count }) => (
          <Tag key={outcome} color={hasLeft(outcome) ? "success" : "warning"}>
            {actOutcomeName(outcome, t)} {format.count(count)}
          </Tag>
        ))}
      </Space>
      {staying > 0 && (
        <>
          <span>
            {staying > stay.length
              ? t(
                  `仍留在隔离区的 ${format.count(staying)} 条，以下是其中 ${format.count(stay.length)} 条：`,
                  `${format.count(staying)} stay, ${format.count(stay.length)} of them are:`,
                )
              : t(`仍留在隔离区的 ${format.count(staying)} 条：`, `${format.count(staying)} stay:`)}
          </span>
          <Table
            rowKey="key"
            size="small"
            pagination={{ pageSize: 10, hideOnSinglePage: true, showSizeChanger: false, size: "small" }}
            dataSource={[...stay]}
            columns={[
              {
                title: t("记录", "Record"),
                width: "40%",
                render: (_, { source, record_id }) => (
                  <span className={styles["wrap"]}>
                    <span className="mono">{visibleText(record_id)}</span>
                    <br />
                    <small>{source}</small>
                  </span>
                ),
              },
              {
                title: t("原因", "Reason"),
                render: (_, { outcome, reason }) => (
                  <span className={styles["wrap"]}>{visibleText(reason ?? actOutcomeName(outcome, t))}</span>
                ),
              },
            ]}
          />
        </>
      )}
    </Space>
  );
}
