import { type KeyboardEvent, useId, useRef, useState } from "react";
import { useLocation } from "react-router";
import samples from "virtual:portal/samples";
import { useLanguage } from "../../shared/language.tsx";
import { here } from "./content-page.tsx";

const storageKey = "dks-sample-language";

/** The language that the address names, or that was looked at last. */
function useChosenLanguage(): [string, (language: string) => void] {
  const named = useLocation().hash.slice(1);
  const [chosen, setChosen] = useState(() => localStorage.getItem(storageKey) ?? "");
  const [seen, setSeen] = useState("");
  const isNew = named !== seen && samples.some(({ language }) => language === named);
  if (isNew) {
    setSeen(named);
    setChosen(named);
  }
  return [
    isNew ? named : chosen,
    (language) => {
      localStorage.setItem(storageKey, language);
      setChosen(language);
    },
  ];
}

/**
 * The repository's samples, a tab for each language. On the page of another operation than theirs, `adaptTo` is its path,
 * and the lines that have to be changed are marked.
 */
export default function Samples({ adaptTo }: { readonly adaptTo?: string | undefined }) {
  const { t } = useLanguage();
  const [chosen, choose] = useChosenLanguage();
  const id = useId();
  const tabs = useRef<HTMLDivElement>(null);
  const at = Math.max(
    samples.findIndex(({ language }) => language === chosen),
    0,
  );
  const sample = samples[at];
  if (sample === undefined) return null;

  function onKeyDown(event: KeyboardEvent): void {
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: -1 }[event.key];
    const next = to === undefined ? undefined : samples.at(to % samples.length);
    if (next === undefined) return;
    event.preventDefault();
    choose(next.language);
    tabs.current?.querySelectorAll("button")[samples.indexOf(next)]?.focus();
  }

  return (
    // Where a link to a language's sample leads.
    <div id={sample.language} className={adaptTo === undefined ? "tabs" : "tabs samples to-adapt"}>
      {adaptTo !== undefined && (
        <p>
          {t("示例调用的是", "The samples call")} <code>/v1/member/info</code>
          {t(
            "。调用本接口时，请修改标出的几行：路径换成",
            ". For this operation, change the marked lines: the path to",
          )}{" "}
          <code>{adaptTo}</code>
          {t("，", ", and")} <code>serial_no</code>{" "}
          {t("换成本接口的参数。签名的写法不变。", "to this operation's parameters. The signing stays as it is.")}
        </p>
      )}
      <div
        role="tablist"
        className="tab-list"
        aria-label={t("编程语言", "Programming language")}
        ref={tabs}
        onKeyDown={onKeyDown}
      >
        {samples.map(({ language, label }) => (
          <button
            key={language}
            type="button"
            role="tab"
            id={`${id}-${language}`}
            aria-selected={language === sample.language}
            aria-controls={`${id}-panel`}
            tabIndex={language === sample.language ? 0 : -1}
            onClick={() => choose(language)}
          >
            {label}
          </button>
        ))}
      </div>
      <div role="tabpanel" className="tab-panel" id={`${id}-panel`} aria-labelledby={`${id}-${sample.language}`}>
        <div className="code" key={`${sample.language}${t("zh", "en")}`}>
          <div dangerouslySetInnerHTML={{ __html: here(sample.html) }} />
          <button type="button" className="copy">
            {t("复制", "Copy")}
          </button>
        </div>
        <p className="file-name">
          <code>{sample.file}</code>
        </p>
      </div>
    </div>
  );
}
