import sql from "sql-template-tag";
import type { Db } from "../../db/database.ts";

/** A card with one of its packages; a card without any has nulls in their place. */
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
}

/** The gathered look-up of the hot path: every card of a batch with all its packages, a row for each. */
export async function selectCardsWithPackages(db: Db, serialNos: readonly string[]): Promise<CardRow[]> {
  const { rows } = await db.query<CardRow>({
    name: "select_cards_with_packages",
    text: `
      select c.serial_no, c.account_no, c.custom_no, c.iccid, c.sim_status, c.gprs_status, c.cycle_day,
        p.first_month, p.months, p.level, p.size_bytes
      from card c
      left join card_package p on p.serial_no = c.serial_no
      where c.serial_no = any($1::text[])`,
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
