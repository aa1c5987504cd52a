import { InputNumber, Select, Space } from "antd";
import { useState } from "react";
import { useLanguage } from "../../shared/language.tsx";

const unitSeconds = { minute: 60, hour: 3_600, day: 86_400 } as const;
type Unit = keyof typeof unitSeconds;

/** As long as the server takes. */
const secondsMax = 31 * 86_400;

/** A length of time in minutes, hours or days, or none: nobody watches. */
export function ExpectedEvery(props: {
  readonly id?: string;
  readonly value?: number | null;
  readonly onChange?: (seconds: number | null) => void;
  readonly disabled?: boolean;
}) {
  const { t } = useLanguage();
  const { id, value = null, onChange, disabled = false } = props;
  const [wanted, setWanted] = useState<Unit>();
  // Sixty minutes are an hour only once they are no longer typed.
  const unit = value !== null && wanted !== undefined && value % unitSeconds[wanted] === 0 ? wanted : unitOf(value);
  return (
    <Space wrap>
      <Select<Unit | "never">
        {...(id === undefined ? {} : { id })}
        aria-label={t("是否监视", "Whether it is watched")}
        disabled={disabled}
        style={{ width: 130 }}
        value={unit ?? "never"}
        options={[
          { value: "never", label: t("不监视", "Not watched") },
          { value: "minute", label: t("按分钟", "In minutes") },
          { value: "hour", label: t("按小时", "In hours") },
          { value: "day", label: t("按天", "In days") },
        ]}
        onChange={(chosen) => {
          setWanted(chosen === "never" ? undefined : chosen);
          onChange?.(chosen === "never" ? null : unitSeconds[chosen]);
        }}
      />
      {unit !== undefined && value !== null && (
        <InputNumber
          aria-label={t("时长", "Length")}
          disabled={disabled}
          min={1}
          max={Math.floor(secondsMax / unitSeconds[unit])}
          precision={0}
          value={value / unitSeconds[unit]}
          // Emptied on the way to another number: the one before holds until there is one.
          onChange={(count) => count !== null && onChange?.(count * unitSeconds[unit])}
        />
      )}
    </Space>
  );
}

function unitOf(seconds: number | null): Unit | undefined {
  if (seconds === null) return undefined;
  if (seconds % unitSeconds.day === 0) return "day";
  return seconds % unitSeconds.hour === 0 ? "hour" : "minute";
}
