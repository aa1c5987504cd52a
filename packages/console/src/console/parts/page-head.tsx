import { type ReactNode, useEffect } from "react";
import { useLanguage } from "../../shared/language.tsx";

/** A page's title, also the browser's, and what can be done on the whole page. */
export function PageHead({ title, children }: { readonly title: string; readonly children?: ReactNode }) {
  const { t } = useLanguage();
  useEffect(() => {
    document.title = `${title} · ${t("大卡师开放平台", "Dakashi Open Platform")}`;
  }, [title, t]);
  return (
    <div className="page-head">
      <h1>{title}</h1>
      <span className="grow" />
      {children}
    </div>
  );
}
