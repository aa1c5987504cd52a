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
        token: { colorPrimary: "#1668dc", borderRadius: 6 },
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
