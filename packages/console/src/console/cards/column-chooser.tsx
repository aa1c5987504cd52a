import { SettingOutlined } from "@ant-design/icons";
import { Button, Checkbox, Popover, Space } from "antd";
import { useLanguage } from "../../shared/language.tsx";
import { type ColumnName, columnNames, columnTitle, defaultColumns } from "./card-columns.tsx";
import styles from "./cards.module.css";

const storageKey = "dks-card-columns";

/** The columns of an address; otherwise those that were chosen in this browser last, otherwise the usual ones. */
export function columnsOf(text: string | undefined): readonly ColumnName[] {
  const names = (text ?? localStorage.getItem(storageKey) ?? "").split(",");
  const chosen = columnNames.filter((name) => name === "serial_no" || names.includes(name));
  return chosen.length > 1 ? chosen : defaultColumns;
}

/** Chooses the list's columns. They are kept in the address, for a link, and in the browser, for the next time. */
export function ColumnChooser(props: {
  readonly columns: readonly ColumnName[];
  readonly onChange: (text: string | undefined) => void;
}) {
  const { t } = useLanguage();
  function choose(names: readonly ColumnName[]): void {
    const text = columnNames.filter((name) => names.includes(name)).join(",");
    const isDefault = text === defaultColumns.join(",");
    if (isDefault) localStorage.removeItem(storageKey);
    else localStorage.setItem(storageKey, text);
    props.onChange(isDefault ? undefined : text);
  }
  const content = (
    <Space orientation="vertical" size={12}>
      <div className={styles["chooser"]} role="group" aria-label={t("显示的列", "Columns shown")}>
        {columnNames.map((name) => (
          <Checkbox
            key={name}
            checked={props.columns.includes(name)}
            disabled={name === "serial_no"}
            onChange={({ target }) =>
              choose(target.checked ? [...props.columns, name] : props.columns.filter((one) => one !== name))
            }
          >
            {columnTitle(name, t)}
          </Checkbox>
        ))}
      </div>
      <Button size="small" onClick={() => choose(defaultColumns)}>
        {t("恢复默认", "Reset")}
      </Button>
    </Space>
  );
  return (
    <Popover trigger="click" placement="bottomRight" content={content}>
      <Button icon={<SettingOutlined />}>{t("选择列", "Columns")}</Button>
    </Popover>
  );
}
