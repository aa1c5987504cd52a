import { Alert, Button, Form, type FormInstance, Grid, Space, Table, Tag } from "antd";
import { useLanguage } from "../../shared/language.tsx";
import { type CallAnswer, call } from "../api.ts";
import type { EditedRecord, FormField } from "./form-drawer.tsx";
import { useFormat } from "./format.ts";
import styles from "./forms.module.css";

type AuditEvent = CallAnswer<"GET /audit">["list"][number];

/** A record as someone else has left it meanwhile. */
export interface ConflictSeen<V> {
  readonly version: number;
  readonly values: V;
  /** The last change of it that is known. */
  readonly event: AuditEvent | undefined;
}

/** Reads a record as it is now, and who has changed it last. */
export function useConflict<V>(): (record: EditedRecord<V>) => Promise<ConflictSeen<V>> {
  const { language } = useLanguage();
  return async ({ object, load }) => {
    const query = { object_kind: object.kind, object_id: object.id, limit: 1 };
    const [now, events] = await Promise.all([load(), call("GET /audit", { query }, { language })]);
    return { ...now, event: events.list[0] };
  };
}

/** What stands in the form beside what is saved now, for everything that differs or was changed by the other. */
export function Conflict<V extends object>(props: {
  readonly conflict: ConflictSeen<V>;
  readonly fields: readonly FormField<V>[];
  readonly form: FormInstance<V>;
}) {
  const { t } = useLanguage();
  const format = useFormat();
  const { conflict, fields, form } = props;
  // On a phone the table needs the icon's room.
  const isWide = Grid.useBreakpoint().sm ?? true;
  const typed = Form.useWatch([], form) as V | undefined;
  if (typed === undefined) return null;
  const { event, values } = conflict;
  const rows = fields.flatMap((field) => {
    const [mine, now] = [field.show(typed), field.show(values)];
    const isChanged = event?.after !== null && event?.after !== undefined && field.name in event.after;
    return mine === now && !isChanged ? [] : [{ ...field, mine, now }];
  });
  const who =
    event === undefined
      ? t("在你打开之后，已有其他人修改过", "Someone else has changed this since you opened it")
      : t(
          `${event.actor_name} 于 ${format.time(event.at)} 修改过`,
          `${event.actor_name} changed this at ${format.time(event.at)}`,
        );
  function take(name: keyof V & string): void {
    form.setFieldValue(name as never, values[name]);
  }
  return (
    <Alert
      type="warning"
      showIcon={isWide}
      style={{ marginBottom: 16 }}
      title={t(
        `${who}，你的修改尚未保存，填写的内容都还在`,
        `${who}; your change is not saved, and what you typed is still here`,
      )}
      description={
        <Space orientation="vertical" size={8} style={{ width: "100%" }}>
          {rows.length > 0 && (
            <Table
              rowKey="name"
              size="small"
              pagination={false}
              scroll={{ x: 320 }}
              dataSource={rows}
              columns={[
                { title: t("项目", "Value"), dataIndex: "label" },
                {
                  title: t("你填写的", "Yours"),
                  className: styles["wrap"] ?? "",
                  render: (_, { mine }) => <bdi>{mine}</bdi>,
                },
                {
                  title: t("当前值", "Now"),
                  className: styles["wrap"] ?? "",
                  render: (_, { now }) => <bdi>{now}</bdi>,
                },
                {
                  title: "",
                  render: (_, { name, label, mine, now }) =>
                    mine === now ? (
                      <Tag>{t("一致", "same")}</Tag>
                    ) : (
                      <Button
                        size="small"
                        aria-label={t(`${label}：采用当前值`, `${label}: use the present value`)}
                        onClick={() => take(name)}
                      >
                        {t("采用", "Use")}
                      </Button>
                    ),
                },
              ]}
            />
          )}
          <span>
            {t("核对后再次保存，将以表单中的内容为准。", "Look at them and save again: what the form says then holds.")}
          </span>
          {rows.some(({ mine, now }) => mine !== now) && (
            <Button size="small" onClick={() => fields.forEach(({ name }) => take(name))}>
              {t("全部采用当前值", "Use all present values")}
            </Button>
          )}
        </Space>
      }
    />
  );
}
