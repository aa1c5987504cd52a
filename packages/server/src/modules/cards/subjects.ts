import type { Db } from "../../db/database.ts";
import { iccidKey, iccidPattern } from "./identifier.ts";
import { selectCardsByIccid, selectCardsByNumber, selectCardsBySerialNo } from "./subjects.queries.ts";

/** A card, as far as whoever reports its usage needs it. */
export interface SubjectCard {
  readonly serialNo: string;
  readonly cycleDay: number;
}

/**
 * Finds the cards that carriers name by serial_no, ICCID (first 19 digits), IMSI or MSISDN, in this order. Whatever names
 * no card is missing from the answer; what names several has "ambiguous" there, since an MSISDN may have had another card
 * before.
 */
export async function findCardsBySubject(
  db: Db,
  subjects: Iterable<string>,
): Promise<Map<string, SubjectCard | "ambiguous">> {
  const wanted = new Set(subjects);
  const found = new Map<string, SubjectCard | "ambiguous">();
  function enter(subject: string, card: SubjectCard): void {
    if (!wanted.has(subject)) return;
    const other = found.get(subject);
    found.set(
      subject,
      other === undefined || (other !== "ambiguous" && other.serialNo === card.serialNo) ? card : "ambiguous",
    );
  }
  function missing(): string[] {
    return [...wanted].filter((subject) => !found.has(subject));
  }

  for (const row of await selectCardsBySerialNo(db, [...wanted])) enter(row.serial_no, cardOf(row));
  if (found.size === wanted.size) return found;

  const byIccid = Map.groupBy(
    missing().filter((subject) => iccidPattern.test(subject)),
    (subject) => subject.slice(0, 19),
  );
  if (byIccid.size > 0)
    for (const row of await selectCardsByIccid(
      db,
      [...byIccid.keys()].map((iccid) => iccidKey(iccid).value),
    ))
      for (const subject of byIccid.get(row.iccid.slice(0, 19)) ?? []) enter(subject, cardOf(row));

  const numbers = missing().filter((subject) => /^[0-9]{5,15}$/.test(subject));
  if (numbers.length > 0)
    for (const row of await selectCardsByNumber(db, numbers)) {
      if (row.imsi !== null) enter(row.imsi, cardOf(row));
      if (row.msisdn !== null && row.msisdn !== row.imsi) enter(row.msisdn, cardOf(row));
    }
  return found;
}

function cardOf(row: { serial_no: string; cycle_day: number }): SubjectCard {
  return { serialNo: row.serial_no, cycleDay: row.cycle_day };
}
