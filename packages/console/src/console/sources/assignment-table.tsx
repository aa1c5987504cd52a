import { Alert, Grid, Space, Table, type TableColumnsType, Tag } from "antd";
import { useMemo } from "react";
import { useLanguage } from "../../shared/language.tsx";
import type { CallAnswer } from "../api.ts";
import { useFormat } from "../parts/format.ts";
import styles from "./sources.module.css";

type Outcome = CallAnswer<"POST /sources/:name/assignments">["list"][number];

const ranks: Readonly<Record<Outcome["outcome"], number>> = { refused: 0, assigned: 1, unchanged: 2 };

/** What assigning cards comes to, or has come to, card by card: those that are refused first. */
export function AssignmentTable({ isDone, list }: { readonly isDone: boolean; readonly list: readonly Outcome[] }) {
  const { t } = useLanguage();
  const format = useFormat();
  const isWide = Grid.useBreakpoint().md ?? true;
  const sorted = useMemo(() => list.toSorted((a, b) => ranks[a.outcome] - ranks[b.outcome]), [list]);
  const count = (outcome: Outcome["outcome"]): string =>
    format.count(list.filter((each) => each.outcome === outcome).length);
  const columns: TableColumnsType<Outcome> = [
    { title: t("卡号", "Card"), width: 200, render: (_, { serial_no }) => <span className="mono">{serial_no}</span> },
    {
      title: t("结果", "Outcome"),
      width: 120,
      render: (_, { outcome }) => <OutcomeTag outcome={outcome} isDone={isDone} />,
    },
    {
      title: t("从账期", "From"),
      width: 110,
      render: (_, { from_month }) => <span className="mono">{from_month ?? "—"}</span>,
    },
    {
      title: t("此前的来源", "Source before"),
      width: 180,
      render: (_, { before, from_month }) =>
        from_month === null ? "—" : (before ?? t("最先上报的", "the first to report")),
    },
    { title: t("说明", "Note"), render: (_, row) => <Note row={row} /> },
  ];
  return (
    <Space orientation="vertical" size={12} style={{ width: "100%" }}>
      <Alert
        type={isDone ? "success" : "info"}
        showIcon
        title={
          isDone
            ? t(
                `已指定 ${count("assigned")} 张，原本如此 ${count("unchanged")} 张，未能指定 ${count("refused")} 张。`,
                `${count("assigned")} assigned, ${count("unchanged")} were so already, ${count("refused")} refused.`,
              )
            : t(
                `将指定 ${count("assigned")} 张，原本如此 ${count("unchanged")} 张，不能指定 ${count("refused")} 张。尚未做任何更改。`,
                `${count("assigned")} to be assigned, ${count("unchanged")} are so already, ${count("refused")} cannot be. Nothing is changed yet.`,
              )
        }
      />
      <Table<Outcome>
        rowKey="serial_no"
        size="small"
        dataSource={sorted}
        pagination={{ pageSize: 20, hideOnSinglePage: true, showSizeChanger: false, size: "small" }}
        columns={
          isWide ? columns : [{ title: t("卡号", "Card"), render: (_, row) => <RowCard row={row} isDone={isDone} /> }]
        }
      />
    </Space>
  );
}

function RowCard({ row, isDone }: { readonly row: Outcome; readonly isDone: boolean }) {
  const { t } = useLanguage();
  return (
    <Space orientation="vertical" size={2}>
      <Space wrap size={8}>
        <span className="mono">{row.serial_no}</span>
        <OutcomeTag outcome={row.outcome} isDone={isDone} />
      </Space>
      {row.from_month !== null && (
        <small>
          {t(
            `从 ${row.from_month} 起，此前：${row.before ?? "最先上报的来源"}`,
            `from ${row.from_month}; before: ${row.before ?? "the first to report"}`,
          )}
        </small>
      )}
      <Note row={row} />
    </Space>
  );
}

function OutcomeTag({ outcome, isDone }: { readonly outcome: Outcome["outcome"]; readonly isDone: boolean }) {
  const { t } = useLanguage();
  if (outcome === "refused") return <Tag color="error">{t("不能指定", "Refused")}</Tag>;
  if (outcome === "unchanged") return <Tag>{t("原本如此", "As it is")}</Tag>;
  return <Tag color="success">{isDone ? t("已指定", "Assigned") : t("将指定", "To be assigned")}</Tag>;
}

function Note({ row }: { readonly row: Outcome }) {
  const { t } = useLanguage();
  if (row.problem !== null) return <span className={styles["name"]}>{row.problem}</span>;
  if (row.next === null) return null;
  return t(
    `到 ${row.next.from_month} 为止，之后已指定 ${row.next.name}`,
    `until ${row.next.from_month}, when ${row.next.name} takes over as assigned`,
  );
}
