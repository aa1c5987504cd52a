import { Empty, Skeleton } from "antd";
import type { ReactNode } from "react";
import { Link } from "react-router";
import { useLanguage } from "../../shared/language.tsx";
import { simStatusName } from "../cards/card-status.tsx";
import { useChartColors } from "../parts/chart-theme.ts";
import { useFormat } from "../parts/format.ts";
import { Section } from "../parts/section.tsx";
import { type Inventory, partText } from "./words.ts";
import { carrierName } from "../products/words.ts";
import styles from "./overview.module.css";

interface Share {
  readonly key: string;
  readonly name: ReactNode;
  readonly cards: number;
  readonly color: string | undefined;
}

interface Given {
  readonly inventory: Inventory | undefined;
}

/** How many accounts are shown each; what there are more is one line, since three hundred bars say less than ten. */
const accountsMax = 10;
const carriersMax = 4;

export function StatusShares({ inventory }: Given) {
  const { t } = useLanguage();
  const colors = useChartColors();
  const byStatus = [colors.danger, colors.good, colors.series[5], colors.warning, colors.series[0]];
  return (
    <Section title={t("卡状态", "Cards by status")}>
      <Shares
        total={inventory?.cards}
        rows={4}
        shares={inventory?.by_sim_status.map(({ sim_status, cards }) => ({
          key: String(sim_status),
          name: <Link to={`/cards?sim=${sim_status}`}>{simStatusName(sim_status, t)}</Link>,
          cards,
          color: byStatus[sim_status],
        }))}
      />
    </Section>
  );
}

export function CarrierShares({ inventory }: Given) {
  const { t } = useLanguage();
  const { series } = useChartColors();
  const largest = inventory?.by_carrier.largest.slice(0, carriersMax);
  const others = inventory && othersOf(inventory.by_carrier, carriersMax);
  return (
    <Section title={t("运营商", "Cards by carrier")}>
      <Shares
        total={inventory?.cards}
        rows={3}
        shares={
          largest && [
            ...largest.map(({ carrier, cards }) => ({
              key: carrier,
              name: <Link to={`/cards?carrier=${encodeURIComponent(carrier)}`}>{carrierName(carrier, t)}</Link>,
              cards,
              color: series[0],
            })),
            ...(others !== undefined && others.keys > 0
              ? [
                  {
                    key: "",
                    name: t(`其余 ${others.keys} 家`, `${others.keys} others`),
                    cards: others.cards,
                    color: series[5],
                  },
                ]
              : []),
          ]
        }
      />
    </Section>
  );
}

export function AccountShares({ inventory }: Given) {
  const { t } = useLanguage();
  const format = useFormat();
  const { series } = useChartColors();
  const largest = inventory?.by_account.largest.slice(0, accountsMax);
  const others = inventory && othersOf(inventory.by_account, accountsMax);
  const shares: Share[] | undefined = inventory &&
    largest && [
      ...largest.map(({ account_no, account_name, cards }) => ({
        key: String(account_no),
        name: <Link to={`/accounts/${account_no}`}>{account_name ?? account_no}</Link>,
        cards,
        color: series[0],
      })),
      ...(others !== undefined && others.keys > 0
        ? [
            {
              key: "others",
              name: t(`其余 ${format.count(others.keys)} 个账户`, `${format.count(others.keys)} other accounts`),
              cards: others.cards,
              color: series[5],
            },
          ]
        : []),
      ...(inventory.in_stock > 0
        ? [
            {
              key: "stock",
              name: <Link to="/cards?account=stock">{t("库存（未分配账户）", "In stock, no account")}</Link>,
              cards: inventory.in_stock,
              color: series[5],
            },
          ]
        : []),
    ];
  return (
    <Section title={t("账户", "Cards by account")}>
      <Shares total={inventory?.cards} rows={6} shares={shares} />
    </Section>
  );
}

/** What is not among the first so many. */
function othersOf(
  shares: {
    readonly largest: readonly { readonly cards: number }[];
    readonly others: { readonly keys: number; readonly cards: number };
  },
  shown: number,
): { keys: number; cards: number } {
  const more = shares.largest.slice(shown);
  return {
    keys: shares.others.keys + more.length,
    cards: more.reduce((sum, { cards }) => sum + cards, shares.others.cards),
  };
}

/** Bars beside their names and figures: readable as text, and each as long as its part of all cards. */
function Shares(props: {
  readonly shares: readonly Share[] | undefined;
  readonly total: number | undefined;
  readonly rows: number;
}) {
  const { t, language } = useLanguage();
  const format = useFormat();
  const { shares, total, rows } = props;
  const height = rows * 40 - 10;
  if (shares === undefined || total === undefined)
    return <Skeleton active title={false} paragraph={{ rows }} style={{ height }} />;
  if (shares.length === 0)
    return (
      <div className={styles["blank"]} style={{ minHeight: height }}>
        <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={t("还没有卡", "There are no cards yet")} />
      </div>
    );
  return (
    <ul className={styles["shares"]} style={{ minHeight: height }}>
      {shares.map(({ key, name, cards, color }) => (
        <li key={key} className={styles["share"]}>
          <span>{name}</span>
          <span className={styles["value"]}>
            {format.count(cards)} <small>{partText(cards, total, language)}</small>
          </span>
          <span className={styles["bar"]} aria-hidden="true">
            <span style={{ width: `${(cards / Math.max(1, total)) * 100}%`, background: color }} />
          </span>
        </li>
      ))}
    </ul>
  );
}
