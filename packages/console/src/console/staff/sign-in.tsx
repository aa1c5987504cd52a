import { Alert, Button, Card, Form, Input } from "antd";
import { useState } from "react";
import { useLanguage } from "../../shared/language.tsx";
import { authCall } from "./auth.ts";

interface SignInProps {
  /** Whose session has ended: the address is given then. */
  readonly email?: string;
  readonly onSignedIn: () => void;
}

export function SignInPage({ onSignedIn }: SignInProps) {
  const { t } = useLanguage();
  return (
    <main className="sign-in">
      <Card title={t("大卡师开放平台 · 管理控制台", "Dakashi Open Platform · Console")}>
        <SignInForm onSignedIn={onSignedIn} />
      </Card>
    </main>
  );
}

/** E-mail address and password, then a code if the account asks for one. */
export function SignInForm({ email, onSignedIn }: SignInProps) {
  const { t, language } = useLanguage();
  const [step, setStep] = useState<"password" | "code">("password");
  const [problem, setProblem] = useState<string>();
  const [busy, setBusy] = useState(false);

  async function submit(values: Record<string, string>): Promise<void> {
    setBusy(true);
    setProblem(undefined);
    try {
      if (step === "code") {
        await authCall("/two-factor/verify-totp", { code: values["code"] ?? "" }, language);
        return onSignedIn();
      }
      const { twoFactorRedirect } = await authCall<{ twoFactorRedirect?: boolean }>(
        "/sign-in/email",
        { email: email ?? values["email"] ?? "", password: values["password"] ?? "" },
        language,
      );
      if (twoFactorRedirect === true) setStep("code");
      else onSignedIn();
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
    } finally {
      setBusy(false);
    }
  }

  return (
    <Form layout="vertical" onFinish={(values: Record<string, string>) => void submit(values)}>
      {problem !== undefined && <Alert type="error" showIcon title={problem} style={{ marginBottom: 16 }} />}
      {step === "password" ? (
        <>
          {email === undefined && (
            <Form.Item name="email" label={t("邮箱", "E-mail")} rules={[{ required: true }]}>
              <Input type="email" autoComplete="username" autoFocus />
            </Form.Item>
          )}
          <Form.Item name="password" label={t("密码", "Password")} rules={[{ required: true }]}>
            <Input.Password autoComplete="current-password" />
          </Form.Item>
        </>
      ) : (
        <Form.Item name="code" label={t("验证码", "Code")} rules={[{ required: true }]}>
          <Input inputMode="numeric" autoComplete="one-time-code" autoFocus />
        </Form.Item>
      )}
      <Button type="primary" htmlType="submit" block loading={busy}>
        {t("登录", "Sign in")}
      </Button>
    </Form>
  );
}
