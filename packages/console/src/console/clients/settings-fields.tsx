import { Form, Input, InputNumber } from "antd";
import { useLanguage } from "../../shared/language.tsx";

/** What may be set of a client, as it is typed. */
export interface Settings {
  /** One address or range a line. */
  readonly allow_ips: string;
  /** Null for the platform's default. */
  readonly rate_per_second: number | null;
}

export function settingsOf(client: {
  readonly allow_ips: readonly string[];
  readonly rate_per_second: number | null;
}): Settings {
  return { allow_ips: client.allow_ips.join("\n"), rate_per_second: client.rate_per_second };
}

/** As the server takes them. Lists are pasted with all kinds of separators. */
export function sentSettings({ allow_ips, rate_per_second }: Settings) {
  return {
    allow_ips: allow_ips.split(/[\s,，;；、]+/).filter((entry) => entry !== ""),
    rate_per_second: rate_per_second ?? null,
  };
}

export function SettingsFields({ byDefault }: { readonly byDefault?: number }) {
  const { t } = useLanguage();
  return (
    <>
      <Form.Item
        name="allow_ips"
        label={t("IP 白名单", "Allow-list of addresses")}
        extra={t(
          "每行一个 IP 或网段（CIDR），例如 203.0.113.7、203.0.113.0/24、2001:db8::/32。留空则任意地址都可以调用。保存后立即生效。",
          "One IP address or CIDR range a line, such as 203.0.113.7, 203.0.113.0/24 or 2001:db8::/32. Empty: any address may call. It holds as soon as it is saved.",
        )}
      >
        <Input.TextArea className="mono" autoSize={{ minRows: 4, maxRows: 16 }} spellCheck={false} autoComplete="off" />
      </Form.Item>
      <Form.Item
        name="rate_per_second"
        label={t("频率上限（次/秒）", "Rate limit, calls a second")}
        extra={
          byDefault === undefined
            ? t("留空则用平台默认值。", "Empty: the platform's default.")
            : t(`留空则用平台默认值 ${byDefault}。`, `Empty: the platform's default, ${byDefault}.`)
        }
      >
        <InputNumber min={1} max={100_000} precision={0} style={{ width: 180 }} />
      </Form.Item>
    </>
  );
}
