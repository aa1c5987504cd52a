import { Button, DatePicker, Input, Select } from "antd";
import dayjs from "dayjs";
import { useState } from "react";
import { useLanguage } from "../../shared/language.tsx";
import { useAnswer } from "../calls.ts";
import { useFormat } from "../parts/format.ts";
import { outcomeName } from "../sources/words.ts";
import type { Filter } from "./filter.ts";
import { hintName, hintNames } from "./hints.ts";
import { statuses } from "./words.ts";
import styles from "./quarantine.module.css";

interface FilterProps {
  readonly filter: Filter;
  readonly narrow: (changed: Partial<Record<keyof Filter, string | undefined>>) => void;
}

export function Filters({ filter, narrow }: FilterProps) {
  const { t } = useLanguage();
  const sources = useAnswer("GET /sources", {});
  const isNarrowed = Object.keys(filter).length > 0;
  return (
    <div className="filters">
      <Select
        aria-label={t("来源", "Source")}
        placeholder={t("来源", "Source")}
        allowClear
        showSearch
        style={{ width: 180 }}
        value={filter.source ?? null}
        options={(sources.data?.list ?? []).map(({ name }) => ({ value: name, label: name }))}
        onChange={(source: string | null) => narrow({ source: source ?? undefined })}
      />
      <Select
        aria-label={t("原因", "Reason")}
        placeholder={t("原因", "Reason")}
        allowClear
        showSearch={{ optionFilterProp: "label" }}
        style={{ width: 180 }}
        value={filter.hint ?? null}
        options={hintNames.map((hint) => ({ value: hint, label: hintName(hint, t) }))}
        onChange={(hint: string | null) => narrow({ hint: hint ?? undefined })}
      />
      <TextFilter
        label={t("卡号、ICCID、IMSI 或 MSISDN", "Card, ICCID, IMSI or MSISDN")}
        value={filter.subject ?? ""}
        lengthMax={32}
        onChange={(subject) => narrow({ subject })}
      />
      <TextFilter
        label={t("记录内容中的文字", "Text in what was sent")}
        value={filter.text ?? ""}
        lengthMax={200}
        onChange={(text) => narrow({ text })}
      />
      <DatePicker.RangePicker
        showTime
        aria-label={t("收到的时间", "When it was received")}
        value={[
          filter.from === undefined ? null : dayjs(filter.from),
          filter.before === undefined ? null : dayjs(filter.before),
        ]}
        allowEmpty={[true, true]}
        onChange={(range) => narrow({ from: range?.[0]?.toISOString(), before: range?.[1]?.toISOString() })}
      />
      {isNarrowed && (
        <Button
          type="text"
          onClick={() =>
            narrow({
              source: undefined,
              status: undefined,
              hint: undefined,
              subject: undefined,
              text: undefined,
              from: undefined,
              before: undefined,
            })
          }
        >
          {t("清除筛选", "Clear")}
        </Button>
      )}
    </div>
  );
}

/** Narrows once what is typed has been typed to the end. */
function TextFilter(props: {
  readonly label: string;
  readonly value: string;
  readonly lengthMax: number;
  readonly onChange: (text: string) => void;
}) {
  const { label, value, lengthMax, onChange } = props;
  const [typed, setTyped] = useState<string>();
  return (
    <Input.Search
      aria-label={label}
      placeholder={label}
      allowClear
      maxLength={lengthMax}
      style={{ width: 290, maxWidth: "100%" }}
      value={typed ?? value}
      onChange={(event) => setTyped(event.target.value)}
      onSearch={(text) => {
        setTyped(undefined);
        onChange(text.trim());
      }}
    />
  );
}

/** How many entries there are of each status, and the choice of one. Reasons and contents are not counted. */
export function StatusChoice({ filter, narrow }: FilterProps) {
  const { t } = useLanguage();
  const format = useFormat();
  const { source, subject, from, before } = filter;
  const answer = useAnswer("GET /quarantine/counts", {
    query: {
      ...(source === undefined ? {} : { source }),
      ...(subject === undefined ? {} : { subject }),
      ...(from === undefined ? {} : { from }),
      ...(before === undefined ? {} : { before }),
    },
  });
  const counted = answer.data;
  function countText(count: number): string {
    if (counted === undefined) return "…";
    return count >= counted.count_max ? `${format.count(counted.count_max)}+` : format.count(count);
  }
  const choices = [
    { status: undefined, name: t("全部", "All") },
    ...statuses.map((status) => ({ status, name: outcomeName(status, t) })),
  ];
  return (
    <div className={styles["statuses"]} role="group" aria-label={t("状态", "Status")}>
      {choices.map(({ status, name }) => (
        <Button key={name} aria-pressed={filter.status === status} onClick={() => narrow({ status })}>
          {name}
          {status !== undefined && <span className={styles["count"]}>{countText(counted?.counts[status] ?? 0)}</span>}
        </Button>
      ))}
    </div>
  );
}
