import type pg from "pg";
import { findCardsBySubject } from "../cards/subjects.ts";
import type { BillingMonth } from "../packages/billing-month.ts";
import type { UsageSource } from "../sources/source.ts";
import {
  type GraceReadingRow,
  type ReceivedReadingRow,
  selectCardsReadLate,
  selectGraceReadings,
  selectLastReceivedBefore,
  selectReceivedSince,
} from "./boundary.queries.ts";
import type { UsageCalendar } from "./calendar.ts";
import { countCarried } from "./grace.ts";
import { isLaterReading } from "./increments.ts";
import type { Microseconds } from "./usage-record.ts";

/** What became of a month by readings when it was closed, and since, that the records which count in it now do not tell. */
export interface Closing {
  /** The figure that it was closed with; undefined: as of the records that had been received by then. */
  readonly closedBytes: bigint | undefined;
  /** How many adjustments there were beside the records that were received since and count in it. */
  readonly adjustmentsMore: number;
}

/**
 * Finds the cards of which records that were received after the month was closed have decided anew which of the next month's
 * first readings count in it. By the order in which they were received it is found out what counted at closing, and what
 * came and went since: a reading that leaves the month is an adjustment like one that comes, since somebody may have read the
 * figure that it was in.
 *
 * `adjusted` are the cards of which the month has adjustments.
 */
export async function movedSinceClosing(
  db: pg.PoolClient,
  source: UsageSource,
  calendar: UsageCalendar,
  { month, serialNos, adjusted }: { month: BillingMonth; serialNos: readonly string[]; adjusted: ReadonlySet<string> },
): Promise<ReadonlyMap<string, Closing>> {
  const closings = new Map<string, Closing>();
  if (source.kind === "delta" || source.graceSeconds === 0) return closings;
  const found = [...(await findCardsBySubject(db, serialNos)).values()].filter((card) => card !== "ambiguous");
  for (const [cycleDay, ofDay] of Map.groupBy(found, (card) => card.cycleDay)) {
    const end = calendar.startOf(month + 1, cycleDay);
    const closesAt = end + source.closeAfterSeconds * 1_000_000;
    const graceEnd = end + source.graceSeconds * 1_000_000;
    const serialNosOfDay = ofDay.map(({ serialNo }) => serialNo);
    const late = await selectCardsReadLate(db, source.sourceNo, month + 1, { graceEnd, closesAt }, serialNosOfDay);
    const concerned = new Set([...late, ...serialNosOfDay.filter((serialNo) => adjusted.has(serialNo))]);
    if (concerned.size === 0) continue;
    const rows = await selectGraceReadings(db, source.sourceNo, month + 1, graceEnd, [...concerned]);
    const readings = Map.groupBy(rows, (row) => row.serial_no);
    const cards = [...readings].map(([serialNo, ofCard]) => ({
      serialNo,
      since: Math.max(closesAt, Math.min(...ofCard.map(({ received_at }) => received_at))),
    }));
    if (cards.length === 0) continue;
    const before = await selectLastReceivedBefore(db, source.sourceNo, month, cards);
    const lastBefore = new Map(before.map((row) => [row.serial_no, row]));
    const own = Map.groupBy(await selectReceivedSince(db, source.sourceNo, month, cards), (row) => row.serial_no);
    for (const { serialNo, since } of cards)
      closings.set(
        serialNo,
        closingOf(readings.get(serialNo) ?? [], {
          since,
          last: lastBefore.get(serialNo),
          own: own.get(serialNo) ?? [],
          closesAt,
        }),
      );
  }
  return closings;
}

/** Follows what counted in a month of a card from its closing on; `readings` are the next month's first, by time. */
function closingOf(
  readings: readonly GraceReadingRow[],
  view: {
    /** When the month was closed, or if that was later, when the first of the readings was received. */
    readonly since: Microseconds;
    readonly closesAt: Microseconds;
    /** The month's own last reading of those received before. */
    readonly last: ReceivedReadingRow | undefined;
    /** Those of its own received later that were its last by then, as they came. */
    readonly own: readonly ReceivedReadingRow[];
  },
): Closing {
  const { since, closesAt, own } = view;
  let last = view.last;
  function countingOf(received: readonly GraceReadingRow[]): readonly GraceReadingRow[] {
    return received.slice(0, countCarried(last?.bytes, received));
  }

  const early = readings.filter(({ received_at }) => received_at < since);
  let counting = countingOf(early);
  const closedBytes = early.length === 0 ? undefined : BigInt(counting.at(-1)?.bytes ?? last?.bytes ?? 0);
  let adjustments = 0;
  const moments = [...own, ...readings].map(({ received_at }) => received_at).filter((moment) => moment >= since);
  for (const moment of [...new Set(moments)].sort((a, b) => a - b)) {
    for (const row of own)
      if (row.received_at === moment && (last === undefined || isLaterReading(row, last))) last = row;
    const now = countingOf(readings.filter(({ received_at }) => received_at <= moment));
    adjustments += now.filter(({ received_at }) => received_at === moment).length;
    adjustments += counting.filter((reading) => !now.includes(reading)).length;
    counting = now;
  }
  const countedAnyway = readings.filter(({ carried, received_at }) => carried && received_at >= closesAt).length;
  return { closedBytes, adjustmentsMore: adjustments - countedAnyway };
}
