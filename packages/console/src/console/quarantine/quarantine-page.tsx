import { Alert, Button, Empty, Grid, Space, Table, type TableColumnsType } from "antd";
import { useState } from "react";
import { useLanguage } from "../../shared/language.tsx";
import { useAnswer } from "../calls.ts";
import { Failure } from "../parts/failure.tsx";
import { useFormat } from "../parts/format.ts";
import { MorePager } from "../parts/more-pager.tsx";
import { PageHead } from "../parts/page-head.tsx";
import { useMayActAs } from "../session.tsx";
import { ActOnMany } from "./act-on-many.tsx";
import { EntryDrawer } from "./entry-drawer.tsx";
import { useQuarantineState } from "./filter.ts";
import { Filters, StatusChoice } from "./filters.tsx";
import { hintName } from "./hints.ts";
import { StatusTag } from "./status-tag.tsx";
import { type EntryHead, visibleText } from "./words.ts";
import styles from "./quarantine.module.css";

const pageSize = 50;

/** Records that were not taken in: what is wrong with them, and what becomes of them. */
export default function QuarantinePage() {
  const { t } = useLanguage();
  const mayAct = useMayActAs()("operator");
  const isWide = Grid.useBreakpoint().lg ?? true;
  const { filter, cursor, entry, narrow, goOn, openEntry } = useQuarantineState();
  const [selected, setSelected] = useState<readonly string[]>([]);
  const entries = useAnswer("GET /quarantine", {
    query: { ...filter, ...(cursor === undefined ? {} : { cursor }), limit: pageSize },
  });
  const list = entries.data?.list ?? [];
  // Those that are not shown any more are not meant either.
  const chosen = selected.filter((key) => list.some((each) => each.key === key));
  const columns: TableColumnsType<EntryHead> = [
    { title: t("收到时间", "Received"), width: 150, render: (_, head) => <Received head={head} /> },
    { title: t("状态", "Status"), width: 130, render: (_, { status }) => <StatusTag status={status} /> },
    {
      title: t("来源", "Source"),
      width: 150,
      render: (_, { source }) => <span className={styles["wrap"]}>{source}</span>,
    },
    { title: t("卡", "Card"), width: 200, render: (_, { subject }) => <Subject subject={subject} /> },
    { title: t("记录 id", "Record id"), width: 220, render: (_, head) => <Opener head={head} onOpen={openEntry} /> },
    { title: t("原因", "Reason"), render: (_, head) => <Reason head={head} /> },
  ];
  return (
    <>
      <PageHead title={t("隔离区", "Quarantine")} />
      <p className={styles["intro"]}>
        {t(
          "没有计入的用量记录都原样保留在这里，连同原因。在此处理之前，不会丢失，也不会影响任何用量。",
          "Usage records that were not taken in are kept here as they were sent, with the reason. Until they are dealt with nothing is lost, and no figure is touched.",
        )}
      </p>
      <Filters filter={filter} narrow={narrow} />
      <StatusChoice filter={filter} narrow={narrow} />
      {mayAct && <ActOnMany filter={filter} keys={chosen} onDone={() => setSelected([])} />}
      {entries.data === undefined && entries.error !== null ? (
        <Failure error={entries.error} onRetry={() => void entries.refetch()} />
      ) : (
        <>
          {entries.failureReason !== null && (
            <Alert style={{ marginBottom: 16 }} type="warning" showIcon title={entries.failureReason.message} />
          )}
          <Table<EntryHead>
            rowKey="key"
            size="middle"
            loading={entries.isPending || entries.isPlaceholderData}
            dataSource={list}
            pagination={false}
            {...(mayAct
              ? {
                  rowSelection: {
                    selectedRowKeys: [...chosen],
                    onChange: (keys: readonly unknown[]) => setSelected(keys.map(String)),
                    getCheckboxProps: (head: EntryHead) => ({
                      "aria-label": t(`选择 ${head.record_id}`, `Select ${head.record_id}`),
                    }),
                    columnWidth: 44,
                  },
                }
              : {})}
            locale={{
              emptyText: <Nothing isNarrowed={Object.keys(filter).length > 0} searchedTo={entries.data?.searched_to} />,
            }}
            columns={
              isWide
                ? columns
                : [{ title: t("记录", "Record"), render: (_, head) => <EntryCard head={head} onOpen={openEntry} /> }]
            }
          />
          <SearchedTo count={list.length} searchedTo={entries.data?.searched_to} />
          <MorePager
            first={cursor === undefined}
            more={entries.data?.next_cursor !== undefined}
            onFirst={() => goOn(undefined)}
            onMore={() => goOn(entries.data?.next_cursor)}
          />
        </>
      )}
      <EntryDrawer entryKey={entry} mayAct={mayAct} onClose={() => openEntry(undefined)} />
    </>
  );
}

/** A search for what is rare stops before the end, so that it slows nobody down. */
function SearchedTo({ count, searchedTo }: { readonly count: number; readonly searchedTo: string | undefined }) {
  const { t } = useLanguage();
  const format = useFormat();
  if (searchedTo === undefined || count === pageSize || count === 0) return null;
  return (
    <p className={styles["intro"]}>
      {t(
        `已查到 ${format.time(searchedTo)} 收到的记录，更早的请点“下一页”继续。`,
        `This is what there is back to ${format.time(searchedTo)}; "Next" looks further.`,
      )}
    </p>
  );
}

function Nothing({
  isNarrowed,
  searchedTo,
}: {
  readonly isNarrowed: boolean;
  readonly searchedTo: string | undefined;
}) {
  const { t } = useLanguage();
  const format = useFormat();
  const text =
    searchedTo !== undefined
      ? t(
          `查到 ${format.time(searchedTo)} 为止没有符合的，更早的请点“下一页”继续`,
          `Nothing that matches back to ${format.time(searchedTo)}; "Next" looks further`,
        )
      : isNarrowed
        ? t("没有符合条件的记录", "Nothing matches")
        : t("隔离区是空的，所有记录都已计入", "The quarantine is empty: every record was taken in");
  return <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={text} />;
}

function Received({ head }: { readonly head: EntryHead }) {
  const format = useFormat();
  return <span className="mono">{format.shortTime(head.received_at)}</span>;
}

function Subject({ subject }: { readonly subject: string | null }) {
  return <span className={`mono ${styles["wrap"]}`}>{subject === null ? "—" : visibleText(subject)}</span>;
}

function Opener({ head, onOpen }: { readonly head: EntryHead; readonly onOpen: (key: string) => void }) {
  const { t } = useLanguage();
  return (
    <Button type="link" className={`mono ${styles["opener"]}`} onClick={() => onOpen(head.key)}>
      {head.record_id === "" ? t("（没有 id）", "(no id)") : visibleText(head.record_id)}
    </Button>
  );
}

function Reason({ head }: { readonly head: EntryHead }) {
  const { t } = useLanguage();
  return (
    <>
      {hintName(head.hint, t)}
      <div className={styles["clamped"]}>
        <small>{visibleText(head.reason)}</small>
      </div>
    </>
  );
}

/** All of an entry's columns in one, where there is no room for more. */
function EntryCard({ head, onOpen }: { readonly head: EntryHead; readonly onOpen: (key: string) => void }) {
  const format = useFormat();
  return (
    <Space orientation="vertical" size={4} style={{ width: "100%" }}>
      <Opener head={head} onOpen={onOpen} />
      <Space size={4} wrap>
        <StatusTag status={head.status} />
        <small className={styles["wrap"]}>
          {head.source} · <span className="mono">{format.shortTime(head.received_at)}</span>
        </small>
      </Space>
      {head.subject !== null && <Subject subject={head.subject} />}
      <Reason head={head} />
    </Space>
  );
}
