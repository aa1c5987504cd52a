import sql from "sql-template-tag";
import { type Db, type MomentColumn, withinSafeIntegers } from "../../db/database.ts";

/** A card with one of its packages; a card without any has nulls in their place, and one without usage in its. */
export interface CardRow {
  serial_no: string;
  account_no: number | null;
  custom_no: string | null;
  iccid: string | null;
  sim_status: number;
  gprs_status: number;
  cycle_day: number;
  first_month: string | null;
  months: number | null;
  level: number | null;
  size_bytes: number | null;
  /** Of the billing month that the card is in. */
  used_bytes: number | null;
  as_of: MomentColumn | null;
}

/** The day on which cards are looked at, and so the billing month that each is in: by its cycle day this or the last. */
export interface CurrentDates {
  /** 1 to 31. */
  readonly dayOfMonth: number;
  /** The first day of the calendar month. */
  readonly month: string;
  readonly previousMonth: string;
}

const cardColumns = `
  c.serial_no, c.account_no, c.custom_no, c.iccid, c.sim_status, c.gprs_status, c.cycle_day,
  p.first_month, p.months, p.level, p.size_bytes,
  ${withinSafeIntegers("u.used_bytes")}, u.as_of`;

const packagesAndUsage = `
  left join card_package p on p.serial_no = c.serial_no
  left join usage_month u on u.serial_no = c.serial_no and u.counts
    and u.month = case when c.cycle_day <= $1::integer then $2::date else $3::date end`;

function currentValues({ dayOfMonth, month, previousMonth }: CurrentDates): unknown[] {
  return [dayOfMonth, month, previousMonth];
}

/** The gathered look-up of the hot path: every card of a batch with all its packages, a row for each. */
export async function selectCardsWithPackages(
  db: Db,
  serialNos: readonly string[],
  current: CurrentDates,
): Promise<CardRow[]> {
  const { rows } = await db.query<CardRow>({
    name: "select_cards_with_packages",
    text: `
      select ${cardColumns}
      from card c
      ${packagesAndUsage}
      where c.serial_no = any($4::text[])`,
    values: [...currentValues(current), serialNos],
  });
  return rows;
}

/** The next cards of an account behind a serial_no, with all their packages, in the order of serial_no. */
export async function selectCardsAfter(
  db: Db,
  range: {
    readonly accountNo: number;
    /** Empty: from the first on. */
    readonly after: string;
    /** Null: whatever it is. */
    readonly simStatus: number | null;
    readonly cardsMax: number;
  },
  current: CurrentDates,
): Promise<CardRow[]> {
  const { rows } = await db.query<CardRow>({
    name: "select_cards_after",
    text: `
      select ${cardColumns}
      from (
        select serial_no
        from card
        where account_no = $4::bigint and serial_no > $5::text and ($6::smallint is null or sim_status = $6)
        order by serial_no
        limit $7::integer
      ) page
      join card c on c.serial_no = page.serial_no
      ${packagesAndUsage}
      order by c.serial_no`,
    values: [...currentValues(current), range.accountNo, range.after, range.simStatus, range.cardsMax],
  });
  return rows;
}

export interface UsedRow {
  serial_no: string;
  month: string;
  used_bytes: number;
}

/** What cards have used in each billing month since one, by the source that counts; `sinceMonths` has one for each card. */
export async function selectUsedSince(
  db: Db,
  serialNos: readonly string[],
  sinceMonths: readonly string[],
): Promise<UsedRow[]> {
  const { rows } = await db.query<UsedRow>({
    name: "select_used_since",
    text: `
      select u.serial_no, u.month, ${withinSafeIntegers("u.used_bytes")}
      from unnest($1::text[], $2::date[]) as asked (serial_no, since)
      join usage_month u on u.serial_no = asked.serial_no and u.month >= asked.since
      where u.counts`,
    values: [serialNos, sinceMonths],
  });
  return rows;
}

export interface AsOfRow {
  serial_no: string;
  as_of: MomentColumn;
}

/** Up to when the cards' usage is known, in whatever month; without a row for a card that never had any. */
export async function selectLatestAsOf(db: Db, serialNos: readonly string[]): Promise<AsOfRow[]> {
  const { rows } = await db.query<AsOfRow>({
    name: "select_latest_as_of",
    text: `
      select serial_no, max(as_of) as as_of
      from usage_month
      where serial_no = any($1::text[]) and counts
      group by serial_no`,
    values: [serialNos],
  });
  return rows;
}

export interface IdentifierRow {
  value: string;
  kind: "iccid" | "custom_no";
  qualifier: string;
  serial_no: string;
}

/** Every card that one of the values may stand for. */
export async function selectIdentifiers(db: Db, values: readonly string[]): Promise<IdentifierRow[]> {
  const { rows } = await db.query<IdentifierRow>(sql`
    select value, kind, qualifier, serial_no
    from card_identifier
    where value = any(${values}::text[])
  `);
  return rows;
}
