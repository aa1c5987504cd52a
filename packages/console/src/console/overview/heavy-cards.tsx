import { Empty, Skeleton } from "antd";
import { Link } from "react-router";
import { useLanguage } from "../../shared/language.tsx";
import { useFormat } from "../parts/format.ts";
import { Section } from "../parts/section.tsx";
import { type HeavyCard, type Inventory, partText } from "./words.ts";
import styles from "./overview.module.css";

const shownMax = 8;

/** The cards that are near their allowance, or over it. */
export function HeavyCards({
  kind,
  inventory,
}: {
  readonly kind: "near" | "over";
  readonly inventory: Inventory | undefined;
}) {
  const { t } = useLanguage();
  const format = useFormat();
  const heavy = inventory?.[kind];
  const count = heavy === undefined ? "" : ` · ${format.count(heavy.cards)}`;
  const title =
    (kind === "over"
      ? t("已用完或超出用量", "Over their allowance")
      : t("即将用完（90% 以上）", "Near their allowance (90% and more)")) + count;
  return (
    <Section
      title={title}
      acts={
        heavy !== undefined &&
        heavy.cards > 0 && (
          <Link to={`/cards?usage=${kind === "over" ? 100 : 90}`}>
            {kind === "over" ? t("查看这些卡", "Show these cards") : t("查看 90% 以上的卡", "Show all from 90%")}
          </Link>
        )
      }
    >
      <div style={{ minHeight: 22 }} className={styles["faint"]}>
        {kind === "over" && inventory !== undefined && inventory.over_without_allowance > 0
          ? t(
              `其中 ${format.count(inventory.over_without_allowance)} 张没有生效的套餐`,
              `${format.count(inventory.over_without_allowance)} of them without any package in effect`,
            )
          : t("按占套餐用量的比例排列", "By how much of the allowance is used")}
      </div>
      <div style={{ minHeight: shownMax * 41 }}>
        {heavy === undefined ? (
          <Skeleton active title={false} paragraph={{ rows: shownMax }} />
        ) : heavy.cards === 0 ? (
          <div className={styles["blank"]} style={{ height: shownMax * 41 }}>
            <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={t("没有这样的卡", "There are none")} />
          </div>
        ) : (
          <ul className={styles["cards"]}>
            {heavy.top.slice(0, shownMax).map((card) => (
              <HeavyRow key={card.serial_no} card={card} />
            ))}
          </ul>
        )}
      </div>
    </Section>
  );
}

function HeavyRow({ card }: { readonly card: HeavyCard }) {
  const { t, language } = useLanguage();
  const format = useFormat();
  const { serial_no, account_name, account_no, used_bytes, allowance_bytes } = card;
  return (
    <li className={styles["card"]}>
      <span>
        <Link to={`/cards/${encodeURIComponent(serial_no)}`} className="mono">
          {serial_no}
        </Link>{" "}
        <span className={styles["faint"]}>
          {account_no === null ? t("库存", "In stock") : (account_name ?? account_no)}
        </span>
      </span>
      <strong className={styles["end"]}>
        {allowance_bytes === 0 ? t("无套餐", "No package") : partText(used_bytes, allowance_bytes, language)}
      </strong>
      <span className={`${styles["end"]} ${styles["faint"]}`}>
        {format.bytes(used_bytes)} / {format.bytes(allowance_bytes)}
      </span>
    </li>
  );
}
