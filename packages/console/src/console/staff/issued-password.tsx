import { Alert, Button, Modal } from "antd";
import { useLanguage } from "../../shared/language.tsx";
import type { CallAnswer } from "../api.ts";
import { CopyButton } from "../parts/copy-button.tsx";
import styles from "./staff.module.css";

/** A first password, which is shown this once. */
export function IssuedPassword(props: {
  readonly issued: CallAnswer<"POST /staff"> | undefined;
  readonly onClose: () => void;
}) {
  const { t } = useLanguage();
  const { issued, onClose } = props;
  return (
    <Modal
      open={issued !== undefined}
      title={t("初始密码", "First password")}
      closable={false}
      mask={{ closable: false }}
      keyboard={false}
      // Not kept in the page, hidden, once it has been seen.
      destroyOnHidden
      footer={
        <Button type="primary" onClick={onClose}>
          {t("我已转告或记下", "I have passed it on")}
        </Button>
      }
    >
      <Alert
        type="warning"
        showIcon
        className={styles["problem"] ?? ""}
        title={t("密码只显示这一次", "The password is shown only now")}
        description={t(
          "请当面或通过可信渠道转告本人；首次登录后须立即修改。",
          "Pass it on in person or by a channel you trust. It has to be changed when signing in for the first time.",
        )}
      />
      <p>{issued?.email}</p>
      <code className={styles["secret"]} data-testid="issued-password">
        {issued?.password}
      </code>
      <div style={{ marginTop: 12 }}>
        <CopyButton text={issued?.password ?? ""} label={t("复制密码", "Copy the password")} />
      </div>
    </Modal>
  );
}
