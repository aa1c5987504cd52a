import { ArrowRightOutlined } from "@ant-design/icons";
import { Alert, Descriptions, Skeleton, Typography } from "antd";
import type { ReactNode } from "react";
import { Link, useParams } from "react-router";
import { type Translate, useLanguage } from "../../shared/language.tsx";
import { useAnswer } from "../calls.ts";
import { Failure } from "../parts/failure.tsx";
import { useFormat } from "../parts/format.ts";
import { PageHead } from "../parts/page-head.tsx";
import { LookUp } from "./look-up.tsx";
import { NotFound } from "./not-found.tsx";
import { ParametersTable } from "./parameters-table.tsx";
import { type FoundCall, durationText, explanationUrl, operationName } from "./words.ts";
import styles from "./call-log.module.css";

/** A call is written down within a second of its answer; whoever asks for it sooner is served by itself. */
const writtenAfterMs = 20_000;
const refetchMs = 1_000;

/** What became of one call, for whoever has its integrator on the telephone. */
export default function CallPage() {
  const { t } = useLanguage();
  const requestId = useParams()["requestId"] ?? "";
  const answer = useAnswer(
    "GET /calls/:request_id",
    { params: { request_id: requestId } },
    { refetchInterval: isJustMade(requestId) ? refetchMs : false },
  );
  return (
    <>
      <PageHead title={t("一次调用", "A call")}>
        <Link to="/calls">{t("全部调用", "All calls")}</Link>
      </PageHead>
      <LookUp />
      {answer.data === undefined || answer.isPlaceholderData ? (
        answer.error === null ? (
          <Skeleton active paragraph={{ rows: 10 }} />
        ) : (
          <Failure error={answer.error} onRetry={() => void answer.refetch()} />
        )
      ) : answer.data.call === null ? (
        <NotFound requestId={requestId} answer={answer.data} />
      ) : (
        <Found call={answer.data.call} />
      )}
    </>
  );
}

/** Its first six digits are the second in which it was made, since 2020. */
function isJustMade(requestId: string): boolean {
  const atMs = Date.UTC(2020, 0, 1) + Number.parseInt(requestId.slice(0, 6), 36) * 1000;
  return Math.abs(Date.now() - atMs) < writtenAfterMs;
}

function Found({ call }: { readonly call: FoundCall }) {
  const { t } = useLanguage();
  return (
    <div className={styles["sections"]}>
      <WhatHappened call={call} />
      <Facts call={call} />
      <section>
        <h2>{t("请求参数", "Parameters as received")}</h2>
        <ParametersTable call={call} />
      </section>
      {call.errcode !== 0 && call.http_status !== null && (
        <section>
          <h2>{t("调用方看到的 errmsg", "The errmsg that the caller read")}</h2>
          <blockquote className={styles["quote"]} lang="zh-CN">
            {call.errmsg.zh}
          </blockquote>
          <blockquote className={styles["quote"]} lang="en">
            {call.errmsg.en}
          </blockquote>
          <small>
            {t(
              "默认返回中文；请求头 Accept-Language 以英文优先时返回英文。",
              "Chinese by default; English where Accept-Language asks for it first.",
            )}
          </small>
        </section>
      )}
    </div>
  );
}

/** In a sentence or two, what to tell the integrator. */
function WhatHappened({ call }: { readonly call: FoundCall }) {
  const { t, language } = useLanguage();
  if (call.errcode === 0)
    return (
      <Alert
        type={call.http_status === null ? "warning" : "success"}
        showIcon
        title={
          call.http_status === null
            ? t("已处理，但应答未能送达", "Carried out, but the answer did not arrive")
            : t("调用成功", "The call succeeded")
        }
        description={sentence(call, t)}
      />
    );
  return (
    <Alert
      type="error"
      showIcon
      title={
        <span className={styles["wrap"]}>
          {call.errcode} {call.errmsg[language]}
        </span>
      }
      description={
        <>
          <p>{sentence(call, t)}</p>
          <a href={explanationUrl(call.errcode, call.hint)} target="_blank" rel="noreferrer">
            {t("文档中的解释与改法", "How the documentation explains it, and what to change")} <ArrowRightOutlined />
          </a>
        </>
      }
    />
  );
}

function sentence(call: FoundCall, t: Translate): string {
  const who =
    call.client_id === null
      ? t("没有可辨认 client_id 的调用方", "A caller without a recognisable client_id")
      : t(`客户端 ${call.client_id}`, `Client ${call.client_id}`);
  const from = call.address === null ? t(" ", "") : t(` 从 ${call.address} `, ` from ${call.address}`);
  const what = operationName(call.operation, t);
  return t(`${who}${from}调用了 ${what}，${ending(call, t)}`, `${who} called ${what}${from}. ${ending(call, t)}`);
}

function ending(call: FoundCall, t: Translate): string {
  const isUpload = call.operation.startsWith("/ingest/");
  if (call.http_status === null) return t("在收到应答之前断开了连接。", "It hung up before there was an answer.");
  if (call.errcode === 0)
    return t(
      `平台用 ${durationText(call.duration_us)} 返回了结果。`,
      `It was answered in ${durationText(call.duration_us)}.`,
    );
  return isUpload
    ? t(
        "平台没有全部接收；此前已读到的记录可能已经入库，整体重发即可，不会重复计入。",
        "It was not taken in as a whole. Records read before that may be in; sending all of it again counts nothing twice.",
      )
    : t("平台拒绝了这次调用，没有更改任何数据。", "It was refused, and nothing was changed.");
}

function Facts({ call }: { readonly call: FoundCall }) {
  const { t } = useLanguage();
  const format = useFormat();
  const serialNo = call.parameters?.find(({ name }) => name === "serial_no")?.value ?? null;
  const item = (label: string, children: ReactNode) => ({ label, children });
  const items = [
    item(
      "request_id",
      <Typography.Text copyable={{ tooltips: false }} className="mono">
        {call.request_id}
      </Typography.Text>,
    ),
    item(
      t("时间", "Time"),
      <span className="mono">
        {format.time(call.at)}.{call.at.slice(20, 23)}
      </span>,
    ),
    item(t("接口", "Operation"), <span className={`mono ${styles["wrap"]}`}>{operationName(call.operation, t)}</span>),
    item(
      t("客户端", "Client"),
      call.client_id === null ? (
        "—"
      ) : call.account_no === null ? (
        <span className="mono">{call.client_id}</span>
      ) : (
        <Link className={`mono ${styles["wrap"]}`} to={`/clients/${call.client_id}`}>
          {call.client_id}
        </Link>
      ),
    ),
    item(
      t("账户", "Account"),
      call.account_no === null ? (
        "—"
      ) : (
        <Link className={styles["wrap"]} to={`/accounts/${call.account_no}`}>
          {call.account_name ?? ""} ({call.account_no})
        </Link>
      ),
    ),
    ...(serialNo === null
      ? []
      : [
          item(
            t("卡", "Card"),
            <Link className={`mono ${styles["wrap"]}`} to={`/cards/${encodeURIComponent(serialNo)}`}>
              {serialNo}
            </Link>,
          ),
        ]),
    item(t("来源 IP", "Caller's IP"), <span className={`mono ${styles["wrap"]}`}>{call.address ?? "—"}</span>),
    item(t("用时", "Took"), <span className="mono">{durationText(call.duration_us)}</span>),
    item("HTTP", call.http_status === null ? t("未应答", "not answered") : String(call.http_status)),
    item("errcode", <span className="mono">{call.errcode}</span>),
    item("hint", <span className={`mono ${styles["wrap"]}`}>{call.hint ?? "—"}</span>),
    item("User-Agent", <span className={styles["wrap"]}>{call.user_agent ?? "—"}</span>),
  ];
  return <Descriptions size="small" bordered column={{ xs: 1, md: 2 }} items={items} />;
}
