import { CheckCircleFilled, MinusCircleOutlined } from "@ant-design/icons";
import { Alert, Button, Form, Input, type InputRef, Progress } from "antd";
import { useEffect, useRef, useState } from "react";
import { useLanguage } from "../../shared/language.tsx";
import { CallError } from "../api.ts";
import { ownCall } from "./auth.ts";
import { passwordLengthMax, passwordRules, passwordStrength } from "./password-rules.ts";
import styles from "./staff.module.css";

interface Typed {
  readonly currentPassword?: string;
  readonly newPassword?: string;
  readonly repeated?: string;
}

/** Changes the password of whoever is signed in. */
export function NewPasswordForm(props: {
  readonly email: string;
  /** Where it is known already, from signing in a moment ago. */
  readonly currentPassword?: string | undefined;
  readonly submitText: string;
  readonly onChanged: () => void;
}) {
  const { t, language } = useLanguage();
  const [form] = Form.useForm<Typed>();
  const [problem, setProblem] = useState<string>();
  const [busy, setBusy] = useState(false);
  const first = useRef<InputRef>(null);
  const typed = Form.useWatch("newPassword", form) ?? "";
  const typedCurrent = Form.useWatch("currentPassword", form) ?? "";
  const known = { email: props.email, current: props.currentPassword ?? typedCurrent };
  const rules = passwordRules(typed, known, t);
  useEffect(() => first.current?.focus(), []);

  async function submit({ currentPassword = "", newPassword = "" }: Typed): Promise<void> {
    if (busy) return;
    setBusy(true);
    setProblem(undefined);
    try {
      await ownCall(
        "/change-password",
        { currentPassword: props.currentPassword ?? currentPassword, newPassword },
        language,
      );
      props.onChanged();
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      const field = error instanceof CallError ? fieldOf(error, props.currentPassword === undefined) : undefined;
      if (field === undefined) return setProblem(message);
      form.setFields([{ name: field, errors: [message] }]);
      form.focusField(field);
    } finally {
      setBusy(false);
    }
  }

  return (
    <Form<Typed>
      form={form}
      layout="vertical"
      requiredMark={false}
      size="large"
      validateTrigger={["onSubmit", "onBlur"]}
      onFinish={(given) => void submit(given)}
    >
      {problem !== undefined && <Alert type="error" showIcon title={problem} className={styles["problem"] ?? ""} />}
      <input type="text" name="username" autoComplete="username" value={props.email} readOnly hidden />
      {props.currentPassword === undefined && (
        <Form.Item
          name="currentPassword"
          label={t("当前密码", "Current password")}
          validateTrigger="onSubmit"
          rules={[{ required: true, message: t("请输入当前密码", "Enter your current password") }]}
        >
          <Input.Password
            ref={first}
            name="current-password"
            autoComplete="current-password"
            maxLength={passwordLengthMax}
          />
        </Form.Item>
      )}
      <Form.Item
        name="newPassword"
        label={t("新密码", "New password")}
        validateTrigger="onSubmit"
        rules={[
          {
            validator: (_, value: string | undefined) => {
              const broken = passwordRules(value ?? "", known, t).find(({ holds }) => !holds);
              return broken === undefined ? Promise.resolve() : Promise.reject(new Error(broken.text));
            },
          },
        ]}
      >
        <Input.Password
          {...(props.currentPassword === undefined ? {} : { ref: first })}
          name="new-password"
          autoComplete="new-password"
          maxLength={passwordLengthMax}
          aria-describedby="password-rules"
        />
      </Form.Item>
      <div id="password-rules" className={styles["rules"]}>
        <Strength password={typed} />
        <ul>
          {rules.map(({ text, holds }) => (
            <li key={text} className={holds ? styles["holds"] : undefined}>
              {holds ? (
                <CheckCircleFilled aria-label={t("已满足", "done")} />
              ) : (
                <MinusCircleOutlined aria-label={t("未满足", "to do")} />
              )}{" "}
              {text}
            </li>
          ))}
        </ul>
      </div>
      <Form.Item
        name="repeated"
        label={t("再次输入新密码", "New password again")}
        dependencies={["newPassword"]}
        rules={[
          {
            validator: (_, value: string | undefined) =>
              (value ?? "") === (form.getFieldValue("newPassword") ?? "")
                ? Promise.resolve()
                : Promise.reject(new Error(t("两次输入的密码不一致", "The two passwords differ"))),
          },
        ]}
      >
        <Input.Password name="new-password-again" autoComplete="new-password" maxLength={passwordLengthMax} />
      </Form.Item>
      <Button type="primary" htmlType="submit" block loading={busy}>
        {props.submitText}
      </Button>
    </Form>
  );
}

/** Which field a refusal is about, among those that are shown. */
function fieldOf(error: CallError, asksForCurrent: boolean): keyof Typed | undefined {
  if (error.field === "newPassword") return "newPassword";
  return error.code === "wrong_password" && asksForCurrent ? "currentPassword" : undefined;
}

function Strength({ password }: { readonly password: string }) {
  const { t } = useLanguage();
  const strength = passwordStrength(password);
  const word = [t("还太短", "Too short"), t("弱", "Weak"), t("中", "Fair"), t("强", "Strong")][strength];
  const colour = [
    "var(--ant-color-error)",
    "var(--ant-color-error)",
    "var(--ant-color-warning)",
    "var(--ant-color-success)",
  ];
  return (
    <div className={styles["strength"]}>
      <Progress
        steps={3}
        percent={(strength / 3) * 100}
        showInfo={false}
        size={[44, 6]}
        strokeColor={colour[strength] ?? ""}
        aria-hidden
      />
      <span aria-live="polite">{password === "" ? t("密码强度", "Strength") : word}</span>
    </div>
  );
}
