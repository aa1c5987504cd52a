import { useLanguage } from "../../shared/language.tsx";
import type { ListedCard } from "./listing.ts";
import styles from "./cards.module.css";

/** What a card has used of its allowance in the month: in figures, and as a bar for who looks down the column. */
export function UsageBar({ card }: { readonly card: ListedCard }) {
  const { t } = useLanguage();
  const { used_percent: percent, used_data_value: used, total_data_value: total } = card;
  // Of nothing, anything is too much.
  const share = percent ?? (used === "0" ? 0 : 100);
  const level = share < 80 ? "calm" : share < 100 ? "near" : "over";
  return (
    <div className={styles["usage"]}>
      <div className={styles["figures"]}>
        <span className="mono">
          {used} / {total} MB
        </span>
        <span className={styles[level]}>{percent === null ? t("无套餐", "no package") : `${percent}%`}</span>
      </div>
      <div className={styles["track"]} aria-hidden>
        <div className={`${styles["filled"]} ${styles[`${level}Bar`]}`} style={{ width: `${Math.min(share, 100)}%` }} />
      </div>
    </div>
  );
}
