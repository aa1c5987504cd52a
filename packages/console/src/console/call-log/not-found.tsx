import { Empty } from "antd";
import { useLanguage } from "../../shared/language.tsx";
import type { CallAnswer } from "../api.ts";
import { useAnswer } from "../calls.ts";
import { useFormat } from "../parts/format.ts";
import { Gaps } from "./gaps.tsx";
import styles from "./call-log.module.css";

const dayMs = 86_400_000;

/** Says why a call may not be there. */
export function NotFound(props: { readonly requestId: string; readonly answer: CallAnswer<"GET /calls/:request_id"> }) {
  const { t } = useLanguage();
  const format = useFormat();
  const choices = useAnswer("GET /call-search-choices", {});
  const keptDays = choices.data?.kept_days;
  const { at, gaps } = props.answer;

  function reason(): string {
    if (at === null)
      return t(
        "这不是 request_id：它由 10 位字母数字、一个连字符和调用的序号组成，例如 38t4wrk2p9-1f。",
        "That is no request_id, which has 10 letters and digits, a hyphen and the number of the call, such as 38t4wrk2p9-1f.",
      );
    const made = t(`按编号，这次调用发生在 ${format.time(at)}。`, `By its id it was made at ${format.time(at)}. `);
    if (keptDays === 0) return made + t("调用日志已关闭。", "The call log is switched off.");
    if (keptDays !== undefined && Date.parse(at) < Date.now() - keptDays * dayMs)
      return made + t(`日志只保留 ${keptDays} 天。`, `Calls are kept for ${keptDays} days only.`);
    if (Date.parse(at) > Date.now() + dayMs) return made + t("请核对编号。", "Check the id.");
    return (
      made +
      (gaps.length > 0
        ? t("那段时间有调用没有记入日志，见下。", "Some calls of that time are not in the log, see below.")
        : t("日志中没有它，请核对编号是否抄录正确。", "It is not in the log; check that it was copied correctly."))
    );
  }

  return (
    <>
      <Empty
        image={Empty.PRESENTED_IMAGE_SIMPLE}
        description={
          <>
            <strong className={`mono ${styles["wrap"]}`}>{props.requestId}</strong>
            <div>{reason()}</div>
          </>
        }
      />
      <Gaps gaps={gaps} />
    </>
  );
}
