import { useEffect, useState } from "react";
import { useLanguage } from "../../shared/language.tsx";
import { type Draft, debuggerDraft, withTimestamp } from "./draft.ts";
import type { Entry } from "./read-parameters.ts";
import { describeSeconds, readTimestamp, timestampToleranceSeconds } from "./time-stamp.ts";

/** Says which moment the timestamp names and how far it is from this browser's clock, and offers the current time. */
export function TimestampCard({ draft, entries }: { readonly draft: Draft; readonly entries: readonly Entry[] }) {
  const { t, language } = useLanguage();
  const nowMs = useNow();
  const value = entries.find(({ name }) => name === "timestamp")?.value;
  const { hint, atMs, differenceSeconds } = readTimestamp(value, nowMs);
  const corrected = withTimestamp(draft, Math.floor(nowMs / 1000));
  const locale = language === "zh" ? "zh-CN" : "en-GB";
  return (
    <section className="debugger-time" aria-label="timestamp">
      <div>
        {atMs !== undefined && (
          <time dateTime={new Date(atMs).toISOString()}>
            {new Intl.DateTimeFormat(locale, { dateStyle: "medium", timeStyle: "long" }).format(atMs)}
          </time>
        )}
        <p className={hint === undefined ? "debugger-good" : "debugger-bad"}>{verdict()}</p>
      </div>
      <button
        type="button"
        className="button"
        disabled={corrected === undefined}
        onClick={() => corrected !== undefined && debuggerDraft.change(corrected)}
      >
        {t("改用当前时间", "Use now")}
      </button>
    </section>
  );

  function verdict(): string {
    if (hint === "timestamp_missing")
      return t(
        "缺少参数 timestamp，应为当前时间的 Unix 秒数。",
        "The parameter timestamp is missing; send the current Unix time in seconds.",
      );
    if (hint === "timestamp_malformed")
      return t("timestamp 应为 Unix 秒数（整数）。", "timestamp must be the Unix time in whole seconds.");
    if (hint === "timestamp_milliseconds")
      return t(
        "timestamp 是毫秒，应为秒，请除以 1000 取整。",
        "timestamp is in milliseconds; divide it by 1000 and send whole seconds.",
      );
    const apart = describeSeconds(Math.abs(differenceSeconds ?? 0))[language];
    const ahead = (differenceSeconds ?? 0) > 0;
    return hint === undefined
      ? t(
          `与本机时钟相差 ${apart}，在允许的 ${timestampToleranceSeconds} 秒之内。`,
          `${apart} from this device's clock, within the ${timestampToleranceSeconds} s allowed.`,
        )
      : t(
          `比本机时钟${ahead ? "超前" : "落后"} ${apart}，超出允许的 ${timestampToleranceSeconds} 秒，服务器会拒绝。`,
          `${apart} ${ahead ? "ahead of" : "behind"} this device's clock, more than the ${timestampToleranceSeconds} s allowed: the server would refuse it.`,
        );
  }
}

function useNow(): number {
  const [nowMs, setNowMs] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNowMs(Date.now()), 1_000);
    return () => clearInterval(timer);
  }, []);
  return nowMs;
}
