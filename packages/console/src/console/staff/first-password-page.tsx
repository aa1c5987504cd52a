import { Button } from "antd";
import { useLanguage } from "../../shared/language.tsx";
import type { SessionAnswer } from "../session.tsx";
import { NewPasswordForm } from "./new-password-form.tsx";
import { useSignOut } from "./sign-out.ts";
import { Welcome } from "./welcome.tsx";

/** Whoever has signed in with a first password chooses one before anything else. */
export function FirstPasswordPage(props: {
  readonly session: SessionAnswer;
  readonly currentPassword: string | undefined;
  readonly onChanged: () => void;
}) {
  const { t } = useLanguage();
  const signOut = useSignOut();
  const { name, email } = props.session;
  return (
    <Welcome
      title={t("设置自己的密码", "Choose your own password")}
      lead={t(
        `${name}，你好。初始密码只能用一次，请换成只有你知道的密码。`,
        `Welcome, ${name}. A first password is good for one sign-in: choose one that only you know.`,
      )}
      foot={
        <Button type="link" size="small" onClick={() => void signOut()}>
          {t(`不是 ${email}？退出登录`, `Not ${email}? Sign out`)}
        </Button>
      }
    >
      <NewPasswordForm
        email={email}
        currentPassword={props.currentPassword}
        submitText={t("保存并进入控制台", "Save and enter the console")}
        onChanged={props.onChanged}
      />
    </Welcome>
  );
}
