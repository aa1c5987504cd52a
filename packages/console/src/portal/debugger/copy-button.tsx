import { useEffect, useState } from "react";
import { useLanguage } from "../../shared/language.tsx";
import { copyText } from "../../shared/copy-text.ts";

/** How long the button says that it worked. */
const shownMs = 2_000;

/** Copies a text as it is. `what` names it to those who do not see where the button stands. */
export function CopyButton({ text, what }: { readonly text: string; readonly what: string }) {
  const { t } = useLanguage();
  const [outcome, setOutcome] = useState<"copied" | "failed">();
  useEffect(() => {
    if (outcome === undefined) return undefined;
    const timer = setTimeout(() => setOutcome(undefined), shownMs);
    return () => clearTimeout(timer);
  }, [outcome]);
  const said = { copied: t("已复制", "Copied"), failed: t("复制失败", "Not copied") };
  return (
    <button
      type="button"
      className="button debugger-copy"
      onClick={() => void copyText(text).then((done) => setOutcome(done ? "copied" : "failed"))}
    >
      <span aria-live="polite">{outcome === undefined ? t("复制", "Copy") : said[outcome]}</span>
      <span className="visually-hidden">{what}</span>
    </button>
  );
}
