import type { Db } from "../../db/database.ts";
import { type BillingMonth, monthToDate } from "../packages/billing-month.ts";
import { selectAssignments } from "./intake.queries.ts";
import { type CardRange, selectSourcesByReceipt, selectUncounted } from "./walk.queries.ts";

/** The source that should count for a card's month that none counts for. */
export interface Uncounted {
  readonly serial_no: string;
  readonly source_no: number;
}

/**
 * Finds the months of cards that no source counts for although one should: the one that is assigned to the card, unless it
 * has not reported the month yet; or where none is, the one whose record of the month was received first.
 *
 * Three statements and a few lines here, where one would do, since Citus takes no subquery that refers to the statement
 * around it and has a limit or an aggregate.
 */
export async function findUncounted(db: Db, month: BillingMonth, range: CardRange): Promise<Uncounted[]> {
  const uncounted = await selectUncounted(db, month, range);
  if (uncounted.length === 0) return [];
  const serialNos = uncounted.map(({ serial_no }) => serial_no);
  const reported = new Map(uncounted.map(({ serial_no, source_nos }) => [serial_no, source_nos]));
  const hasReported = ({ serial_no, source_no }: Uncounted) => reported.get(serial_no)?.includes(source_no) === true;
  const date = monthToDate(month);
  const assigned = firstOfEach((await selectAssignments(db, serialNos)).filter(({ from_month }) => from_month <= date));
  const byReceipt = firstOfEach((await selectSourcesByReceipt(db, month, serialNos)).filter(hasReported));
  return uncounted.flatMap(({ serial_no, source_nos }) => {
    // Without any record, the one with the lowest number.
    const source_no = assigned.get(serial_no) ?? byReceipt.get(serial_no) ?? source_nos[0];
    const wanted = source_no === undefined ? [] : [{ serial_no, source_no }];
    return wanted.filter(hasReported);
  });
}

/** The source in the first of each card's rows. */
function firstOfEach(rows: readonly { readonly serial_no: string; readonly source_no: number }[]): Map<string, number> {
  const first = new Map<string, number>();
  for (const { serial_no, source_no } of rows) if (!first.has(serial_no)) first.set(serial_no, source_no);
  return first;
}
