import { App, Button, Drawer, Popconfirm } from "antd";
import { useLanguage } from "../../shared/language.tsx";
import { useAnswer, useChange } from "../calls.ts";
import { Failure } from "../parts/failure.tsx";
import { SessionsTable } from "./sessions-table.tsx";
import type { StaffMember } from "./staff-form.tsx";

/** Where a staff member is signed in, for an admin to look at and to end. */
export function StaffSessions({ member, onClose }: { readonly member: StaffMember; readonly onClose: () => void }) {
  const { t } = useLanguage();
  const { message } = App.useApp();
  const params = { staffId: member.staff_id };
  const sessions = useAnswer("GET /staff/:staffId/sessions", { params });
  const endOne = useChange("DELETE /staff/:staffId/sessions/:sessionId");
  const endAll = useChange("DELETE /staff/:staffId/sessions");
  const list = sessions.data?.list ?? [];

  async function done(work: Promise<unknown>): Promise<void> {
    try {
      await work;
      message.success(t("会话已结束", "Ended"));
    } catch (error) {
      message.error(error instanceof Error ? error.message : String(error));
      void sessions.refetch();
    }
  }

  return (
    <Drawer
      open
      size={720}
      title={t(`${member.name} 的登录会话`, `Sessions of ${member.name}`)}
      onClose={onClose}
      extra={
        list.length > 0 && (
          <Popconfirm
            title={t("结束全部会话？", "End all sessions?")}
            description={t(
              `${member.name} 须在每台设备上重新登录。`,
              `${member.name} has to sign in again on every device.`,
            )}
            okText={t("全部结束", "End all")}
            okButtonProps={{ danger: true }}
            onConfirm={() => void done(endAll.mutateAsync({ params }))}
          >
            <Button danger>{t("全部结束", "End all")}</Button>
          </Popconfirm>
        )
      }
    >
      {sessions.data === undefined && sessions.error !== null ? (
        <Failure error={sessions.error} onRetry={() => void sessions.refetch()} />
      ) : (
        <SessionsTable
          list={list}
          loading={sessions.isPending}
          onEnd={({ session_id: sessionId }) => done(endOne.mutateAsync({ params: { ...params, sessionId } }))}
        />
      )}
    </Drawer>
  );
}
