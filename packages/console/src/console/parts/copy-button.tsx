import { CopyOutlined } from "@ant-design/icons";
import { App, Button } from "antd";
import { copyText } from "../../shared/copy-text.ts";
import { useLanguage } from "../../shared/language.tsx";

/** Copies a text as it is, and says so. */
export function CopyButton({ text, label }: { readonly text: string; readonly label?: string }) {
  const { t } = useLanguage();
  const { message } = App.useApp();
  return (
    <Button
      icon={<CopyOutlined />}
      onClick={() =>
        void copyText(text).then((done) =>
          done
            ? message.success(t("已复制", "Copied"))
            : message.error(t("未能复制，请选中后手动复制", "It could not be copied; select it and copy it yourself")),
        )
      }
    >
      {label ?? t("复制", "Copy")}
    </Button>
  );
}
