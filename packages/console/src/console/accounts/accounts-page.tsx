import { PlusOutlined } from "@ant-design/icons";
import { Button, Empty, Grid, Space, Table, type TableColumnsType } from "antd";
import { useState } from "react";
import { Link } from "react-router";
import { useLanguage } from "../../shared/language.tsx";
import { useAnswer } from "../calls.ts";
import { Failure } from "../parts/failure.tsx";
import { useFormat } from "../parts/format.ts";
import styles from "../parts/forms.module.css";
import { MorePager } from "../parts/more-pager.tsx";
import { PageHead } from "../parts/page-head.tsx";
import { SearchField } from "../parts/search-field.tsx";
import { StatusTag } from "../parts/status-tag.tsx";
import { useMayActAs } from "../session.tsx";
import { useUrlState } from "../url-state.ts";
import { CreateAccount } from "./account-form.tsx";
import { StatusFilter } from "./status-filter.tsx";
import { type ListedAccount, rankName, statuses } from "./words.ts";

const pageSize = 50;

/** The operator's customers. */
export default function AccountsPage() {
  const { t } = useLanguage();
  const mayEdit = useMayActAs()("operator");
  const isWide = Grid.useBreakpoint().lg ?? true;
  const [state, change] = useUrlState(["search", "status", "before"]);
  const [isCreating, setIsCreating] = useState(false);
  const status = statuses.find((one) => one === state.status);
  const accounts = useAnswer("GET /accounts", {
    query: {
      ...(state.search === undefined ? {} : { search: state.search }),
      ...(status === undefined ? {} : { status }),
      ...(state.before === undefined ? {} : { cursor: Number(state.before) }),
      limit: pageSize,
    },
  });
  const columns = useColumns();
  if (accounts.data === undefined && accounts.error !== null)
    return <Failure error={accounts.error} onRetry={() => void accounts.refetch()} />;
  const isNarrowed = state.search !== undefined || status !== undefined;
  return (
    <>
      <PageHead title={t("账户", "Accounts")}>
        {mayEdit && (
          <Button type="primary" icon={<PlusOutlined aria-hidden />} onClick={() => setIsCreating(true)}>
            {t("新建账户", "New account")}
          </Button>
        )}
      </PageHead>
      <div className="filters">
        <SearchField
          label={t("名称、账户编号或 client_id 开头", "Name, number or client_id")}
          width={320}
          value={state.search ?? ""}
          onSearch={(search) => change({ search, before: undefined })}
        />
        <StatusFilter value={status} onChange={(chosen) => change({ status: chosen, before: undefined })} />
      </div>
      <Table<ListedAccount>
        rowKey="account_no"
        size="middle"
        loading={accounts.isPending}
        dataSource={accounts.data?.list ?? []}
        pagination={false}
        locale={{
          emptyText: (
            <Empty
              image={Empty.PRESENTED_IMAGE_SIMPLE}
              description={
                isNarrowed ? t("没有符合条件的账户", "No account fits") : t("还没有账户", "There are no accounts yet")
              }
            />
          ),
        }}
        showHeader={isWide}
        columns={isWide ? columns : [{ render: (_, account) => <AccountCard account={account} /> }]}
      />
      <MorePager
        first={state.before === undefined}
        more={accounts.data?.next_cursor !== undefined}
        onFirst={() => change({ before: undefined })}
        onMore={() => change({ before: accounts.data?.next_cursor?.toString() })}
      />
      {isCreating && <CreateAccount onClose={() => setIsCreating(false)} />}
    </>
  );
}

function useColumns(): TableColumnsType<ListedAccount> {
  const { t } = useLanguage();
  const format = useFormat();
  return [
    { title: t("账户", "Account"), render: (_, account) => <AccountName account={account} /> },
    { title: t("状态", "Status"), width: 110, render: (_, { status }) => <StatusTag status={status} /> },
    { title: t("等级", "Rank"), width: 110, render: (_, { rank }) => rankName(rank, t) },
    {
      title: t("余额（元）", "Balance (CNY)"),
      width: 170,
      align: "right",
      render: (_, { balance }) => <span className="mono">{format.money(balance)}</span>,
    },
    { title: t("客户端", "Clients"), width: 100, align: "right", render: (_, { clients }) => format.count(clients) },
    {
      title: t("创建时间", "Created"),
      width: 190,
      render: (_, { created_at }) => <span className="mono">{format.time(created_at)}</span>,
    },
  ];
}

function AccountName({ account }: { readonly account: ListedAccount }) {
  return (
    <div className={styles["wrap"]}>
      <Link to={`/accounts/${account.account_no}`}>{account.name}</Link>
      <br />
      <small className="mono">{account.account_no}</small>
    </div>
  );
}

/** An account's columns one under the other, where there is no room for more. */
function AccountCard({ account }: { readonly account: ListedAccount }) {
  const { t } = useLanguage();
  const format = useFormat();
  return (
    <Space orientation="vertical" size={4} style={{ width: "100%" }}>
      <AccountName account={account} />
      <Space wrap size={4}>
        <StatusTag status={account.status} />
        {rankName(account.rank, t)}
      </Space>
      <span>
        {t("余额", "Balance")} <span className="mono">{format.money(account.balance)}</span> ·{" "}
        {t(`${account.clients} 个客户端`, account.clients === 1 ? "1 client" : `${account.clients} clients`)}
      </span>
    </Space>
  );
}
