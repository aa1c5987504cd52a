import { QueryClient, QueryClientProvider } from "@tanstack/react-query";
import { App, ConfigProvider, theme } from "antd";
import enUS from "antd/locale/en_US";
import zhCN from "antd/locale/zh_CN";
import dayjs from "dayjs";
import "dayjs/locale/zh-cn";
import { useEffect, useMemo } from "react";
import { useDark } from "../shared/color-scheme.ts";
import { useLanguage } from "../shared/language.tsx";
import { CallError } from "./api.ts";
import { Session } from "./session.tsx";
import { Layout } from "./layout.tsx";

/** Answers that come later and later, while the server restarts; what it refuses is not asked again. */
function retries(failures: number, error: Error): boolean {
  return error instanceof CallError && (error.code === "offline" || error.status === 503) && failures < 8;
}

/** Ant Design's own greys and links are too faint to be read by everyone: these have a contrast of at least 4.5 : 1. */
const lightText = {
  colorTextPlaceholder: "#6b6b6b",
  colorTextTertiary: "#666666",
  colorTextQuaternary: "#6b6b6b",
  colorTextDisabled: "#6b6b6b",
  colorTextDescription: "#595959",
  colorLink: "#0958d9",
  colorLinkHover: "#003eb3",
  colorPrimaryHover: "#0f57bd",
  colorErrorHover: "#a8071a",
  ...readable("Success", "#237804", "#f6ffed", "#b7eb8f"),
  ...readable("Info", "#0958d9", "#e6f4ff", "#91caff"),
  ...readable("Warning", "#ad4e00", "#fffbe6", "#ffe58f"),
  ...readable("Error", "#cf1322", "#fff2f0", "#ffccc7"),
};
const darkText = {
  colorTextPlaceholder: "#9a9a9a",
  colorTextTertiary: "#a6a6a6",
  colorTextQuaternary: "#9a9a9a",
  colorTextDisabled: "#9a9a9a",
  colorTextDescription: "#b3b3b3",
  colorLink: "#69b1ff",
  colorLinkHover: "#91caff",
  colorPrimaryHover: "#1b66cc",
  ...readable("Success", "#6abe39", "#162312", "#274916"),
  ...readable("Info", "#69b1ff", "#111a2c", "#15325b"),
  ...readable("Warning", "#e8b339", "#2b2111", "#594214"),
  ...readable("Error", "#f3716d", "#2c1618", "#5b2526"),
};

/** The colour of a meaning dark or light enough to be read, on the ground that Ant Design would make of its own. */
function readable(meaning: "Success" | "Info" | "Warning" | "Error", color: string, ground: string, border: string) {
  return {
    [`color${meaning}`]: color,
    [`color${meaning}Bg`]: ground,
    [`color${meaning}Border`]: border,
  };
}

/** Who has told the device so is spared everything that slides and fades. */
const wantsStillness = matchMedia("(prefers-reduced-motion: reduce)");

/** The whole console: its looks, its language, who is signed in, and the page. */
export function Console() {
  const { language } = useLanguage();
  const dark = useDark();
  const queries = useMemo(
    () =>
      new QueryClient({
        defaultOptions: {
          queries: { retry: retries, retryDelay: (failures) => Math.min(500 * 2 ** failures, 8_000), staleTime: 2_000 },
        },
      }),
    [],
  );
  useEffect(() => {
    document.documentElement.dataset["theme"] = dark ? "dark" : "light";
    document.documentElement.style.colorScheme = dark ? "dark" : "light";
  }, [dark]);
  dayjs.locale(language === "zh" ? "zh-cn" : "en");
  return (
    <ConfigProvider
      locale={language === "zh" ? zhCN : enUS}
      theme={{
        algorithm: dark ? theme.darkAlgorithm : theme.defaultAlgorithm,
        token: {
          colorPrimary: "#1668dc",
          borderRadius: 6,
          motion: !wantsStillness.matches,
          ...(dark ? darkText : lightText),
        },
        // White is too faint on dark pages' light red, and so is the menu's blue on its ground.
        components: dark
          ? {
              Button: { dangerColor: "#200", defaultHoverColor: "#69b1ff", defaultHoverBorderColor: "#69b1ff" },
              Menu: { itemSelectedColor: "#91caff" },
              Tabs: { itemSelectedColor: "#69b1ff", itemHoverColor: "#69b1ff", inkBarColor: "#69b1ff" },
            }
          : {},
      }}
      // "确 定" would be read out with a pause.
      button={{ autoInsertSpace: false }}
    >
      <App className="console">
        <QueryClientProvider client={queries}>
          <Session>
            <Layout />
          </Session>
        </QueryClientProvider>
      </App>
    </ConfigProvider>
  );
}
