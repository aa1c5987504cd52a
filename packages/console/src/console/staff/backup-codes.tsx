import { DownloadOutlined } from "@ant-design/icons";
import { Alert, Button, Space } from "antd";
import { useLanguage } from "../../shared/language.tsx";
import { CopyButton } from "../parts/copy-button.tsx";
import { useSession } from "../session.tsx";
import styles from "./staff.module.css";

/** The backup codes, which are shown this once. */
export function BackupCodes({ codes, onKept }: { readonly codes: readonly string[]; readonly onKept: () => void }) {
  const { t } = useLanguage();
  const { email } = useSession();
  const text = codes.join("\n");

  function download(): void {
    const head = t(
      `大卡师开放平台 ${email} 的备用码，每个只能使用一次`,
      `Dakashi Open Platform: backup codes of ${email}, each good once`,
    );
    const url = URL.createObjectURL(new Blob([`${head}\n\n${text}\n`], { type: "text/plain" }));
    const link = document.createElement("a");
    link.href = url;
    link.download = "dakashi-backup-codes.txt";
    link.click();
    URL.revokeObjectURL(url);
  }

  return (
    <>
      <Alert
        type="warning"
        showIcon
        className={styles["problem"] ?? ""}
        title={t("这些备用码只显示这一次", "These codes are shown only now")}
        description={t(
          "手机丢失或更换时，可用备用码代替验证码登录，每个只能使用一次。请保存在手机以外的安全地方。",
          "If the phone is lost, each of them signs you in once in place of a code. Keep them somewhere safe that is not the phone.",
        )}
      />
      <ul className={styles["backupCodes"]} aria-label={t("备用码", "Backup codes")}>
        {codes.map((code) => (
          <li key={code}>{code}</li>
        ))}
      </ul>
      <Space wrap style={{ marginBottom: 20 }}>
        <CopyButton text={text} />
        <Button icon={<DownloadOutlined />} onClick={download}>
          {t("下载为文件", "Download as a file")}
        </Button>
      </Space>
      <Button type="primary" block onClick={onKept}>
        {t("我已保存好", "I have kept them")}
      </Button>
    </>
  );
}
