import { Alert, Button, Card, Form, Input } from "antd";
import { useState } from "react";
import { useLanguage } from "../../shared/language.tsx";
import { authCall } from "./auth.ts";

/** Whoever has signed in with a first password chooses one before anything else. */
export function ChangeFirstPassword({ onChanged }: { readonly onChanged: () => void }) {
  const { t, language } = useLanguage();
  const [problem, setProblem] = useState<string>();
  async function submit({ currentPassword = "", newPassword = "" }: Record<string, string>): Promise<void> {
    try {
      await authCall("/change-password", { currentPassword, newPassword }, language);
      onChanged();
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
    }
  }
  return (
    <main className="sign-in">
      <Card title={t("请设置自己的密码", "Choose a password of your own")}>
        <Form layout="vertical" onFinish={(values: Record<string, string>) => void submit(values)}>
          {problem !== undefined && <Alert type="error" showIcon title={problem} style={{ marginBottom: 16 }} />}
          <Form.Item name="currentPassword" label={t("初始密码", "First password")} rules={[{ required: true }]}>
            <Input.Password autoComplete="current-password" />
          </Form.Item>
          <Form.Item name="newPassword" label={t("新密码", "New password")} rules={[{ required: true }]}>
            <Input.Password autoComplete="new-password" />
          </Form.Item>
          <Button type="primary" htmlType="submit" block>
            {t("保存", "Save")}
          </Button>
        </Form>
      </Card>
    </main>
  );
}
