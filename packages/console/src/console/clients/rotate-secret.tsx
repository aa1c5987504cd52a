import { Alert, Form, Radio } from "antd";
import { useState } from "react";
import { useQueryClient } from "@tanstack/react-query";
import { useLanguage } from "../../shared/language.tsx";
import { CallError, call } from "../api.ts";
import { FormDrawer } from "../parts/form-drawer.tsx";
import styles from "../parts/forms.module.css";
import { IssuedSecret } from "./issued-secret.tsx";
import type { Client, Issued } from "./words.ts";

interface Values {
  readonly overlap_seconds: number;
}

/** Gives a client a new secret; the old one verifies beside it for as long as is chosen. */
export function RotateSecret({ client, onClose }: { readonly client: Client; readonly onClose: () => void }) {
  const { t, language } = useLanguage();
  const queries = useQueryClient();
  const [issued, setIssued] = useState<Issued>();
  if (issued !== undefined)
    return <IssuedSecret title={t("新密钥", "The new secret")} issued={issued} onClose={onClose} />;
  const hours = (count: number) => count * 3_600;
  const choices = [
    [hours(0), t("不保留，旧密钥立即失效", "None: the old secret ends at once")],
    [hours(1), t("1 小时", "1 hour")],
    [hours(24), t("24 小时", "24 hours")],
    [hours(24 * 7), t("7 天", "7 days")],
    [hours(24 * 30), t("30 天", "30 days")],
    [hours(24 * 90), t("90 天", "90 days")],
  ] as const;
  return (
    <FormDrawer<Values>
      title={t("更换密钥", "Rotate the secret")}
      initial={{ overlap_seconds: hours(24) }}
      submitText={t("更换并显示新密钥", "Rotate and show the new secret")}
      onClose={onClose}
      onSubmit={async ({ overlap_seconds }) => {
        const params = { client_id: client.client_id };
        const made = await call(
          "POST /clients/:client_id/rotation",
          { params, body: { version: client.version, overlap_seconds } },
          { language },
        ).catch(async (error: unknown) => {
          // A colleague may have rotated it just now: the list behind the form shows it.
          if (error instanceof CallError && error.code === "conflict") await queries.invalidateQueries();
          throw error;
        });
        // Not waited for: the secret is shown even if the server goes away now.
        void queries.invalidateQueries();
        return () => setIssued(made);
      }}
    >
      <p>
        {t(
          "生成一个新密钥。过渡期内新旧密钥都有效，对接方可以在不中断的情况下换用新密钥；过渡期结束后旧密钥失效。",
          "Makes a new secret. During the overlap both are valid, so that the integrator can change over without an interruption; then the old one ends.",
        )}
      </p>
      <Form.Item name="overlap_seconds" label={t("过渡期", "Overlap")}>
        <Radio.Group className={styles["stack"] ?? ""} options={choices.map(([value, label]) => ({ value, label }))} />
      </Form.Item>
      <AtOnceWarning />
    </FormDrawer>
  );
}

function AtOnceWarning() {
  const { t } = useLanguage();
  if (Form.useWatch<number | undefined>("overlap_seconds") !== 0) return null;
  return (
    <Alert
      type="warning"
      showIcon
      title={t(
        "对接方的调用在换用新密钥之前都会被拒绝（55004）。密钥泄露时才应这样做。",
        "The integrator's calls are refused with 55004 until it has the new secret. For when a secret has leaked.",
      )}
    />
  );
}
