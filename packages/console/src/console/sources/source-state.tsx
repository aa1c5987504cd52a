import { Space, Tag } from "antd";
import { useLanguage } from "../../shared/language.tsx";
import { useFormat } from "../parts/format.ts";
import { type Source, durationText } from "./words.ts";

/** Whether a source may send, and whether it does as is expected of it. */
export function SourceState({ source }: { readonly source: Source }) {
  const { t } = useLanguage();
  return (
    <Space size={4} wrap>
      {source.status === "normal" ? (
        <Tag color="success">{t("正常", "Normal")}</Tag>
      ) : (
        <Tag color="warning">{t("已停用", "Suspended")}</Tag>
      )}
      {source.late && <Tag color="error">{t("迟到", "Late")}</Tag>}
    </Space>
  );
}

/** When a source last sent anything, and what it is measured by. */
export function Heard({ source }: { readonly source: Source }) {
  const { t } = useLanguage();
  const format = useFormat();
  const every = source.expected_every_seconds;
  return (
    <>
      {source.received_at === null ? (
        t("从未上报", "Never")
      ) : (
        <span className="mono">{format.shortTime(source.received_at)}</span>
      )}
      {every !== null && (
        <div>
          <small>{t(`应至少每 ${durationText(every, t)}一次`, `expected every ${durationText(every, t)}`)}</small>
        </div>
      )}
    </>
  );
}

/** How far the newest figure is behind now. */
export function Lag({ source }: { readonly source: Source }) {
  const { t } = useLanguage();
  const format = useFormat();
  if (source.lag_seconds === null) return "—";
  return (
    <>
      {durationText(source.lag_seconds, t)}
      <div>
        <small>{t(`截至 ${format.shortTime(source.newest_at)}`, `up to ${format.shortTime(source.newest_at)}`)}</small>
      </div>
    </>
  );
}
