import { MoreOutlined } from "@ant-design/icons";
import { App, Button, Checkbox, Dropdown, type MenuProps, Modal } from "antd";
import { useState } from "react";
import { useLanguage } from "../../shared/language.tsx";
import type { CallAnswer } from "../api.ts";
import { useChange } from "../calls.ts";
import { useSession } from "../session.tsx";
import type { StaffMember } from "./staff-form.tsx";
import styles from "./staff.module.css";

interface Props {
  readonly member: StaffMember;
  readonly onEdit: () => void;
  readonly onSessions: () => void;
  readonly onReset: (issued: CallAnswer<"POST /staff">) => void;
}

type Act = "reset" | "suspend" | "resume";

/** All that an admin may do to a staff member. */
export function StaffActs({ member, onEdit, onSessions, onReset }: Props) {
  const { t } = useLanguage();
  const { staff_id: ownId } = useSession();
  const [act, setAct] = useState<Act>();
  const isSuspended = member.status === "suspended";
  const items: MenuProps["items"] = [
    { key: "edit", label: t("修改", "Change") },
    { key: "sessions", label: t("登录会话", "Sessions") },
    { type: "divider" },
    { key: "reset", label: t("重置密码", "Reset the password"), danger: true },
    isSuspended
      ? { key: "resume", label: t("恢复", "Resume") }
      : { key: "suspend", label: t("停用", "Suspend"), danger: true, disabled: member.staff_id === ownId },
  ];
  return (
    <>
      <Dropdown
        trigger={["click"]}
        menu={{
          items,
          onClick({ key }) {
            if (key === "edit") onEdit();
            else if (key === "sessions") onSessions();
            else setAct(key as Act); // One of the others above.
          },
        }}
      >
        <Button icon={<MoreOutlined />} aria-label={t(`${member.name}的操作`, `Actions on ${member.name}`)} />
      </Dropdown>
      {act !== undefined && (
        <ConfirmAct act={act} member={member} onReset={onReset} onClose={() => setAct(undefined)} />
      )}
    </>
  );
}

/** Says what an act will do, and asks once. */
function ConfirmAct(props: {
  readonly act: Act;
  readonly member: StaffMember;
  readonly onReset: (issued: CallAnswer<"POST /staff">) => void;
  readonly onClose: () => void;
}) {
  const { t } = useLanguage();
  const { message } = App.useApp();
  const { act, member, onReset, onClose } = props;
  const reset = useChange("POST /staff/:staffId/reset");
  const suspend = useChange("POST /staff/:staffId/suspend");
  const resume = useChange("POST /staff/:staffId/resume");
  const [keepTotp, setKeepTotp] = useState(false);
  const params = { staffId: member.staff_id };
  const { name } = member;
  const words = {
    reset: {
      title: t(`重置 ${name} 的密码？`, `Reset the password of ${name}?`),
      text: t(
        "将生成新的初始密码（只显示一次），结束其所有登录会话，并解除登录锁定。",
        "Gives a new first password, shown once, ends all their sessions and any lock on signing in.",
      ),
      ok: t("重置", "Reset"),
    },
    suspend: {
      title: t(`停用 ${name}？`, `Suspend ${name}?`),
      text: t(
        "将立即结束其所有登录会话，并不能再登录。资料和操作记录保留，可随时恢复。",
        "Ends all their sessions at once and lets them sign in no more. What they have done stays on record; they can be resumed at any time.",
      ),
      ok: t("停用", "Suspend"),
    },
    resume: {
      title: t(`恢复 ${name}？`, `Resume ${name}?`),
      text: t("恢复后可用原来的密码登录。", "They may sign in again, with the password they had."),
      ok: t("恢复", "Resume"),
    },
  }[act];

  async function carryOut(): Promise<void> {
    try {
      if (act === "reset") onReset(await reset.mutateAsync({ params, body: { keep_totp: keepTotp } }));
      else if (act === "suspend") await suspend.mutateAsync({ params });
      else await resume.mutateAsync({ params });
      if (act === "suspend") message.success(t(`${name} 已停用`, `${name} is suspended`));
      if (act === "resume") message.success(t(`${name} 已恢复`, `${name} may sign in again`));
    } catch (error) {
      message.error(error instanceof Error ? error.message : String(error), 8);
    } finally {
      onClose();
    }
  }

  return (
    <Modal
      open
      title={words.title}
      okText={words.ok}
      okButtonProps={{ danger: act !== "resume" }}
      cancelText={t("取消", "Cancel")}
      confirmLoading={reset.isPending || suspend.isPending || resume.isPending}
      onOk={() => void carryOut()}
      onCancel={onClose}
    >
      <p className={styles["wrap"]}>{words.text}</p>
      {act === "reset" && member.two_factor && (
        <Checkbox checked={keepTotp} onChange={({ target }) => setKeepTotp(target.checked)}>
          {t("保留两步验证（手机未丢失时勾选）", "Keep two-factor authentication, if the phone is not lost")}
        </Checkbox>
      )}
    </Modal>
  );
}
