import { useLanguage } from "../../shared/language.tsx";
import { occurrencesIn, runsOf } from "./invisible.ts";

/** A text with what cannot be seen in it made visible. Selected and copied, it is still the text itself. */
export function VisibleText({ text }: { readonly text: string }) {
  const { language } = useLanguage();
  return runsOf(text).map(({ text: run, mark }, index) => {
    if (mark === undefined) return run;
    const named = `${mark.name[language]} ${mark.code}`;
    const key = `${index}:${mark.code}`;
    // What is usual is not read out: every space of a sentence would be.
    if (mark.usual)
      return (
        <span key={key} className="debugger-space" title={named}>
          {run}
        </span>
      );
    return (
      <span key={key} role="img" aria-label={named} title={named} className="debugger-mark">
        {mark.symbol === undefined ? (
          run
        ) : (
          <>
            <span className="debugger-symbol" data-symbol={mark.symbol} />
            <span className="debugger-unseen">{run}</span>
          </>
        )}
      </span>
    );
  });
}

/** Names the marked characters of a text, with their number and the place of the first. Nothing if there are none. */
export function Marks({ text, introduction }: { readonly text: string; readonly introduction?: string }) {
  const { t, language } = useLanguage();
  const marks = occurrencesIn(text);
  if (marks.length === 0) return null;
  return (
    <div className="debugger-marks">
      {introduction}
      <ul>
        {marks.map(({ mark, count, first }) => (
          <li key={mark.code} className={mark.usual ? undefined : "debugger-suspect"}>
            {mark.name[language]} <code>{mark.code}</code>
            {count > 1 && ` × ${count}`}
            {t(
              `，${count > 1 ? "首个" : ""}在第 ${first} 个字符`,
              `, ${count > 1 ? "first at" : "at"} character ${first}`,
            )}
          </li>
        ))}
      </ul>
    </div>
  );
}
