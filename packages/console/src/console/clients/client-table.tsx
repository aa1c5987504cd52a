import { Empty, Grid, Space, Table, type TableColumnsType, Tag } from "antd";
import { Link } from "react-router";
import { useLanguage } from "../../shared/language.tsx";
import { useFormat } from "../parts/format.ts";
import styles from "../parts/forms.module.css";
import { StatusTag } from "../parts/status-tag.tsx";
import { type FoundClient, type ListedClient, allowListSummary, rateName } from "./words.ts";

type Row = ListedClient & Partial<Pick<FoundClient, "account_no" | "account_name" | "account_status">>;

/** Clients of one account, or of all with the accounts they are of. */
export function ClientTable(props: {
  readonly clients: readonly Row[];
  readonly isLoading: boolean;
  readonly emptyText: string;
  readonly withAccounts?: boolean;
}) {
  const { t } = useLanguage();
  const format = useFormat();
  const isWide = Grid.useBreakpoint().lg ?? true;
  const columns: TableColumnsType<Row> = [
    { title: "client_id", render: (_, client) => <ClientName client={client} /> },
    ...(props.withAccounts === true
      ? [
          {
            title: t("账户", "Account"),
            width: 220,
            render: (_: unknown, client: Row) => <AccountOf client={client} />,
          },
        ]
      : []),
    { title: t("状态", "Status"), width: 110, render: (_, { status }) => <StatusTag status={status} /> },
    { title: t("白名单", "Allow-list"), width: 200, render: (_, { allow_ips }) => allowListSummary(allow_ips, t) },
    {
      title: t("频率上限", "Rate limit"),
      width: 120,
      render: (_, { rate_per_second }) => rateName(rate_per_second, undefined, t),
    },
    {
      title: t("最近使用", "Last used"),
      width: 140,
      render: (_, { last_used_at }) => <span className="mono">{format.shortTime(last_used_at)}</span>,
    },
  ];
  return (
    <Table<Row>
      rowKey="client_id"
      size="middle"
      loading={props.isLoading}
      dataSource={props.clients}
      pagination={false}
      showHeader={isWide}
      locale={{ emptyText: <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={props.emptyText} /> }}
      columns={isWide ? columns : [{ render: (_, client) => <ClientCard client={client} /> }]}
    />
  );
}

function ClientName({ client }: { readonly client: Row }) {
  const { t } = useLanguage();
  return (
    <Space wrap size={4} className={styles["wrap"] ?? ""}>
      <Link className="mono" to={`/clients/${client.client_id}`}>
        {client.client_id}
      </Link>
      {client.rotating && <Tag color="processing">{t("更换密钥中", "rotating")}</Tag>}
    </Space>
  );
}

function AccountOf({ client }: { readonly client: Row }) {
  if (client.account_no === undefined) return null;
  return (
    <span className={styles["wrap"]}>
      <Link to={`/accounts/${client.account_no}`}>{client.account_name}</Link>{" "}
      {client.account_status === "suspended" && <StatusTag status="suspended" />}
    </span>
  );
}

/** A client's columns one under the other, where there is no room for more. */
function ClientCard({ client }: { readonly client: Row }) {
  const { t } = useLanguage();
  const format = useFormat();
  return (
    <Space orientation="vertical" size={4} style={{ width: "100%" }}>
      <ClientName client={client} />
      <AccountOf client={client} />
      <Space wrap size={4}>
        <StatusTag status={client.status} />
        <small>
          {allowListSummary(client.allow_ips, t)} · {t("最近使用", "last used")}{" "}
          <span className="mono">{format.shortTime(client.last_used_at)}</span>
        </small>
      </Space>
    </Space>
  );
}
