import { useQueryClient } from "@tanstack/react-query";
import { App, Button, Card, Descriptions, Modal } from "antd";
import { useState } from "react";
import { useLanguage } from "../../shared/language.tsx";
import { useAnswer, useChange } from "../calls.ts";
import { Failure } from "../parts/failure.tsx";
import { PageHead } from "../parts/page-head.tsx";
import { useSession } from "../session.tsx";
import { NewPasswordForm } from "./new-password-form.tsx";
import { SessionsTable } from "./sessions-table.tsx";
import { useSignOut } from "./sign-out.ts";
import { TwoFactor } from "./two-factor.tsx";
import styles from "./staff.module.css";
import { roleMeaning, roleName } from "./words.ts";

/** One's own sign-in: who one is here, the password, the second factor, and where one is signed in. */
export default function MePage() {
  const { t } = useLanguage();
  const { name, email, role } = useSession();
  return (
    <>
      <PageHead title={t("我的账号与安全", "My sign-in and security")} />
      <div className={styles["sections"]}>
        <Card>
          <Descriptions
            column={1}
            items={[
              { key: "name", label: t("姓名", "Name"), children: <span className={styles["wrap"]}>{name}</span> },
              { key: "email", label: t("邮箱", "E-mail address"), children: email },
              {
                key: "role",
                label: t("角色", "Role"),
                children: t(
                  `${roleName(role, t)}（${roleMeaning(role, t)}）`,
                  `${roleName(role, t)} (${roleMeaning(role, t)})`,
                ),
              },
            ]}
          />
        </Card>
        <Password />
        <TwoFactor />
        <Sessions />
      </div>
    </>
  );
}

function Heading({ children }: { readonly children: string }) {
  return <h2 style={{ margin: 0, fontSize: 16 }}>{children}</h2>;
}

function Password() {
  const { t } = useLanguage();
  const { email } = useSession();
  const { message } = App.useApp();
  const client = useQueryClient();
  const [open, setOpen] = useState(false);
  return (
    <Card title={<Heading>{t("密码", "Password")}</Heading>}>
      <Button onClick={() => setOpen(true)}>{t("修改密码", "Change the password")}</Button>
      <Modal
        open={open}
        title={t("修改密码", "Change the password")}
        footer={null}
        mask={{ closable: false }}
        onCancel={() => setOpen(false)}
        width={460}
        destroyOnHidden
      >
        <p className={styles["lead"]}>
          {t(
            "修改后，其他设备上的登录会话全部结束，须用新密码重新登录。",
            "All your other sessions end with it, and have to sign in again with the new password.",
          )}
        </p>
        <NewPasswordForm
          email={email}
          submitText={t("保存新密码", "Save the new password")}
          onChanged={() => {
            setOpen(false);
            message.success(t("密码已修改", "The password is changed"));
            void client.invalidateQueries();
          }}
        />
      </Modal>
    </Card>
  );
}

function Sessions() {
  const { t } = useLanguage();
  const { message } = App.useApp();
  const sessions = useAnswer("GET /sessions", {});
  const end = useChange("DELETE /sessions/:sessionId");
  const signOut = useSignOut();
  if (sessions.data === undefined && sessions.error !== null)
    return <Failure error={sessions.error} onRetry={() => void sessions.refetch()} />;
  return (
    <Card title={<Heading>{t("登录会话", "Sessions")}</Heading>} styles={{ body: { paddingTop: 4 } }}>
      <SessionsTable
        list={sessions.data?.list ?? []}
        loading={sessions.isPending}
        onEnd={async (session) => {
          if (session.current) return signOut();
          try {
            await end.mutateAsync({ params: { sessionId: session.session_id } });
            message.success(t("会话已结束", "The session has ended"));
          } catch (error) {
            message.error(error instanceof Error ? error.message : String(error));
            void sessions.refetch();
          }
        }}
      />
    </Card>
  );
}
