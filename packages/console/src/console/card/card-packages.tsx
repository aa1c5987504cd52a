import { Empty, Skeleton, Tag } from "antd";
import { type Translate, useLanguage } from "../../shared/language.tsx";
import { useAnswer } from "../calls.ts";
import { Failure } from "../parts/failure.tsx";
import { Section } from "../parts/section.tsx";
import { levelName } from "../products/words.ts";
import styles from "./card.module.css";
import { type CardPackage, type CardPackages, type CardShown, megabytes } from "./words.ts";

const crossMonth = 3;

/** The card's packages over time, and what each gave and bore of the current month. */
export function CardPackagesTab({ card }: { readonly card: CardShown }) {
  const { t } = useLanguage();
  const packages = useAnswer("GET /cards/:serial_no/packages", { params: { serial_no: card.serial_no } });
  if (packages.data === undefined) {
    if (packages.error === null) return <Skeleton active paragraph={{ rows: 8 }} />;
    return <Failure error={packages.error} onRetry={() => void packages.refetch()} />;
  }
  const { data } = packages;
  if (data.list.length === 0)
    return (
      <Empty
        image={Empty.PRESENTED_IMAGE_SIMPLE}
        description={t("这张卡还没有套餐", "This card has no packages yet")}
      />
    );
  return (
    <div className={styles["sections"]}>
      <Section title={t("本账期总量的组成", "What makes up this month's allowance")}>
        <ul className={styles["words"]}>
          {compositionOf(data, t).map((sentence) => (
            <li key={sentence}>{sentence}</li>
          ))}
        </ul>
      </Section>
      <Section title={t("套餐时间线", "Packages over time")}>
        <TimeLine data={data} />
      </Section>
    </div>
  );
}

function compositionOf(data: CardPackages, t: Translate): string[] {
  const { billing_month: month } = data;
  const shares = data.list.flatMap((one) => {
    const share = one.shares.find((each) => each.billing_month === month);
    return share === undefined || one.state !== "in_effect" ? [] : [{ one, share }];
  });
  if (shares.length === 0)
    return [t("本账期没有生效的套餐，总量为 0。", "No package is in effect this month: the allowance is 0.")];
  const terms = shares.map(({ one, share }) =>
    t(`${megabytes(share.given_bytes)} MB（${one.name}）`, `${megabytes(share.given_bytes)} MB (${one.name})`),
  );
  return [
    t(
      `${month} 账期总量 ${data.total_data_value} MB = ${terms.join(" + ")}。`,
      `The allowance of ${month}, ${data.total_data_value} MB = ${terms.join(" + ")}.`,
    ),
    t(
      `已用 ${data.used_data_value} MB，先用按月套餐，再用跨月套餐（先到期的先用）。`,
      `${data.used_data_value} MB used: the monthly packages bear it first, then the cross-month ones, the earliest to end first.`,
    ),
    ...(data.beyond_bytes > 0
      ? [
          t(
            `超出全部套餐 ${megabytes(data.beyond_bytes)} MB。`,
            `${megabytes(data.beyond_bytes)} MB beyond all of them.`,
          ),
        ]
      : []),
  ];
}

function monthIndex(month: string): number {
  return Number(month.slice(0, 4)) * 12 + Number(month.slice(5, 7)) - 1;
}

function TimeLine({ data }: { readonly data: CardPackages }) {
  const { t } = useLanguage();
  const now = monthIndex(data.billing_month);
  const first = Math.min(now, ...data.list.map((one) => monthIndex(one.first_month)));
  const last = Math.max(now, ...data.list.map((one) => monthIndex(one.last_month)));
  const width = 100 / (last - first + 1);
  const nameOf = (index: number) => `${Math.floor(index / 12)}-${String((index % 12) + 1).padStart(2, "0")}`;
  const nowStyle = { left: `${(now - first) * width}%`, width: `${width}%` };
  return (
    <ol className={styles["timeline"]}>
      {data.list.map((one) => {
        const from = monthIndex(one.first_month);
        const months = monthIndex(one.last_month) - from + 1;
        return (
          <li key={`${one.product_no} ${one.first_month} ${one.order_no}`} className={styles["package"]}>
            <div>
              <strong>{one.name}</strong> <Tag>{levelName(one.level, t)}</Tag>
              <StateTag state={one.state} />
              <p>{termOf(one, months, t)}</p>
              {shareSentences(one, data.billing_month, t).map((sentence) => (
                <p key={sentence}>{sentence}</p>
              ))}
            </div>
            <div className={styles["track"]} aria-hidden="true">
              <span className={styles["now"]} style={nowStyle} />
              <span
                className={`${styles["bar"]} ${styles[one.state] ?? ""}`}
                style={{ left: `${(from - first) * width}%`, width: `${months * width}%` }}
              />
            </div>
          </li>
        );
      })}
      <li className={`${styles["package"]} ${styles["scaleRow"]}`} aria-hidden="true">
        <span />
        <div className={styles["scale"]}>
          <span style={{ left: 0 }}>{nameOf(first)}</span>
          {now !== first && now !== last && (last - first > 5 || now - first > 1) && now < last - 1 && (
            <span style={{ left: `${(now - first) * width}%` }}>{t("本账期", "now")}</span>
          )}
          {last !== first && <span>{nameOf(last)}</span>}
        </div>
      </li>
    </ol>
  );
}

function StateTag({ state }: { readonly state: CardPackage["state"] }) {
  const { t } = useLanguage();
  if (state === "in_effect") return <Tag color="success">{t("生效中", "In effect")}</Tag>;
  if (state === "past") return <Tag>{t("已结束", "Over")}</Tag>;
  return <Tag color="processing">{t("未开始", "Not begun")}</Tag>;
}

function termOf(one: CardPackage, months: number, t: Translate): string {
  const size = `${one.size_data_value} MB`;
  const each = one.level === crossMonth ? t(`共 ${size}`, `${size} in all`) : t(`每账期 ${size}`, `${size} a month`);
  return t(
    `${each}，${one.first_day} 至 ${one.last_day}，${months} 个账期`,
    `${each}, ${one.first_day} to ${one.last_day}, ${months} ${months === 1 ? "month" : "months"}`,
  );
}

function shareSentences(one: CardPackage, month: string, t: Translate): string[] {
  const told: string[] = [];
  if (one.level === crossMonth)
    for (const share of one.shares)
      if (share.billing_month !== month && share.drawn_bytes > 0)
        told.push(
          t(
            `${share.billing_month} 用去 ${megabytes(share.drawn_bytes)} MB，结转 ${megabytes(share.given_bytes - share.drawn_bytes)} MB`,
            `${share.billing_month} took ${megabytes(share.drawn_bytes)} MB and carried ${megabytes(share.given_bytes - share.drawn_bytes)} MB on`,
          ),
        );
  const current = one.shares.find((share) => share.billing_month === month);
  if (current !== undefined && one.state === "in_effect")
    told.push(
      t(
        `本账期可用 ${megabytes(current.given_bytes)} MB，已用 ${megabytes(current.drawn_bytes)} MB`,
        `This month it gives ${megabytes(current.given_bytes)} MB, of which ${megabytes(current.drawn_bytes)} MB are used`,
      ),
    );
  return told;
}
