import { type ClipboardEvent, type ReactNode, useId } from "react";
import { Link } from "react-router";
import { useLanguage } from "../../shared/language.tsx";
import { useAddressOf } from "../shell/address.tsx";
import { compareSignature, compareString, type StringComparison } from "./compare.ts";
import { type Draft, debuggerDraft } from "./draft.ts";
import { Marks, VisibleText } from "./visible-text.tsx";

/** Compares what the reader's own program made with what is right. */
export function Comparison({
  draft,
  parameters,
  secretShown,
}: {
  readonly draft: Draft;
  readonly parameters: Readonly<Record<string, string>> | undefined;
  readonly secretShown: boolean;
}) {
  const { t, language } = useLanguage();
  const id = useId();
  const addressOf = useAddressOf();
  const { secret, theirString } = draft;
  const submitted = parameters?.["sign"] ?? "";
  const theirSign = draft.theirSign === "" ? submitted : draft.theirSign;
  const diagnosis =
    parameters === undefined || theirSign === "" ? undefined : compareSignature(parameters, secret, theirSign);
  return (
    <section className="debugger-step">
      <h2>{t("与您的结果对比", "Compare with yours")}</h2>
      <div className="debugger-field">
        <label htmlFor={`${id}-string`}>{t("您的程序拼接出的字符串", "The string your program joined")}</label>
        <textarea
          id={`${id}-string`}
          className="input mono debugger-paste"
          rows={3}
          value={theirString}
          onChange={(event) => debuggerDraft.change({ theirString: event.target.value })}
          onPaste={keepLineBreaks}
          autoComplete="off"
          autoCapitalize="off"
          autoCorrect="off"
          spellCheck={false}
        />
        <div className="debugger-note">{t("带不带密钥都可以。", "With or without the secret.")}</div>
      </div>
      <Outcome>
        {parameters !== undefined && theirString !== "" && (
          <StringOutcome
            comparison={compareString(parameters, secret, theirString)}
            pasted={theirString}
            secretShown={secretShown}
          />
        )}
      </Outcome>
      <div className="debugger-field">
        <label htmlFor={`${id}-sign`}>{t("您的程序算出的签名", "The signature your program made")}</label>
        <input
          id={`${id}-sign`}
          className="input mono"
          value={draft.theirSign}
          onChange={(event) => debuggerDraft.change({ theirSign: event.target.value })}
          autoComplete="off"
          autoCapitalize="off"
          autoCorrect="off"
          spellCheck={false}
        />
        <div className="debugger-note">
          {submitted !== "" && draft.theirSign === ""
            ? t("留空，所以对比的是参数里的 sign。", "Left empty, so the sign among the parameters is compared.")
            : t(
                "留空则对比参数里的 sign（如果有）。",
                "Left empty, the sign among the parameters is compared, if any.",
              )}
        </div>
      </div>
      <Outcome>
        {diagnosis === "same" && <p className="debugger-good">{t("签名一致。", "The signature matches.")}</p>}
        {diagnosis !== undefined && diagnosis !== "same" && (
          <div className="debugger-bad">
            <p>
              {t("签名不一致：", "The signature differs: ")}
              {diagnosis.detail[language]}
            </p>
            <Link to={addressOf(`/errors/55004#${diagnosis.hint}`)}>
              <code>{diagnosis.hint}</code>
            </Link>
          </div>
        )}
      </Outcome>
    </section>
  );
}

/** Told to screen readers when it changes. */
function Outcome({ children }: { readonly children: ReactNode }) {
  return (
    <div className="debugger-outcome" role="status">
      {children}
    </div>
  );
}

function StringOutcome({
  comparison,
  pasted,
  secretShown,
}: {
  readonly comparison: StringComparison;
  readonly pasted: string;
  readonly secretShown: boolean;
}) {
  const { t, language } = useLanguage();
  if (comparison.same !== undefined)
    return (
      <p className="debugger-good">
        {comparison.same === "joined"
          ? t("一致，还没有接上密钥。", "The same, with the secret still to be appended.")
          : t("一致，密钥已接上。", "The same, the secret included.")}
      </p>
    );
  const { position, before, theirs, ours, inSecret, meaning } = comparison;
  return (
    <div className="debugger-bad">
      <p>
        {t(`从第 ${position} 个字符起不同`, `It differs from character ${position} on`)}
        {meaning !== undefined && t("：", ": ")}
        {meaning?.[language]}
        {t("。", ".")}
      </p>
      <dl className="debugger-sides">
        <dt>{t("您的", "Yours")}</dt>
        <dd>
          <Side before={before} rest={theirs} />
        </dd>
        <dt>{t("应为", "Right")}</dt>
        <dd>
          <Side before={before} rest={inSecret && !secretShown ? "•".repeat(8) : ours} />
        </dd>
      </dl>
      <Marks text={pasted} introduction={t("您的字符串中有：", "Yours has:")} />
    </div>
  );
}

/** The end of what is alike, and what is not, its first character marked. */
function Side({ before, rest }: { readonly before: string; readonly rest: string }) {
  const { t } = useLanguage();
  const [first, ...others] = rest;
  return (
    <>
      <span className="debugger-alike">
        {before !== "" && "…"}
        <VisibleText text={before} />
      </span>
      <mark>{first === undefined ? t("（到此为止）", "(ends here)") : <VisibleText text={first} />}</mark>
      <VisibleText text={others.join("")} />
    </>
  );
}

/** A text field turns every CR LF into LF, and so would hide what may be the very difference. */
function keepLineBreaks(event: ClipboardEvent<HTMLTextAreaElement>): void {
  const pasted = event.clipboardData.getData("text/plain");
  const field = event.currentTarget;
  const replacesAll = field.selectionStart === 0 && field.selectionEnd === field.value.length;
  if (!pasted.includes("\r") || !replacesAll) return;
  event.preventDefault();
  debuggerDraft.change({ theirString: pasted });
}
