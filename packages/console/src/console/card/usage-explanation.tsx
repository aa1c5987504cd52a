import { Alert } from "antd";
import { Fragment } from "react";
import { Link } from "react-router";
import { type Translate, useLanguage } from "../../shared/language.tsx";
import { type Format, useFormat } from "../parts/format.ts";
import styles from "./card.module.css";
import { type CardUsage, type SourceMonth, kindName, megabytes, signedMegabytes } from "./words.ts";

/** Why the month's figure is what it is, in words: for who is asked, and for who audits it. */
export function UsageExplanation({ usage }: { readonly usage: CardUsage }) {
  const { t } = useLanguage();
  const format = useFormat();
  const counting = usage.sources.find(({ counts }) => counts);
  const isWrong = counting !== undefined && usage.records_kept && counting.records.effect_bytes !== counting.used_bytes;
  return (
    <>
      {isWrong && (
        <Alert
          type="error"
          showIcon
          style={{ marginBottom: 12 }}
          title={t("各记录之和与用量不符", "The records do not add up to the figure")}
          description={t(
            `记录合计 ${megabytes(counting.records.effect_bytes)} MB，用量为 ${megabytes(counting.used_bytes)} MB。请在服务器上运行 dks usage verify 核对。`,
            `They come to ${megabytes(counting.records.effect_bytes)} MB, the figure is ${megabytes(counting.used_bytes)} MB. Run dks usage verify on the server.`,
          )}
        />
      )}
      <ul className={styles["words"]} data-testid="explanation">
        {sentences(usage, counting, t, format).map((sentence) => (
          <li key={sentence}>{sentence}</li>
        ))}
      </ul>
      {usage.sources.length > 0 && (
        <p className={styles["note"]}>
          {t("来源：", "Sources: ")}
          {usage.sources.map(({ source }, index) => (
            <Fragment key={source.name}>
              {index > 0 && t("、", ", ")}
              <Link to={`/sources/${source.name}`}>{source.name}</Link>
            </Fragment>
          ))}
        </p>
      )}
    </>
  );
}

function sentences(usage: CardUsage, counting: SourceMonth | undefined, t: Translate, format: Format): string[] {
  const others = usage.sources.filter((one) => one !== counting);
  if (counting === undefined)
    return [
      usage.assigned_source === null
        ? t("还没有来源上报该账期的用量。", "No source has reported this month yet.")
        : t(
            `为这张卡指定的来源 ${usage.assigned_source.name} 尚未上报该账期，因此还没有计入的用量。`,
            `The source assigned to this card, ${usage.assigned_source.name}, has not reported the month, so nothing counts yet.`,
          ),
      ...others.map((one) => otherSentence(one, t)),
    ];
  return [
    sourceSentence(usage, counting, t),
    ...(usage.records_kept
      ? [sumSentence(counting, t, format), ...unusualSentences(usage, counting, t, format)]
      : [
          t(
            "该账期的用量记录已超过保留期并删除，只保留各日与账期的数字。",
            "The month's records are no longer kept; its figures by day and in total are.",
          ),
        ]),
    closingSentence(usage, counting, t, format),
    ...others.map((one) => otherSentence(one, t)),
  ];
}

function sourceSentence({ assigned_source: assigned }: CardUsage, { source }: SourceMonth, t: Translate): string {
  const [name, kind] = [source.name, kindName(source.kind, t)];
  if (assigned === null)
    return t(
      `以来源 ${name}（${kind}）为准：它最先上报该账期。`,
      `The source ${name} (${kind}) counts: it reported the month first.`,
    );
  if (assigned.name === name)
    return t(
      `以来源 ${name}（${kind}）为准：已为这张卡指定。`,
      `The source ${name} (${kind}) counts: it is assigned to this card.`,
    );
  return t(
    `以来源 ${name}（${kind}）为准；为这张卡指定的 ${assigned.name} 没有计入该账期。`,
    `The source ${name} (${kind}) counts; ${assigned.name}, which is assigned to this card, does not for this month.`,
  );
}

function sumSentence({ source, used_bytes: used, records }: SourceMonth, t: Translate, format: Format): string {
  const count = format.count(records.counted);
  if (source.kind === "delta")
    return t(
      `${count} 条增量记录之和为 ${megabytes(used)} MB。`,
      `Its deltas (${count}) add up to ${megabytes(used)} MB.`,
    );
  if (records.last === null) return t("没有计入的读数。", "No reading of it counts.");
  return t(
    `运营商的计数器是累计值，不相加：用量即 ${count} 次读数中最后一次，${format.time(records.last.at)} 的 ${megabytes(records.last.bytes)} MB。`,
    `The carrier's counter is cumulative and never summed: the figure is the last reading of ${count}, ${megabytes(records.last.bytes)} MB at ${format.time(records.last.at)}.`,
  );
}

function unusualSentences(usage: CardUsage, { records }: SourceMonth, t: Translate, format: Format): string[] {
  const told: string[] = [];
  if (records.carried_in > 0)
    told.push(
      t(
        `其中 ${format.count(records.carried_in)} 次读数的时间已在下一账期，但计数器当时尚未清零，因此计入本账期。`,
        `${records.carried_in === 1 ? "One of them was" : `${format.count(records.carried_in)} of them were`} read in the next month, before the counter was reset: counted here.`,
      ),
    );
  if (records.carried_out > 0)
    told.push(
      t(
        `另有 ${format.count(records.carried_out)} 次读数的时间在本账期初，但计数器当时尚未清零，因此计入上一账期。`,
        `${records.carried_out === 1 ? "One more was" : `${format.count(records.carried_out)} more were`} read at the start of this month, before the counter was reset: counted in the month before.`,
      ),
    );
  if (records.falls > 0)
    told.push(
      t(
        `读数下降 ${format.count(records.falls)} 次：运营商作了更正，用量随之减少。`,
        `The counter fell ${records.falls === 1 ? "once" : `${format.count(records.falls)} times`}: the carrier has corrected it, and the figure follows.`,
      ),
    );
  if (records.corrections > 0)
    told.push(
      t(
        `其中 ${format.count(records.corrections)} 条是更正，指明了所更正的记录。`,
        `Corrections among them, each naming the record that it corrects: ${format.count(records.corrections)}.`,
      ),
    );
  if (records.adjustments > 0)
    told.push(
      t(
        `${format.count(records.adjustments)} 条记录在关账后收到，作为调整计入：用量由关账时的 ${usage.closed_data_value ?? usage.used_data_value} MB 变为 ${usage.used_data_value} MB，版本为 ${usage.version}。`,
        `Records that came after the month was closed, counted as adjustments: ${format.count(records.adjustments)}. From ${usage.closed_data_value ?? usage.used_data_value} MB at closing to ${usage.used_data_value} MB now, version ${usage.version}.`,
      ),
    );
  return told;
}

function closingSentence({ is_final: isFinal }: CardUsage, one: SourceMonth, t: Translate, format: Format): string {
  const at = format.time(one.closes_at);
  return isFinal
    ? t(`账期已于 ${at} 关账。`, `The month was closed at ${at}.`)
    : t(
        `账期将于 ${at} 关账，此后收到的记录作为调整计入。`,
        `The month closes at ${at}; what comes later counts as an adjustment.`,
      );
}

function otherSentence({ source, used_bytes: used, gap_bytes: gap }: SourceMonth, t: Translate): string {
  const difference =
    gap === null ? "" : t(`，相差 ${signedMegabytes(gap)} MB`, `, a gap of ${signedMegabytes(gap)} MB`);
  return t(
    `来源 ${source.name}（${kindName(source.kind, t)}）也上报了该账期：${megabytes(used)} MB${difference}。只作比较，不计入。`,
    `The source ${source.name} (${kindName(source.kind, t)}) has reported the month too: ${megabytes(used)} MB${difference}. It is compared and never added.`,
  );
}
