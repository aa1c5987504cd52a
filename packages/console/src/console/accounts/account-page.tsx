import { EditOutlined } from "@ant-design/icons";
import { Alert, Button, Card, Descriptions, Skeleton } from "antd";
import { useState } from "react";
import { Link, useParams } from "react-router";
import { useLanguage } from "../../shared/language.tsx";
import { useAnswer, useChange } from "../calls.ts";
import { ActButton } from "../parts/act-button.tsx";
import { Failure } from "../parts/failure.tsx";
import { useFormat } from "../parts/format.ts";
import styles from "../parts/forms.module.css";
import { PageHead } from "../parts/page-head.tsx";
import { StatusTag } from "../parts/status-tag.tsx";
import { useMayActAs } from "../session.tsx";
import { AccountClients } from "./account-clients.tsx";
import { EditAccount } from "./account-form.tsx";
import { Ledger } from "./ledger.tsx";
import { type Account, rankName } from "./words.ts";

/** One customer: who it is, its balance, and its clients. */
export default function AccountPage() {
  const { accountNo = "" } = useParams();
  const account = useAnswer("GET /accounts/:account_no", { params: { account_no: Number(accountNo) } });
  if (account.data === undefined) {
    if (account.error === null) return <Skeleton active paragraph={{ rows: 12 }} />;
    return <Failure error={account.error} onRetry={() => void account.refetch()} />;
  }
  return <AccountShown account={account.data} />;
}

function AccountShown({ account }: { readonly account: Account }) {
  const { t } = useLanguage();
  const mayEdit = useMayActAs()("operator");
  const [isEditing, setIsEditing] = useState(false);
  return (
    <div className={styles["sections"]}>
      <PageHead title={account.name}>
        {mayEdit && (
          <>
            <Button icon={<EditOutlined aria-hidden />} onClick={() => setIsEditing(true)}>
              {t("编辑", "Edit")}
            </Button>
            <StatusButton account={account} />
          </>
        )}
      </PageHead>
      {account.status === "suspended" && (
        <Alert
          type="warning"
          showIcon
          title={t(
            "账户已停用：其所有客户端的调用都被拒绝（55002 账户状态异常）。",
            "The account is suspended: every call of its clients is refused with 55002.",
          )}
        />
      )}
      <Summary account={account} />
      <Ledger account={account} />
      <AccountClients account={account} />
      {isEditing && <EditAccount account={account} onClose={() => setIsEditing(false)} />}
    </div>
  );
}

function StatusButton({ account }: { readonly account: Account }) {
  const { t } = useLanguage();
  const setStatus = useChange("PUT /accounts/:account_no/status");
  const run = (status: Account["status"]) =>
    setStatus.mutateAsync({
      params: { account_no: account.account_no },
      body: { version: account.version, status },
    });
  if (account.status === "suspended")
    return (
      <ActButton
        label={t("恢复", "Resume")}
        title={t(`恢复账户“${account.name}”？`, `Resume “${account.name}”?`)}
        run={() => run("normal")}
      >
        {t(
          "其客户端的调用立即恢复应答；单独停用的客户端仍然停用。",
          "Calls of its clients are answered again at once; clients that are suspended themselves stay so.",
        )}
      </ActButton>
    );
  return (
    <ActButton
      danger
      label={t("停用", "Suspend")}
      title={t(`停用账户“${account.name}”？`, `Suspend “${account.name}”?`)}
      run={() => run("suspended")}
    >
      {t(
        "其所有客户端的调用将立即被拒绝（55002 账户状态异常）。卡、套餐、余额和用量计量不受影响，随时可以恢复。",
        "Every call of its clients is refused at once with 55002. Cards, packages, the balance and metering stay as they are, and it can be resumed at any time.",
      )}
    </ActButton>
  );
}

function Summary({ account }: { readonly account: Account }) {
  const { t } = useLanguage();
  const format = useFormat();
  const { account_no: accountNo } = account;
  const cards = `${format.count(account.cards)}${account.cards_more ? "+" : ""}`;
  return (
    <Card size="small">
      <Descriptions
        column={{ xs: 1, sm: 2, lg: 4 }}
        items={[
          { key: "no", label: t("账户编号", "Number"), children: <span className="mono">{accountNo}</span> },
          { key: "status", label: t("状态", "Status"), children: <StatusTag status={account.status} /> },
          { key: "rank", label: t("等级", "Rank"), children: rankName(account.rank, t) },
          {
            key: "created",
            label: t("创建时间", "Created"),
            children: <span className="mono">{format.time(account.created_at)}</span>,
          },
          {
            key: "cards",
            label: t("卡", "Cards"),
            children: <Link to={`/cards?account=${accountNo}`}>{t(`${cards} 张`, cards)}</Link>,
          },
          {
            key: "calls",
            label: t("调用", "Calls"),
            children: <Link to={`/calls?account_no=${accountNo}`}>{t("调用日志", "Call log")}</Link>,
          },
          {
            key: "audit",
            label: t("修改", "Changes"),
            children: (
              <Link to={`/audit?object_kind=account&object_id=${accountNo}`}>{t("操作日志", "Audit log")}</Link>
            ),
          },
        ]}
      />
    </Card>
  );
}
