import { Alert, Button, Form, Input, type InputRef } from "antd";
import { type ReactNode, useEffect, useRef, useState } from "react";
import { useLanguage } from "../../shared/language.tsx";
import { useSession } from "../session.tsx";
import { passwordLengthMax } from "./password-rules.ts";
import styles from "./staff.module.css";

/** Asks for the password of whoever is signed in, for what should not be done at a screen that was left open. */
export function ConfirmPasswordForm(props: {
  readonly explanation: ReactNode;
  readonly submitText: string;
  readonly danger?: boolean;
  /** Its error is shown, with what was typed. */
  readonly onConfirmed: (password: string) => Promise<void>;
}) {
  const { t } = useLanguage();
  const { email } = useSession();
  const [problem, setProblem] = useState<string>();
  const [busy, setBusy] = useState(false);
  const input = useRef<InputRef>(null);
  useEffect(() => input.current?.focus(), []);

  async function submit(password: string): Promise<void> {
    if (busy) return;
    setBusy(true);
    setProblem(undefined);
    try {
      await props.onConfirmed(password);
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
      input.current?.focus({ cursor: "all" });
    } finally {
      setBusy(false);
    }
  }

  return (
    <Form<{ password: string }>
      layout="vertical"
      requiredMark={false}
      validateTrigger="onSubmit"
      onFinish={({ password }) => void submit(password)}
    >
      {problem !== undefined && <Alert type="error" showIcon title={problem} className={styles["problem"] ?? ""} />}
      <p className={styles["lead"]}>{props.explanation}</p>
      <input type="text" name="username" autoComplete="username" value={email} readOnly hidden />
      <Form.Item
        name="password"
        label={t("你的密码", "Your password")}
        rules={[{ required: true, message: t("请输入密码", "Enter your password") }]}
      >
        <Input.Password ref={input} name="password" autoComplete="current-password" maxLength={passwordLengthMax} />
      </Form.Item>
      <Button type="primary" danger={props.danger === true} htmlType="submit" block loading={busy}>
        {props.submitText}
      </Button>
    </Form>
  );
}
