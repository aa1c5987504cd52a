import { Alert, Button, Modal, Space, Typography } from "antd";
import { useRef } from "react";
import { useLanguage } from "../../shared/language.tsx";
import styles from "../parts/forms.module.css";
import { useUnsavedGuard } from "../parts/unsaved-guard.ts";
import { TestCall } from "./test-call.tsx";
import type { Issued } from "./words.ts";

/** A secret in the clear. It is here alone, in memory, until this is closed; nothing can show it again. */
export function IssuedSecret(props: { readonly title: string; readonly issued: Issued; readonly onClose: () => void }) {
  const { t } = useLanguage();
  const isKept = useRef(false);
  useUnsavedGuard(() => !isKept.current, {
    title: t("密钥保存好了吗？", "Have you kept the secret?"),
    content: t("离开后密钥无法再次查看，只能更换。", "It cannot be shown again, only be changed for another one."),
  });
  const { issued } = props;
  return (
    <Modal
      open
      title={props.title}
      closable={false}
      keyboard={false}
      mask={{ closable: false }}
      width={600}
      footer={
        <Button
          type="primary"
          onClick={() => {
            isKept.current = true;
            props.onClose();
          }}
        >
          {t("我已保存，关闭", "I have kept it: close")}
        </Button>
      }
    >
      <Space orientation="vertical" size={16} style={{ width: "100%" }}>
        <Alert
          type="warning"
          showIcon
          title={t(
            "密钥只显示这一次，请立即保存，并通过安全的渠道交给对接方。",
            "The secret is shown this once: keep it now, and hand it over through a safe channel.",
          )}
        />
        <Copied label="client_id" value={issued.client_id} />
        <Copied label="client_secret" value={issued.client_secret} />
        <TestCall issued={issued} />
      </Space>
    </Modal>
  );
}

function Copied({ label, value }: { readonly label: string; readonly value: string }) {
  const { t } = useLanguage();
  return (
    <div>
      <div id={`issued-${label}`}>{label}</div>
      <div className={styles["secret"]}>
        <Typography.Text
          className="mono"
          aria-labelledby={`issued-${label}`}
          copyable={{ tooltips: [t(`复制 ${label}`, `Copy ${label}`), t("已复制", "Copied")] }}
        >
          {value}
        </Typography.Text>
      </div>
    </div>
  );
}
