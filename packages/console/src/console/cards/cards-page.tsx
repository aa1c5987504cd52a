import { ImportOutlined } from "@ant-design/icons";
import { Alert, Button, Empty, Grid, Skeleton, Table } from "antd";
import { Link } from "react-router";
import { useLanguage } from "../../shared/language.tsx";
import { useAnswer } from "../calls.ts";
import { Failure } from "../parts/failure.tsx";
import { useFormat } from "../parts/format.ts";
import { MorePager } from "../parts/more-pager.tsx";
import { PageHead } from "../parts/page-head.tsx";
import { SearchField } from "../parts/search-field.tsx";
import { useMayActAs } from "../session.tsx";
import { useUrlState } from "../url-state.ts";
import { type ColumnName, cellOf, columnTitle, useCardColumns } from "./card-columns.tsx";
import { CardFilters } from "./card-filters.tsx";
import { ColumnChooser, columnsOf } from "./column-chooser.tsx";
import { ExportButton } from "./export-button.tsx";
import { type CardsAnswer, type ListedCard, filterNames, listingNames, listingOf } from "./listing.ts";
import { SearchExplanation } from "./search-explanation.tsx";
import { SortSelect } from "./sort-select.tsx";
import styles from "./cards.module.css";

const pageSize = 50;

/** All cards: found by any identifier, narrowed, in order, page by page. What is shown is in the address. */
export default function CardsPage() {
  const { t } = useLanguage();
  const mayEdit = useMayActAs()("operator");
  const isWide = Grid.useBreakpoint().lg ?? true;
  const [state, change] = useUrlState([...listingNames, "after", "columns"]);
  const listing = listingOf(state);
  const columns = columnsOf(state.columns);
  const cards = useAnswer("GET /cards", {
    query: { ...listing, ...(state.after === undefined ? {} : { cursor: state.after }), limit: pageSize },
  });
  const isNarrowed = filterNames.some((name) => state[name] !== undefined);
  const narrow = (changed: Parameters<typeof change>[0]) => change({ ...changed, after: undefined });
  const clearFilters = () => narrow(Object.fromEntries(filterNames.map((name) => [name, undefined])));
  const { data } = cards;
  const isFirstPage = state.after === undefined;
  return (
    <>
      <PageHead title={t("卡管理", "Cards")}>
        {mayEdit && (
          <>
            <ExportButton listing={listing} columns={columns} />
            <Link to="/jobs/import?kind=card_import">
              <Button type="primary" icon={<ImportOutlined />}>
                {t("导入卡", "Import cards")}
              </Button>
            </Link>
          </>
        )}
      </PageHead>
      <div className="filters">
        <SearchField
          label={t(
            "卡号、ICCID（或后 10 位）、自定义编号、MSISDN、IMSI",
            "Card number, ICCID or its last 10, custom number, MSISDN, IMSI",
          )}
          width={580}
          value={state.search ?? ""}
          onSearch={(search) => narrow({ search })}
        />
      </div>
      <CardFilters state={state} isNarrowed={isNarrowed} onChange={narrow} onClear={clearFilters} />
      {data?.search !== null && data?.search !== undefined && state.search !== undefined && (
        <SearchExplanation
          search={data.search}
          hasOthers={data.list.length > data.search.found.length - data.search.hidden}
          isFirstPage={isFirstPage}
          onClearFilters={clearFilters}
        />
      )}
      <div className={styles["summary"]}>
        <Total answer={data} />
        <span className="grow" />
        <SortSelect value={state.sort} answer={data} onChange={(sort) => narrow({ sort })} />
        {isWide && <ColumnChooser columns={columns} onChange={(text) => change({ columns: text })} />}
      </div>
      {cards.error !== null && data !== undefined && (
        <Alert className={styles["explanation"] ?? ""} type="warning" showIcon title={cards.error.message} />
      )}
      {data === undefined ? (
        cards.error !== null ? (
          <Failure
            error={cards.error}
            onRetry={() => (cards.error.status === 422 ? narrow({}) : void cards.refetch())}
          />
        ) : (
          <Skeleton className={styles["table"] ?? ""} active title={false} paragraph={{ rows: 12, width: "100%" }} />
        )
      ) : data.list.length === 0 ? (
        <Nothing
          isFirstPage={isFirstPage}
          isNarrowed={isNarrowed}
          isSearched={state.search !== undefined}
          isOpen={data.next_cursor !== null}
          onClear={clearFilters}
        />
      ) : isWide ? (
        <CardTable cards={data.list} columns={columns} isLoading={cards.isPlaceholderData} />
      ) : (
        <ul className={styles["list"]} aria-busy={cards.isPlaceholderData}>
          {data.list.map((card) => (
            <CardItem key={card.serial_no} card={card} />
          ))}
        </ul>
      )}
      <MorePager
        first={isFirstPage}
        // While another list is on its way, the next page of the one still shown is none of it.
        more={data !== undefined && data.next_cursor !== null && !cards.isPlaceholderData}
        onFirst={() => change({ after: undefined })}
        onMore={() => change({ after: data?.next_cursor ?? undefined })}
      />
    </>
  );
}

/** How many there are, as far as that can be said at once. */
function Total({ answer }: { readonly answer: CardsAnswer | undefined }) {
  const { t } = useLanguage();
  const format = useFormat();
  if (answer === undefined) return null;
  const { total, looked_at: lookedAt, list, next_cursor: next } = answer;
  if (total !== null)
    return (
      <span>
        {total.more
          ? t(`超过 ${format.count(total.count)} 张卡`, `More than ${format.count(total.count)} cards`)
          : t(
              `共 ${format.count(total.count)} 张卡`,
              total.count === 1 ? "1 card" : `${format.count(total.count)} cards`,
            )}
      </span>
    );
  if (lookedAt === null) return null;
  return (
    <span>
      {t(
        `已查看 ${format.count(lookedAt)} 张卡，找到 ${format.count(list.length)} 张${next === null ? "" : "，点“下一页”继续查找"}`,
        `Looked at ${format.count(lookedAt)} cards and found ${format.count(list.length)}${next === null ? "" : "; Next looks on"}`,
      )}
    </span>
  );
}

function CardTable(props: {
  readonly cards: readonly ListedCard[];
  readonly columns: readonly ColumnName[];
  readonly isLoading: boolean;
}) {
  const columns = useCardColumns(props.columns);
  const width = columns.reduce((sum, column) => sum + Number(column.width), 0);
  return (
    <Table<ListedCard>
      className={styles["table"] ?? ""}
      rowKey="serial_no"
      size="middle"
      loading={{ spinning: props.isLoading, delay: 200 }}
      dataSource={props.cards}
      pagination={false}
      scroll={{ x: width }}
      columns={columns}
    />
  );
}

/** A card where there is no room for a table. */
function CardItem({ card }: { readonly card: ListedCard }) {
  const { t } = useLanguage();
  const format = useFormat();
  const facts: readonly ColumnName[] = ["iccid", "account", "carrier", "data_as_of"];
  return (
    <li className={styles["card"]}>
      <div className={styles["head"]}>
        <span className={styles["number"]}>{cellOf("serial_no", card, t, format)}</span>
        <span>
          {cellOf("sim_status", card, t, format)}
          {card.gprs_status !== 1 && cellOf("gprs_status", card, t, format)}
        </span>
      </div>
      {cellOf("usage", card, t, format)}
      <dl className={styles["facts"]}>
        {facts.map((name) => (
          <Fact key={name} title={columnTitle(name, t)}>
            {cellOf(name, card, t, format)}
          </Fact>
        ))}
      </dl>
    </li>
  );
}

function Fact({ title, children }: { readonly title: string; readonly children: React.ReactNode }) {
  return (
    <>
      <dt>{title}</dt>
      <dd>{children}</dd>
    </>
  );
}

function Nothing(props: {
  readonly isFirstPage: boolean;
  readonly isNarrowed: boolean;
  readonly isSearched: boolean;
  /** There may be more further on. */
  readonly isOpen: boolean;
  readonly onClear: () => void;
}) {
  const { t } = useLanguage();
  const mayEdit = useMayActAs()("operator");
  const { isNarrowed, isSearched } = props;
  const description = props.isOpen
    ? t("到目前为止没有找到，可继续查找。", "None so far; look on.")
    : isNarrowed
      ? t("没有符合条件的卡", "No card fits")
      : isSearched || !props.isFirstPage
        ? t("没有找到卡", "No card was found")
        : t(
            "还没有卡。导入一个 CSV 文件，先检查、再确认。",
            "There are no cards yet. Import a CSV file: it is checked before anything is written.",
          );
  return (
    <Empty className={styles["table"] ?? ""} image={Empty.PRESENTED_IMAGE_SIMPLE} description={description}>
      {isNarrowed && !props.isOpen && <Button onClick={props.onClear}>{t("清除筛选", "Clear filters")}</Button>}
      {!isNarrowed && !isSearched && props.isFirstPage && mayEdit && (
        <Link to="/jobs/import?kind=card_import">
          <Button type="primary">{t("导入卡", "Import cards")}</Button>
        </Link>
      )}
    </Empty>
  );
}
