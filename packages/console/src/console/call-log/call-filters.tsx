import { DatePicker, Input, Select } from "antd";
import dayjs from "dayjs";
import { useState } from "react";
import { useLanguage } from "../../shared/language.tsx";
import type { CallAnswer } from "../api.ts";
import styles from "./call-log.module.css";

/** What the list of calls is narrowed to, as the page's address has it. */
export const filterNames = [
  "from",
  "to",
  "operation",
  "errcode",
  "client_id",
  "account_no",
  "serial_no",
  "address",
] as const;

export type FilterName = (typeof filterNames)[number];
export type Filters = Readonly<Record<FilterName, string | undefined>>;

/** Stands in the address for every errcode but 0. */
export const refusedOnly = "refused";

export function CallFilters(props: {
  readonly filters: Filters;
  readonly choices: CallAnswer<"GET /call-search-choices"> | undefined;
  readonly onChange: (changed: Partial<Record<FilterName, string | undefined>>) => void;
}) {
  const { t } = useLanguage();
  const { filters, choices, onChange } = props;
  return (
    <div className={styles["filters"]}>
      <DatePicker.RangePicker
        className={styles["period"] ?? ""}
        showTime
        aria-label={t("时间范围", "Period")}
        value={[asDate(filters.from), asDate(filters.to)]}
        allowEmpty={[true, true]}
        onChange={(range) => onChange({ from: range?.[0]?.toISOString(), to: range?.[1]?.toISOString() })}
      />
      <Select
        aria-label={t("接口", "Operation")}
        placeholder={t("接口", "Operation")}
        allowClear
        value={filters.operation ?? null}
        options={(choices?.operations ?? []).map((operation) => ({ value: operation, label: operation }))}
        onChange={(operation: string | null) => onChange({ operation: operation ?? undefined })}
      />
      <Select
        aria-label={t("结果", "Result")}
        placeholder={t("结果", "Result")}
        allowClear
        showSearch={{ optionFilterProp: "label" }}
        value={filters.errcode ?? null}
        options={[
          { value: refusedOnly, label: t("所有失败的调用", "All that failed") },
          { value: "0", label: t("0 成功", "0 success") },
          ...(choices?.errcodes ?? []).map(({ errcode, text }) => ({
            value: String(errcode),
            label: `${errcode} ${text}`,
          })),
        ]}
        onChange={(errcode: string | null) => onChange({ errcode: errcode ?? undefined })}
      />
      <TextFilter
        label={t("客户端 client_id", "client_id")}
        value={filters.client_id}
        pattern={/^.{1,40}$/}
        rule=""
        onChange={(client_id) => onChange({ client_id })}
      />
      <TextFilter
        label={t("账户号", "Account number")}
        value={filters.account_no}
        pattern={/^[1-9]\d{0,14}$/}
        rule={t("账户号应为数字", "An account's number has digits only")}
        onChange={(account_no) => onChange({ account_no })}
      />
      <TextFilter
        label={t("卡号参数 serial_no", "Parameter serial_no")}
        value={filters.serial_no}
        pattern={/^[0-9A-Za-z]{1,32}$/}
        rule={t("卡号由 1 到 32 位数字或字母组成", "1 to 32 digits or letters")}
        onChange={(serial_no) => onChange({ serial_no })}
      />
      <TextFilter
        label={t("来源 IP", "Caller's IP")}
        value={filters.address}
        pattern={/^[0-9a-fA-F.:]{2,45}$/}
        rule={t("应为一个 IP 地址", "That is no IP address")}
        onChange={(address) => onChange({ address })}
      />
    </div>
  );
}

function asDate(iso: string | undefined) {
  return iso === undefined ? null : dayjs(iso);
}

/** Narrows once the text has been typed to the end, and says so if it cannot be one. */
function TextFilter(props: {
  readonly label: string;
  readonly value: string | undefined;
  readonly pattern: RegExp;
  readonly rule: string;
  readonly onChange: (value: string | undefined) => void;
}) {
  const [typed, setTyped] = useState<string>();
  const shown = typed ?? props.value ?? "";
  const isWrong = shown.trim() !== "" && !props.pattern.test(shown.trim());
  function commit(): void {
    if (typed === undefined || isWrong) return;
    setTyped(undefined);
    const value = typed.trim();
    if (value !== (props.value ?? "")) props.onChange(value === "" ? undefined : value);
  }
  return (
    <div>
      <Input
        aria-label={props.label}
        placeholder={props.label}
        allowClear
        {...(isWrong && { status: "error" as const, "aria-invalid": true })}
        value={shown}
        onChange={(event) => {
          setTyped(event.target.value);
          // The cross at its end.
          if (event.type === "click") {
            setTyped(undefined);
            props.onChange(undefined);
          }
        }}
        onPressEnter={commit}
        onBlur={commit}
      />
      {isWrong && (
        <small role="alert" className={styles["wrong"]}>
          {props.rule}
        </small>
      )}
    </div>
  );
}
