import { DownloadOutlined, PlusOutlined } from "@ant-design/icons";
import { Button, DatePicker, Empty, Grid, Select, Space, Table, type TableColumnsType } from "antd";
import dayjs from "dayjs";
import { useState } from "react";
import { useLanguage } from "../../shared/language.tsx";
import { urlOf } from "../api.ts";
import { actorKindName } from "../audit/words.ts";
import { useAnswer } from "../calls.ts";
import { Failure } from "../parts/failure.tsx";
import { useFormat } from "../parts/format.ts";
import styles from "../parts/forms.module.css";
import { Section } from "../parts/section.tsx";
import { MorePager } from "../parts/more-pager.tsx";
import { useMayActAs } from "../session.tsx";
import { useUrlState } from "../url-state.ts";
import { BookMovement } from "./book-movement.tsx";
import { type Account, type Movement, movementKindName, movementKinds } from "./words.ts";

const pageSize = 20;

/** An account's balance, and every movement that has made it what it is. */
export function Ledger({ account }: { readonly account: Account }) {
  const { t } = useLanguage();
  const format = useFormat();
  const mayBook = useMayActAs()("admin");
  const isWide = Grid.useBreakpoint().lg ?? true;
  const [state, change] = useUrlState(["kind", "from", "to", "before"]);
  const [isBooking, setIsBooking] = useState(false);
  const kind = movementKinds.find((one) => one === state.kind);
  const params = { account_no: account.account_no };
  const filter = {
    ...(kind === undefined ? {} : { kind }),
    ...(state.from === undefined ? {} : { from: state.from }),
    ...(state.to === undefined ? {} : { to: state.to }),
  };
  const movements = useAnswer("GET /accounts/:account_no/movements", {
    params,
    query: { ...filter, ...(state.before === undefined ? {} : { cursor: Number(state.before) }), limit: pageSize },
  });
  const columns = useColumns();
  return (
    <Section
      title={t("余额", "Balance")}
      acts={
        <>
          <Button
            icon={<DownloadOutlined aria-hidden />}
            href={urlOf("GET /accounts/:account_no/movements/export", { params, query: filter })}
          >
            {t("导出 CSV", "Export as CSV")}
          </Button>
          {mayBook && (
            <Button type="primary" icon={<PlusOutlined aria-hidden />} onClick={() => setIsBooking(true)}>
              {t("充值或调整", "Top up or correct")}
            </Button>
          )}
        </>
      }
    >
      <p className={styles["figure"]}>
        {format.money(account.balance)} <small>{t("元", "CNY")}</small>
      </p>
      <div className="filters">
        <Select
          aria-label={t("类型", "Kind")}
          placeholder={t("类型", "Kind")}
          allowClear
          style={{ width: 140 }}
          value={kind ?? null}
          options={movementKinds.map((one) => ({ value: one, label: movementKindName(one, t) }))}
          onChange={(chosen: string | null) => change({ kind: chosen ?? undefined, before: undefined })}
        />
        <DatePicker.RangePicker
          showTime
          aria-label={t("时间范围", "Period")}
          allowEmpty={[true, true]}
          value={[state.from === undefined ? null : dayjs(state.from), state.to === undefined ? null : dayjs(state.to)]}
          onChange={(range) =>
            change({ from: range?.[0]?.toISOString(), to: range?.[1]?.toISOString(), before: undefined })
          }
        />
      </div>
      {movements.data === undefined && movements.error !== null ? (
        <Failure error={movements.error} onRetry={() => void movements.refetch()} />
      ) : (
        <Table<Movement>
          rowKey="movement_no"
          size="small"
          loading={movements.isPending}
          dataSource={movements.data?.list ?? []}
          pagination={false}
          showHeader={isWide}
          locale={{
            emptyText: (
              <Empty image={Empty.PRESENTED_IMAGE_SIMPLE} description={t("没有余额变动", "There are no movements")} />
            ),
          }}
          columns={isWide ? columns : [{ render: (_, movement) => <MovementCard movement={movement} /> }]}
        />
      )}
      <MorePager
        first={state.before === undefined}
        more={movements.data?.next_cursor !== undefined}
        onFirst={() => change({ before: undefined })}
        onMore={() => change({ before: movements.data?.next_cursor?.toString() })}
      />
      {isBooking && <BookMovement account={account} onClose={() => setIsBooking(false)} />}
    </Section>
  );
}

function useColumns(): TableColumnsType<Movement> {
  const { t } = useLanguage();
  const format = useFormat();
  return [
    { title: t("序号", "No."), width: 70, dataIndex: "movement_no", className: "mono" },
    { title: t("时间", "Time"), width: 180, render: (_, { at }) => <span className="mono">{format.time(at)}</span> },
    { title: t("类型", "Kind"), width: 110, render: (_, { kind }) => movementKindName(kind, t) },
    {
      title: t("金额（元）", "Amount (CNY)"),
      width: 150,
      align: "right",
      render: (_, { amount }) => <Amount amount={amount} />,
    },
    {
      title: t("余额（元）", "Balance (CNY)"),
      width: 150,
      align: "right",
      render: (_, { balance_after }) => <span className="mono">{format.money(balance_after)}</span>,
    },
    { title: t("备注", "Remark"), render: (_, { remark }) => <span className={styles["wrap"]}>{remark}</span> },
    { title: t("操作者", "Booked by"), width: 180, render: (_, movement) => <Actor movement={movement} /> },
  ];
}

function Amount({ amount }: { readonly amount: string }) {
  const format = useFormat();
  return <span className="mono">{amount.startsWith("-") ? format.money(amount) : `+${format.money(amount)}`}</span>;
}

function Actor({ movement }: { readonly movement: Movement }) {
  const { t } = useLanguage();
  return (
    <span className={styles["wrap"]}>
      {movement.actor_name} <small>({actorKindName(movement.actor_kind, t)})</small>
    </span>
  );
}

/** A movement's columns one under the other, where there is no room for more. */
function MovementCard({ movement }: { readonly movement: Movement }) {
  const { t } = useLanguage();
  const format = useFormat();
  return (
    <Space orientation="vertical" size={2} style={{ width: "100%" }}>
      <span>
        {movementKindName(movement.kind, t)} <strong>{<Amount amount={movement.amount} />}</strong> ·{" "}
        {t("余额", "balance")} <span className="mono">{format.money(movement.balance_after)}</span>
      </span>
      {movement.remark !== "" && <span className={styles["wrap"]}>{movement.remark}</span>}
      <small>
        <Actor movement={movement} /> <span className="mono">{format.shortTime(movement.at)}</span>
      </small>
    </Space>
  );
}
