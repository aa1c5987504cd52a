import { useQueryClient } from "@tanstack/react-query";
import { Alert, Button, Card, Space } from "antd";
import { useState } from "react";
import { Link } from "react-router";
import { useLanguage } from "../../shared/language.tsx";
import { useChange } from "../calls.ts";
import { ExpectedEvery } from "./expected-every.tsx";
import { type Source, durationText } from "./words.ts";
import styles from "./sources.module.css";

/** What has been chosen and is not saved yet, and the version that it was chosen in view of. */
interface Draft {
  readonly expectedEverySeconds: number | null;
  readonly version: number;
}

/** What of a source may be changed afterwards. A colleague's change meanwhile is told, and what was chosen here stays. */
export function SettingsForm({ source }: { readonly source: Source }) {
  const { t } = useLanguage();
  const [draft, setDraft] = useState<Draft>();
  const change = useChange("PATCH /sources/:name");
  const queries = useQueryClient();
  const { name, version, expected_every_seconds: saved } = source;
  const isChanged = draft !== undefined && draft.expectedEverySeconds !== saved;
  const isOutrun = change.error?.code === "conflict";
  function save(expectedEverySeconds: number | null, seenVersion: number): void {
    change.mutate(
      { params: { name }, body: { version: seenVersion, expected_every_seconds: expectedEverySeconds } },
      {
        onSuccess: () => setDraft(undefined),
        // What the colleague has made of it is to be seen beside what was chosen here.
        onError: () => void queries.invalidateQueries(),
      },
    );
  }
  return (
    <Card size="small">
      <div className={styles["chartHead"]}>
        <h2>{t("迟到提醒", "When it is late")}</h2>
      </div>
      <Space orientation="vertical" size={12} style={{ width: "100%" }}>
        <span>
          {t(
            "应至少多久上报一次？超过这段时间没有收到记录，就标为“迟到”。",
            "How often is it expected at least? Without any record for longer than that it is marked late.",
          )}
        </span>
        <ExpectedEvery
          value={draft === undefined ? saved : draft.expectedEverySeconds}
          onChange={(seconds) => setDraft({ expectedEverySeconds: seconds, version: draft?.version ?? version })}
        />
        {change.error !== null && (
          <Alert
            type={isOutrun ? "warning" : "error"}
            showIcon
            title={change.error.message}
            description={
              isOutrun && (
                <>
                  {saved === null
                    ? t("现在的设置：不监视。", "It is not watched now.")
                    : t(
                        `现在的设置：每 ${durationText(saved, t)}。`,
                        `It is expected every ${durationText(saved, t)} now.`,
                      )}{" "}
                  <Link to={`/audit?object_id=${encodeURIComponent(name)}`}>
                    {t("看看是谁改的", "See who changed it")}
                  </Link>
                </>
              )
            }
          />
        )}
        {isChanged && (
          <Space wrap>
            <Button
              type="primary"
              loading={change.isPending}
              onClick={() => save(draft.expectedEverySeconds, isOutrun ? version : draft.version)}
            >
              {isOutrun ? t("仍按我的保存", "Save mine all the same") : t("保存", "Save")}
            </Button>
            <Button
              onClick={() => {
                setDraft(undefined);
                change.reset();
              }}
            >
              {t("放弃修改", "Discard the change")}
            </Button>
          </Space>
        )}
      </Space>
    </Card>
  );
}
