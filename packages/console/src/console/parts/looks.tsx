import { BulbOutlined, GlobalOutlined } from "@ant-design/icons";
import { Button, Dropdown } from "antd";
import { useState } from "react";
import { type SchemeChoice, chooseScheme, schemeChoice } from "../../shared/color-scheme.ts";
import { useLanguage } from "../../shared/language.tsx";

/** Chooses between light and dark, or leaves it to the device. */
export function SchemeButton() {
  const { t } = useLanguage();
  const [scheme, setScheme] = useState(schemeChoice);
  const items = (
    [
      ["system", t("跟随系统", "As the system")],
      ["light", t("浅色", "Light")],
      ["dark", t("深色", "Dark")],
    ] as const
  ).map(([key, label]) => ({ key, label }));
  return (
    <Dropdown
      menu={{
        items,
        selectedKeys: [scheme],
        onClick({ key }) {
          const choice = key as SchemeChoice; // One of the three above.
          chooseScheme(choice);
          setScheme(choice);
        },
      }}
      trigger={["click"]}
    >
      <Button type="text" icon={<BulbOutlined />} aria-label={t("配色", "Colours")} />
    </Dropdown>
  );
}

/** Changes to the other language, and is written in it. */
export function LanguageButton() {
  const { language, setLanguage } = useLanguage();
  return (
    <Button
      type="text"
      icon={<GlobalOutlined />}
      onClick={() => setLanguage(language === "zh" ? "en" : "zh")}
      lang={language === "zh" ? "en" : "zh-CN"}
    >
      {language === "zh" ? "EN" : "中文"}
    </Button>
  );
}
