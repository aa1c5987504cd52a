import { Alert, App, Button, Descriptions, Drawer, Grid, Skeleton, Space, Typography } from "antd";
import { Link } from "react-router";
import { useState } from "react";
import { useLanguage } from "../../shared/language.tsx";
import { useAnswer, useChange } from "../calls.ts";
import { Failure } from "../parts/failure.tsx";
import { useFormat } from "../parts/format.ts";
import { ConflictView } from "./conflict.tsx";
import { hintName, mending } from "./hints.ts";
import { StatusTag } from "./status-tag.tsx";
import { type Acted, type Entry, actOutcomeName, hasLeft, nextStep, visibleText } from "./words.ts";
import styles from "./quarantine.module.css";

/** One record that was not taken in: what it says, what is wrong with it, and what can be done. */
export function EntryDrawer(props: {
  /** None: it is closed. */
  readonly entryKey: string | undefined;
  readonly mayAct: boolean;
  readonly onClose: () => void;
}) {
  const { t } = useLanguage();
  const { entryKey, mayAct, onClose } = props;
  const isWide = Grid.useBreakpoint().md ?? true;
  return (
    <Drawer
      open={entryKey !== undefined}
      onClose={onClose}
      size={isWide ? 760 : "100%"}
      title={t("隔离的记录", "Quarantined record")}
      destroyOnHidden
    >
      {entryKey !== undefined && <Shown key={entryKey} entryKey={entryKey} mayAct={mayAct} onClose={onClose} />}
    </Drawer>
  );
}

function Shown(props: { readonly entryKey: string; readonly mayAct: boolean; readonly onClose: () => void }) {
  const { t } = useLanguage();
  const { entryKey, mayAct, onClose } = props;
  // What is being released or discarded is not asked for again unless it stays.
  const [isActedOn, setIsActedOn] = useState(false);
  const answer = useAnswer("GET /quarantine/entry", { query: { key: entryKey } }, { enabled: !isActedOn });
  const [acted, setActed] = useState<Acted["results"][number]>();
  const entry = answer.data;
  if (entry === undefined) {
    if (answer.error !== null) return <Failure error={answer.error} onRetry={() => void answer.refetch()} />;
    return <Skeleton active paragraph={{ rows: 10 }} />;
  }
  return (
    <div className={styles["sections"]}>
      {answer.error?.code === "missing" && <Alert type="info" showIcon title={answer.error.message} />}
      {acted !== undefined && (
        <Alert
          type="warning"
          showIcon
          title={t("重新处理后仍未计入", "It was tried again and stays")}
          description={acted.reason === null ? actOutcomeName(acted.outcome, t) : visibleText(acted.reason)}
        />
      )}
      <Facts entry={entry} />
      {entry.conflict === null ? <WhatToDo entry={entry} /> : <ConflictView entry={entry} conflict={entry.conflict} />}
      {mayAct && (
        <Acts
          entry={entry}
          onBegin={() => setIsActedOn(true)}
          onEnd={(result) => {
            if (result !== undefined && hasLeft(result.outcome)) return onClose();
            setActed(result);
            setIsActedOn(false);
          }}
        />
      )}
      <Content content={entry.content} />
    </div>
  );
}

function Facts({ entry }: { readonly entry: Entry }) {
  const { t } = useLanguage();
  const format = useFormat();
  return (
    <Descriptions
      size="small"
      bordered
      column={1}
      styles={{ label: { width: 120 } }}
      items={[
        { label: t("状态", "Status"), children: <StatusTag status={entry.status} /> },
        { label: t("来源", "Source"), children: <span className={styles["wrap"]}>{entry.source}</span> },
        {
          label: t("记录 id", "Record id"),
          children: (
            <span className={`mono ${styles["wrap"]}`}>
              {entry.record_id === "" ? "—" : visibleText(entry.record_id)}
            </span>
          ),
        },
        {
          label: t("卡", "Card"),
          children: (
            <span className={`mono ${styles["wrap"]}`}>
              {entry.subject === null ? "—" : visibleText(entry.subject)}
            </span>
          ),
        },
        { label: t("收到时间", "Received"), children: <span className="mono">{format.time(entry.received_at)}</span> },
      ]}
    />
  );
}

function WhatToDo({ entry }: { readonly entry: Entry }) {
  const { t } = useLanguage();
  const mend = mending(entry.hint, t);
  return (
    <section>
      <h3>{t("为什么没有计入", "Why it was not taken in")}</h3>
      <p>
        <strong>{hintName(entry.hint, t)}</strong> <small className="mono">{entry.hint}</small>
        <br />
        <span className={styles["wrap"]}>{visibleText(entry.reason)}</span>
      </p>
      <h3>{t("怎么办", "What to do")}</h3>
      {entry.status === "invalid" && mend !== undefined && (
        <p>
          {mend}
          {t("。", ".")}
        </p>
      )}
      <p>{nextStep(entry, t)}</p>
      {entry.hint === "card_unknown" && <Link to="/jobs/import?kind=card_import">{t("去导入卡", "Import cards")}</Link>}
    </section>
  );
}

function Acts(props: {
  readonly entry: Entry;
  readonly onBegin: () => void;
  /** Without a result where it failed. */
  readonly onEnd: (result: Acted["results"][number] | undefined) => void;
}) {
  const { t } = useLanguage();
  const { modal, message } = App.useApp();
  const { entry, onBegin, onEnd } = props;
  const release = useChange("POST /quarantine/release");
  const discard = useChange("POST /quarantine/discard");
  const body = { keys: [entry.key] };
  function act(answer: Promise<Acted>): Promise<void> {
    onBegin();
    return answer.then(
      ({ results: [result] }) => {
        if (result !== undefined && hasLeft(result.outcome)) {
          const name = actOutcomeName(result.outcome, t);
          void (result.outcome === "gone" ? message.info(name) : message.success(name));
        }
        onEnd(result);
      },
      (error: unknown) => {
        void message.error(error instanceof Error ? error.message : String(error));
        onEnd(undefined);
      },
    );
  }
  function askDiscard(): void {
    modal.confirm({
      title: t("删除这条记录？", "Discard this record?"),
      content:
        entry.status === "conflict"
          ? t(
              "删除后无法恢复。已计入的那一条不受影响。",
              "It is gone for good. The one that was taken in is not touched.",
            )
          : t("删除后无法恢复，它的用量不会计入。", "It is gone for good, and its usage will never count."),
      okText: t("删除", "Discard"),
      okButtonProps: { danger: true },
      cancelText: t("不删除", "Keep it"),
      onOk: () => act(discard.mutateAsync({ body })),
    });
  }
  return (
    <Space wrap>
      {entry.status !== "conflict" && (
        <Button type="primary" loading={release.isPending} onClick={() => void act(release.mutateAsync({ body }))}>
          {t("重新处理", "Release")}
        </Button>
      )}
      <Button danger onClick={askDiscard}>
        {entry.status === "conflict"
          ? t("保留已计入的，删除这一条", "Keep the one that counts, discard this")
          : t("删除", "Discard")}
      </Button>
    </Space>
  );
}

/** What was sent, as text and never as markup; laid out where it is JSON. */
function Content({ content }: { readonly content: string }) {
  const { t } = useLanguage();
  return (
    <section>
      <h3>
        {t("收到的内容", "What was sent")}{" "}
        <Typography.Text
          copyable={{ tooltips: [t("复制原文", "Copy it as it was"), t("已复制", "Copied")], text: content }}
        />
      </h3>
      <pre className={`mono ${styles["content"]}`} tabIndex={0}>
        {content === "" ? t("（空）", "(nothing)") : visibleText(laidOut(content))}
      </pre>
    </section>
  );
}

function laidOut(content: string): string {
  try {
    // Numbers may have more digits than JavaScript keeps: then it stays as it was.
    const value: unknown = JSON.parse(content);
    return /[0-9.]{16,}(?!["0-9.])/.test(content) ? content : JSON.stringify(value, undefined, 2);
  } catch {
    return content;
  }
}
