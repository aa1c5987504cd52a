import { useState } from "react";
import { useQueryClient } from "@tanstack/react-query";
import { useLanguage } from "../../shared/language.tsx";
import { call } from "../api.ts";
import { FormDrawer } from "../parts/form-drawer.tsx";
import { IssuedSecret } from "./issued-secret.tsx";
import { type Settings, SettingsFields, sentSettings } from "./settings-fields.tsx";
import type { Issued } from "./words.ts";

/** Makes a client of an account, and shows its secret, which is never shown again. */
export function CreateClient({ accountNo, onClose }: { readonly accountNo: number; readonly onClose: () => void }) {
  const { t, language } = useLanguage();
  const queries = useQueryClient();
  const [issued, setIssued] = useState<Issued>();
  if (issued !== undefined)
    return <IssuedSecret title={t("客户端已创建", "The client is made")} issued={issued} onClose={onClose} />;
  return (
    <FormDrawer<Settings>
      title={t("新建客户端", "New client")}
      initial={{ allow_ips: "", rate_per_second: null }}
      submitText={t("创建并显示密钥", "Create and show the secret")}
      onClose={onClose}
      onSubmit={async (values) => {
        const params = { account_no: accountNo };
        const made = await call(
          "POST /accounts/:account_no/clients",
          { params, body: sentSettings(values) },
          { language },
        );
        // Not waited for: the secret is shown even if the server goes away now.
        void queries.invalidateQueries();
        return () => setIssued(made);
      }}
    >
      <SettingsFields />
    </FormDrawer>
  );
}
