import { startTransition, useState } from "react";
import { Link, useNavigate } from "react-router";
import iconUrl from "../../shared/icon.svg";
import { type SchemeChoice, chooseScheme, schemeChoice } from "../../shared/color-scheme.ts";
import { useLanguage } from "../../shared/language.tsx";
import { useAddressIn, useAddressOf } from "./address.tsx";
import { Icon } from "./icon.tsx";

interface Props {
  readonly onMenu: () => void;
  readonly onSearch: () => void;
}

export function TopBar({ onMenu, onSearch }: Props) {
  const { t } = useLanguage();
  const addressOf = useAddressOf();
  const shortcut = /mac|iphone|ipad/i.test(navigator.userAgent) ? "⌘ K" : "Ctrl K";
  return (
    <header className="top-bar">
      <button
        type="button"
        className="icon-button menu-button"
        aria-label={t("打开目录", "Open the contents")}
        onClick={onMenu}
      >
        <Icon name="menu" />
      </button>
      <Link to={addressOf("/")} className="brand">
        <img src={iconUrl} width="24" height="24" alt="" />
        <span>
          {t("大卡师开放平台", "Dakashi")}
          <span>{t("开发者文档", "Developers")}</span>
        </span>
      </Link>
      <button type="button" className="open-search" onClick={onSearch}>
        <Icon name="search" />
        <span>{t("搜索", "Search")}</span>
        <kbd>{shortcut}</kbd>
      </button>
      <LanguageButton />
      <SchemeButton />
    </header>
  );
}

/** Named in the language it leads to, as whoever needs it reads that one. */
function LanguageButton() {
  const { language, setLanguage } = useLanguage();
  const other = language === "zh" ? "en" : "zh";
  const address = useAddressIn(other);
  const navigate = useNavigate();
  return (
    <button
      type="button"
      className="icon-button"
      lang={other === "zh" ? "zh-CN" : "en"}
      // The page of before stays until the other language's is there.
      onClick={() =>
        startTransition(() => {
          setLanguage(other);
          void navigate(address, { replace: true });
        })
      }
    >
      {other === "zh" ? "中文" : "English"}
    </button>
  );
}

const nextScheme: Record<SchemeChoice, SchemeChoice> = { system: "light", light: "dark", dark: "system" };

function SchemeButton() {
  const { t } = useLanguage();
  const [choice, setChoice] = useState(schemeChoice);
  const names: Record<SchemeChoice, string> = {
    system: t("跟随系统", "as the device"),
    light: t("浅色", "light"),
    dark: t("深色", "dark"),
  };
  const label = t(`配色：${names[choice]}`, `Colours: ${names[choice]}`);
  return (
    <button
      type="button"
      className="icon-button"
      aria-label={label}
      title={label}
      onClick={() => {
        chooseScheme(nextScheme[choice]);
        setChoice(nextScheme[choice]);
      }}
    >
      <Icon name={choice} />
    </button>
  );
}
