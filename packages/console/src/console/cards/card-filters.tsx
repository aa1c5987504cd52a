import { Button, Select } from "antd";
import { useLanguage } from "../../shared/language.tsx";
import { useAnswer } from "../calls.ts";
import { carrierName, knownCarriers } from "../products/words.ts";
import { AccountSelect } from "./account-select.tsx";
import { gprsStatusName, gprsStatuses, simStatusName, simStatuses } from "./card-status.tsx";
import { type ListingState, type filterNames, unused, usagePercents } from "./listing.ts";
import styles from "./cards.module.css";

type FilterName = (typeof filterNames)[number];

/** What the list is narrowed to. */
export function CardFilters(props: {
  readonly state: ListingState;
  readonly isNarrowed: boolean;
  readonly onChange: (changed: Partial<Record<FilterName, string | undefined>>) => void;
  readonly onClear: () => void;
}) {
  const { t } = useLanguage();
  const { state, onChange } = props;
  const carriers = useAnswer("GET /card-carriers", {}).data?.list ?? knownCarriers;
  return (
    <div className={styles["filters"]}>
      <AccountSelect value={state.account} onChange={(account) => onChange({ account })} />
      <Choice
        label={t("运营商", "Carrier")}
        value={state.carrier}
        options={carriers.map((carrier) => [carrier, carrierName(carrier, t)])}
        width={170}
        onChange={(carrier) => onChange({ carrier })}
      />
      <Choice
        label={t("卡状态", "SIM status")}
        value={state.sim}
        options={simStatuses.map((status) => [String(status), simStatusName(status, t)])}
        onChange={(sim) => onChange({ sim })}
      />
      <Choice
        label={t("数据状态", "Data status")}
        value={state.gprs}
        options={gprsStatuses.map((status) => [String(status), gprsStatusName(status, t)])}
        onChange={(gprs) => onChange({ gprs })}
      />
      <Choice
        label={t("本月用量", "Used this month")}
        value={state.usage}
        options={[
          ...usagePercents.map((percent): [string, string] => [
            String(percent),
            percent === 100 ? t("已用完（≥ 100%）", "Used up (≥ 100%)") : t(`已用 ≥ ${percent}%`, `≥ ${percent}% used`),
          ]),
          [unused, t("本月无用量", "Nothing used")],
        ]}
        width={170}
        onChange={(usage) => onChange({ usage })}
      />
      <Choice
        label={t("账期起始日", "Billing day")}
        value={state.day}
        options={Array.from({ length: 28 }, (_, index) => [
          String(index + 1),
          t(`每月 ${index + 1} 日`, `Day ${index + 1}`),
        ])}
        onChange={(day) => onChange({ day })}
      />
      {props.isNarrowed && (
        <Button type="link" onClick={props.onClear}>
          {t("清除筛选", "Clear filters")}
        </Button>
      )}
    </div>
  );
}

function Choice(props: {
  readonly label: string;
  readonly value: string | undefined;
  readonly options: readonly (readonly [value: string, label: string])[];
  readonly width?: number;
  readonly onChange: (value: string | undefined) => void;
}) {
  const { label, value, options, width = 150 } = props;
  return (
    <Select
      aria-label={label}
      placeholder={label}
      allowClear
      style={{ width }}
      popupMatchSelectWidth={false}
      value={value ?? null}
      options={options.map(([one, name]) => ({ value: one, label: name }))}
      onChange={(chosen: string | null) => props.onChange(chosen ?? undefined)}
    />
  );
}
