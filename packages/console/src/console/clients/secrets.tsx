import { SyncOutlined } from "@ant-design/icons";
import { Alert, Button, Grid, Space, Table, type TableColumnsType, Tag } from "antd";
import { useState } from "react";
import { useLanguage } from "../../shared/language.tsx";
import { useChange } from "../calls.ts";
import { ActButton } from "../parts/act-button.tsx";
import { useFormat } from "../parts/format.ts";
import styles from "../parts/forms.module.css";
import { Section } from "../parts/section.tsx";
import { useMayActAs } from "../session.tsx";
import { RotateSecret } from "./rotate-secret.tsx";
import type { Client, Secret } from "./words.ts";

/** A client's secrets, without the secrets: when each was made, last used, and ends. */
export function Secrets({ client }: { readonly client: Client }) {
  const { t } = useLanguage();
  const format = useFormat();
  const mayRotate = useMayActAs()("admin");
  const isWide = Grid.useBreakpoint().lg ?? true;
  const [isRotating, setIsRotating] = useState(false);
  const endRotation = useChange("POST /clients/:client_id/rotation/end");
  const ending = client.secrets.filter(({ state }) => state === "ending");
  const moment = (iso: string | null) => <span className="mono">{format.time(iso)}</span>;
  const columns: TableColumnsType<Secret> = [
    { title: t("密钥", "Secret"), width: 100, render: (_, { secret_no }) => secretName(secret_no) },
    { title: t("状态", "State"), width: 160, render: (_, secret) => <SecretState state={secret.state} /> },
    { title: t("创建时间", "Made"), render: (_, { created_at }) => moment(created_at) },
    {
      title: t("最近使用", "Last used"),
      render: (_, { last_used_at }) => (last_used_at === null ? t("未使用过", "never") : moment(last_used_at)),
    },
    { title: t("失效时间", "Ends"), render: (_, { expires_at }) => moment(expires_at) },
  ];
  return (
    <Section
      title={t("密钥", "Secrets")}
      acts={
        mayRotate && (
          <>
            {ending.length > 0 && (
              <ActButton
                danger
                label={t("立即停用旧密钥", "End the old one now")}
                title={t("立即停用旧密钥？", "End the old secret now?")}
                run={() =>
                  endRotation.mutateAsync({
                    params: { client_id: client.client_id },
                    body: { version: client.version },
                  })
                }
              >
                <EndingHelp client={client} ending={ending} />
              </ActButton>
            )}
            <Button icon={<SyncOutlined aria-hidden />} onClick={() => setIsRotating(true)}>
              {t("更换密钥", "Rotate")}
            </Button>
          </>
        )
      }
    >
      {ending.length > 0 && <RotationNotice client={client} ending={ending} />}
      <Table<Secret>
        rowKey="secret_no"
        size="small"
        pagination={false}
        dataSource={client.secrets}
        showHeader={isWide}
        columns={isWide ? columns : [{ render: (_, secret) => <SecretCard secret={secret} /> }]}
      />
      <p className={styles["note"]}>
        <small>
          {t(
            "“最近使用”精确到半分钟左右。密钥本身加密保存，无法查看，只能更换。",
            "“Last used” is exact to about half a minute. Secrets are kept sealed and cannot be shown, only be changed for others.",
          )}
        </small>
      </p>
      {isRotating && <RotateSecret client={client} onClose={() => setIsRotating(false)} />}
    </Section>
  );
}

function secretName(secretNo: number) {
  return <span className="mono">#{secretNo}</span>;
}

/** The last use of a secret that is being rotated out since there is a new one; undefined if nobody uses it any more. */
function usedSince(client: Client, ending: readonly Secret[]): string | undefined {
  const renewedAt = client.secrets.find(({ state }) => state === "current")?.created_at ?? "";
  return ending
    .flatMap(({ last_used_at }) => (last_used_at !== null && last_used_at > renewedAt ? [last_used_at] : []))
    .sort()
    .at(-1);
}

/** Whether the old secret can go. */
function RotationNotice({ client, ending }: { readonly client: Client; readonly ending: readonly Secret[] }) {
  const { t } = useLanguage();
  const format = useFormat();
  const last = usedSince(client, ending);
  return (
    <Alert
      style={{ marginBottom: 12 }}
      showIcon
      type={last === undefined ? "info" : "warning"}
      title={
        last === undefined
          ? t("更换后，旧密钥没有再被使用过。", "The old secret has not been used since it was changed.")
          : t(
              `更换后仍有系统在用旧密钥签名，最近一次在 ${format.time(last)}。`,
              `Something still signs with the old secret, last at ${format.time(last)}.`,
            )
      }
    />
  );
}

function EndingHelp({ client, ending }: { readonly client: Client; readonly ending: readonly Secret[] }) {
  const { t } = useLanguage();
  const isUsed = usedSince(client, ending) !== undefined;
  return (
    <>
      {t(
        "用旧密钥签名的调用将立即被拒绝（55004 签名错误），不能撤销；新密钥不受影响。",
        "Calls signed with the old secret are refused at once with 55004, and this cannot be undone. The new secret is not affected.",
      )}
      {isUsed && (
        <Alert
          style={{ marginTop: 12 }}
          type="warning"
          showIcon
          title={t(
            "仍有系统在用旧密钥签名，它们会马上失败。",
            "Something still signs with the old secret: it will fail at once.",
          )}
        />
      )}
    </>
  );
}

function SecretState({ state }: { readonly state: Secret["state"] }) {
  const { t } = useLanguage();
  if (state === "current") return <Tag color="success">{t("当前", "Current")}</Tag>;
  if (state === "ending") return <Tag color="processing">{t("过渡期内仍有效", "Old, still valid")}</Tag>;
  return <Tag>{t("已失效", "Ended")}</Tag>;
}

/** A secret's columns one under the other, where there is no room for more. */
function SecretCard({ secret }: { readonly secret: Secret }) {
  const { t } = useLanguage();
  const format = useFormat();
  const line = (label: string, iso: string | null) => (
    <span>
      {label} <span className="mono">{format.time(iso)}</span>
    </span>
  );
  return (
    <Space orientation="vertical" size={2}>
      <Space>
        {secretName(secret.secret_no)}
        <SecretState state={secret.state} />
      </Space>
      {line(t("创建", "Made"), secret.created_at)}
      {line(t("最近使用", "Last used"), secret.last_used_at)}
      {secret.expires_at !== null && line(t("失效", "Ends"), secret.expires_at)}
    </Space>
  );
}
