import { type ComponentType, Suspense, lazy, useCallback, useEffect, useLayoutEffect, useState } from "react";
import { useDark } from "../shared/color-scheme.ts";
import { useLanguage } from "../shared/language.tsx";
import { ContentPage } from "./pages/content-page.tsx";
import { forgetFailures } from "./pages/loader.ts";
import { ToolPage } from "./pages/tool-page.tsx";
import { SearchDialog } from "./search/search-dialog.tsx";
import { usePath } from "./shell/address.tsx";
import { Drawer } from "./shell/drawer.tsx";
import { LoadFailure } from "./shell/load-failure.tsx";
import { Navigation } from "./shell/navigation.tsx";
import { TopBar } from "./shell/top-bar.tsx";

/** Pages that are applications of their own; all others are the repository's documents. */
const tools: Readonly<Record<string, ComponentType>> = {
  "/debugger": lazy(() => import("./debugger/debugger-page.tsx")),
  "/explorer": lazy(() => import("./explorer/explorer-page.tsx")),
};

/** The developer portal: everything under /docs. */
export function Portal() {
  const { language, t } = useLanguage();
  const dark = useDark();
  const path = usePath();
  const Tool = tools[path];
  const [overlay, setOverlay] = useState<"search" | "menu">();
  const close = useCallback(() => setOverlay(undefined), []);

  useEffect(forgetFailures, [path, language]);

  useLayoutEffect(() => {
    document.documentElement.dataset["theme"] = dark ? "dark" : "light";
  }, [dark]);

  useEffect(() => {
    function onKeyDown(event: KeyboardEvent): void {
      if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey) || event.altKey) return;
      event.preventDefault();
      setOverlay("search");
    }
    addEventListener("keydown", onKeyDown);
    return () => removeEventListener("keydown", onKeyDown);
  }, []);

  return (
    <>
      <a className="skip-link" href="#content">
        {t("跳到正文", "Skip to the content")}
      </a>
      <TopBar onMenu={() => setOverlay("menu")} onSearch={() => setOverlay("search")} />
      <div className="frame">
        <nav className="side" aria-label={t("目录", "Contents")}>
          <Navigation />
        </nav>
        <main className="main" id="content" tabIndex={-1}>
          <LoadFailure path={`${language}${path}`}>
            {/* Above the page: while the next page is on its way, the one before stays. */}
            <Suspense>{Tool === undefined ? <ContentPage /> : <ToolPage page={Tool} path={path} />}</Suspense>
          </LoadFailure>
        </main>
      </div>
      <SearchDialog open={overlay === "search"} onClose={close} />
      <Drawer open={overlay === "menu"} onClose={close} />
    </>
  );
}
