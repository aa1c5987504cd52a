import { PlusOutlined } from "@ant-design/icons";
import { App, Button, Grid, Space, Table, type TableColumnsType, Tag } from "antd";
import { useState } from "react";
import { useLanguage } from "../../shared/language.tsx";
import type { CallAnswer } from "../api.ts";
import { useAnswer } from "../calls.ts";
import { Failure } from "../parts/failure.tsx";
import { useFormat } from "../parts/format.ts";
import { PageHead } from "../parts/page-head.tsx";
import { useSession } from "../session.tsx";
import { IssuedPassword } from "./issued-password.tsx";
import { StaffActs } from "./staff-acts.tsx";
import { StaffForm, type StaffMember } from "./staff-form.tsx";
import { StaffSessions } from "./staff-sessions.tsx";
import styles from "./staff.module.css";
import { roleName } from "./words.ts";

/** What is open over the list. */
type Open =
  | { readonly kind: "create" }
  | { readonly kind: "edit"; readonly member: StaffMember }
  | { readonly kind: "sessions"; readonly member: StaffMember };

/** Everyone who may sign in to the console. */
export default function StaffPage() {
  const { t } = useLanguage();
  const format = useFormat();
  const { message } = App.useApp();
  const isWide = Grid.useBreakpoint().lg ?? true;
  const staff = useAnswer("GET /staff", {});
  const [open, setOpen] = useState<Open>();
  const [issued, setIssued] = useState<CallAnswer<"POST /staff">>();
  if (staff.data === undefined && staff.error !== null)
    return <Failure error={staff.error} onRetry={() => void staff.refetch()} />;
  const list = staff.data?.list ?? [];

  const acts = (member: StaffMember) => (
    <StaffActs
      member={member}
      onEdit={() => setOpen({ kind: "edit", member })}
      onSessions={() => setOpen({ kind: "sessions", member })}
      onReset={setIssued}
    />
  );
  const columns: TableColumnsType<StaffMember> = [
    { title: t("员工", "Staff member"), render: (_, member) => <Who member={member} /> },
    { title: t("角色", "Role"), width: 110, render: (_, { role }) => roleName(role, t) },
    { title: t("状态", "Status"), width: 260, render: (_, member) => <Status member={member} /> },
    {
      title: t("最近登录", "Last sign-in"),
      width: 190,
      render: (_, member) => <span className="mono">{format.time(member.last_sign_in_at)}</span>,
    },
    { title: "", width: 64, align: "end", render: (_, member) => acts(member) },
  ];
  const oneColumn: TableColumnsType<StaffMember> = [
    {
      title: t("员工", "Staff member"),
      render: (_, member) => (
        <Space orientation="vertical" size={6} style={{ width: "100%" }}>
          <Who member={member} />
          <span>{roleName(member.role, t)}</span>
          <Status member={member} />
          <small>
            {t("最近登录", "Last sign-in")} <span className="mono">{format.shortTime(member.last_sign_in_at)}</span>
          </small>
        </Space>
      ),
    },
    {
      title: "",
      width: 56,
      align: "end",
      onCell: () => ({ style: { verticalAlign: "top" } }),
      render: (_, member) => acts(member),
    },
  ];
  return (
    <>
      <PageHead title={t("员工", "Staff")}>
        <Button type="primary" icon={<PlusOutlined />} onClick={() => setOpen({ kind: "create" })}>
          {t("新建员工", "New staff member")}
        </Button>
      </PageHead>
      <Table<StaffMember>
        rowKey="staff_id"
        size="middle"
        loading={staff.isPending}
        dataSource={list}
        pagination={list.length > 50 ? { pageSize: 50 } : false}
        columns={isWide ? columns : oneColumn}
      />
      {(open?.kind === "create" || open?.kind === "edit") && (
        <StaffForm
          member={open.kind === "edit" ? open.member : undefined}
          latest={open.kind === "edit" ? list.find((one) => one.staff_id === open.member.staff_id) : undefined}
          onCreated={(created) => {
            setOpen(undefined);
            setIssued(created);
          }}
          onSaved={() => {
            setOpen(undefined);
            message.success(t("已保存", "Saved"));
          }}
          onClose={() => setOpen(undefined)}
        />
      )}
      {open?.kind === "sessions" && <StaffSessions member={open.member} onClose={() => setOpen(undefined)} />}
      <IssuedPassword issued={issued} onClose={() => setIssued(undefined)} />
    </>
  );
}

function Who({ member }: { readonly member: StaffMember }) {
  const { t } = useLanguage();
  const { staff_id: ownId } = useSession();
  return (
    <div className={styles["wrap"]}>
      {member.name} {member.staff_id === ownId && <Tag color="processing">{t("本人", "You")}</Tag>}
      <div>
        <small>{member.email}</small>
      </div>
    </div>
  );
}

function Status({ member }: { readonly member: StaffMember }) {
  const { t } = useLanguage();
  const format = useFormat();
  return (
    <Space size={4} wrap>
      {member.status === "suspended" ? (
        <Tag color="error">{t("已停用", "Suspended")}</Tag>
      ) : (
        <Tag color="success">{t("正常", "Normal")}</Tag>
      )}
      {member.two_factor && <Tag color="processing">{t("两步验证", "Two-factor")}</Tag>}
      {member.must_change_password && <Tag>{t("初始密码未改", "First password")}</Tag>}
      {member.locked_until !== null && new Date(member.locked_until) > new Date() && (
        <Tag color="warning">
          {t(
            `锁定至 ${format.shortTime(member.locked_until)}`,
            `Locked until ${format.shortTime(member.locked_until)}`,
          )}
        </Tag>
      )}
    </Space>
  );
}
