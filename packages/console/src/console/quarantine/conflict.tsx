import { Alert, Card, Typography } from "antd";
import { useLanguage } from "../../shared/language.tsx";
import { type Format, useFormat } from "../parts/format.ts";
import type { Entry } from "./words.ts";
import { visibleText } from "./words.ts";
import styles from "./quarantine.module.css";

type Conflict = NonNullable<Entry["conflict"]>;
type Compared = NonNullable<Conflict["refused"]>;

/** Two records of one id beside each other, what the month comes to with either, and the ways out. */
export function ConflictView({ entry, conflict }: { readonly entry: Entry; readonly conflict: Conflict }) {
  const { t } = useLanguage();
  return (
    <>
      <section>
        <h3>{t("同一个 id，两种内容", "One id, two contents")}</h3>
        <p>
          {t(
            "先到的一条已计入；后到的一条内容不同，没有计入，也没有改动任何用量。",
            "The first to arrive counts. The second says something else; it was not taken in, and changed no figure.",
          )}
        </p>
        <SideBySide entry={entry} conflict={conflict} />
      </section>
      <FigureLine conflict={conflict} />
      <section>
        <h3>{t("哪一条是对的？", "Which one is right?")}</h3>
        <Choices entry={entry} conflict={conflict} />
      </section>
    </>
  );
}

function SideBySide({ entry, conflict }: { readonly entry: Entry; readonly conflict: Conflict }) {
  const { t } = useLanguage();
  const format = useFormat();
  const { taken, refused } = conflict;
  if (taken === null || refused === null)
    return (
      <Alert
        type="info"
        showIcon
        title={
          taken === null
            ? t(
                "已计入的那一条已过保留期，不能对照；被拒绝的内容见下方。",
                "The one that was taken in is not kept any more, so they cannot be compared; what was refused is below.",
              )
            : t(
                "来源的设置已变，被拒绝的内容无法再按记录读出；原文见下方。",
                "The source has been changed, so what was refused cannot be read any more; it is below as it was sent.",
              )
        }
      />
    );
  const rows = comparedRows(taken, refused, { format, t });
  return (
    <table className={styles["compared"]}>
      <colgroup>
        <col />
        <col />
        <col />
      </colgroup>
      <thead>
        <tr>
          <th scope="col">{t("项目", "Value")}</th>
          <th scope="col">{t("已计入的", "The one that counts")}</th>
          <th scope="col">{t("被拒绝的", "The one refused")}</th>
        </tr>
      </thead>
      <tbody>
        {rows.map(({ name, one, other }) => (
          <tr key={name} {...(one === other ? {} : { "data-differs": "" })}>
            <th scope="row">
              {name}
              {one !== other && (
                <span className={styles["differs"]}>
                  <span aria-hidden="true">≠</span>
                  <span className="visually-hidden">{t("（不同）", " (differs)")}</span>
                </span>
              )}
            </th>
            <td>{one}</td>
            <td>{other}</td>
          </tr>
        ))}
        <tr>
          <th scope="row">{t("收到时间", "Received")}</th>
          <td className="mono">{format.time(taken.received_at)}</td>
          <td className="mono">{format.time(entry.received_at)}</td>
        </tr>
      </tbody>
    </table>
  );
}

function comparedRows(
  taken: Compared,
  refused: Compared,
  { format, t }: { readonly format: Format; readonly t: (zh: string, en: string) => string },
): { readonly name: string; readonly one: string; readonly other: string }[] {
  const isReading = taken.start === null;
  const shown = (record: Compared): Readonly<Record<string, string>> => ({
    [t("卡号", "Card")]: record.serial_no ?? "—",
    [t("账期", "Billing month")]: record.month ?? "—",
    ...(isReading ? {} : { [t("开始", "Start")]: exactTime(record.start, format) }),
    [isReading ? t("读数时间", "Read at") : t("结束", "End")]: exactTime(record.at, format),
    [isReading ? t("读数", "Counter") : t("用量", "Usage")]:
      `${format.bytes(record.bytes)}${t("，", ", ")}${format.count(record.bytes)} B`,
    ...(taken.corrects === null && refused.corrects === null
      ? {}
      : { [t("更正的 id", "Corrects")]: visibleText(record.corrects ?? "—") }),
    ...Object.fromEntries(
      [...new Set([...Object.keys(taken.attributes), ...Object.keys(refused.attributes)])].map((name) => [
        name,
        visibleText(record.attributes[name] ?? "—"),
      ]),
    ),
  });
  const [one, other] = [shown(taken), shown(refused)];
  return Object.keys(one).map((name) => ({ name, one: one[name] ?? "—", other: other[name] ?? "—" }));
}

/** To the microsecond where two may differ in nothing else. */
function exactTime(iso: string | null, format: Format): string {
  if (iso === null) return "—";
  const fraction = /\.(\d+)Z$/.exec(iso)?.[1]?.replace(/0+$/, "") ?? "";
  return fraction === "" ? format.time(iso) : `${format.time(iso)}.${fraction}`;
}

function FigureLine({ conflict: { taken, figure } }: { readonly conflict: Conflict }) {
  const { t } = useLanguage();
  const format = useFormat();
  if (taken === null || figure === null) return null;
  const now = format.bytes(figure.used_bytes);
  return (
    <Alert
      type="info"
      title={
        figure.instead_bytes === null
          ? t(
              `卡 ${taken.serial_no} 的 ${taken.month} 账期，由此来源计得 ${now}。`,
              `By this source, card ${taken.serial_no} has used ${now} in the billing month ${taken.month}.`,
            )
          : t(
              `卡 ${taken.serial_no} 的 ${taken.month} 账期，由此来源计得 ${now}；若以被拒绝的一条为准，应为 ${format.bytes(figure.instead_bytes)}。`,
              `By this source, card ${taken.serial_no} has used ${now} in the billing month ${taken.month}; with the refused one instead it would be ${format.bytes(figure.instead_bytes)}.`,
            )
      }
      description={
        !figure.counts &&
        t(
          "此账期以另一来源为准，卡的用量不由它决定。",
          "Another source counts for that month, so the card's figure is not this.",
        )
      }
    />
  );
}

function Choices({ entry, conflict }: { readonly entry: Entry; readonly conflict: Conflict }) {
  const { t } = useLanguage();
  const correction = correctionOf(entry, conflict);
  const isReading = conflict.taken?.start === null;
  return (
    <>
      <div className={styles["choices"]}>
        <Card size="small" title={t("已计入的对", "The one that counts")}>
          {t("删除这一条即可，用量不变。", "Discard this one; no figure changes.")}
        </Card>
        <Card size="small" title={t("被拒绝的对", "The refused one")}>
          {isReading
            ? t(
                "已入库的记录不会改动。请上报方用新的 id 发送正确的读数，之后的读数会取代之前的；计入后删除这一条。",
                "What was taken in is never changed. Have the right reading sent under a new id: a later one takes the place of those before. Then discard this one.",
              )
            : t(
                "已入库的记录不会改动。请上报方补发一条更正：新的 id，用 corrects 写明这个 id，数值填差额；计入后删除这一条。",
                "What was taken in is never changed. Have a correction sent: under a new id, naming this one in corrects, with the difference. Then discard this one.",
              )}
        </Card>
        <Card size="small" title={t("两条都对，id 重了", "Both: the id was used twice")}>
          {t(
            "请上报方把被拒绝的一条换一个新的 id 重发；计入后删除这一条。",
            "Have the refused one sent again under an id of its own. Then discard this one.",
          )}
        </Card>
      </div>
      {correction !== undefined && (
        <div className={styles["correction"]}>
          <p>
            {t(
              "如果被拒绝的对，更正记录可以这样写：",
              "If the refused one is right, the correction may look like this:",
            )}{" "}
            <Typography.Text
              copyable={{
                tooltips: [t("复制更正记录", "Copy the correction"), t("已复制", "Copied")],
                text: correction,
              }}
            />
          </p>
          <pre className={`mono ${styles["content"]}`} tabIndex={0}>
            {visibleText(correction)}
          </pre>
        </div>
      )}
    </>
  );
}

/**
 * The record that sets a delta right which differs in nothing but its bytes: the difference, at the same time. Where the
 * two are about different times or cards, one record is not enough.
 */
function correctionOf(entry: Entry, { taken, refused }: Conflict): string | undefined {
  if (taken === null || refused === null || taken.start === null) return undefined;
  if (taken.serial_no !== refused.serial_no || taken.start !== refused.start || taken.at !== refused.at)
    return undefined;
  if (taken.bytes === refused.bytes || taken.serial_no === null) return undefined;
  return JSON.stringify({
    specversion: "1.0",
    type: "usage.data.delta",
    id: `${entry.record_id.slice(0, 250)}-fix-1`,
    source: entry.source,
    subject: taken.serial_no,
    data: {
      start: taken.start,
      end: taken.at,
      bytes_total: refused.bytes - taken.bytes,
      corrects: entry.record_id,
    },
  });
}
