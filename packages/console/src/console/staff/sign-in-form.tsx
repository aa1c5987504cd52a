import { Alert, Button, Form, Input, type InputRef } from "antd";
import { useEffect, useRef, useState } from "react";
import { useLanguage } from "../../shared/language.tsx";
import { CallError } from "../api.ts";
import { signInCall } from "./auth.ts";
import styles from "./staff.module.css";

export interface SignInFormProps {
  /** The only one who may sign in; anyone without it. */
  readonly email?: string;
  /** Is given what was signed in with. */
  readonly onSignedIn: (password: string) => void | Promise<void>;
}

type Step = "password" | "totp" | "backup_code";

interface Typed {
  readonly email?: string;
  readonly password?: string;
  readonly code?: string;
}

interface Problem {
  readonly kind: "error" | "warning";
  readonly message: string;
}

/** E-mail address and password, then a code of the authenticator app, or one of the backup codes, if the account has that. */
export function SignInForm({ email: only, onSignedIn }: SignInFormProps) {
  const { t, language } = useLanguage();
  const [form] = Form.useForm<Typed>();
  const [step, setStep] = useState<Step>("password");
  const [challenged, setChallenged] = useState({ email: "", password: "" });
  const [problem, setProblem] = useState<Problem>();
  const [busy, setBusy] = useState(false);
  const first = useRef<InputRef>(null);
  const password = useRef<InputRef>(null);
  const code = useRef<InputRef>(null);

  useEffect(() => {
    if (step !== "password") code.current?.focus();
    else if (form.getFieldValue("email") === undefined && first.current !== null) first.current.focus();
    else password.current?.focus();
  }, [step, form]);

  async function submit(typed: Typed): Promise<void> {
    if (busy) return;
    setBusy(true);
    try {
      if (step === "password") await givePassword(only ?? typed.email ?? "", typed.password ?? "");
      else await giveCode(typed.code ?? "");
      setProblem(undefined);
    } catch (error) {
      refused(error);
    } finally {
      setBusy(false);
    }
  }

  async function givePassword(email: string, given: string): Promise<void> {
    const answer = await signInCall<{ twoFactorRedirect: boolean }>(
      "/sign-in/email",
      { email, password: given },
      language,
    );
    if (!answer.twoFactorRedirect) return onSignedIn(given);
    setChallenged({ email, password: given });
    setStep("totp");
  }

  async function giveCode(given: string): Promise<void> {
    const path = step === "totp" ? "/two-factor/verify-totp" : "/two-factor/verify-backup-code";
    await signInCall(path, { code: given.trim() }, language);
    await onSignedIn(challenged.password);
  }

  function refused(error: unknown): void {
    const message = error instanceof Error ? error.message : String(error);
    const expired = error instanceof CallError && error.code === "challenge_expired";
    setProblem({ kind: expired ? "warning" : "error", message });
    if (expired) {
      form.resetFields(["password", "code"]);
      return setStep("password");
    }
    const input = step === "password" ? password : code;
    input.current?.focus({ cursor: "all" });
  }

  function goTo(next: Step): void {
    form.resetFields(next === "password" ? ["password", "code"] : ["code"]);
    setProblem(undefined);
    setStep(next);
  }

  return (
    <Form<Typed>
      form={form}
      layout="vertical"
      requiredMark={false}
      validateTrigger="onSubmit"
      size="large"
      onFinish={(typed) => void submit(typed)}
    >
      <div aria-live="polite">
        {problem !== undefined && (
          <Alert type={problem.kind} showIcon title={problem.message} className={styles["problem"] ?? ""} />
        )}
      </div>
      {step === "password" ? (
        <>
          {only === undefined ? (
            <Form.Item
              name="email"
              label={t("邮箱", "E-mail address")}
              rules={[{ required: true, message: t("请输入邮箱", "Enter your e-mail address") }]}
            >
              <Input
                ref={first}
                name="username"
                inputMode="email"
                autoComplete="username"
                autoCapitalize="none"
                spellCheck={false}
                maxLength={254}
              />
            </Form.Item>
          ) : (
            // So that a password manager knows whose password it is to fill in.
            <input type="text" name="username" autoComplete="username" value={only} readOnly hidden />
          )}
          <Form.Item
            name="password"
            label={t("密码", "Password")}
            rules={[{ required: true, message: t("请输入密码", "Enter your password") }]}
          >
            <Input.Password ref={password} name="password" autoComplete="current-password" maxLength={128} />
          </Form.Item>
        </>
      ) : (
        <Form.Item
          name="code"
          label={step === "totp" ? t("六位验证码", "Six-digit code") : t("备用码", "Backup code")}
          extra={
            step === "totp"
              ? t("打开手机上的验证器，输入当前显示的验证码。", "The one that your authenticator app shows now.")
              : t(
                  "设置两步验证时保存的备用码，每个只能使用一次。",
                  "One of those you kept when setting this up; each is good once.",
                )
          }
          rules={[{ required: true, message: t("请输入验证码", "Enter the code") }]}
        >
          <Input
            ref={code}
            className={styles["code"] ?? ""}
            name="code"
            inputMode={step === "totp" ? "numeric" : "text"}
            autoComplete={step === "totp" ? "one-time-code" : "off"}
            autoCapitalize="none"
            spellCheck={false}
            maxLength={32}
          />
        </Form.Item>
      )}
      <Button type="primary" htmlType="submit" block loading={busy}>
        {step === "password" ? t("登录", "Sign in") : t("验证并登录", "Verify and sign in")}
      </Button>
      {step !== "password" && (
        <div className={styles["otherWays"]}>
          <Button type="link" size="small" onClick={() => goTo("password")}>
            {t("返回", "Back")}
          </Button>
          <Button type="link" size="small" onClick={() => goTo(step === "totp" ? "backup_code" : "totp")}>
            {step === "totp"
              ? t("手机不在身边？使用备用码", "No phone at hand? Use a backup code")
              : t("改用验证器", "Use the authenticator app")}
          </Button>
        </div>
      )}
    </Form>
  );
}
