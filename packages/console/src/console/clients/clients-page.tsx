import { useLanguage } from "../../shared/language.tsx";
import { StatusFilter } from "../accounts/status-filter.tsx";
import { statuses } from "../accounts/words.ts";
import { useAnswer } from "../calls.ts";
import { Failure } from "../parts/failure.tsx";
import { MorePager } from "../parts/more-pager.tsx";
import { PageHead } from "../parts/page-head.tsx";
import { SearchField } from "../parts/search-field.tsx";
import { useUrlState } from "../url-state.ts";
import { ClientTable } from "./client-table.tsx";

const pageSize = 50;

/** The clients of all accounts: new ones are made on an account's page. */
export default function ClientsPage() {
  const { t } = useLanguage();
  const [state, change] = useUrlState(["search", "status", "after"]);
  const status = statuses.find((one) => one === state.status);
  const clients = useAnswer("GET /clients", {
    query: {
      ...(state.search === undefined ? {} : { search: state.search }),
      ...(status === undefined ? {} : { status }),
      ...(state.after === undefined ? {} : { cursor: state.after }),
      limit: pageSize,
    },
  });
  if (clients.data === undefined && clients.error !== null)
    return <Failure error={clients.error} onRetry={() => void clients.refetch()} />;
  return (
    <>
      <PageHead title={t("客户端", "Clients")} />
      <div className="filters">
        <SearchField
          label={t("client_id 开头、账户编号或名称", "client_id, account number or name")}
          width={340}
          value={state.search ?? ""}
          onSearch={(search) => change({ search, after: undefined })}
        />
        <StatusFilter value={status} onChange={(chosen) => change({ status: chosen, after: undefined })} />
      </div>
      <ClientTable
        withAccounts
        clients={clients.data?.list ?? []}
        isLoading={clients.isPending}
        emptyText={
          state.search === undefined && status === undefined
            ? t("还没有客户端；请在账户页面中新建。", "There are no clients yet; make one on an account's page.")
            : t("没有符合条件的客户端", "No client fits")
        }
      />
      <MorePager
        first={state.after === undefined}
        more={clients.data?.next_cursor !== undefined}
        onFirst={() => change({ after: undefined })}
        onMore={() => change({ after: clients.data?.next_cursor })}
      />
    </>
  );
}
