import sql from "sql-template-tag";
import type { Db } from "../../db/database.ts";

export interface CardRow {
  serial_no: string;
  /** The day on which its billing months start. */
  cycle_day: number;
}

/** Those of the cards that there are. */
export async function selectCards(db: Db, serialNos: readonly string[]): Promise<CardRow[]> {
  const { rows } = await db.query<CardRow>(sql`
    select serial_no, cycle_day from card where serial_no = any(${serialNos}::text[])
  `);
  return rows;
}

/**
 * A card, if there is one, locked so that neither another assignment nor a first record of a month, whose row refers to
 * the card, comes in between.
 */
export async function lockCard(db: Db, serialNo: string): Promise<CardRow | undefined> {
  const { rows } = await db.query<CardRow>({
    name: "lock_card",
    text: "select serial_no, cycle_day from card where serial_no = $1 for update",
    values: [serialNo],
  });
  return rows[0];
}

export interface UsedMonthRow {
  serial_no: string;
  /** A date, the month's first day. */
  month: string;
}

/** The last billing month in which each of the cards has usage, by whatever source; those without any are missing. */
export async function selectLastUsedMonths(db: Db, serialNos: readonly string[]): Promise<UsedMonthRow[]> {
  const { rows } = await db.query<UsedMonthRow>(sql`
    select serial_no, max(month) as month
    from usage_month
    where serial_no = any(${serialNos}::text[])
    group by serial_no
  `);
  return rows;
}

export interface AssignmentRow {
  serial_no: string;
  /** A date, the month's first day. */
  from_month: string;
  source_no: number;
  name: string;
}

/** What sources the cards are assigned to, from when on; of each card in the order of the months. */
export async function selectAssignments(db: Db, serialNos: readonly string[]): Promise<AssignmentRow[]> {
  const { rows } = await db.query<AssignmentRow>(sql`
    select a.serial_no, a.from_month, a.source_no, s.name
    from card_source a
    join usage_source s on s.source_no = a.source_no
    where a.serial_no = any(${serialNos}::text[])
    order by a.serial_no, a.from_month
  `);
  return rows;
}

/** Assigns cards to a source, each from a month on, in place of another that was assigned from the same month on. */
export async function upsertAssignments(
  db: Db,
  sourceNo: number,
  cards: readonly { readonly serialNo: string; readonly fromMonth: string }[],
): Promise<void> {
  await db.query(sql`
    insert into card_source (serial_no, from_month, source_no)
    select i.serial_no, i.from_month, ${sourceNo}::integer
    from unnest(${cards.map(({ serialNo }) => serialNo)}::text[], ${cards.map(({ fromMonth }) => fromMonth)}::date[])
      as i (serial_no, from_month)
    on conflict on constraint card_source_pkey do update
    set source_no = excluded.source_no, created_at = excluded.created_at
  `);
}
