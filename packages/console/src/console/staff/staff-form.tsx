import { useQueryClient } from "@tanstack/react-query";
import { Alert, Button, Form, Input, Modal, Radio, Space } from "antd";
import { useState } from "react";
import { useLanguage } from "../../shared/language.tsx";
import { type CallAnswer, CallError } from "../api.ts";
import { useChange } from "../calls.ts";
import type { Role } from "../session.tsx";
import styles from "./staff.module.css";
import { roleMeaning, roleName, roles } from "./words.ts";

export type StaffMember = CallAnswer<"GET /staff">["list"][number];

interface Typed {
  readonly email: string;
  readonly name: string;
  readonly role: Role;
}

interface Props {
  /** Whom it changes, as they were when it was opened; somebody new without it. */
  readonly member: StaffMember | undefined;
  /** The same as the server last told. */
  readonly latest: StaffMember | undefined;
  readonly onCreated: (issued: CallAnswer<"POST /staff">) => void;
  readonly onSaved: () => void;
  readonly onClose: () => void;
}

/** Adds a staff member, or changes one. What somebody else has changed meanwhile is shown, and never overwritten unseen. */
export function StaffForm(props: Props) {
  const { t } = useLanguage();
  return (
    <Modal
      open
      title={props.member === undefined ? t("新建员工", "New staff member") : t("修改员工", "Change a staff member")}
      footer={null}
      mask={{ closable: false }}
      onCancel={props.onClose}
      destroyOnHidden
    >
      <Fields {...props} />
    </Modal>
  );
}

function Fields({ member, latest, onCreated, onSaved, onClose }: Props) {
  const { t } = useLanguage();
  const [form] = Form.useForm<Typed>();
  const create = useChange("POST /staff");
  const update = useChange("PATCH /staff/:staffId");
  const client = useQueryClient();
  const [seenVersion, setSeenVersion] = useState(member?.version ?? 0);
  const [conflict, setConflict] = useState<string>();
  const [problem, setProblem] = useState<string>();
  const busy = create.isPending || update.isPending;

  async function submit({ email, name, role }: Typed): Promise<void> {
    if (busy) return;
    setProblem(undefined);
    try {
      if (member === undefined) return onCreated(await create.mutateAsync({ body: { email, name, role } }));
      const params = { staffId: member.staff_id };
      await update.mutateAsync({ params, body: { version: seenVersion, name, role } });
      onSaved();
    } catch (error) {
      if (error instanceof CallError && error.code === "conflict") {
        setConflict(error.message);
        return await client.invalidateQueries();
      }
      setProblem(error instanceof Error ? error.message : String(error));
    }
  }

  function see(take: boolean): void {
    if (latest === undefined) return;
    if (take) form.setFieldsValue({ name: latest.name, role: latest.role });
    setSeenVersion(latest.version);
    setConflict(undefined);
  }

  return (
    <Form<Typed>
      form={form}
      layout="vertical"
      requiredMark={false}
      initialValues={{ role: "operator", ...member }}
      onFinish={(typed) => void submit(typed)}
    >
      {problem !== undefined && <Alert type="error" showIcon title={problem} className={styles["problem"] ?? ""} />}
      {conflict !== undefined && (
        <Alert
          type="warning"
          showIcon
          className={styles["problem"] ?? ""}
          title={conflict}
          description={
            latest !== undefined &&
            latest.version !== seenVersion && (
              <>
                <p className={styles["wrap"]}>
                  {t(
                    `现在是：${latest.name}，${roleName(latest.role, t)}。你填写的内容仍在下方。`,
                    `It is now: ${latest.name}, ${roleName(latest.role, t)}. What you typed is still below.`,
                  )}
                </p>
                <Space wrap>
                  <Button size="small" onClick={() => see(true)}>
                    {t("改用最新内容", "Take what it is now")}
                  </Button>
                  <Button size="small" onClick={() => see(false)}>
                    {t("保留我的填写", "Keep what I typed")}
                  </Button>
                </Space>
              </>
            )
          }
        />
      )}
      <Form.Item
        name="email"
        label={t("邮箱（登录用）", "E-mail address, to sign in with")}
        rules={[{ required: true, message: t("请输入邮箱", "Enter an e-mail address") }]}
      >
        <Input
          inputMode="email"
          autoComplete="off"
          autoCapitalize="none"
          spellCheck={false}
          maxLength={254}
          disabled={member !== undefined}
        />
      </Form.Item>
      <Form.Item
        name="name"
        label={t("姓名", "Name")}
        rules={[{ required: true, whitespace: true, message: t("请输入姓名", "Enter a name") }]}
      >
        <Input autoComplete="off" maxLength={100} />
      </Form.Item>
      <Form.Item name="role" label={t("角色", "Role")}>
        <Radio.Group
          vertical
          options={roles.map((role) => ({
            value: role,
            label: (
              <>
                {roleName(role, t)} <small>{roleMeaning(role, t)}</small>
              </>
            ),
          }))}
        />
      </Form.Item>
      <Space style={{ width: "100%", justifyContent: "flex-end" }}>
        <Button onClick={onClose}>{t("取消", "Cancel")}</Button>
        <Button type="primary" htmlType="submit" loading={busy} disabled={conflict !== undefined}>
          {member === undefined ? t("创建", "Create") : t("保存", "Save")}
        </Button>
      </Space>
    </Form>
  );
}
