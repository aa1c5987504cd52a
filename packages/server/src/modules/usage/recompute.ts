import type pg from "pg";
import type { UsageSource } from "../sources/source.ts";
import type { BillingMonth } from "../packages/billing-month.ts";
import type { UsageCalendar } from "./calendar.ts";
import { movedSinceClosing } from "./closing.ts";
import { type MonthState, monthStateOf } from "./month-state.ts";
import { lockMonths, selectRecordDays, updateMonths } from "./rebuild.queries.ts";

/** What the records of these cards come to in a billing month: a state for each card, also where there are none. */
export async function statesOfRecords(
  db: pg.PoolClient,
  source: UsageSource,
  calendar: UsageCalendar,
  month: BillingMonth,
  serialNos: readonly string[],
): Promise<MonthState[]> {
  const rows = await selectRecordDays(db, source, month, serialNos);
  const adjusted = new Set(rows.filter(({ adjustments }) => adjustments > 0).map(({ serial_no }) => serial_no));
  const closings = await movedSinceClosing(db, source, calendar, { month, serialNos, adjusted });
  const byCard = Map.groupBy(rows, (row) => row.serial_no);
  return serialNos.map((serialNo) =>
    monthStateOf(
      serialNo,
      month,
      source.kind,
      (byCard.get(serialNo) ?? []).map((row) => ({
        serialNo,
        month,
        dayOfMonth: row.day,
        bytes: BigInt(row.bytes),
        at: row.at,
        closedBytes: row.closed_bytes === null ? null : BigInt(row.closed_bytes),
        closedAt: row.closed_at,
        adjustments: row.adjustments,
      })),
      closings.get(serialNo),
    ),
  );
}

/**
 * Computes the month's figures anew from the records. The rows must exist. They are locked first and the records read
 * then: whoever adds to them has either committed by then, records and all, or waits and adds to what is written here.
 */
export async function recompute(
  db: pg.PoolClient,
  source: UsageSource,
  calendar: UsageCalendar,
  month: BillingMonth,
  serialNos: readonly string[],
): Promise<void> {
  const sorted = serialNos.toSorted();
  await lockMonths(db, source.sourceNo, month, sorted);
  await updateMonths(db, source.sourceNo, await statesOfRecords(db, source, calendar, month, sorted));
}
