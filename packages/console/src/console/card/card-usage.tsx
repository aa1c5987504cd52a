import { Button, Select, Skeleton, Table, Tag } from "antd";
import { useLanguage } from "../../shared/language.tsx";
import type { CallAnswer } from "../api.ts";
import { useAnswer } from "../calls.ts";
import { Failure } from "../parts/failure.tsx";
import { Section } from "../parts/section.tsx";
import { useUrlState } from "../url-state.ts";
import { CardRecords } from "./card-records.tsx";
import styles from "./card.module.css";
import { UsageChart } from "./usage-chart.tsx";
import { UsageExplanation } from "./usage-explanation.tsx";
import type { CardShown } from "./words.ts";

type Month = CallAnswer<"GET /cards/:serial_no/months">["list"][number];

/** A month's usage by day, how its figure came about, the records behind it, and the months beside it. */
export function CardUsageTab({ card }: { readonly card: CardShown }) {
  const { t } = useLanguage();
  const [state, change] = useUrlState(["month", "day", "cursor"]);
  const params = { serial_no: card.serial_no };
  const usage = useAnswer("GET /cards/:serial_no/usage", {
    params,
    query: state.month === undefined ? {} : { month: state.month },
  });
  const months = useAnswer("GET /cards/:serial_no/months", { params });
  if (usage.data === undefined) {
    if (usage.error === null) return <Skeleton active paragraph={{ rows: 12 }} />;
    return <Failure error={usage.error} onRetry={() => void usage.refetch()} />;
  }
  const shown = usage.data;
  const choose = (month: string) =>
    change({ month: month === card.billing_month ? undefined : month, day: undefined, cursor: undefined });
  const list = months.data?.list ?? [];
  const options = [...new Set([shown.billing_month, ...list.map(({ billing_month: month }) => month)])];
  return (
    <div className={styles["sections"]}>
      <Section
        title={t("每日用量", "Usage by day")}
        acts={
          <Select
            aria-label={t("账期", "Billing month")}
            value={shown.billing_month}
            style={{ width: 130 }}
            options={options
              .toSorted()
              .toReversed()
              .map((month) => ({ value: month, label: month }))}
            onChange={choose}
          />
        }
      >
        <p className={styles["note"]} style={{ margin: "0 0 8px" }}>
          {t(
            `${shown.first_day} 至 ${shown.last_day}，已用 ${shown.used_data_value} MB，总量 ${shown.total_data_value} MB`,
            `${shown.first_day} to ${shown.last_day}: ${shown.used_data_value} MB used of ${shown.total_data_value} MB`,
          )}
        </p>
        <UsageChart
          usage={shown}
          loading={usage.isPlaceholderData}
          onDay={(day) => change({ day, cursor: undefined })}
        />
      </Section>
      <Section title={t("用量是怎么得出的", "How the figure came about")}>
        <UsageExplanation usage={shown} />
      </Section>
      <CardRecords card={card} usage={shown} />
      <Section title={t("各账期", "Billing months")}>
        <MonthTable list={list} loading={months.isPending} current={shown.billing_month} onChoose={choose} />
      </Section>
    </div>
  );
}

function MonthTable(props: {
  readonly list: readonly Month[];
  readonly loading: boolean;
  readonly current: string;
  readonly onChoose: (month: string) => void;
}) {
  const { t } = useLanguage();
  const mb = (title: string) => `${title} (MB)`;
  return (
    <div role="region" aria-label={t("各账期", "Billing months")} tabIndex={0} className={styles["wide"]}>
      <Table<Month>
        rowKey="billing_month"
        size="small"
        loading={props.loading}
        dataSource={[...props.list]}
        pagination={false}
        style={{ minWidth: 600 }}
        columns={[
          {
            title: t("账期", "Month"),
            render: (_, { billing_month: month, first_day: first, last_day: last }) => (
              <>
                <Button
                  type="link"
                  size="small"
                  style={{ padding: 0 }}
                  aria-current={month === props.current}
                  onClick={() => props.onChoose(month)}
                >
                  {month}
                </Button>{" "}
                <small className="mono" style={{ whiteSpace: "nowrap" }}>
                  {first.slice(5)} – {last.slice(5)}
                </small>
              </>
            ),
          },
          { title: mb(t("总量", "Allowance")), align: "end", dataIndex: "total_data_value", className: "mono" },
          { title: mb(t("已用", "Used")), align: "end", dataIndex: "used_data_value", className: "mono" },
          { title: mb(t("剩余", "Left")), align: "end", dataIndex: "left_data_value", className: "mono" },
          {
            title: t("关账", "Closing"),
            render: (_, { is_final: isFinal, version, closed_data_value: closed }) => (
              <>
                {isFinal ? <Tag>{t("已关账", "Closed")}</Tag> : <Tag color="processing">{t("未关账", "Open")}</Tag>}
                {version > 1 && (
                  <small>
                    {t(
                      `版本 ${version}，关账时 ${closed ?? "—"} MB`,
                      `version ${version}, ${closed ?? "—"} MB at closing`,
                    )}
                  </small>
                )}
              </>
            ),
          },
        ]}
      />
    </div>
  );
}
