import { joinParameters, signParameters } from "@dakashi/sdk/signature";
import type { ReactNode } from "react";
import { useLanguage } from "../../shared/language.tsx";
import { CopyButton } from "./copy-button.tsx";
import { type Entry, type Reading, parametersOf } from "./read-parameters.ts";
import { Marks, VisibleText } from "./visible-text.tsx";

/** One step of the recipe. */
export function Step({
  number,
  title,
  children,
}: {
  readonly number: number;
  readonly title: string;
  readonly children: ReactNode;
}) {
  return (
    <section className="debugger-step">
      <h2>
        <span className="debugger-number">{number}</span>
        {title}
      </h2>
      {children}
    </section>
  );
}

export function ParametersStep({ reading }: { readonly reading: Reading }) {
  const { t, language } = useLanguage();
  const { entries, refusal } = reading;
  return (
    <Step number={1} title={t("取出参数", "Take the parameters")}>
      {refusal !== undefined && refusal.hint !== "body_empty" && (
        <p className="debugger-bad">{refusal.detail[language]}</p>
      )}
      {entries.length === 0 ? (
        <p className="debugger-waiting">
          {t(
            "还没有参数。在上方粘贴，结果即时显示在这里。",
            "No parameters yet. Paste some, and they appear here at once.",
          )}
        </p>
      ) : (
        <div className="table">
          <table>
            <thead>
              <tr>
                <th scope="col">{t("参数", "Name")}</th>
                <th scope="col">{t("参与签名的文本", "Text that is signed")}</th>
              </tr>
            </thead>
            <tbody>
              {entries.map((entry, index) => (
                <ParameterRow key={`${index}:${entry.name}`} entry={entry} />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Step>
  );
}

function ParameterRow({ entry: { name, value, refusal } }: { readonly entry: Entry }) {
  const { t, language } = useLanguage();
  const leftOut = refusal === undefined && name === "sign";
  return (
    <tr className={leftOut || refusal !== undefined ? "debugger-left-out" : undefined}>
      <th scope="row">
        <code>
          <VisibleText text={name} />
        </code>
      </th>
      <td>
        <code>
          {value === "" ? (
            <span className="debugger-empty">{t("（空）", "(empty)")}</span>
          ) : (
            <VisibleText text={value} />
          )}
        </code>
        {leftOut && <p className="debugger-note">{t("sign 本身不参与签名。", "sign itself is not signed.")}</p>}
        {refusal !== undefined && (
          <p className="debugger-bad">
            {refusal.detail[language]} <code>{refusal.hint}</code>
          </p>
        )}
      </td>
    </tr>
  );
}

export function SortedStep({ parameters }: { readonly parameters: Readonly<Record<string, string>> | undefined }) {
  const { t } = useLanguage();
  const given = Object.keys(parameters ?? {}).filter((name) => name !== "sign");
  const sorted = given.toSorted();
  return (
    <Step number={2} title={t("按参数名排序", "Sort by name")}>
      {parameters === undefined ? (
        <Waiting />
      ) : (
        <>
          <ol className="debugger-names">
            {sorted.map((name) => (
              <li key={name}>
                <code>{name}</code>
              </li>
            ))}
          </ol>
          <p className="debugger-note">
            {sorted.join() === given.join()
              ? t("给出时的顺序已经如此。", "They were given in this order already.")
              : t(
                  `给出时的顺序：${given.join("、")}。逐字节比较：数字 < 下划线 < 小写字母。`,
                  `Given as ${given.join(", ")}. Compared byte by byte: digits, then the underscore, then letters.`,
                )}
          </p>
        </>
      )}
    </Step>
  );
}

export function JoinedStep({
  parameters,
  secret,
  shown,
  onShow,
}: {
  readonly parameters: Readonly<Record<string, string>> | undefined;
  readonly secret: string;
  readonly shown: boolean;
  readonly onShow: (shown: boolean) => void;
}) {
  const { t } = useLanguage();
  if (parameters === undefined)
    return (
      <Step number={3} title={t("拼接，末尾接上密钥", "Join, and append the secret")}>
        <Waiting />
      </Step>
    );
  const joined = joinParameters(parameters);
  const characters = [...joined].length;
  const bytes = new TextEncoder().encode(joined).length;
  return (
    <Step number={3} title={t("拼接，末尾接上密钥", "Join, and append the secret")}>
      <div className="debugger-output">
        {Object.keys(parameters)
          .filter((name) => name !== "sign")
          .sort()
          .map((name, index) => (
            <span key={name}>
              {index > 0 && <span className="debugger-joint">&amp;</span>}
              <span className="debugger-name">{name}</span>
              <span className="debugger-joint">=</span>
              <VisibleText text={parameters[name] ?? ""} />
            </span>
          ))}
        {secret !== "" && (
          <span className="debugger-secret" title="client_secret">
            {shown ? <VisibleText text={secret} /> : "••••••••"}
          </span>
        )}
      </div>
      <Marks text={joined} />
      <div className="debugger-actions">
        <CopyButton text={joined} what={t("拼接字符串，不含密钥", "the joined string, without the secret")} />
        <button type="button" className="button" aria-pressed={shown} onClick={() => onShow(!shown)}>
          {shown ? t("遮住密钥", "Mask the secret") : t("显示密钥", "Show the secret")}
        </button>
        <span className="debugger-note">
          {t(
            `${characters} 个字符，UTF-8 编码后 ${bytes} 字节，不含密钥`,
            `${characters} characters, ${bytes} bytes in UTF-8, without the secret`,
          )}
        </span>
      </div>
      {secret === "" && (
        <p className="debugger-bad">{t("还没有填写 client_secret。", "There is no client_secret yet.")}</p>
      )}
    </Step>
  );
}

export function DigestStep({
  parameters,
  secret,
}: {
  readonly parameters: Readonly<Record<string, string>> | undefined;
  readonly secret: string;
}) {
  const { t } = useLanguage();
  const sign = parameters === undefined ? undefined : signParameters(parameters, secret);
  return (
    <Step number={4} title={t("SHA-1，大写十六进制", "SHA-1, in upper-case hex")}>
      {sign === undefined ? (
        <Waiting />
      ) : (
        <div className="debugger-digest">
          <code>{sign}</code>
          <CopyButton text={sign} what={t("签名", "the signature")} />
        </div>
      )}
    </Step>
  );
}

/** What a step shows while an earlier one has nothing to give. */
export function Waiting() {
  const { t } = useLanguage();
  return (
    <p className="debugger-waiting">
      {t("第 1 步的参数都能被接受之后，这里会有结果。", "Waits until all parameters of step 1 are accepted.")}
    </p>
  );
}

/** The parameters to sign; undefined while there are none or any is refused. */
export function signable(reading: Reading): Readonly<Record<string, string>> | undefined {
  const { entries, refusal } = reading;
  if (refusal !== undefined || entries.length === 0 || entries.some((entry) => entry.refusal !== undefined))
    return undefined;
  return parametersOf(reading);
}
