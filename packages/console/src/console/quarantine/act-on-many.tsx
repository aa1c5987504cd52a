import { Alert, App, Button, Modal, Skeleton, Space } from "antd";
import { useState } from "react";
import { useLanguage } from "../../shared/language.tsx";
import { useAnswer, useChange } from "../calls.ts";
import { useFormat } from "../parts/format.ts";
import { ActedResult } from "./acted-result.tsx";
import type { Filter } from "./filter.ts";
import type { Act, Acted } from "./words.ts";
import styles from "./quarantine.module.css";

/** Releases or discards what is chosen; with nothing chosen, all that matches, after it has been counted. */
export function ActOnMany(props: {
  readonly filter: Filter;
  readonly keys: readonly string[];
  readonly onDone: () => void;
}) {
  const { t } = useLanguage();
  const format = useFormat();
  const { modal, message } = App.useApp();
  const { filter, keys, onDone } = props;
  const [acted, setActed] = useState<Acted>();
  const [matchingAct, setMatchingAct] = useState<Act>();
  const release = useChange("POST /quarantine/release");
  const discard = useChange("POST /quarantine/discard");
  const count = format.count(keys.length);
  function onActed(answer: Acted): void {
    setActed(answer);
    onDone();
  }
  const onError = (error: Error): void => void message.error(error.message);
  function askDiscard(): void {
    modal.confirm({
      title: t(`删除选中的 ${count} 条记录？`, `Discard the ${count} chosen records?`),
      content: t("删除后无法恢复，它们的用量不会计入。", "They are gone for good, and their usage will never count."),
      okText: t(`删除 ${count} 条`, `Discard ${count}`),
      okButtonProps: { danger: true },
      cancelText: t("不删除", "Keep them"),
      onOk: () => discard.mutateAsync({ body: { keys: [...keys] } }).then(onActed, onError),
    });
  }
  return (
    <div className={styles["acts"]}>
      {keys.length > 0 ? (
        <Space key="chosen" wrap>
          <span>{t(`已选 ${count} 条`, `${count} chosen`)}</span>
          <Button
            type="primary"
            loading={release.isPending}
            onClick={() => release.mutate({ body: { keys: [...keys] } }, { onSuccess: onActed, onError })}
          >
            {t("重新处理选中的", "Release the chosen")}
          </Button>
          <Button danger onClick={askDiscard}>
            {t("删除选中的", "Discard the chosen")}
          </Button>
        </Space>
      ) : (
        <Space key="matching" wrap>
          <Button disabled={filter.status === "conflict"} onClick={() => setMatchingAct("release")}>
            {t("重新处理全部符合的…", "Release all that match…")}
          </Button>
          <Button danger onClick={() => setMatchingAct("discard")}>
            {t("删除全部符合的…", "Discard all that match…")}
          </Button>
        </Space>
      )}
      {matchingAct !== undefined && (
        <MatchingDialog
          act={matchingAct}
          filter={filter}
          onActed={(answer) => {
            setMatchingAct(undefined);
            onActed(answer);
          }}
          onClose={() => setMatchingAct(undefined)}
        />
      )}
      <Modal
        open={acted !== undefined}
        title={t("处理结果", "What became of them")}
        footer={null}
        width={640}
        onCancel={() => setActed(undefined)}
        destroyOnHidden
      >
        {acted !== undefined && <ActedResult acted={acted} />}
      </Modal>
    </div>
  );
}

/** Tells how many there are before anything is done; if there are more or fewer by then, nothing is. */
function MatchingDialog(props: {
  readonly act: Act;
  readonly filter: Filter;
  readonly onActed: (acted: Acted) => void;
  readonly onClose: () => void;
}) {
  const { t } = useLanguage();
  const format = useFormat();
  const { act, filter, onActed, onClose } = props;
  const matching = useAnswer("GET /quarantine/matching", { query: { ...filter, act } });
  const release = useChange("POST /quarantine/release-matching");
  const discard = useChange("POST /quarantine/discard-matching");
  const change = act === "release" ? release : discard;
  const found = matching.isFetching ? undefined : matching.data;
  const { count = 0, until = null, more = false } = found ?? {};
  const isEverything = Object.keys(filter).length === 0;
  const words =
    act === "release"
      ? {
          title: t("重新处理全部符合条件的记录", "Release all records that match"),
          what: t(
            "把它们当作刚刚收到的，再处理一次：能计入的计入，其余的留在隔离区并写明现在的原因。冲突的记录不在其内。",
            "They are tried again as if they arrived now: what can be counted is, the others stay with what is wrong with them now. Conflicts are left out.",
          ),
          ok: t(`重新处理 ${format.count(count)} 条`, `Release ${format.count(count)}`),
        }
      : {
          title: t("删除全部符合条件的记录", "Discard all records that match"),
          what: t("删除后无法恢复，它们的用量不会计入。", "They are gone for good, and their usage will never count."),
          ok: t(`删除 ${format.count(count)} 条`, `Discard ${format.count(count)}`),
        };
  function confirm(): void {
    if (until === null) return;
    change.mutate(
      { body: { filter, count, until } },
      // There are more or fewer by now: the new count is asked for, and to be confirmed.
      { onSuccess: onActed, onError: () => void matching.refetch() },
    );
  }
  return (
    <Modal
      open
      title={words.title}
      okText={words.ok}
      okButtonProps={{ danger: act === "discard", disabled: count === 0 }}
      confirmLoading={change.isPending}
      cancelText={t("取消", "Cancel")}
      onOk={confirm}
      onCancel={onClose}
    >
      <Space orientation="vertical" size={12} style={{ width: "100%" }}>
        {change.error !== null && <Alert type="warning" showIcon title={change.error.message} />}
        {matching.error !== null && <Alert type="error" showIcon title={matching.error.message} />}
        {found === undefined ? (
          <Skeleton active title={false} paragraph={{ rows: 2 }} />
        ) : (
          <strong>
            {count === 0
              ? t("没有符合条件的记录。", "Nothing matches.")
              : more
                ? t(
                    `符合条件的超过 ${format.count(count)} 条，这一次处理其中最近收到的 ${format.count(count)} 条，之后可以再来一次。`,
                    `More than ${format.count(count)} match. The newest ${format.count(count)} of them are meant now; repeat it for the others.`,
                  )
                : t(
                    `符合条件的共 ${format.count(count)} 条，最近一条收到于 ${format.time(until)}；之后收到的不在其内。`,
                    `${format.count(count)} match, the newest received at ${format.time(until)}; later ones are not meant.`,
                  )}
          </strong>
        )}
        {isEverything && count > 0 && (
          <Alert type="warning" showIcon title={t("没有设置任何筛选条件。", "No filter is set.")} />
        )}
        <span>{words.what}</span>
      </Space>
    </Modal>
  );
}
