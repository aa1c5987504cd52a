import { EditOutlined } from "@ant-design/icons";
import { Alert, Button, Card, Descriptions, Skeleton, Space, Typography } from "antd";
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
import { EditSettings } from "./edit-settings.tsx";
import { Secrets } from "./secrets.tsx";
import { type Client, rateName } from "./words.ts";

/** One set of credentials: from where and how often it may call, and its secrets. */
export default function ClientPage() {
  const { clientId = "" } = useParams();
  const client = useAnswer("GET /clients/:client_id", { params: { client_id: clientId } });
  if (client.data === undefined) {
    if (client.error === null) return <Skeleton active paragraph={{ rows: 12 }} />;
    return <Failure error={client.error} onRetry={() => void client.refetch()} />;
  }
  return <ClientShown client={client.data} />;
}

function ClientShown({ client }: { readonly client: Client }) {
  const { t } = useLanguage();
  const mayEdit = useMayActAs()("operator");
  const [isEditing, setIsEditing] = useState(false);
  return (
    <div className={styles["sections"]}>
      <PageHead title={t(`客户端 ${client.client_id}`, `Client ${client.client_id}`)}>
        {mayEdit && (
          <>
            <Button icon={<EditOutlined aria-hidden />} onClick={() => setIsEditing(true)}>
              {t("编辑", "Edit")}
            </Button>
            <StatusButton client={client} />
          </>
        )}
      </PageHead>
      {(client.status === "suspended" || client.account_status === "suspended") && (
        <Alert
          type="warning"
          showIcon
          title={
            client.status === "suspended"
              ? t(
                  "客户端已停用：其调用都被拒绝（55002 账户状态异常）。",
                  "The client is suspended: its calls are refused with 55002.",
                )
              : t(
                  "所属账户已停用：其调用都被拒绝（55002 账户状态异常）。",
                  "Its account is suspended: its calls are refused with 55002.",
                )
          }
        />
      )}
      <Summary client={client} />
      <Secrets client={client} />
      {isEditing && <EditSettings client={client} onClose={() => setIsEditing(false)} />}
    </div>
  );
}

function StatusButton({ client }: { readonly client: Client }) {
  const { t } = useLanguage();
  const setStatus = useChange("PUT /clients/:client_id/status");
  const run = (status: Client["status"]) =>
    setStatus.mutateAsync({ params: { client_id: client.client_id }, body: { version: client.version, status } });
  if (client.status === "suspended")
    return (
      <ActButton
        label={t("恢复", "Resume")}
        title={t("恢复这个客户端？", "Resume this client?")}
        run={() => run("normal")}
      >
        {client.account_status === "suspended"
          ? t(
              "其所属账户也已停用，在账户恢复之前调用仍会被拒绝。",
              "Its account is suspended, too: calls stay refused until that is resumed.",
            )
          : t("其调用立即恢复应答，密钥不变。", "Its calls are answered again at once, with the same secrets.")}
      </ActButton>
    );
  return (
    <ActButton
      danger
      label={t("停用", "Suspend")}
      title={t("停用这个客户端？", "Suspend this client?")}
      run={() => run("suspended")}
    >
      {t(
        "其调用将立即被拒绝（55002 账户状态异常）；同一账户的其他客户端不受影响。随时可以恢复，密钥不变。",
        "Its calls are refused at once with 55002; other clients of the account are not affected. It can be resumed at any time, with the same secrets.",
      )}
    </ActButton>
  );
}

function Summary({ client }: { readonly client: Client }) {
  const { t } = useLanguage();
  const format = useFormat();
  const { client_id: clientId } = client;
  return (
    <Card size="small">
      <Descriptions
        column={{ xs: 1, md: 2 }}
        items={[
          {
            key: "id",
            label: "client_id",
            children: (
              <Typography.Text
                className="mono"
                copyable={{ tooltips: [t("复制 client_id", "Copy client_id"), t("已复制", "Copied")] }}
              >
                {clientId}
              </Typography.Text>
            ),
          },
          {
            key: "account",
            label: t("账户", "Account"),
            children: (
              <span className={styles["wrap"]}>
                <Link to={`/accounts/${client.account_no}`}>{client.account_name}</Link>{" "}
                <small className="mono">{client.account_no}</small>
              </span>
            ),
          },
          { key: "status", label: t("状态", "Status"), children: <StatusTag status={client.status} /> },
          {
            key: "rate",
            label: t("频率上限", "Rate limit"),
            children: rateName(client.rate_per_second, client.default_rate_per_second, t),
          },
          {
            key: "created",
            label: t("创建时间", "Created"),
            children: <span className="mono">{format.time(client.created_at)}</span>,
          },
          {
            key: "links",
            label: t("记录", "Records"),
            children: (
              <Space wrap>
                <Link to={`/calls?client_id=${clientId}`}>{t("调用日志", "Call log")}</Link>
                <Link to={`/calls?client_id=${clientId}&errcode=refused`}>{t("最近的拒绝", "Recent refusals")}</Link>
                <Link to={`/audit?object_kind=client&object_id=${clientId}`}>{t("操作日志", "Audit log")}</Link>
              </Space>
            ),
          },
          {
            key: "allow",
            label: t("IP 白名单", "Allow-list"),
            span: "filled",
            children: <AllowList client={client} />,
          },
        ]}
      />
    </Card>
  );
}

function AllowList({ client }: { readonly client: Client }) {
  const { t } = useLanguage();
  if (client.allow_ips.length === 0) return t("未设置，任意地址都可以调用", "None: any address may call");
  return (
    <span className={`mono ${styles["list"]}`}>
      {client.allow_ips.map((range) => (
        <span key={range}>{range}</span>
      ))}
    </span>
  );
}
