import { Table } from "antd";
import { useLanguage } from "../../shared/language.tsx";

type Values = Readonly<Record<string, unknown>> | null;

/** What a change has changed, value by value. */
export function Change({ before, after }: { readonly before: Values; readonly after: Values }) {
  const { t } = useLanguage();
  const names = [...new Set([...Object.keys(before ?? {}), ...Object.keys(after ?? {})])];
  const rows = names.map((name) => ({ name, before: shown(before?.[name]), after: shown(after?.[name]) }));
  return (
    <Table
      rowKey="name"
      size="small"
      pagination={false}
      dataSource={rows}
      scroll={{ x: 500 }}
      columns={[
        { title: t("项目", "Value"), dataIndex: "name", width: 200, className: "mono" },
        { title: t("之前", "Before"), dataIndex: "before", className: "mono" },
        {
          title: t("之后", "After"),
          dataIndex: "after",
          className: "mono",
          render: (text: string, row) => (row.before === text ? text : <strong>{text}</strong>),
        },
      ]}
    />
  );
}

function shown(value: unknown): string {
  if (value === undefined || value === null) return "—";
  return typeof value === "string" ? value : JSON.stringify(value);
}
