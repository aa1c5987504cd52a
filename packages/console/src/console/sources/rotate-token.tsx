import { KeyOutlined } from "@ant-design/icons";
import { useQueryClient } from "@tanstack/react-query";
import { Alert, Button, Modal, Select } from "antd";
import { useState } from "react";
import { useLanguage } from "../../shared/language.tsx";
import type { CallAnswer } from "../api.ts";
import { useChange } from "../calls.ts";
import { useFormat } from "../parts/format.ts";
import { IssuedToken } from "./issued-token.tsx";
import type { Source } from "./words.ts";
import styles from "./sources.module.css";

/** Gives a source a new token, which is shown once. */
export function RotateToken({ source }: { readonly source: Source }) {
  const { t } = useLanguage();
  const format = useFormat();
  const [open, setOpen] = useState(false);
  const [overlapSeconds, setOverlapSeconds] = useState(86_400);
  const [issued, setIssued] = useState<CallAnswer<"POST /sources/:name/rotate">>();
  const rotate = useChange("POST /sources/:name/rotate");
  const queries = useQueryClient();
  const { name, version, old_token_expires_at: oldExpiresAt } = source;
  function close(): void {
    setOpen(false);
    setIssued(undefined);
    rotate.reset();
  }
  return (
    <>
      <Button icon={<KeyOutlined />} onClick={() => setOpen(true)}>
        {t("更换令牌", "Rotate the token")}
      </Button>
      <Modal
        open={open}
        title={t(`更换 ${name} 的令牌`, `A new token for ${name}`)}
        // The token is gone with the dialog, so that nothing but its button closes it.
        closable={issued === undefined}
        mask={{ closable: false }}
        keyboard={issued === undefined}
        onCancel={close}
        footer={issued === undefined ? undefined : null}
        okText={t("更换", "Rotate")}
        cancelText={t("取消", "Cancel")}
        confirmLoading={rotate.isPending}
        onOk={() =>
          rotate.mutate(
            { params: { name }, body: { version, overlap_seconds: overlapSeconds } },
            { onSuccess: setIssued, onError: () => void queries.invalidateQueries() },
          )
        }
      >
        {issued === undefined ? (
          <div className={styles["sections"]}>
            {rotate.error !== null && <Alert type="error" showIcon title={rotate.error.message} />}
            <div>
              <p>
                {t(
                  "新旧令牌在过渡期内都有效，可以在此期间替换上报程序里的令牌。",
                  "Both tokens hold during the overlap, in which the sender's can be replaced at leisure.",
                )}
              </p>
              <Select
                aria-label={t("旧令牌继续有效", "The old token holds for")}
                style={{ width: 220 }}
                value={overlapSeconds}
                onChange={setOverlapSeconds}
                options={[
                  { value: 0, label: t("旧令牌立即失效", "The old one ends at once") },
                  { value: 3_600, label: t("过渡 1 小时", "Overlap of 1 hour") },
                  { value: 86_400, label: t("过渡 1 天", "Overlap of 1 day") },
                  { value: 7 * 86_400, label: t("过渡 7 天", "Overlap of 7 days") },
                  { value: 30 * 86_400, label: t("过渡 30 天", "Overlap of 30 days") },
                ]}
              />
            </div>
            {oldExpiresAt !== null && (
              <Alert
                type="warning"
                showIcon
                title={t(
                  `上次更换前的令牌原本有效至 ${format.time(oldExpiresAt)}，再次更换会使它立即失效。`,
                  `The token before this one would hold until ${format.time(oldExpiresAt)}; rotating again ends it at once.`,
                )}
              />
            )}
          </div>
        ) : (
          <IssuedToken {...issued} onDone={close} />
        )}
      </Modal>
    </>
  );
}
