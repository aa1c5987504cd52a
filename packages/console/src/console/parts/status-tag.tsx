import { Tag } from "antd";
import { useLanguage } from "../../shared/language.tsx";

/** Whether an account or a client is served. */
export function StatusTag({ status }: { readonly status: "normal" | "suspended" }) {
  const { t } = useLanguage();
  return status === "normal" ? (
    <Tag color="success">{t("正常", "Normal")}</Tag>
  ) : (
    <Tag color="error">{t("已停用", "Suspended")}</Tag>
  );
}
