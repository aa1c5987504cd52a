import { type SubmitEvent, useId, useRef } from "react";
import { useNavigate, useSearchParams } from "react-router";
import { useLanguage } from "../../shared/language.tsx";
import { debuggerDraft } from "../debugger/draft.ts";
import { SecretField } from "../debugger/secret-field.tsx";
import { useAddressOf } from "../shell/address.tsx";
import { send, signCall } from "./call.ts";
import { Announcement, Answer, SentRequest } from "./exchange.tsx";
import { type ExplorerForm, explorerForm } from "./form.ts";
import { pretty } from "./json-text.tsx";
import { type Operation, findOperation, operations } from "./operations.ts";
import { ParameterField } from "./parameter-field.tsx";
import "../debugger/debugger.css";
import "./explorer.css";

/** Calls this very server with the reader's own credentials, and says what its answer means. */
export default function ExplorerPage() {
  const { t, language } = useLanguage();
  const [search, setSearch] = useSearchParams();
  const navigate = useNavigate();
  const addressOf = useAddressOf();
  const id = useId();
  const result = useRef<HTMLDivElement>(null);
  const form = explorerForm.useState();
  const operation = findOperation(search.get("operation")) ?? operations[0];
  if (operation === undefined) return null;

  async function call(called: Operation, filled: ExplorerForm): Promise<void> {
    const nowSeconds = Math.floor(Date.now() / 1000) + filled.clockOffsetSeconds;
    const signed = signCall(called, filled, language, nowSeconds);
    if ("hint" in signed) {
      explorerForm.change({ refusal: signed, call: undefined, outcome: undefined });
      return;
    }
    explorerForm.change({ refusal: undefined, call: signed, outcome: "pending" });
    explorerForm.change({ outcome: await send(signed) });
    // On a narrow screen the form above fills it.
    result.current?.scrollIntoView({ block: "nearest" });
  }

  function submit(event: SubmitEvent): void {
    event.preventDefault();
    if (form.outcome !== "pending" && operation !== undefined) void call(operation, form);
  }

  function correctClock(serverTime: number): void {
    const corrected = {
      ...form,
      clockOffsetSeconds: serverTime - Math.floor(Date.now() / 1000),
      timestamp: "",
    };
    explorerForm.change(corrected);
    if (operation !== undefined) void call(operation, corrected);
  }

  function openInDebugger(): void {
    if (form.call === undefined) return;
    const { path, body } = form.call;
    debuggerDraft.change({
      form: "json",
      json: pretty(body),
      secret: form.secret,
      path,
      theirString: "",
      theirSign: "",
    });
    void navigate(addressOf("/debugger"));
  }

  return (
    <div className="explorer content">
      <h1>{t("在线调试", "API explorer")}</h1>
      <p className="explorer-lead">
        {t(
          "用您自己的凭证在浏览器里签名，直接调用这台服务器，看请求、应答和用时。",
          "Sign in the browser with your own credentials, call this very server, and see the request, the answer and the time it took.",
        )}
      </p>
      <div className="explorer-columns">
        <form className="explorer-form" onSubmit={submit} autoComplete="off" aria-label={t("一次调用", "A call")}>
          <div className="explorer-field">
            <label htmlFor={`${id}-operation`}>{t("接口", "Operation")}</label>
            <select
              id={`${id}-operation`}
              className="input"
              value={operation.id}
              onChange={(event) => setSearch({ operation: event.target.value }, { replace: true })}
            >
              {operations.map((each) => (
                <option key={each.id} value={each.id}>
                  {each.path} · {each.summary[language]}
                </option>
              ))}
            </select>
            {operation.isWrite && (
              <div className="explorer-note explorer-broken">
                {t("这个接口会产生真实的变更。", "This operation really changes something.")}
              </div>
            )}
          </div>
          <div className="explorer-field">
            <label htmlFor={`${id}-client`}>client_id</label>
            <input
              id={`${id}-client`}
              className="input mono"
              value={form.clientId}
              onChange={(event) => explorerForm.change({ clientId: event.target.value.trim() })}
              placeholder="iot3355e802d44ay95yeev2"
              autoComplete="off"
              autoCapitalize="off"
              autoCorrect="off"
              spellCheck={false}
            />
          </div>
          <SecretField value={form.secret} onChange={(secret) => explorerForm.change({ secret })} />
          {operation.parameters.map((parameter) => (
            <ParameterField
              key={parameter.name}
              parameter={parameter}
              value={form.values[parameter.name] ?? ""}
              onChange={(value) => explorerForm.change({ values: { ...form.values, [parameter.name]: value } })}
            />
          ))}
          <div className="explorer-field">
            <div className="explorer-label">
              <label htmlFor={`${id}-timestamp`}>timestamp</label>
              <span className="badge">{t("自动", "automatic")}</span>
            </div>
            <input
              id={`${id}-timestamp`}
              className="input mono"
              value={form.timestamp}
              onChange={(event) => explorerForm.change({ timestamp: event.target.value.trim() })}
              placeholder={t("留空即当前时间", "The current time if left empty")}
              autoComplete="off"
            />
            {form.clockOffsetSeconds !== 0 && (
              <div className="explorer-note">
                {t(
                  `已按服务器时间校正 ${signedSeconds(form.clockOffsetSeconds)} 秒。`,
                  `Corrected by ${signedSeconds(form.clockOffsetSeconds)} s, to the server's time.`,
                )}{" "}
                <button
                  type="button"
                  className="explorer-example"
                  onClick={() => explorerForm.change({ clockOffsetSeconds: 0 })}
                >
                  {t("取消校正", "Undo")}
                </button>
              </div>
            )}
          </div>
          <div className="explorer-actions">
            <button type="submit" className="button primary" aria-disabled={form.outcome === "pending"}>
              {form.outcome === "pending" ? t("正在调用…", "Calling…") : t("发送", "Send")}
            </button>
          </div>
          {form.refusal !== undefined && (
            <p className="callout danger" role="alert">
              {t("没有发送：", "Not sent: ")}
              {form.refusal.detail[language]}
            </p>
          )}
        </form>
        <div className="explorer-result" ref={result}>
          {form.outcome === undefined ? (
            <p className="explorer-placeholder">
              {t("发送之后，请求和应答显示在这里。", "The request and its answer appear here once it is sent.")}
            </p>
          ) : (
            <Answer outcome={form.outcome} onCorrectClock={correctClock} />
          )}
          {form.call !== undefined && <SentRequest call={form.call} onDebug={openInDebugger} />}
          <Announcement outcome={form.outcome} />
        </div>
      </div>
    </div>
  );
}

function signedSeconds(seconds: number): string {
  return seconds > 0 ? `+${seconds}` : `−${-seconds}`;
}
