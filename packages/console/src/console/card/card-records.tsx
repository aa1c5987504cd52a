import { Button, Checkbox, Select, Space, Table, Tag } from "antd";
import { type Translate, useLanguage } from "../../shared/language.tsx";
import { useAnswer } from "../calls.ts";
import { Failure } from "../parts/failure.tsx";
import { useFormat } from "../parts/format.ts";
import { Section } from "../parts/section.tsx";
import { useUrlState } from "../url-state.ts";
import styles from "./card.module.css";
import { type CardShown, type CardUsage, type UsageRecord, kindName, signedMegabytes } from "./words.ts";

const pageSize = 50;

/** Every record behind a month's figure, or a day's, and how each was counted. */
export function CardRecords({ card, usage }: { readonly card: CardShown; readonly usage: CardUsage }) {
  const { t } = useLanguage();
  const format = useFormat();
  const [state, change] = useUrlState(["month", "day", "source", "unusual", "cursor"]);
  const records = useAnswer("GET /cards/:serial_no/records", {
    params: { serial_no: card.serial_no },
    query: {
      ...(state.month === undefined ? {} : { month: state.month }),
      ...(state.day === undefined ? {} : { day: state.day }),
      ...(state.source === undefined ? {} : { source: state.source }),
      ...(state.unusual === undefined ? {} : { unusual: true }),
      ...(state.cursor === undefined ? {} : { cursor: Number(state.cursor) }),
      limit: pageSize,
    },
  });
  const { data } = records;
  const kind = data?.source?.kind ?? "delta";
  const from = Number(state.cursor ?? 0);
  return (
    <Section title={t("用量记录", "Usage records")}>
      <div className={styles["tools"]} style={{ marginBottom: 12 }}>
        <Select
          aria-label={t("日期", "Day")}
          placeholder={t("全部日期", "Every day")}
          allowClear
          showSearch
          style={{ width: 150 }}
          value={state.day ?? null}
          options={usage.days.map(({ date }) => ({ value: date, label: date }))}
          onChange={(day: string | null) => change({ day: day ?? undefined, cursor: undefined })}
        />
        {usage.sources.length > 1 && (
          <Select
            aria-label={t("来源", "Source")}
            style={{ minWidth: 180 }}
            value={state.source ?? usage.sources[0]?.source.name ?? null}
            options={usage.sources.map(({ source, counts }) => ({
              value: source.name,
              label: counts ? source.name : t(`${source.name}（不计入）`, `${source.name} (does not count)`),
            }))}
            onChange={(source: string) => change({ source, cursor: undefined })}
          />
        )}
        <Checkbox
          checked={state.unusual !== undefined}
          onChange={({ target }) => change({ unusual: target.checked ? "1" : undefined, cursor: undefined })}
        >
          {t("只看更正、调整与跨账期", "Only corrections, adjustments and carried readings")}
        </Checkbox>
      </div>
      {records.error !== null ? (
        <Failure error={records.error} onRetry={() => void records.refetch()} />
      ) : (
        // Scrolls within itself on a phone, also by the keyboard.
        <div role="region" aria-label={t("用量记录", "Usage records")} tabIndex={0} className={styles["wide"]}>
          <Table<UsageRecord>
            rowKey="id"
            size="small"
            loading={records.isFetching}
            dataSource={data?.list ?? []}
            pagination={false}
            style={data === undefined || data.list.length > 0 ? { minWidth: 900 } : {}}
            locale={{ emptyText: emptyText(data?.records_kept ?? true, t) }}
            {...(data?.list.some(({ attributes }) => attributes !== null) === true
              ? {
                  expandable: {
                    rowExpandable: ({ attributes }) => attributes !== null,
                    expandedRowRender: ({ attributes }) => <code>{JSON.stringify(attributes)}</code>,
                  },
                }
              : {})}
            columns={[
              {
                title: kind === "delta" ? t("时段", "Period") : t("读数时间", "Read at"),
                width: 200,
                render: (_, { start, at }) => (
                  <span className="mono">
                    {start !== null && (
                      <>
                        {format.time(start)} –<br />
                      </>
                    )}
                    {format.time(at)}
                  </span>
                ),
              },
              {
                title: kind === "delta" ? t("字节", "Bytes") : t("读数（字节）", "Counter (bytes)"),
                align: "end",
                width: 150,
                render: (_, { bytes }) => <span className="mono">{format.count(bytes)}</span>,
              },
              {
                title: t("计入（MB）", "Adds (MB)"),
                align: "end",
                width: 110,
                render: (_, record) => (
                  <span className="mono" title={t(`${record.effect_bytes} 字节`, `${record.effect_bytes} bytes`)}>
                    {record.counts_in === data?.billing_month ? signedMegabytes(record.effect_bytes) : "—"}
                  </span>
                ),
              },
              {
                title: t("计入日期", "Counts on"),
                width: 115,
                render: (_, { day }) => (
                  <span className="mono" style={{ whiteSpace: "nowrap" }}>
                    {day}
                  </span>
                ),
              },
              {
                title: t("说明", "Notes"),
                render: (_, record) => <Notes record={record} month={data?.billing_month} />,
              },
              {
                title: t("记录编号", "Record id"),
                width: 200,
                render: (_, { id }) => (
                  <span className="mono" style={{ overflowWrap: "anywhere" }}>
                    {id}
                  </span>
                ),
              },
              {
                title: t("收到时间", "Received"),
                width: 170,
                render: (_, { received_at: at }) => (
                  <span className="mono" style={{ whiteSpace: "nowrap" }}>
                    {format.time(at)}
                  </span>
                ),
              },
            ]}
          />
        </div>
      )}
      {data !== undefined && data.total > 0 && (
        <Space style={{ marginTop: 12, width: "100%", justifyContent: "space-between" }} wrap>
          <span>
            {t(
              `第 ${from + 1}–${from + data.list.length} 条，共 ${format.count(data.total)} 条（${kindName(kind, t)}）`,
              `${from + 1}–${from + data.list.length} of ${format.count(data.total)} ${kindName(kind, t)}`,
            )}
          </span>
          {data.total > pageSize && (
            <Space>
              <Button
                disabled={from === 0}
                onClick={() => change({ cursor: from <= pageSize ? undefined : String(from - pageSize) })}
              >
                {t("上一页", "Back")}
              </Button>
              <Button
                disabled={data.next_cursor === undefined}
                onClick={() => change({ cursor: String(data.next_cursor ?? "") })}
              >
                {t("下一页", "Next")}
              </Button>
            </Space>
          )}
        </Space>
      )}
    </Section>
  );
}

function emptyText(kept: boolean, t: Translate): string {
  return kept
    ? t("没有符合条件的记录", "There are no such records")
    : t("该账期的用量记录已超过保留期并删除", "The month's records are no longer kept");
}

/** What is out of the ordinary about a record. */
function Notes({ record, month }: { readonly record: UsageRecord; readonly month: string | undefined }) {
  const { t } = useLanguage();
  const notes: [color: string, text: string][] = [];
  if (record.counts_in !== month)
    notes.push([
      "gold",
      t(
        `计入 ${record.counts_in} 账期：计数器尚未清零`,
        `counts in ${record.counts_in}: the counter had not been reset`,
      ),
    ]);
  else if (record.own_month !== month)
    notes.push([
      "gold",
      t(
        `读于 ${record.own_month} 账期，计数器尚未清零，计入本账期`,
        `read in ${record.own_month}, before the counter was reset: counts here`,
      ),
    ]);
  if (record.fell) notes.push(["orange", t("读数下降：运营商更正", "the counter fell: the carrier's correction")]);
  if (record.adjustment) notes.push(["purple", t("关账后的调整", "adjustment after closing")]);
  if (record.corrects !== null) notes.push(["blue", t(`更正 ${record.corrects}`, `corrects ${record.corrects}`)]);
  return (
    <Space size={4} wrap>
      {notes.map(([color, text]) => (
        <Tag key={text} color={color} style={{ whiteSpace: "normal", overflowWrap: "anywhere" }}>
          {text}
        </Tag>
      ))}
    </Space>
  );
}
