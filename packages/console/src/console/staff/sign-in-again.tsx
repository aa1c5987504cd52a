import { Button, Modal } from "antd";
import { useEffect, useLayoutEffect, useRef, useState } from "react";
import { useLanguage } from "../../shared/language.tsx";
import { CallError, type Interruption, call, isInterruption, onInterrupted, signInAgain } from "../api.ts";
import type { SessionAnswer } from "../session.tsx";
import { NewPasswordForm } from "./new-password-form.tsx";
import { SignInForm } from "./sign-in-form.tsx";
import styles from "./staff.module.css";

interface Props {
  /** Whose page it is: nobody else may go on with it. */
  readonly session: SessionAnswer;
  /** Why the session could not be asked for last, if it could not. */
  readonly ended: string | undefined;
  readonly onSignedIn: () => void;
}

/** Above every other dialog and its lists: one of them may hold what was typed. */
const zIndex = 3000;

/** Asks for the password again, over the page as it is; calls that were made meanwhile wait and are made again. */
export function SignInAgain({ session, ended, onSignedIn }: Props) {
  const { t, language } = useLanguage();
  const [because, setBecause] = useState<Interruption>();
  const [password, setPassword] = useState<string>();
  const waiting = useRef<(() => void)[]>([]);
  const { staff_id: staffId, email, name } = session;

  function goOn(): void {
    setBecause(undefined);
    setPassword(undefined);
    for (const resolve of waiting.current.splice(0)) resolve();
    onSignedIn();
  }

  /**
   * Whether all is well again: somebody may have signed in in another tab, or a call has come back late. Throws if that
   * cannot be told now.
   */
  async function check(): Promise<void> {
    try {
      const answer = await call("GET /session", {}, { language });
      if (answer.must_change_password) setBecause("password_change_needed");
      else goOn();
    } catch (error) {
      if (!(error instanceof CallError && isInterruption(error.code))) throw error;
      setBecause(error.code);
    }
  }
  const latest = useRef(check);
  latest.current = check;

  // Before any page below asks for anything, which effects do.
  useLayoutEffect(() => {
    onInterrupted(staffId, (code) => {
      const done = new Promise<void>((resolve) => waiting.current.push(resolve));
      if (waiting.current.length === 1) {
        setBecause((before) => before ?? code);
        latest.current().catch(() => {});
      }
      return done;
    });
  }, [staffId]);

  useEffect(() => {
    if (ended !== undefined && isInterruption(ended)) void signInAgain(ended);
  }, [ended]);

  const isOpen = because !== undefined;
  useEffect(() => {
    if (!isOpen) return undefined;
    const recheck = (): void => void latest.current().catch(() => {});
    window.addEventListener("focus", recheck);
    return () => window.removeEventListener("focus", recheck);
  }, [isOpen]);

  return (
    <Modal
      open={isOpen}
      title={titleOf(because, t)}
      footer={null}
      closable={false}
      mask={{ closable: false }}
      keyboard={false}
      width={420}
      zIndex={zIndex}
      destroyOnHidden
    >
      <p className={styles["lead"]}>{explanationOf(because, name, email, t)}</p>
      {because === "password_change_needed" ? (
        <NewPasswordForm
          email={email}
          currentPassword={password}
          submitText={t("保存并继续", "Save and go on")}
          onChanged={goOn}
        />
      ) : (
        <SignInForm
          email={email}
          onSignedIn={(given) => {
            setPassword(given);
            return check();
          }}
        />
      )}
      <div className={styles["otherWays"]}>
        <Button type="link" size="small" onClick={() => location.reload()}>
          {because === "someone_else"
            ? t("放弃本页内容，以对方身份继续", "Discard this page and go on as them")
            : t("不是我？放弃本页内容，换个账号登录", "Not you? Discard this page and sign in as yourself")}
        </Button>
      </div>
    </Modal>
  );
}

type T = ReturnType<typeof useLanguage>["t"];

function titleOf(because: Interruption | undefined, t: T): string {
  if (because === "someone_else") return t("此浏览器中登录了其他人", "Somebody else has signed in in this browser");
  if (because === "password_change_needed") return t("请设置新密码", "Choose a new password");
  return t("登录已过期，请重新登录", "Your session has ended: sign in again");
}

function explanationOf(because: Interruption | undefined, name: string, email: string, t: T): string {
  if (because === "someone_else")
    return t(
      `本页属于 ${name}（${email}）。为避免以他人身份提交，请 ${name} 重新登录；页面内容已保留，登录后会自动继续。`,
      `This page is ${name}'s (${email}). So that nothing is sent in another's name, ${name} has to sign in again; nothing on the page is lost.`,
    );
  if (because === "password_change_needed")
    return t(
      "你的密码已被重置，请先设置自己的密码。页面内容已保留，保存后会自动继续。",
      "Your password was reset: choose one of your own first. Nothing on the page is lost; it goes on afterwards.",
    );
  return t(
    `请 ${name}（${email}）重新登录。页面内容已保留，登录后会自动继续。`,
    `${name} (${email}), sign in again. Nothing on the page is lost; it goes on once you have.`,
  );
}
