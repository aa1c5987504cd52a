import sql, { type Sql, empty, join, raw } from "sql-template-tag";
import type { Db } from "../../db/database.ts";

/** What decides which of the shorter lists a card is in: card_state_serial_no_idx has each of them by serial_no. */
export interface CardState {
  readonly carrier: string;
  readonly simStatus: number;
  readonly gprsStatus: number;
  readonly cycleDay: number;
}

/** Which cards are meant, as far as an index knows them. */
export interface CardMatch {
  /** Null: in stock. Undefined: whichever. */
  readonly accountNo?: number | null | undefined;
  readonly state: Partial<CardState>;
  /**
   * All states that the cards may be in, at least one, of those that there are; undefined where that would not help:
   * without any condition on the state, and within an account, whose index has it too.
   */
  readonly states?: readonly CardState[] | undefined;
  /** From this serial_no on, and below the other. */
  readonly range?: { readonly from: string; readonly below: string } | undefined;
  readonly except: readonly string[];
}

interface StateRow {
  carrier: string;
  sim_status: number;
  gprs_status: number;
  cycle_day: number;
}

/** The first state behind another that any card is in. One row off the index, so that a walk over all takes one for each. */
export async function selectNextState(db: Db, after: CardState | undefined): Promise<CardState | undefined> {
  const behind =
    after === undefined
      ? empty
      : sql`where (carrier, sim_status, gprs_status, cycle_day)
          > (${after.carrier}, ${after.simStatus}::smallint, ${after.gprsStatus}::smallint, ${after.cycleDay}::smallint)`;
  const { rows } = await db.query<StateRow>(sql`
    select carrier, sim_status, gprs_status, cycle_day
    from card
    ${behind}
    order by carrier, sim_status, gprs_status, cycle_day
    limit 1
  `);
  const [row] = rows;
  if (row === undefined) return undefined;
  return { carrier: row.carrier, simStatus: row.sim_status, gprsStatus: row.gprs_status, cycleDay: row.cycle_day };
}

/** The first carrier behind another that any card has. */
export async function selectNextCarrier(db: Db, after: string): Promise<string | undefined> {
  const { rows } = await db.query<{ carrier: string }>(sql`
    select carrier from card where carrier > ${after} order by carrier limit 1
  `);
  return rows[0]?.carrier;
}

export interface PageRange {
  /** The serial_no behind which to begin; empty: at the first, or the last if it is descending. */
  readonly after: string;
  readonly descending: boolean;
  readonly max: number;
}

/**
 * The next matching cards by serial_no. Reads little more than it returns: each branch of the union takes its part off an
 * index that is in this order already. Only within an account, where the state is looked at in the index's own rows, does
 * it read what does not match: a million of them in a tenth of a second.
 *
 * Order and limit stand in every branch, since PostgreSQL does not see that those of a union are in order by themselves.
 */
export async function selectMatching(
  db: Db,
  match: CardMatch,
  { after, descending, max }: PageRange,
): Promise<string[]> {
  const bound = after === "" ? [] : [descending ? sql`serial_no < ${after}` : sql`serial_no > ${after}`];
  const direction = raw(descending ? "desc" : "asc");
  // Of cards in stock the index has the order only if it is named whole: null is not "equal" to null.
  const order =
    match.accountNo === null
      ? sql`order by account_no ${direction}, serial_no ${direction}`
      : sql`order by serial_no ${direction}`;
  const branches = branchesOf(match, bound).map((branch) => sql`(${branch} ${order} limit ${max})`);
  const { rows } = await db.query<{ serial_no: string }>(sql`
    select serial_no
    from (${join(branches, " union all ")}) matching
    order by serial_no ${direction}
    limit ${max}
  `);
  return rows.map(({ serial_no }) => serial_no);
}

/**
 * How many cards match, counted no further than `max`, and in the indexes alone. Null: to the end; without a limit, since
 * Citus would bring all of them together to heed it.
 */
export async function countMatching(db: Db, match: CardMatch, max: number | null): Promise<number> {
  const matching = sql`select serial_no from (${join(branchesOf(match, []), " union all ")}) matching`;
  const { rows } = await db.query<{ cards: number }>(sql`
    select count(*) as cards
    from (${matching} ${max === null ? empty : sql`limit ${max}`}) counted
  `);
  return rows[0]?.cards ?? 0;
}

/** The matching cards: a query for each state, or one for all. */
function branchesOf(match: CardMatch, bounds: readonly Sql[]): Sql[] {
  const { accountNo, range, except } = match;
  const common = [
    ...(accountNo === undefined ? [] : [accountNo === null ? sql`account_no is null` : sql`account_no = ${accountNo}`]),
    ...(range === undefined ? [] : [sql`serial_no >= ${range.from}`, sql`serial_no < ${range.below}`]),
    ...(except.length === 0 ? [] : [sql`serial_no <> all(${except}::text[])`]),
    ...bounds,
  ];
  return (match.states ?? [match.state]).map(
    (state) => sql`select serial_no from card where ${join([...conditionsOf(state), ...common, sql`true`], " and ")}`,
  );
}

function conditionsOf({ carrier, simStatus, gprsStatus, cycleDay }: Partial<CardState>): Sql[] {
  return [
    ...(carrier === undefined ? [] : [sql`carrier = ${carrier}`]),
    ...(simStatus === undefined ? [] : [sql`sim_status = ${simStatus}::smallint`]),
    ...(gprsStatus === undefined ? [] : [sql`gprs_status = ${gprsStatus}::smallint`]),
    ...(cycleDay === undefined ? [] : [sql`cycle_day = ${cycleDay}::smallint`]),
  ];
}

/** When a card came, in UTC and to the microsecond, as no Date has it. */
const createdAt = raw(`to_char(c.created_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as created_at`);

/** The next cards of all by when they came, and of those that came together by serial_no: along card_created_at_idx. */
export async function selectByCreation(
  db: Db,
  after: { readonly createdAt: string; readonly serialNo: string } | undefined,
  { descending, max }: { readonly descending: boolean; readonly max: number },
): Promise<{ serial_no: string; created_at: string }[]> {
  const direction = raw(descending ? "desc" : "asc");
  const behind =
    after === undefined
      ? empty
      : sql`where (c.created_at, c.serial_no) ${raw(descending ? "<" : ">")} (${after.createdAt}::timestamptz, ${after.serialNo})`;
  const { rows } = await db.query<{ serial_no: string; created_at: string }>(sql`
    select c.serial_no, ${createdAt}
    from card c
    ${behind}
    order by c.created_at ${direction}, c.serial_no ${direction}
    limit ${max}
  `);
  return rows;
}

/** What a list shows of a card beside its figures. */
export interface ListedCardRow {
  serial_no: string;
  iccid: string | null;
  msisdn: string | null;
  imsi: string | null;
  custom_no: string | null;
  account_no: number | null;
  account_name: string | null;
  carrier: string;
  sim_status: number;
  gprs_status: number;
  cycle_day: number;
  /** ISO 8601, to the microsecond. */
  created_at: string;
}

export async function selectListedCards(db: Db, serialNos: readonly string[]): Promise<ListedCardRow[]> {
  const { rows } = await db.query<ListedCardRow>(sql`
    select c.serial_no, c.iccid, c.msisdn, c.imsi, c.custom_no, c.account_no, a.name as account_name, c.carrier,
      c.sim_status, c.gprs_status, c.cycle_day, ${createdAt}
    from card c
    left join account a on a.account_no = c.account_no
    where c.serial_no = any(${serialNos}::text[])
  `);
  return rows;
}
