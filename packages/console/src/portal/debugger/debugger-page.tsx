import { useState } from "react";
import { useLanguage } from "../../shared/language.tsx";
import { Comparison } from "./comparison.tsx";
import { cleared, debuggerDraft, example, readDraft } from "./draft.ts";
import { ParametersInput } from "./parameters-input.tsx";
import type { Reading } from "./read-parameters.ts";
import { RequestStep } from "./request-step.tsx";
import { SecretField } from "./secret-field.tsx";
import { DigestStep, JoinedStep, ParametersStep, SortedStep, signable } from "./steps.tsx";
import { TimestampCard } from "./timestamp-card.tsx";
import "./debugger.css";

/** Shows how a signature comes about, step by step, and where one's own goes astray. Sends and stores nothing. */
export default function DebuggerPage() {
  const { t } = useLanguage();
  const draft = debuggerDraft.useState();
  const [secretShown, setSecretShown] = useState(false);
  const reading = readDraft(draft);
  const parameters = signable(reading);
  return (
    <div className="debugger content">
      <h1>{t("签名调试器", "Signature debugger")}</h1>
      <p className="debugger-lead">
        {t(
          "粘贴一次调用的参数和密钥，看签名的每一步；再粘贴您的程序的结果，找出从哪里开始不同。",
          "Paste a call's parameters and the secret to see each step of its signature; paste what your own program made to see where it goes astray.",
        )}
      </p>
      <p className="debugger-privacy">
        <strong>{t("密钥不会离开浏览器。", "The secret never leaves your browser.")}</strong>{" "}
        {t(
          "一切都在本页计算：不发送、不保存、不写入网址，关闭或刷新后即消失。",
          "All is computed in this page: nothing is sent, stored or put in the address, and closing or reloading it forgets everything.",
        )}
      </p>
      <div className="debugger-columns">
        <section className="debugger-given" aria-label={t("输入", "Input")}>
          <ParametersInput draft={draft} reading={reading} />
          <TimestampCard draft={draft} entries={reading.entries} />
          <SecretField value={draft.secret} onChange={(secret) => debuggerDraft.change({ secret })} />
          <div className="debugger-actions">
            <button type="button" className="button" onClick={() => debuggerDraft.change(cleared(draft))}>
              {t("清空", "Clear")}
            </button>
            <button type="button" className="button" onClick={() => debuggerDraft.change(example)}>
              {t("填入示例", "Fill in the example")}
            </button>
          </div>
          <Summary reading={reading} />
        </section>
        <div>
          <ParametersStep reading={reading} />
          <SortedStep parameters={parameters} />
          <JoinedStep parameters={parameters} secret={draft.secret} shown={secretShown} onShow={setSecretShown} />
          <DigestStep parameters={parameters} secret={draft.secret} />
          <RequestStep entries={reading.entries} parameters={parameters} secret={draft.secret} path={draft.path} />
          <Comparison draft={draft} parameters={parameters} secretShown={secretShown} />
        </div>
      </div>
    </div>
  );
}

/** Whether the server would take these parameters, in one line that changes seldom enough to be read out. */
function Summary({ reading: { entries, refusal } }: { readonly reading: Reading }) {
  const { t } = useLanguage();
  const refused = entries.filter((entry) => entry.refusal !== undefined);
  const isBlank = refusal?.hint === "body_empty" || (refusal === undefined && entries.length === 0);
  const isGood = refusal === undefined && refused.length === 0;
  return (
    <p role="status" className={isBlank ? "debugger-waiting" : isGood ? "debugger-good" : "debugger-bad"}>
      {summary()}
    </p>
  );

  function summary(): string {
    if (isBlank) return t("等待粘贴参数。", "Waiting for parameters.");
    if (refusal !== undefined)
      return t("这不是服务器能读的请求体，见第 1 步。", "The server could not read this body: see step 1.");
    if (refused.length === 0)
      return t(`${entries.length} 个参数都能被接受。`, `All ${entries.length} parameters would be accepted.`);
    const names = refused.map(({ name }) => name);
    return t(
      `服务器会拒绝这些参数，见第 1 步：${names.join("、")}`,
      `The server would refuse these parameters, see step 1: ${names.join(", ")}`,
    );
  }
}
