import { Card, Descriptions, Progress, Typography } from "antd";
import { Link } from "react-router";
import { type Translate, useLanguage } from "../../shared/language.tsx";
import { useFormat } from "../parts/format.ts";
import { StatusTag } from "../parts/status-tag.tsx";
import { carrierName } from "../products/words.ts";
import styles from "./card.module.css";
import { type CardShown, kindName } from "./words.ts";

/** The current month's figures beside what names the card. */
export function CardSummary({ card }: { readonly card: CardShown }) {
  const { t } = useLanguage();
  return (
    <div className={styles["summary"]}>
      <Card size="small">
        <section aria-label={t("本账期流量", "Data this month")}>
          <Figures card={card} />
        </section>
      </Card>
      <Card size="small">
        <section aria-label={t("卡信息", "The card")}>
          <Identity card={card} />
        </section>
      </Card>
    </div>
  );
}

function Figures({ card }: { readonly card: CardShown }) {
  const { t } = useLanguage();
  const format = useFormat();
  const { allowance_bytes: allowance, used_bytes: used } = card;
  const percent = allowance === 0 ? (used > 0 ? 100 : 0) : (used / allowance) * 100;
  return (
    <>
      <dl className={styles["figures"]}>
        {(
          [
            [t("总量", "Allowance"), card.total_data_value],
            [t("已用", "Used"), card.used_data_value],
            [t("剩余", "Left"), card.left_data_value],
          ] as const
        ).map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>
              {value} <small>MB</small>
            </dd>
          </div>
        ))}
      </dl>
      <Progress
        percent={Math.min(100, percent)}
        showInfo={false}
        strokeColor={percent >= 100 ? "#cf1322" : percent >= 80 ? "#d46b08" : "#1668dc"}
        aria-label={t(`已用 ${Math.floor(percent)}%`, `${Math.floor(percent)}% used`)}
      />
      <p className={styles["note"]}>
        {t(
          `账期 ${card.billing_month}：${card.first_day} 至 ${card.last_day}`,
          `Billing month ${card.billing_month}: ${card.first_day} to ${card.last_day}`,
        )}
      </p>
      <p className={styles["note"]}>
        {card.data_as_of === null
          ? t("尚无用量数据", "No usage is known yet")
          : t(`数据截至 ${format.time(card.data_as_of)}`, `Known as of ${format.time(card.data_as_of)}`)}
      </p>
      <p className={styles["note"]}>{sourceLine(card, t)}</p>
    </>
  );
}

function sourceLine({ source, assigned_source: assigned }: CardShown, t: Translate): string {
  if (source !== null) {
    const kind = kindName(source.kind, t);
    return t(`用量来源：${source.name}（${kind}）`, `Counted by: ${source.name} (${kind})`);
  }
  if (assigned !== null)
    return t(
      `指定的来源 ${assigned.name} 尚未上报本账期`,
      `The assigned source ${assigned.name} has not reported this month yet`,
    );
  return t("本账期还没有来源上报用量", "No source has reported this month yet");
}

function Identity({ card }: { readonly card: CardShown }) {
  const { t } = useLanguage();
  const format = useFormat();
  const copied = (value: string | null) =>
    value === null ? (
      "—"
    ) : (
      <Typography.Text className="mono" copyable={{ tooltips: false }}>
        {value}
      </Typography.Text>
    );
  return (
    <Descriptions
      size="small"
      column={{ xs: 1, sm: 1, md: 2, lg: 2, xl: 2, xxl: 2 }}
      items={[
        { key: "serial_no", label: t("卡号", "Card number"), children: copied(card.serial_no) },
        { key: "custom_no", label: t("自定义编号", "Custom number"), children: copied(card.custom_no) },
        { key: "iccid", label: "ICCID", children: copied(card.iccid) },
        { key: "imsi", label: "IMSI", children: copied(card.imsi) },
        { key: "msisdn", label: "MSISDN", children: copied(card.msisdn) },
        { key: "carrier", label: t("运营商", "Carrier"), children: carrierName(card.carrier, t) },
        {
          key: "account",
          label: t("账户", "Account"),
          children:
            card.account === null ? (
              t("库存，未售出", "In stock, not sold")
            ) : (
              <span>
                <Link to={`/accounts/${card.account.account_no}`}>{card.account.name}</Link>{" "}
                {card.account.status === "suspended" && <StatusTag status="suspended" />}
              </span>
            ),
        },
        {
          key: "cycle_day",
          label: t("账期起始日", "Months start on"),
          children: t(`每月 ${card.cycle_day} 日`, `day ${card.cycle_day}`),
        },
        { key: "created_at", label: t("导入时间", "Imported"), children: format.time(card.created_at) },
        { key: "updated_at", label: t("最近更新", "Last changed"), children: format.time(card.updated_at) },
      ]}
    />
  );
}
