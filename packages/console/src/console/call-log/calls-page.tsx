import { Alert, Button, Empty, Grid, Table, type TableColumnsType } from "antd";
import { Link } from "react-router";
import { useLanguage } from "../../shared/language.tsx";
import { useAnswer } from "../calls.ts";
import { Failure } from "../parts/failure.tsx";
import { useFormat } from "../parts/format.ts";
import { PageHead } from "../parts/page-head.tsx";
import { useUrlState } from "../url-state.ts";
import { CallFilters, type Filters, filterNames, refusedOnly } from "./call-filters.tsx";
import { Gaps } from "./gaps.tsx";
import { LookUp } from "./look-up.tsx";
import { Outcome } from "./outcome.tsx";
import { type ListedCall, durationText, operationName } from "./words.ts";
import styles from "./call-log.module.css";

const pageSize = 50;

/** Every call of the signed API and every upload of usage, the newest first: found by what the integrator can tell of it. */
export default function CallsPage() {
  const { t } = useLanguage();
  const [state, change] = useUrlState([...filterNames, "cursor"]);
  const isWide = Grid.useBreakpoint().lg ?? true;
  const choices = useAnswer("GET /call-search-choices", {});
  const calls = useAnswer("GET /calls", {
    query: { ...queryOf(state), ...(state.cursor === undefined ? {} : { cursor: state.cursor }), limit: pageSize },
  });
  if (calls.data === undefined && calls.error !== null)
    return <Failure error={calls.error} onRetry={() => void calls.refetch()} />;
  const answer = calls.data;
  const isOff = choices.data?.kept_days === 0;
  return (
    <>
      <PageHead title={t("调用日志", "Call log")} />
      <LookUp />
      {isOff && (
        <Alert
          style={{ marginBottom: 16 }}
          type="info"
          showIcon
          title={t("调用日志已关闭", "The call log is switched off")}
          description={t(
            "配置 DKS_CALL_LOG_DAYS 为 0，平台没有记录调用。",
            "DKS_CALL_LOG_DAYS is 0, so that no calls are logged.",
          )}
        />
      )}
      <CallFilters
        filters={state}
        choices={choices.data}
        onChange={(changed) => change({ ...changed, cursor: undefined })}
      />
      {calls.error !== null && (
        <Alert style={{ marginBottom: 16 }} type="warning" showIcon title={calls.error.message} />
      )}
      <Gaps gaps={answer?.gaps ?? []} />
      <Table<ListedCall>
        rowKey="request_id"
        size="middle"
        loading={calls.isFetching}
        dataSource={answer?.list ?? []}
        pagination={false}
        locale={{ emptyText: <Nothing done={answer === undefined || answer.next_cursor === null} /> }}
        columns={useColumns(isWide)}
      />
      {answer !== undefined && (
        <HowFar
          answer={answer}
          keptDays={choices.data?.kept_days}
          isFirst={state.cursor === undefined}
          onFirst={() => {
            if (state.cursor === undefined) void calls.refetch();
            else change({ cursor: undefined });
          }}
          onMore={() => change({ cursor: answer.next_cursor ?? undefined })}
        />
      )}
    </>
  );
}

function queryOf(state: Filters) {
  const { errcode, account_no: accountNo, ...texts } = state;
  return {
    ...Object.fromEntries(Object.entries(texts).filter(([name, value]) => name !== "cursor" && value !== undefined)),
    ...(errcode === refusedOnly ? { refused: true } : errcode === undefined ? {} : { errcode: Number(errcode) }),
    ...(accountNo === undefined ? {} : { account_no: Number(accountNo) }),
  };
}

function useColumns(isWide: boolean): TableColumnsType<ListedCall> {
  const { t } = useLanguage();
  const format = useFormat();
  if (!isWide)
    return [
      {
        title: t("调用", "Call"),
        render: (_, call) => (
          <div className={styles["card"]}>
            <div>
              <Link className="mono" to={`/calls/${call.request_id}`}>
                {format.time(call.at)}
              </Link>{" "}
              <small>{durationText(call.duration_us)}</small>
            </div>
            <div className={`mono ${styles["wrap"]}`}>{operationName(call.operation, t)}</div>
            <div>
              <Outcome call={call} />
            </div>
            <small className={`mono ${styles["wrap"]}`}>
              {call.client_id ?? "—"} · {call.address ?? "—"}
            </small>
          </div>
        ),
      },
    ];
  return [
    {
      title: t("时间", "Time"),
      width: 190,
      render: (_, { at, request_id }) => (
        <>
          <Link className="mono" to={`/calls/${request_id}`}>
            {format.time(at)}
          </Link>
          <div>
            <small className="mono">{request_id}</small>
          </div>
        </>
      ),
    },
    {
      title: t("接口", "Operation"),
      render: (_, { operation }) => <span className={`mono ${styles["wrap"]}`}>{operationName(operation, t)}</span>,
    },
    { title: t("结果", "Result"), width: 260, render: (_, call) => <Outcome call={call} /> },
    {
      title: t("客户端 / 账户", "Client / account"),
      width: 240,
      render: (_, { client_id, account_no }) => (
        <>
          <span className="mono">{client_id ?? "—"}</span>
          {account_no !== null && (
            <div>
              <small>{t(`账户 ${account_no}`, `account ${account_no}`)}</small>
            </div>
          )}
        </>
      ),
    },
    {
      title: t("来源 IP", "From"),
      width: 150,
      render: (_, { address }) => <span className={`mono ${styles["wrap"]}`}>{address ?? "—"}</span>,
    },
    {
      title: t("用时", "Took"),
      width: 90,
      align: "right",
      render: (_, { duration_us }) => <span className="mono">{durationText(duration_us)}</span>,
    },
  ];
}

function Nothing({ done }: { readonly done: boolean }) {
  const { t } = useLanguage();
  return (
    <Empty
      image={Empty.PRESENTED_IMAGE_SIMPLE}
      description={
        done
          ? t("没有符合条件的调用", "No call fits")
          : t("目前查过的时段内没有符合条件的调用，可继续向前查找", "None that fits so far; you can look further back")
      }
    />
  );
}

/** Says how far back has been looked: among very many calls a page may have looked through a part of the time only. */
function HowFar(props: {
  readonly answer: {
    readonly next_cursor: string | null;
    readonly searched_from: string;
    readonly searched_to: string;
  };
  readonly keptDays: number | undefined;
  readonly isFirst: boolean;
  readonly onFirst: () => void;
  readonly onMore: () => void;
}) {
  const { t } = useLanguage();
  const format = useFormat();
  const { next_cursor, searched_from, searched_to } = props.answer;
  return (
    <div className={styles["howFar"]} role="status">
      <span>
        {t(
          `已查找 ${format.time(searched_to)} 至 ${format.time(searched_from)} 之间的调用。`,
          `Looked through ${format.time(searched_to)} to ${format.time(searched_from)}.`,
        )}{" "}
        {next_cursor === null &&
          (props.keptDays === undefined || props.keptDays === 0
            ? ""
            : t(
                `没有更早的了：日志保留 ${props.keptDays} 天。`,
                `There is nothing older: calls are kept for ${props.keptDays} days.`,
              ))}
      </span>
      <span className={styles["howFarButtons"]}>
        <Button onClick={props.onFirst}>{props.isFirst ? t("刷新", "Refresh") : t("回到最新", "To the newest")}</Button>
        <Button disabled={next_cursor === null} onClick={props.onMore}>
          {t("继续向前查找", "Look further back")}
        </Button>
      </span>
    </div>
  );
}
