import { Select } from "antd";
import { useLanguage } from "../../shared/language.tsx";
import { statusName, statuses } from "./words.ts";

/** Narrows a list of accounts or clients to one status. */
export function StatusFilter(props: {
  readonly value: (typeof statuses)[number] | undefined;
  readonly onChange: (status: string | undefined) => void;
}) {
  const { t } = useLanguage();
  return (
    <Select
      aria-label={t("状态", "Status")}
      placeholder={t("状态", "Status")}
      allowClear
      style={{ width: 140 }}
      value={props.value ?? null}
      options={statuses.map((one) => ({ value: one, label: statusName(one, t) }))}
      onChange={(chosen: string | null) => props.onChange(chosen ?? undefined)}
    />
  );
}
