import { Alert, Button, Form, Input, type InputRef, QRCode } from "antd";
import { useEffect, useRef, useState } from "react";
import { useLanguage } from "../../shared/language.tsx";
import { CopyButton } from "../parts/copy-button.tsx";
import { ownCall } from "./auth.ts";
import { BackupCodes } from "./backup-codes.tsx";
import { ConfirmPasswordForm } from "./confirm-password-form.tsx";
import styles from "./staff.module.css";

interface Enabled {
  readonly totpURI: string;
  readonly backupCodes: readonly string[];
}

/** Turns two-factor authentication on: the password, the QR code and a code that proves it was read, the backup codes. */
export function TwoFactorSetup({
  onVerified,
  onDone,
}: {
  readonly onVerified: () => void;
  readonly onDone: () => void;
}) {
  const { t, language } = useLanguage();
  const [enabled, setEnabled] = useState<Enabled>();
  const [verified, setVerified] = useState(false);
  if (enabled === undefined)
    return (
      <ConfirmPasswordForm
        explanation={t(
          "开启后，登录时除密码外还须输入手机验证器上的验证码。请先准备好验证器应用（如 Microsoft Authenticator、Google Authenticator）。",
          "Signing in then takes a code from an authenticator app on your phone beside the password. Have one at hand, such as Microsoft Authenticator or Google Authenticator.",
        )}
        submitText={t("下一步", "Next")}
        onConfirmed={async (password) =>
          setEnabled(await ownCall<Enabled>("/two-factor/enable", { password }, language))
        }
      />
    );
  if (!verified)
    return (
      <ScanAndVerify
        totpUri={enabled.totpURI}
        onVerified={() => {
          setVerified(true);
          onVerified();
        }}
      />
    );
  return <BackupCodes codes={enabled.backupCodes} onKept={onDone} />;
}

function ScanAndVerify({ totpUri, onVerified }: { readonly totpUri: string; readonly onVerified: () => void }) {
  const { t, language } = useLanguage();
  const [problem, setProblem] = useState<string>();
  const [busy, setBusy] = useState(false);
  const input = useRef<InputRef>(null);
  const secret = new URL(totpUri).searchParams.get("secret") ?? "";
  useEffect(() => input.current?.focus(), []);

  async function submit(code: string): Promise<void> {
    if (busy) return;
    setBusy(true);
    setProblem(undefined);
    try {
      await ownCall("/two-factor/verify-totp", { code }, language);
      onVerified();
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
      input.current?.focus({ cursor: "all" });
    } finally {
      setBusy(false);
    }
  }

  return (
    <>
      <div className={styles["scan"]}>
        {/* Dark on white in both colour schemes: many scanners read nothing else. */}
        <QRCode
          value={totpUri}
          type="svg"
          size={184}
          color="#000"
          bgColor="#fff"
          marginSize={2}
          role="img"
          aria-label={t("验证器二维码", "QR code for the authenticator app")}
        />
        <div>
          <p style={{ marginTop: 0 }}>
            {t(
              "用验证器应用扫描二维码；无法扫描时，手动输入密钥：",
              "Scan the code with the app, or type the key into it:",
            )}
          </p>
          <code className={styles["secret"]} aria-label={t("密钥", "Key")}>
            {secret.replaceAll(/(.{4})(?=.)/g, "$1 ")}
          </code>
          <div style={{ marginTop: 8 }}>
            <CopyButton text={secret} label={t("复制密钥", "Copy the key")} />
          </div>
        </div>
      </div>
      {problem !== undefined && <Alert type="error" showIcon title={problem} className={styles["problem"] ?? ""} />}
      <Form<{ code: string }>
        layout="vertical"
        requiredMark={false}
        validateTrigger="onSubmit"
        onFinish={({ code }) => void submit(code)}
      >
        <Form.Item
          name="code"
          label={t("验证器上显示的六位验证码", "The six digits that the app shows now")}
          rules={[{ required: true, message: t("请输入验证码", "Enter the code") }]}
        >
          <Input
            ref={input}
            className={styles["code"] ?? ""}
            inputMode="numeric"
            autoComplete="one-time-code"
            maxLength={32}
          />
        </Form.Item>
        <Button type="primary" htmlType="submit" block loading={busy}>
          {t("验证并开启", "Verify and turn on")}
        </Button>
      </Form>
    </>
  );
}
