import { useEffect } from "react";
import { useLanguage } from "../../shared/language.tsx";

/** What the browser calls the page, in its tab and its history. */
export function useDocumentTitle(title: string): void {
  const { t } = useLanguage();
  const platform = t("大卡师开放平台", "Dakashi Open Platform");
  useEffect(() => {
    document.title = `${title} · ${platform}`;
  }, [title, platform]);
}
