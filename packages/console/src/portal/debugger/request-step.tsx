import { signParameters } from "@dakashi/sdk/signature";
import { useId, useRef, useState } from "react";
import { useLanguage } from "../../shared/language.tsx";
import { operations } from "../explorer/operations.ts";
import { CopyButton } from "./copy-button.tsx";
import { debuggerDraft, jsonOf } from "./draft.ts";
import type { Entry } from "./read-parameters.ts";
import { bodyBytesMax } from "./refusals.ts";
import { asciiJson, snippetLanguages } from "./snippets.ts";
import { Step, Waiting } from "./steps.tsx";

/** The signed call as programs that send it. */
export function RequestStep({
  entries,
  parameters,
  secret,
  path,
}: {
  readonly entries: readonly Entry[];
  readonly parameters: Readonly<Record<string, string>> | undefined;
  readonly secret: string;
  readonly path: string;
}) {
  const { t, language } = useLanguage();
  const id = useId();
  const tabs = useRef<HTMLDivElement>(null);
  const [chosen, setChosen] = useState("curl");
  const title = t("可直接发送的请求", "The ready request");
  if (parameters === undefined)
    return (
      <Step number={5} title={title}>
        <Waiting />
      </Step>
    );
  const sign = signParameters(parameters, secret);
  const sent = [...entries.filter(({ name }) => name !== "sign"), { name: "sign", source: JSON.stringify(sign) }];
  const body = asciiJson(jsonOf(sent, ""));
  const url = location.origin + path;
  const snippet = snippetLanguages.find((snippetLanguage) => snippetLanguage.id === chosen)?.write({ url, body }) ?? "";

  function move(step: number): void {
    const at = snippetLanguages.findIndex((snippetLanguage) => snippetLanguage.id === chosen) + step;
    const next = snippetLanguages.at(at % snippetLanguages.length);
    if (next === undefined) return;
    setChosen(next.id);
    tabs.current?.querySelector<HTMLElement>(`[data-language="${next.id}"]`)?.focus();
  }

  return (
    <Step number={5} title={title}>
      <div className="debugger-field">
        <label htmlFor={`${id}-path`}>{t("接口", "Operation")}</label>
        <select
          id={`${id}-path`}
          className="input"
          value={path}
          onChange={(event) => debuggerDraft.change({ path: event.target.value })}
        >
          {operations.map((operation) => (
            <option key={operation.path} value={operation.path}>
              {operation.path} · {operation.summary[language]}
            </option>
          ))}
        </select>
      </div>
      <div
        ref={tabs}
        className="tab-list"
        role="tablist"
        aria-label={t("编程语言", "Programming language")}
        onKeyDown={(event) => {
          if (event.key === "ArrowRight") move(1);
          if (event.key === "ArrowLeft") move(-1);
        }}
      >
        {snippetLanguages.map((snippetLanguage) => (
          <button
            key={snippetLanguage.id}
            type="button"
            role="tab"
            id={`${id}-${snippetLanguage.id}`}
            data-language={snippetLanguage.id}
            aria-controls={`${id}-snippet`}
            aria-selected={snippetLanguage.id === chosen}
            tabIndex={snippetLanguage.id === chosen ? 0 : -1}
            onClick={() => setChosen(snippetLanguage.id)}
          >
            {snippetLanguage.label}
          </button>
        ))}
      </div>
      <div id={`${id}-snippet`} role="tabpanel" aria-labelledby={`${id}-${chosen}`} className="debugger-snippet">
        {/* Scrolls sideways, and by the keyboard only if it can be focused. */}
        <pre tabIndex={0}>
          <code>{snippet}</code>
        </pre>
        <CopyButton text={snippet} what={t("这段程序", "this program")} />
      </div>
      <p className="debugger-note">
        {t(
          "其中没有密钥，只有这一次的签名：在 timestamp 前后 300 秒内有效。非 ASCII 字符写成 \\u 转义，值不变，任何编码的编辑器和终端都不会改坏它。",
          "It holds this one signature and not the secret, and is good for 300 seconds around its timestamp. What is not ASCII is written as \\u escapes: the same values, which no editor's or terminal's encoding can damage.",
        )}
      </p>
      {body.length > bodyBytesMax && (
        <p className="debugger-bad">
          {t(
            `请求体有 ${body.length} 字节，超过了 ${bodyBytesMax} 字节，服务器会拒绝。`,
            `The body has ${body.length} bytes, more than ${bodyBytesMax}: the server would refuse it.`,
          )}
        </p>
      )}
    </Step>
  );
}
