import { Modal } from "antd";
import { type ReactNode, createContext, use, useEffect, useMemo, useRef, useState } from "react";
import { useQueryClient } from "@tanstack/react-query";
import { useLanguage } from "../shared/language.tsx";
import { type CallAnswer, onSignedOut } from "./api.ts";
import { useAnswer } from "./calls.ts";
import { Failure } from "./parts/failure.tsx";
import { Waiting } from "./parts/waiting.tsx";
import { ChangeFirstPassword } from "./staff/change-first-password.tsx";
import { SignInForm, SignInPage } from "./staff/sign-in.tsx";

/** Who is signed in, and what the console has to know of the platform. */
export type SessionAnswer = CallAnswer<"GET /session">;
export type Role = SessionAnswer["role"];

const SessionContext = createContext<SessionAnswer | undefined>(undefined);

export function useSession(): SessionAnswer {
  const session = use(SessionContext);
  if (session === undefined) throw new Error("useSession outside a session");
  return session;
}

const ranks: Readonly<Record<Role, number>> = { viewer: 0, operator: 1, admin: 2 };

/** Whether whoever is signed in has a role, or a higher one. The server decides; this only hides what it would refuse. */
export function useMayActAs(): (least: Role) => boolean {
  const { role } = useSession();
  return (least) => ranks[role] >= ranks[least];
}

/** Shows the console to whoever is signed in, and the sign-in page to everyone else. */
export function Session({ children }: { readonly children: ReactNode }) {
  const session = useAnswer("GET /session", {});
  const client = useQueryClient();
  if (session.data === undefined || session.error?.code === "signed_out") {
    if (session.error === null) return <Waiting />;
    if (session.error.code === "signed_out") return <SignInPage onSignedIn={() => void client.resetQueries()} />;
    return <Failure error={session.error} onRetry={() => void session.refetch()} />;
  }
  if (session.data.must_change_password) return <ChangeFirstPassword onChanged={() => void client.resetQueries()} />;
  return (
    <SessionContext value={session.data}>
      {children}
      <SignInAgain email={session.data.email} />
    </SessionContext>
  );
}

/** Asks for the password again, over the page as it is, when the session has ended meanwhile. */
function SignInAgain({ email }: { readonly email: string }) {
  const { t } = useLanguage();
  const [open, setOpen] = useState(false);
  const waiting = useRef<(() => void)[]>([]);
  useEffect(() => {
    onSignedOut(
      () =>
        new Promise<void>((resolve) => {
          waiting.current.push(resolve);
          setOpen(true);
        }),
    );
  }, []);
  const form = useMemo(
    () => (
      <SignInForm
        email={email}
        onSignedIn={() => {
          setOpen(false);
          for (const resolve of waiting.current.splice(0)) resolve();
        }}
      />
    ),
    [email],
  );
  return (
    <Modal
      open={open}
      title={t("登录已过期，请重新登录", "Your session has ended: sign in again")}
      footer={null}
      closable={false}
      mask={{ closable: false }}
      keyboard={false}
      destroyOnHidden
    >
      <p>
        {t("页面内容已保留，登录后会自动继续。", "Nothing on the page is lost; it goes on once you have signed in.")}
      </p>
      {form}
    </Modal>
  );
}
