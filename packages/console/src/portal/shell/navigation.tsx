import { Link } from "react-router";
import navigation from "virtual:portal/navigation";
import { useLanguage } from "../../shared/language.tsx";
import type { NavigationItem } from "../content/page.ts";
import { useAddressOf, usePath } from "./address.tsx";

function isCurrent(item: NavigationItem, path: string): boolean {
  return item.path === path || (item.path === "/errors" && path.startsWith("/errors/"));
}

export function Navigation() {
  const { language } = useLanguage();
  const path = usePath();
  const addressOf = useAddressOf();
  return (
    <div className="navigation">
      {navigation[language].map((group) => (
        <section key={group.title}>
          <h2>{group.title}</h2>
          <ul>
            {group.items.map((item) => (
              <li key={item.path}>
                <Link to={addressOf(item.path)} aria-current={isCurrent(item, path) ? "page" : undefined}>
                  {item.title}
                </Link>
              </li>
            ))}
          </ul>
        </section>
      ))}
    </div>
  );
}

/** To the page before and the page after, in the order of the navigation. */
export function Neighbours() {
  const { language, t } = useLanguage();
  const path = usePath();
  const addressOf = useAddressOf();
  const items = navigation[language].flatMap((group) => group.items);
  const at = items.findIndex((item) => item.path === path);
  if (at === -1) return null;
  const previous = items[at - 1];
  const next = items[at + 1];
  return (
    <nav className="neighbours" aria-label={t("上一篇与下一篇", "Previous and next page")}>
      {previous && (
        <Link to={addressOf(previous.path)}>
          <small>{t("上一篇", "Previous")}</small>
          {previous.title}
        </Link>
      )}
      {next && (
        <Link to={addressOf(next.path)} className="next">
          <small>{t("下一篇", "Next")}</small>
          {next.title}
        </Link>
      )}
    </nav>
  );
}
