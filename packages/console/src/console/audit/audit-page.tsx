import { DownloadOutlined } from "@ant-design/icons";
import { Button, DatePicker, Grid, Input, Select, Table, type TableColumnsType } from "antd";
import dayjs from "dayjs";
import { useState } from "react";
import { useLanguage } from "../../shared/language.tsx";
import { type CallAnswer, urlOf } from "../api.ts";
import { useAnswer } from "../calls.ts";
import { Failure } from "../parts/failure.tsx";
import { useFormat } from "../parts/format.ts";
import { MorePager } from "../parts/more-pager.tsx";
import { PageHead } from "../parts/page-head.tsx";
import { useUrlState } from "../url-state.ts";
import { Change } from "./change.tsx";
import styles from "./audit.module.css";
import { actionName, actorKindName, objectKindName } from "./words.ts";

type AuditEvent = CallAnswer<"GET /audit">["list"][number];

const pageSize = 50;

/** Who changed what, when, from where, before and after. */
export default function AuditPage() {
  const { t } = useLanguage();
  const isWide = Grid.useBreakpoint().lg ?? true;
  const [state, change] = useUrlState(["from", "to", "actor_kind", "action", "object_id", "before"]);
  const filter = {
    ...(state.from === undefined ? {} : { from: state.from }),
    ...(state.to === undefined ? {} : { to: state.to }),
    ...(isActorKind(state.actor_kind) ? { actor_kind: state.actor_kind } : {}),
    ...(state.action === undefined ? {} : { action: state.action }),
    ...(state.object_id === undefined ? {} : { object_id: state.object_id }),
  };
  const events = useAnswer("GET /audit", {
    query: {
      ...filter,
      ...(state.before === undefined ? {} : { before_event: Number(state.before) }),
      limit: pageSize,
    },
  });
  const actions = useAnswer("GET /audit/actions", {});
  const columns = useColumns(isWide, (objectId) => change({ object_id: objectId, before: undefined }));
  if (events.error !== null) return <Failure error={events.error} onRetry={() => void events.refetch()} />;
  const list = events.data?.list ?? [];
  return (
    <>
      <PageHead title={t("操作日志", "Audit log")}>
        <Button icon={<DownloadOutlined />} href={urlOf("GET /audit/export", { query: filter })}>
          {t("导出 CSV", "Export as CSV")}
        </Button>
      </PageHead>
      <div className="filters">
        <DatePicker.RangePicker
          showTime
          aria-label={t("时间范围", "Period")}
          value={[state.from === undefined ? null : dayjs(state.from), state.to === undefined ? null : dayjs(state.to)]}
          allowEmpty={[true, true]}
          onChange={(range) =>
            change({ from: range?.[0]?.toISOString(), to: range?.[1]?.toISOString(), before: undefined })
          }
        />
        <Select
          aria-label={t("操作", "Action")}
          placeholder={t("操作", "Action")}
          allowClear
          showSearch={{ optionFilterProp: "label" }}
          style={{ width: 200 }}
          value={state.action ?? null}
          options={(actions.data?.list ?? []).map((action) => ({ value: action, label: actionName(action, t) }))}
          onChange={(action: string | null) => change({ action: action ?? undefined, before: undefined })}
        />
        <Select
          aria-label={t("操作者类型", "Kind of actor")}
          placeholder={t("操作者类型", "Kind of actor")}
          allowClear
          style={{ width: 150 }}
          value={state.actor_kind ?? null}
          options={(["staff", "cli", "system"] as const).map((kind) => ({
            value: kind,
            label: actorKindName(kind, t),
          }))}
          onChange={(kind: string | null) => change({ actor_kind: kind ?? undefined, before: undefined })}
        />
        <ObjectFilter value={state.object_id ?? ""} onChange={(id) => change({ object_id: id, before: undefined })} />
      </div>
      <Table<AuditEvent>
        rowKey="event_no"
        size="middle"
        loading={events.isFetching}
        dataSource={list}
        pagination={false}
        expandable={{
          expandedRowRender: (event) => <Change before={event.before} after={event.after} />,
          rowExpandable: ({ before, after }) => before !== null || after !== null,
        }}
        columns={columns}
      />
      <MorePager
        first={state.before === undefined}
        more={events.data?.more ?? false}
        onFirst={() => change({ before: undefined })}
        onMore={() => change({ before: String(list.at(-1)?.event_no ?? "") })}
      />
    </>
  );
}

function useColumns(isWide: boolean, onObject: (objectId: string) => void): TableColumnsType<AuditEvent> {
  const { t } = useLanguage();
  const format = useFormat();
  const actor = (event: AuditEvent) => (
    <>
      <span style={{ overflowWrap: "anywhere" }}>{event.actor_name}</span>{" "}
      <small>({actorKindName(event.actor_kind, t)})</small>
    </>
  );
  const object = ({ object_id, object_kind }: AuditEvent) => (
    <>
      <small>{objectKindName(object_kind, t)}</small>{" "}
      <Button
        type="link"
        size="small"
        className="mono"
        style={{ padding: 0, height: "auto", whiteSpace: "normal", overflowWrap: "anywhere", textAlign: "start" }}
        onClick={() => onObject(object_id)}
      >
        {object_id}
      </Button>
    </>
  );
  if (!isWide)
    return [
      {
        title: t("操作", "Action"),
        render: (_, event) => (
          <div className={styles["card"]}>
            <span className="mono">{format.time(event.at)}</span>
            <strong>{actionName(event.action, t)}</strong>
            <div>{object(event)}</div>
            <div>{actor(event)}</div>
            {event.address !== null && <small className="mono">{event.address}</small>}
          </div>
        ),
      },
    ];
  return [
    { title: t("时间", "Time"), width: 190, render: (_, { at }) => <span className="mono">{format.time(at)}</span> },
    { title: t("操作者", "Actor"), width: 200, render: (_, event) => actor(event) },
    { title: t("操作", "Action"), width: 180, render: (_, { action }) => actionName(action, t) },
    { title: t("对象", "Object"), render: (_, event) => object(event) },
    {
      title: t("来源地址", "From"),
      width: 160,
      render: (_, { address }) => <span className="mono">{address ?? "—"}</span>,
    },
  ];
}

function isActorKind(kind: string | undefined): kind is AuditEvent["actor_kind"] {
  return kind === "staff" || kind === "cli" || kind === "system";
}

/** Narrows to one thing, once its id has been typed to the end. */
function ObjectFilter({ value, onChange }: { readonly value: string; readonly onChange: (id: string) => void }) {
  const { t } = useLanguage();
  const [typed, setTyped] = useState<string>();
  return (
    <Input.Search
      aria-label={t("对象编号", "Id of the object")}
      placeholder={t("对象编号，例如账户号", "Id of the object")}
      allowClear
      style={{ width: 240 }}
      value={typed ?? value}
      onChange={(event) => setTyped(event.target.value)}
      onSearch={(id) => {
        setTyped(undefined);
        onChange(id.trim());
      }}
    />
  );
}
