import { useEffect, useState } from "react";
import { Link, useLocation } from "react-router";
import { useLanguage } from "../../shared/language.tsx";
import type { Heading } from "../content/page.ts";

/** The page's headings, beside it on a wide screen, with the one that is being read marked. */
export function OnThisPage({ headings }: { readonly headings: readonly Heading[] }) {
  const { t } = useLanguage();
  const { pathname, search } = useLocation();
  const current = useCurrentHeading(headings);
  if (headings.length < 2) return <div />;
  return (
    <nav className="on-this-page" aria-label={t("本页内容", "On this page")}>
      <h2>{t("本页内容", "On this page")}</h2>
      <ul>
        {headings.map(({ id, title, level }) => (
          <li key={id} className={`level-${level}`}>
            <Link to={{ pathname, search, hash: `#${id}` }} aria-current={id === current ? "true" : undefined}>
              {title}
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  );
}

/** How far below the window's top a heading counts as reached: the top bar, and the room above a heading. */
const reachedPx = 120;

function useCurrentHeading(headings: readonly Heading[]): string | undefined {
  const [current, setCurrent] = useState<string>();
  useEffect(() => {
    function look(): void {
      const isAtEnd = innerHeight + scrollY >= document.documentElement.scrollHeight - 2;
      const passed = headings.filter(
        ({ id }) =>
          (document.getElementById(id)?.getBoundingClientRect().top ?? Infinity) < (isAtEnd ? innerHeight : reachedPx),
      );
      setCurrent(passed.at(-1)?.id);
    }
    look();
    addEventListener("scroll", look, { passive: true });
    return () => removeEventListener("scroll", look);
  }, [headings]);
  return current;
}
