import { useId, useState } from "react";
import { useLanguage } from "../../shared/language.tsx";
import { Marks } from "./visible-text.tsx";

/**
 * Takes a secret. Not a password field, into which browsers fill the password of whoever signs in to the console of the
 * same address, and which they offer to store; nothing here is remembered or spell-checked, since both may leave the page.
 */
export function SecretField({
  value,
  onChange,
}: {
  readonly value: string;
  readonly onChange: (value: string) => void;
}) {
  const { t } = useLanguage();
  const id = useId();
  const [shown, setShown] = useState(false);
  return (
    <div className="debugger-field">
      <label className="mono" htmlFor={id}>
        client_secret
      </label>
      <div className="debugger-secret-field">
        <input
          id={id}
          className={`input mono${shown ? "" : " debugger-masked"}`}
          value={value}
          onChange={(event) => onChange(event.target.value)}
          aria-describedby={`${id}-note`}
          autoComplete="off"
          autoCapitalize="off"
          autoCorrect="off"
          spellCheck={false}
          data-1p-ignore=""
          data-lpignore="true"
        />
        <button type="button" className="button" aria-pressed={shown} onClick={() => setShown(!shown)}>
          {shown ? t("隐藏", "Hide") : t("显示", "Show")}
          <span className="visually-hidden"> client_secret</span>
        </button>
      </div>
      <div id={`${id}-note`} className="debugger-note">
        {t("只在本页内存中使用，不会离开浏览器。", "Used in this page's memory only; it never leaves the browser.")}
      </div>
      <Marks
        text={value}
        introduction={t(
          "密钥中有这些字符，通常是复制时带上的：",
          "The secret has these characters, which usually come along when it is copied:",
        )}
      />
    </div>
  );
}
