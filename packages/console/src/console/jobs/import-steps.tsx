import { Steps } from "antd";
import { useLanguage } from "../../shared/language.tsx";

/** How far an import is on its way from the file to what is written. */
export function ImportSteps({ current, failed = false }: { readonly current: number; readonly failed?: boolean }) {
  const { t } = useLanguage();
  return (
    <Steps
      size="small"
      responsive={false}
      titlePlacement="vertical"
      current={current}
      status={failed ? "error" : "process"}
      items={[
        { title: t("选文件", "File") },
        { title: t("检查", "Check") },
        { title: t("确认", "Confirm") },
        { title: t("导入", "Import") },
      ]}
    />
  );
}
