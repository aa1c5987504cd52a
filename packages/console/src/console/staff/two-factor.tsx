import { Alert, App, Button, Card, Modal, Space, Tag } from "antd";
import { useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useLanguage } from "../../shared/language.tsx";
import { useSession } from "../session.tsx";
import { ownCall } from "./auth.ts";
import { BackupCodes } from "./backup-codes.tsx";
import { ConfirmPasswordForm } from "./confirm-password-form.tsx";
import { TwoFactorSetup } from "./two-factor-setup.tsx";

type Open = "setup" | "disable" | "codes";

/** Two-factor authentication of whoever is signed in: on or off, and its backup codes. */
export function TwoFactor() {
  const { t, language } = useLanguage();
  const { two_factor: isOn } = useSession();
  const client = useQueryClient();
  const { message } = App.useApp();
  const [open, setOpen] = useState<Open>();
  /** Backup codes are on the screen, which are nowhere else: closing has to be meant. */
  const [mustKeep, setMustKeep] = useState(false);
  const [codes, setCodes] = useState<readonly string[]>();

  function close(): void {
    setOpen(undefined);
    setMustKeep(false);
    setCodes(undefined);
    void client.invalidateQueries();
  }

  const titles: Readonly<Record<Open, string>> = {
    setup: t("开启两步验证", "Turn two-factor authentication on"),
    disable: t("关闭两步验证", "Turn two-factor authentication off"),
    codes: t("重新生成备用码", "New backup codes"),
  };
  return (
    <Card
      title={
        <h2 style={{ margin: 0, fontSize: 16 }}>
          {t("两步验证", "Two-factor authentication")}{" "}
          {isOn ? <Tag color="success">{t("已开启", "On")}</Tag> : <Tag>{t("未开启", "Off")}</Tag>}
        </h2>
      }
    >
      {isOn ? (
        <Space wrap>
          <Button onClick={() => setOpen("codes")}>{titles.codes}</Button>
          <Button danger onClick={() => setOpen("disable")}>
            {titles.disable}
          </Button>
        </Space>
      ) : (
        <>
          <Alert
            type="info"
            showIcon
            style={{ marginBottom: 16 }}
            title={t(
              "建议开启：即使密码泄露，没有你的手机也无法登录。",
              "Recommended: with it, nobody who learns your password can sign in without your phone.",
            )}
          />
          <Button type="primary" onClick={() => setOpen("setup")}>
            {titles.setup}
          </Button>
        </>
      )}
      <Modal
        open={open !== undefined}
        title={open === undefined ? "" : titles[open]}
        footer={null}
        closable={!mustKeep}
        mask={{ closable: false }}
        keyboard={!mustKeep}
        onCancel={close}
        destroyOnHidden
      >
        {open === "setup" && <TwoFactorSetup onVerified={() => setMustKeep(true)} onDone={close} />}
        {open === "disable" && (
          <ConfirmPasswordForm
            danger
            explanation={t(
              "关闭后，登录只需密码；现有的验证器和备用码随即失效。",
              "Signing in then takes the password alone. The authenticator and the backup codes stop working at once.",
            )}
            submitText={titles.disable}
            onConfirmed={async (password) => {
              await ownCall("/two-factor/disable", { password }, language);
              message.success(t("两步验证已关闭", "Two-factor authentication is off"));
              close();
            }}
          />
        )}
        {open === "codes" && codes === undefined && (
          <ConfirmPasswordForm
            explanation={t(
              "将生成十个新的备用码，此前的备用码随即失效。",
              "Ten new codes are made; the ones you have stop working at once.",
            )}
            submitText={t("生成", "Make them")}
            onConfirmed={async (password) => {
              const { backupCodes } = await ownCall<{ backupCodes: string[] }>(
                "/two-factor/generate-backup-codes",
                { password },
                language,
              );
              setMustKeep(true);
              setCodes(backupCodes);
            }}
          />
        )}
        {codes !== undefined && <BackupCodes codes={codes} onKept={close} />}
      </Modal>
    </Card>
  );
}
