import { useLanguage } from "../../shared/language.tsx";
import { call } from "../api.ts";
import { useChange } from "../calls.ts";
import { FormDrawer } from "../parts/form-drawer.tsx";
import { type Settings, SettingsFields, sentSettings, settingsOf } from "./settings-fields.tsx";
import { type Client, rateName } from "./words.ts";

/** Changes from where and how often a client may call. */
export function EditSettings({ client, onClose }: { readonly client: Client; readonly onClose: () => void }) {
  const { t, language } = useLanguage();
  const update = useChange("PATCH /clients/:client_id");
  const params = { client_id: client.client_id };
  return (
    <FormDrawer<Settings>
      title={t("编辑客户端", "Client")}
      initial={settingsOf(client)}
      submitText={t("保存", "Save")}
      record={{
        version: client.version,
        object: { kind: "client", id: client.client_id },
        fields: [
          {
            name: "allow_ips",
            label: t("IP 白名单", "Allow-list"),
            show: (values) => sentSettings(values).allow_ips.join(", ") || t("任意地址", "any address"),
          },
          {
            name: "rate_per_second",
            label: t("频率上限", "Rate limit"),
            show: ({ rate_per_second }) => rateName(rate_per_second ?? null, undefined, t),
          },
        ],
        load: async () => {
          const now = await call("GET /clients/:client_id", { params }, { language });
          return { version: now.version, values: settingsOf(now) };
        },
      }}
      onClose={onClose}
      onSubmit={async (values, version) => {
        await update.mutateAsync({ params, body: { version, ...sentSettings(values) } });
      }}
    >
      <SettingsFields byDefault={client.default_rate_per_second} />
    </FormDrawer>
  );
}
