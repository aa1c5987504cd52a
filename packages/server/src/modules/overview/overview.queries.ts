import sql, { join, raw } from "sql-template-tag";
import { type Db, type MomentColumn, withinSafeIntegers } from "../../db/database.ts";
import type { InventoryFigures } from "./inventory-figures.ts";

export interface SummaryRow {
  counted_at: Date;
  took_ms: number;
  figures: InventoryFigures;
}

/** The figures as they were last counted; undefined if never, or in another format. */
export async function selectSummary(db: Db, format: number): Promise<SummaryRow | undefined> {
  const { rows } = await db.query<SummaryRow>(sql`
    select counted_at, took_ms, figures from inventory_summary where format = ${format}
  `);
  return rows[0];
}

export async function saveSummary(db: Db, format: number, summary: SummaryRow): Promise<void> {
  await db.query(sql`
    insert into inventory_summary (counted_at, took_ms, format, figures)
    values (${summary.counted_at}, ${summary.took_ms}, ${format}, ${JSON.stringify(summary.figures)}::jsonb)
    on conflict (summary_no) do update
    set counted_at = excluded.counted_at, took_ms = excluded.took_ms, format = excluded.format,
      figures = excluded.figures
  `);
}

/** The right to count, until the transaction ends; false while another process does. It may be idle for long. */
export async function tryLockCounting(db: Db): Promise<boolean> {
  const { rows } = await db.query<{ locked: boolean }>(sql`
    select pg_try_advisory_xact_lock(hashtextextended('dks inventory summary', 0)) as locked,
      set_config('idle_in_transaction_session_timeout', '0', true)
  `);
  return rows[0]?.locked === true;
}

/**
 * Lets the transaction see one moment throughout, and take no more than one of the machine's cores; and has it add up in
 * tables of its own: how few groups there will be is more than the planner knows, which would sort a million rows.
 */
export async function beginCounting(db: Db, timeoutMs: number): Promise<void> {
  await db.query(sql`set transaction isolation level repeatable read, read only`);
  await db.query(sql`
    select set_config('statement_timeout', ${`${timeoutMs}ms`}, true),
      set_config('max_parallel_workers_per_gather', '0', true), set_config('jit', 'off', true),
      set_config('work_mem', '64MB', true), set_config('enable_sort', 'off', true),
      set_config('cursor_tuple_fraction', '1', true)
  `);
}

/** The day on which cards are looked at, and so the billing month that each is in: by its cycle day this or the last. */
export interface CurrentDates {
  /** 1 to 31. */
  readonly dayOfMonth: number;
  /** The first day of the calendar month. */
  readonly month: string;
  readonly previousMonth: string;
}

/** The first day of the billing month that a card is in. */
function currentMonth(cycleDay: string, { dayOfMonth, month, previousMonth }: CurrentDates) {
  return sql`case when ${raw(cycleDay)} <= ${dayOfMonth}::integer then ${month}::date else ${previousMonth}::date end`;
}

export interface CardCountRow {
  cycle_day: number;
  carrier: string;
  account_no: number | null;
  sim_status: number;
  cards: number;
}

/** How many cards there are of each kind. Reads every card: 0.4 s of the database's time for a million. */
export async function countCardsByKind(db: Db): Promise<CardCountRow[]> {
  const { rows } = await db.query<CardCountRow>(sql`
    select cycle_day, carrier, account_no, sim_status, count(*) as cards
    from card
    group by cycle_day, carrier, account_no, sim_status
  `);
  return rows;
}

/** Sums of bytes are PostgreSQL's numeric and arrive as text. */
export interface AllowanceRow {
  cycle_day: number;
  monthly_bytes: string;
}

/**
 * What the cards' monthly packages, of every level but 3, give in the months that they are in: 1.2 s of the database's time
 * for a million.
 */
export async function sumMonthlyPackages(db: Db, current: CurrentDates): Promise<AllowanceRow[]> {
  const month = currentMonth("c.cycle_day", current);
  const { rows } = await db.query<AllowanceRow>(sql`
    select c.cycle_day, sum(p.size_bytes) as monthly_bytes
    from card c
    join card_package p on p.serial_no = c.serial_no
    where p.level <> 3 and p.first_month <= ${month} and p.last_month >= ${month}
    group by c.cycle_day
  `);
  return rows;
}

export interface DaySumsRow {
  cycle_day: number;
  /** Whether the sums are of counters, each with what was used before it in its month; otherwise of what each day used. */
  by_readings: boolean;
  used_bytes: string;
  /** One for each place in the month, which has 31: those of days that it lacks are of no meaning. */
  places: (string | null)[];
  as_of: MomentColumn | null;
}

/**
 * The cards' usage in the months that they are in, by its places: the first is the cycle day's, the 31st of the calendar
 * is followed by the 1st. A counter that was not read on a day stands where it stood before. Only the first `placesMax`
 * are looked at: 4.5 s of the database's time for a million cards on the last day of a month. No subquery puts a card's places
 * in order first: Citus would bring the rows of all cards together for it.
 */
export async function sumDays(db: Db, current: CurrentDates, placesMax: number): Promise<DaySumsRow[]> {
  const at = (place: number) => `u.day_bytes[(c.cycle_day + ${place - 2}) % 31 + 1]`;
  const places = Array.from({ length: placesMax }, (_, index) => {
    const upTo = Array.from({ length: index + 1 }, (__, back) => at(index + 1 - back));
    return sql`sum(coalesce(${raw(upTo.join(", "))}, 0))`;
  });
  const { rows } = await db.query<DaySumsRow>(sql`
    select c.cycle_day, u.day_at is not null as by_readings, sum(u.used_bytes) as used_bytes,
      array[${join(places, ", ")}]::text[] as places, max(u.as_of) as as_of
    from card c
    join usage_month u on u.serial_no = c.serial_no
    where u.counts and u.month in (${current.month}::date, ${current.previousMonth}::date)
      and u.month = ${currentMonth("c.cycle_day", current)}
    group by c.cycle_day, u.day_at is not null
  `);
  return rows;
}

export interface HeavyRow {
  serial_no: string;
  account_no: number | null;
  used_bytes: number;
  allowance_bytes: number;
}

/**
 * The cards that have used so many percent of what their monthly packages give, some at a time, without those that also
 * have a cross-month package in effect: 5.5 s of the database's time for a million cards.
 */
export async function* fetchHeavyCards(
  db: Db,
  current: CurrentDates,
  { percent, rowsMax }: { readonly percent: number; readonly rowsMax: number },
): AsyncGenerator<HeavyRow[], void> {
  const { month, previousMonth, dayOfMonth } = current;
  const inEffect = (first: string) => sql`p.first_month <= ${first}::date and p.last_month >= ${first}::date`;
  await db.query(sql`
    declare heavy_cards no scroll cursor for
    select f.serial_no, f.account_no, ${raw(withinSafeIntegers("f.used_bytes"))},
      least(f.allowance_bytes, ${Number.MAX_SAFE_INTEGER})::bigint as allowance_bytes
    from (
      select c.serial_no, c.account_no, u.used_bytes,
        coalesce(case when c.cycle_day <= ${dayOfMonth}::integer then p.bytes else p.previous_bytes end, 0) as allowance_bytes,
        case when c.cycle_day <= ${dayOfMonth}::integer then p.carries else p.previous_carries end as carries
      from card c
      join usage_month u on u.serial_no = c.serial_no
      left join (
        select p.serial_no,
          sum(p.size_bytes) filter (where p.level <> 3 and ${inEffect(month)}) as bytes,
          sum(p.size_bytes) filter (where p.level <> 3 and ${inEffect(previousMonth)}) as previous_bytes,
          bool_or(p.level = 3 and ${inEffect(month)}) as carries,
          bool_or(p.level = 3 and ${inEffect(previousMonth)}) as previous_carries
        from card_package p
        where p.first_month <= ${month}::date and p.last_month >= ${previousMonth}::date
        group by p.serial_no
      ) p on p.serial_no = c.serial_no
      where u.counts and u.used_bytes > 0 and u.month in (${month}::date, ${previousMonth}::date)
        and u.month = ${currentMonth("c.cycle_day", current)}
    ) f
    where f.carries is not true and f.used_bytes::numeric * 100 >= f.allowance_bytes * ${percent}::integer
  `);
  for (;;) {
    const { rows } = await db.query<HeavyRow>({ text: `fetch ${rowsMax} from heavy_cards` });
    if (rows.length === 0) break;
    yield rows;
  }
  await db.query(sql`close heavy_cards`);
}

export interface CarryingCardRow {
  serial_no: string;
  account_no: number | null;
  cycle_day: number;
}

/** The next cards behind a serial_no that have a cross-month package in effect, in the index's order. */
export async function selectCarryingCards(
  db: Db,
  current: CurrentDates,
  { after, cardsMax }: { readonly after: string; readonly cardsMax: number },
): Promise<CarryingCardRow[]> {
  const month = currentMonth("c.cycle_day", current);
  const { rows } = await db.query<CarryingCardRow>(sql`
    select c.serial_no, c.account_no, c.cycle_day
    from card c
    join card_package p on p.serial_no = c.serial_no
    where c.serial_no > ${after} and p.serial_no > ${after}
      and p.level = 3 and p.first_month <= ${month} and p.last_month >= ${month}
    group by c.serial_no
    order by c.serial_no
    limit ${cardsMax}
  `);
  return rows;
}

export interface TermRow {
  serial_no: string;
  first_month: string;
  months: number;
  level: number;
  size_bytes: number;
}

export async function selectTerms(db: Db, serialNos: readonly string[]): Promise<TermRow[]> {
  const { rows } = await db.query<TermRow>(sql`
    select serial_no, first_month, months, level, size_bytes
    from card_package
    where serial_no = any(${serialNos}::text[])
  `);
  return rows;
}

export interface UsedMonthRow {
  serial_no: string;
  month: string;
  used_bytes: number;
}

/** What cards have used in each billing month since one; `sinceMonths` has one for each card. */
export async function selectUsedMonths(
  db: Db,
  serialNos: readonly string[],
  sinceMonths: readonly string[],
): Promise<UsedMonthRow[]> {
  const { rows } = await db.query<UsedMonthRow>(sql`
    select u.serial_no, u.month, ${raw(withinSafeIntegers("u.used_bytes"))}
    from unnest(${serialNos}::text[], ${sinceMonths}::date[]) as asked (serial_no, since)
    join usage_month u on u.serial_no = asked.serial_no and u.month >= asked.since
    where u.counts
  `);
  return rows;
}

export interface AccountNameRow {
  account_no: number;
  name: string;
}

export async function selectAccountNames(db: Db, accountNos: readonly number[]): Promise<AccountNameRow[]> {
  const { rows } = await db.query<AccountNameRow>(sql`
    select account_no, name from account where account_no = any(${accountNos}::bigint[])
  `);
  return rows;
}

/** What a platform has of what it needs before cards can be asked for. */
export interface SetUpRow {
  accounts: boolean;
  clients: boolean;
  products: boolean;
  sources: boolean;
}

export async function selectSetUp(db: Db): Promise<SetUpRow> {
  const { rows } = await db.query<SetUpRow>(sql`
    select exists (select 1 from account) as accounts, exists (select 1 from client) as clients,
      exists (select 1 from product) as products, exists (select 1 from usage_source) as sources
  `);
  return rows[0] ?? { accounts: false, clients: false, products: false, sources: false };
}
