import sql from "sql-template-tag";
import type { Db } from "../../db/database.ts";

export interface SubjectCardRow {
  serial_no: string;
  cycle_day: number;
}

export async function selectCardsBySerialNo(db: Db, serialNos: readonly string[]): Promise<SubjectCardRow[]> {
  const { rows } = await db.query<SubjectCardRow>({
    name: "select_cards_by_serial_no",
    text: "select serial_no, cycle_day from card where serial_no = any($1::text[])",
    values: [serialNos],
  });
  return rows;
}

export interface IccidCardRow extends SubjectCardRow {
  iccid: string;
}

/** By the key of their ICCIDs: see iccidKey. Two statements, since on Citus the two tables are sharded differently. */
export async function selectCardsByIccid(db: Db, values: readonly string[]): Promise<IccidCardRow[]> {
  const { rows: found } = await db.query<{ serial_no: string }>(sql`
    select serial_no from card_identifier where kind = 'iccid' and value = any(${values}::text[])
  `);
  if (found.length === 0) return [];
  const { rows } = await db.query<IccidCardRow>(sql`
    select serial_no, cycle_day, iccid
    from card
    where iccid is not null and serial_no = any(${found.map(({ serial_no }) => serial_no)}::text[])
  `);
  return rows;
}

export interface NumberCardRow extends SubjectCardRow {
  imsi: string | null;
  msisdn: string | null;
}

/** By IMSI or MSISDN. */
export async function selectCardsByNumber(db: Db, numbers: readonly string[]): Promise<NumberCardRow[]> {
  const { rows } = await db.query<NumberCardRow>(sql`
    select serial_no, cycle_day, imsi, msisdn
    from card
    where imsi = any(${numbers}::text[]) or msisdn = any(${numbers}::text[])
  `);
  return rows;
}
