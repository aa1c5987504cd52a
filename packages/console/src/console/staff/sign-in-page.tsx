import { useLanguage } from "../../shared/language.tsx";
import { SignInForm, type SignInFormProps } from "./sign-in-form.tsx";
import { Welcome } from "./welcome.tsx";

/** What whoever is not signed in sees in place of every page. */
export function SignInPage({ onSignedIn }: Pick<SignInFormProps, "onSignedIn">) {
  const { t } = useLanguage();
  return (
    <Welcome
      title={t("登录管理控制台", "Sign in to the console")}
      lead={t("请使用管理员为你开通的员工账号。", "With the staff account that your admin has made for you.")}
      foot={
        <a href="/docs/">
          {t("对接开发者？请看开发者文档", "Integrating with the API? Read the developer documentation")}
        </a>
      }
    >
      <SignInForm onSignedIn={onSignedIn} />
    </Welcome>
  );
}
