import sql from "sql-template-tag";
import type { Db } from "../../db/database.ts";

/** A card as it is on file. */
export interface CardFileRow {
  serial_no: string;
  iccid: string | null;
  msisdn: string | null;
  imsi: string | null;
  carrier: string;
  created_at: Date;
  updated_at: Date;
  /** The audit log's entry by which it came; null: before those were kept. */
  event_no: number | null;
}

/** By the primary key. */
export async function selectCardFile(db: Db, serialNo: string): Promise<CardFileRow | undefined> {
  const { rows } = await db.query<CardFileRow>(sql`
    select serial_no, iccid, msisdn, imsi, carrier, created_at, updated_at, event_no
    from card
    where serial_no = ${serialNo}
  `);
  return rows[0];
}

/** A package of a card, as it was ordered. */
export interface CardPackageRow {
  product_no: string;
  first_month: string;
  order_no: string;
  name: string;
  months: number;
  level: number;
  size_bytes: number;
  created_at: Date;
  event_no: number | null;
}

/** All of a card's packages, in the order in which they begin: a card has few, and they lie together in the key. */
export async function selectCardPackages(db: Db, serialNo: string): Promise<CardPackageRow[]> {
  const { rows } = await db.query<CardPackageRow>(sql`
    select product_no, first_month, order_no, name, months, level, size_bytes, created_at, event_no
    from card_package
    where serial_no = ${serialNo}
    order by first_month, last_month, product_no, order_no
  `);
  return rows;
}

export interface CardChangeRow {
  event_no: number;
  at: Date;
  before: Record<string, unknown>;
  after: Record<string, unknown>;
}

/** The newest first, from the end of the card's part of the primary key. */
export async function selectCardChanges(db: Db, serialNo: string, limit: number): Promise<CardChangeRow[]> {
  const { rows } = await db.query<CardChangeRow>(sql`
    select event_no, at, before, after
    from card_change
    where serial_no = ${serialNo}
    order by event_no desc
    limit ${limit}
  `);
  return rows;
}
