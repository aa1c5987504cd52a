import { PlusOutlined } from "@ant-design/icons";
import { Button } from "antd";
import { useState } from "react";
import { useLanguage } from "../../shared/language.tsx";
import { useAnswer } from "../calls.ts";
import { ClientTable } from "../clients/client-table.tsx";
import { CreateClient } from "../clients/create-client.tsx";
import { Failure } from "../parts/failure.tsx";
import { Section } from "../parts/section.tsx";
import { useMayActAs } from "../session.tsx";
import type { Account } from "./words.ts";

/** The sets of credentials that an account's systems call with. */
export function AccountClients({ account }: { readonly account: Account }) {
  const { t } = useLanguage();
  const mayCreate = useMayActAs()("admin");
  const [isCreating, setIsCreating] = useState(false);
  const clients = useAnswer("GET /accounts/:account_no/clients", { params: { account_no: account.account_no } });
  return (
    <Section
      title={t("客户端", "Clients")}
      acts={
        mayCreate && (
          <Button type="primary" icon={<PlusOutlined aria-hidden />} onClick={() => setIsCreating(true)}>
            {t("新建客户端", "New client")}
          </Button>
        )
      }
    >
      {clients.data === undefined && clients.error !== null ? (
        <Failure error={clients.error} onRetry={() => void clients.refetch()} />
      ) : (
        <ClientTable
          clients={clients.data?.list ?? []}
          isLoading={clients.isPending}
          emptyText={t(
            "还没有客户端；新建后才能调用接口。",
            "There are no clients yet: one is needed to call the API.",
          )}
        />
      )}
      {clients.data?.more === true && (
        <p>
          <small>{t("只列出最早的 500 个。", "Only the oldest 500 are listed.")}</small>
        </p>
      )}
      {isCreating && <CreateClient accountNo={account.account_no} onClose={() => setIsCreating(false)} />}
    </Section>
  );
}
