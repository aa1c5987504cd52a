import { Link } from "react-router";
import { useLanguage } from "../../shared/language.tsx";
import { CopyButton } from "../debugger/copy-button.tsx";
import { useAddressOf } from "../shell/address.tsx";
import type { Outcome, SignedCall } from "./call.ts";
import { JsonText, pretty } from "./json-text.tsx";

/** The call as it was sent. */
export function SentRequest({ call, onDebug }: { readonly call: SignedCall; readonly onDebug: () => void }) {
  const { t } = useLanguage();
  const headers = Object.entries(call.headers).map(([name, value]) => `${name}: ${value}`);
  return (
    <section className="explorer-card">
      <header>
        <h2>{t("请求", "Request")}</h2>
        <CopyButton text={call.body} what={t("请求体", "the request's body")} />
        <button type="button" className="button" onClick={onDebug}>
          {t("在签名调试器中打开", "Open in the signature debugger")}
        </button>
      </header>
      <pre className="explorer-wire" tabIndex={0}>
        <code>
          {`POST ${call.path}\n${headers.join("\n")}\n\n`}
          <JsonText text={call.body} />
        </code>
      </pre>
    </section>
  );
}

/** What came of it. */
export function Answer({
  outcome,
  onCorrectClock,
}: {
  readonly outcome: Outcome | "pending";
  readonly onCorrectClock: (serverTime: number) => void;
}) {
  const { t } = useLanguage();
  return (
    <section className="explorer-card" aria-busy={outcome === "pending"}>
      <header>
        <h2>{t("应答", "Answer")}</h2>
        {outcome !== "pending" && outcome.kind === "answered" && (
          <>
            <span className={`badge ${outcome.envelope?.errcode === 0 ? "accent" : "warn"}`}>
              HTTP {outcome.status}
            </span>
            {outcome.envelope !== undefined && <span className="badge">errcode {outcome.envelope.errcode}</span>}
          </>
        )}
        {outcome !== "pending" && (
          <span className="explorer-elapsed">
            {t("用时", "took")} {Math.round(outcome.elapsedMs)} ms
          </span>
        )}
      </header>
      {outcome === "pending" && <p className="explorer-note">{t("正在等待应答…", "Waiting for the answer…")}</p>}
      {outcome !== "pending" && outcome.kind !== "answered" && <Unreachable timedOut={outcome.kind === "timed_out"} />}
      {outcome !== "pending" && outcome.kind === "answered" && (
        <>
          <Meaning outcome={outcome} onCorrectClock={onCorrectClock} />
          <pre className="explorer-wire" tabIndex={0}>
            <code>
              <JsonText text={pretty(outcome.text)} />
            </code>
          </pre>
          {outcome.envelope?.requestId !== undefined && (
            <p className="explorer-request-id">
              request_id <code>{outcome.envelope.requestId}</code>
              <CopyButton text={outcome.envelope.requestId} what="request_id" />
            </p>
          )}
        </>
      )}
    </section>
  );
}

/** What a refusal means and what can be done about it. Nothing for a success. */
function Meaning({
  outcome: { envelope, retryAfterSeconds },
  onCorrectClock,
}: {
  readonly outcome: Extract<Outcome, { kind: "answered" }>;
  readonly onCorrectClock: (serverTime: number) => void;
}) {
  const { t } = useLanguage();
  const addressOf = useAddressOf();
  if (envelope === undefined)
    return (
      <p className="callout danger">
        {t(
          "这不是平台的应答：请求可能被中间的代理或网关拦下了，原文如下。",
          "This is not the platform's answer: a proxy or gateway on the way may have answered in its place. Its text is below.",
        )}
      </p>
    );
  const { errcode, errmsg, hint, serverTime } = envelope;
  if (errcode === 0) return null;
  return (
    <div className="callout danger explorer-meaning">
      <p>
        <strong>{errmsg}</strong>
      </p>
      <p>
        <Link to={addressOf(`/errors/${errcode}${hint === undefined ? "" : `#${hint}`}`)}>
          {t("这个错误的说明：", "What this error means: ")}
          {errcode} {hint !== undefined && <code>{hint}</code>}
        </Link>
      </p>
      {retryAfterSeconds !== undefined && (
        <p>{t(`请在 ${retryAfterSeconds} 秒后再试。`, `Try again in ${retryAfterSeconds} s.`)}</p>
      )}
      {serverTime !== undefined && (
        <button type="button" className="button" onClick={() => onCorrectClock(serverTime)}>
          {t("按服务器时间校正，再发一次", "Correct by the server's time and send again")}
        </button>
      )}
    </div>
  );
}

function Unreachable({ timedOut }: { readonly timedOut: boolean }) {
  const { t } = useLanguage();
  return (
    <p className="callout danger">
      <strong>
        {timedOut
          ? t("30 秒内没有应答。", "No answer within 30 s.")
          : t("连接不上服务器。", "The server cannot be reached.")}
      </strong>{" "}
      {t(
        "它可能正在重启，也可能是网络断了。已填写的内容都还在，稍后再发一次即可。",
        "It may be restarting, or the network is down. All you have filled in is still here: send it again in a moment.",
      )}
    </p>
  );
}

/** Tells screen readers what came of the call, in one line. */
export function Announcement({ outcome }: { readonly outcome: Outcome | "pending" | undefined }) {
  const { t } = useLanguage();
  return (
    <div role="status" className="visually-hidden">
      {outcome !== undefined && outcome !== "pending" && said(outcome)}
    </div>
  );

  function said(settled: Outcome): string {
    if (settled.kind !== "answered") return t("没有得到应答", "No answer");
    const { envelope, status } = settled;
    return envelope === undefined
      ? t(`应答：HTTP ${status}`, `Answered: HTTP ${status}`)
      : t(
          `应答：errcode ${envelope.errcode}，${envelope.errmsg}`,
          `Answered: errcode ${envelope.errcode}, ${envelope.errmsg}`,
        );
  }
}
