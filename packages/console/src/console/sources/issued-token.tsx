import { Alert, Button, Input, Typography } from "antd";
import { useState } from "react";
import { useLanguage } from "../../shared/language.tsx";
import type { Source } from "./words.ts";
import styles from "./sources.module.css";

/** A token that nobody will see again, and what to do with it first. */
export function IssuedToken(props: {
  readonly name: string;
  readonly token: string;
  /** Of a new source, whose first record is still to be sent. */
  readonly kind?: Source["kind"];
  readonly onDone: () => void;
}) {
  const { t } = useLanguage();
  const { name, token, kind, onDone } = props;
  return (
    <div className={styles["sections"]}>
      <Alert
        type="warning"
        showIcon
        title={t("令牌只显示这一次，请立即保存", "The token is shown only this once: keep it now")}
        description={t(
          "平台只保存它的摘要，之后无法再查看；遗失后只能更换。",
          "The platform stores only a digest of it. If it gets lost, all that helps is a new one.",
        )}
      />
      <div>
        <h3 className={styles["small"]}>{t("令牌", "Token")}</h3>
        <Typography.Text
          className={`mono ${styles["token"]}`}
          copyable={{ tooltips: [t("复制令牌", "Copy the token"), t("已复制", "Copied")], text: token }}
        >
          {token}
        </Typography.Text>
      </div>
      {kind === undefined ? <TokenCheck token={token} /> : <FirstRecord name={name} token={token} kind={kind} />}
      <Button type="primary" onClick={onDone}>
        {t("已保存，关闭", "I have kept it: close")}
      </Button>
    </div>
  );
}

/** A body without records is taken like any other, and changes nothing. */
function TokenCheck({ token }: { readonly token: string }) {
  const { t } = useLanguage();
  return (
    <div>
      <h3 className={styles["small"]}>{t("检验新令牌", "Check the new token")}</h3>
      <p>
        {t(
          "下面的命令不含任何记录，令牌有效时应答 errcode 为 0。",
          "This command sends no records. Where the token holds, errcode is 0 in the answer.",
        )}
      </p>
      <Command command={ingestCommand(token, "application/x-ndjson", "")} />
    </div>
  );
}

function FirstRecord(of: { readonly name: string; readonly token: string; readonly kind: Source["kind"] }) {
  const { t } = useLanguage();
  const { name, token, kind } = of;
  const [typed, setTyped] = useState("");
  const [now] = useState(Date.now);
  const subject = typed.trim() === "" ? "87000001" : typed.trim();
  return (
    <div>
      <h3 className={styles["small"]}>{t("发送第一条记录", "Send the first record")}</h3>
      <p>
        {kind === "delta"
          ? t(
              "填入一张由此来源上报的卡，把命令粘贴到终端执行。这条记录的用量是 0。",
              "Name a card that this source reports, and paste the command into a terminal. The record says 0 bytes.",
            )
          : t(
              "填入一张由此来源上报的卡，把命令粘贴到终端执行。这条读数是 0，下一个真实读数会取代它。",
              "Name a card that this source reports, and paste the command into a terminal. The reading is 0, until the next real one takes its place.",
            )}
      </p>
      <Input
        className={styles["gap"] ?? ""}
        aria-label={t("卡号", "Card number")}
        placeholder={t("卡号，例如 87000001", "Card number, such as 87000001")}
        value={typed}
        maxLength={32}
        onChange={(event) => setTyped(event.target.value)}
      />
      <Command command={firstRecord({ name, token, kind, subject, now })} />
    </div>
  );
}

function Command({ command }: { readonly command: string }) {
  const { t } = useLanguage();
  return (
    <div className={styles["command"]}>
      <pre className="mono">{command}</pre>
      <Typography.Text
        copyable={{ tooltips: [t("复制命令", "Copy the command"), t("已复制", "Copied")], text: command }}
      />
    </div>
  );
}

function firstRecord(of: {
  readonly name: string;
  readonly token: string;
  readonly kind: Source["kind"];
  readonly subject: string;
  readonly now: number;
}): string {
  const at = (ms: number): string => new Date(ms).toISOString().replace(/\.\d+Z$/, "Z");
  const data =
    of.kind === "delta"
      ? { start: at(of.now - 3_600_000), end: at(of.now), bytes_total: 0 }
      : { read_at: at(of.now), bytes_total: 0 };
  const event = {
    specversion: "1.0",
    type: `usage.data.${of.kind}`,
    id: `first-${Math.floor(of.now / 1000)}`,
    source: of.name,
    subject: of.subject,
    data,
  };
  return ingestCommand(of.token, "application/cloudevents+json", JSON.stringify(event));
}

function ingestCommand(token: string, contentType: string, body: string): string {
  return [
    `curl -sS ${location.origin}/ingest/v1/usage \\`,
    `  -H ${quoted(`Authorization: Bearer ${token}`)} \\`,
    `  -H ${quoted(`Content-Type: ${contentType}`)} \\`,
    `  -d ${quoted(body)}`,
  ].join("\n");
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
