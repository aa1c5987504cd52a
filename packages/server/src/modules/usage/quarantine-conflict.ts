import type { Db } from "../../db/database.ts";
import { findCardsBySubject } from "../cards/subjects.ts";
import { type BillingMonth, parseMonth } from "../packages/billing-month.ts";
import type { UsageSource } from "../sources/source.ts";
import { type UsageCalendar, usageMonth } from "./calendar.ts";
import { formatInstant } from "./instant.ts";
import { type EntryRow, type TakenRow, selectFigure, selectTaken } from "./quarantine.queries.ts";
import { parseRecord } from "./record.ts";
import { isRecord } from "./usage-record.ts";

/** What a record says, whether it counts or was refused. */
export interface ComparedRecord {
  /** Of the card that it names; null if it names none, or several. */
  readonly serialNo: string | null;
  readonly month: BillingMonth | null;
  /** A delta's period; for a reading `start` is null, and `at` its time. ISO 8601. */
  readonly start: string | null;
  readonly at: string;
  readonly bytes: number;
  readonly corrects: string | null;
  /** What else it says, by the names of its members. */
  readonly attributes: Readonly<Record<string, unknown>>;
}

/** A record that was taken in. */
export interface TakenRecord extends ComparedRecord {
  readonly receivedAt: Date;
}

/** Two records of one id: the one that was taken in first, and the one that was refused for it. */
export interface Conflict {
  /** Null once records of its month are not kept any more. */
  readonly taken: TakenRecord | null;
  /** Null where its source has been changed so that it does not read it any more. */
  readonly refused: ComparedRecord | null;
  /** What the month of the one that was taken in comes to; null if it has no figure. */
  readonly figure: {
    readonly usedBytes: number;
    /** Whether it is the card's figure: otherwise another source's is. */
    readonly counts: boolean;
    /**
     * What it would come to with the refused one instead. Null for readings, of which only a later one decides, and where
     * the two are about different months or cards.
     */
    readonly insteadBytes: number | null;
  } | null;
}

export async function compareConflict(
  db: Db,
  calendar: UsageCalendar,
  source: UsageSource,
  entry: EntryRow,
): Promise<Conflict> {
  const refused = await refusedRecord(db, calendar, source, entry.content);
  const [row] = await selectTaken(db, [{ sourceNo: entry.source_no, recordId: entry.record_id }]);
  if (row === undefined) return { taken: null, refused, figure: null };
  const taken = takenRecord(row);
  const figure = await selectFigure(db, { serialNo: row.serial_no, month: row.month, sourceNo: row.source_no });
  const isSameMonth = refused?.serialNo === taken.serialNo && refused.month === taken.month;
  return {
    taken,
    refused,
    figure:
      figure === undefined
        ? null
        : {
            usedBytes: figure.used_bytes,
            counts: figure.counts,
            insteadBytes:
              source.kind === "delta" && isSameMonth ? figure.used_bytes - taken.bytes + refused.bytes : null,
          },
  };
}

export function takenRecord(row: TakenRow): TakenRecord {
  return {
    serialNo: row.serial_no,
    month: parseMonth(row.month) ?? null,
    start: row.start_us === null ? null : formatInstant(row.start_us),
    at: formatInstant(row.at_us),
    bytes: row.bytes,
    corrects: row.corrects,
    attributes: row.attributes ?? {},
    receivedAt: row.received_at,
  };
}

async function refusedRecord(
  db: Db,
  calendar: UsageCalendar,
  source: UsageSource,
  content: string,
): Promise<ComparedRecord | null> {
  const { parsed } = parseRecord(content, source);
  if (!isRecord(parsed)) return null;
  const found = (await findCardsBySubject(db, [parsed.subject])).get(parsed.subject);
  const card = found === "ambiguous" ? undefined : found;
  return {
    serialNo: card?.serialNo ?? null,
    month: card === undefined ? null : usageMonth(calendar.dayOf(parsed.atUs), card.cycleDay),
    start: parsed.startUs === null ? null : formatInstant(parsed.startUs),
    at: formatInstant(parsed.atUs),
    bytes: parsed.bytes,
    corrects: parsed.corrects,
    // As it is stored, and so as the other one is read.
    attributes: parsed.attributes === null ? {} : (JSON.parse(parsed.attributes) as Record<string, unknown>),
  };
}
