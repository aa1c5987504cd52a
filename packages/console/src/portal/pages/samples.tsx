import { type KeyboardEvent, useId, useRef, useState } from "react";
import { useLocation } from "react-router";
import { useLanguage } from "../../shared/language.tsx";
import type { Sample } from "../content/samples.ts";
import { here } from "./content-page.tsx";

const storageKey = "dks-sample-language";

/** The language that the address names, or that was looked at last. */
function useChosenLanguage(samples: readonly Sample[]): [string, (language: string) => void] {
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

/** The repository's samples of an operation, a tab for each language. */
export default function Samples({ samples }: { readonly samples: readonly Sample[] }) {
  const { t } = useLanguage();
  const [chosen, choose] = useChosenLanguage(samples);
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
    <div id={sample.language} className="tabs">
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
        <p>
          {t("设好环境变量", "With the variables")} <code>DKS_URL</code>
          {t("、", ", ")}
          <code>DKS_CLIENT_ID</code>
          {t("、", " and ")}
          <code>DKS_CLIENT_SECRET</code>
          {t("之后运行：", " set, run it:")}
        </p>
        <div className="code">
          <pre tabIndex={0}>
            <code>{sample.command}</code>
          </pre>
          <button type="button" className="copy">
            {t("复制", "Copy")}
          </button>
        </div>
      </div>
    </div>
  );
}
