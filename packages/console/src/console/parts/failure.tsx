import { Button, Result } from "antd";
import { useLanguage } from "../../shared/language.tsx";
import type { CallError } from "../api.ts";

/** What stands where something could not be loaded. */
export function Failure({ error, onRetry }: { readonly error: CallError; readonly onRetry: () => void }) {
  const { t } = useLanguage();
  return (
    <Result
      status={error.code === "missing" ? "404" : error.status === 403 ? "403" : "warning"}
      title={error.message}
      extra={
        <Button type="primary" onClick={onRetry}>
          {t("重试", "Try again")}
        </Button>
      }
    />
  );
}
