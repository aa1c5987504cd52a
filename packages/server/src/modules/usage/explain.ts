import type pg from "pg";
import { OperatorError, invariant } from "../../errors.ts";
import { text } from "../../text.ts";
import { iccidPattern } from "../cards/identifier.ts";
import { type SubjectCard, findCardsBySubject } from "../cards/subjects.ts";
import { type BillingMonth, type CurrentMonth, monthToDate, parseMonth } from "../packages/billing-month.ts";
import type { UsageSource } from "../sources/source.ts";
import type { UsageCalendar } from "./calendar.ts";
import { type CardRecordRow, selectCardRecords } from "./explain.queries.ts";
import { selectAssignments } from "./intake.queries.ts";
import { type ListSources, bySource } from "./rebuild.ts";
import { type MonthRow, type SourceFigureRow, selectSourceFigures } from "./rebuild.queries.ts";
import { snapshot } from "./snapshot.ts";
import type { Microseconds } from "./usage-record.ts";
import { selectRecordMonths } from "./walk.queries.ts";

/** How a card's billing month comes to its figure. */
export interface MonthExplanation {
  readonly serialNo: string;
  readonly month: BillingMonth;
  /** Dates: the month reaches from the first to the last, both included. */
  readonly firstDay: string;
  readonly lastDay: string;
  /** Whether the month's records are still kept; otherwise there are figures only. */
  readonly recordsKept: boolean;
  /** The source that was assigned to the card for this month; otherwise the one counts that reported it first. */
  readonly assigned: UsageSource | undefined;
  /** The source that counts first. None: nobody has reported the month. */
  readonly sources: readonly SourceExplanation[];
}

/** A month as one source has it. */
export interface SourceExplanation {
  readonly source: UsageSource;
  /** Whether this figure is the card's. */
  readonly counts: boolean;
  readonly usedBytes: number;
  /** This figure less the one that counts; null for that one itself, and where none counts. */
  readonly gapBytes: number | null;
  /** 1, and one more for every adjustment. */
  readonly version: number;
  /** The figure at closing; null unless adjustments followed. */
  readonly closedBytes: number | null;
  readonly asOf: Microseconds | null;
  /** From when on records are adjustments. */
  readonly closesAt: Microseconds;
  /** The days of which something is known, in their order. */
  readonly days: readonly DayExplanation[];
  /** In the order of their times. */
  readonly records: readonly RecordExplanation[];
}

export interface DayExplanation {
  readonly date: string;
  /** Of readings: what the counter moved by since the last reading of a day before. */
  readonly usedBytes: number;
  /** Of readings: the day's last counter and its time. */
  readonly counter: number | null;
  readonly at: Microseconds | null;
}

export interface RecordExplanation {
  readonly id: string;
  /** A delta's start; null for a reading. */
  readonly startAt: Microseconds | null;
  /** A delta's end, a reading's time. */
  readonly at: Microseconds;
  readonly receivedAt: Microseconds;
  /** A delta's bytes, a reading's counter. */
  readonly bytes: number;
  /** What the record adds to the month's figure: of a reading, what it moved by since the one before. 0 if it counts elsewhere. */
  readonly effectBytes: number;
  /** The billing month that its time falls in. */
  readonly month: BillingMonth;
  /** The one that it counts in: the month before for a counter that had not been reset yet. */
  readonly countsIn: BillingMonth;
  /** The date that it counts on. */
  readonly day: string;
  /** Received after its month was closed. */
  readonly adjusts: boolean;
  /** A reading below the one before it: the carrier has corrected its counter. */
  readonly fell: boolean;
  /** The id of the record that it corrects. */
  readonly corrects: string | null;
  readonly attributes: Readonly<Record<string, unknown>> | null;
}

interface ExplainOptions {
  readonly listSources: ListSources;
  readonly calendar: UsageCalendar;
  readonly currentMonth: CurrentMonth;
}

/**
 * Explains a billing month of the card that `subject` names: its serial_no, ICCID, IMSI or MSISDN. Undefined: the current
 * one. Throws an OperatorError if it names none, or several.
 */
export async function explainMonth(
  pool: pg.Pool,
  options: ExplainOptions,
  subject: string,
  asked: BillingMonth | undefined,
): Promise<MonthExplanation> {
  const card = await findCard(pool, subject);
  return explainCardMonth(pool, options, card, asked ?? options.currentMonth(card.cycleDay));
}

/** The same of a card that has been looked up. */
export async function explainCardMonth(
  pool: pg.Pool,
  { listSources, calendar }: ExplainOptions,
  card: SubjectCard,
  month: BillingMonth,
): Promise<MonthExplanation> {
  const { figures, records, kept, assignments } = await snapshot(pool, async (db) => ({
    assignments: await selectAssignments(db, [card.serialNo]),
    figures: await selectSourceFigures(db, card.serialNo, month),
    records: await selectCardRecords(db, card.serialNo, month),
    kept: await selectRecordMonths(db),
  }));
  const sources = await listSources();
  const counting = figures.find(({ counts }) => counts);
  const assignment = assignments.find(({ from_month }) => from_month <= monthToDate(month));
  return {
    serialNo: card.serialNo,
    month,
    firstDay: firstDayOf(calendar, month, card.cycleDay).date,
    lastDay: calendar.lastDayOf(month, card.cycleDay).date,
    recordsKept: kept.includes(month),
    assigned: sources.find(({ sourceNo }) => sourceNo === assignment?.source_no),
    sources: figures.map((row) => {
      const [[source] = []] = bySource(sources, [row]);
      invariant(source !== undefined, "a row's source is found");
      return {
        source,
        counts: row.counts,
        // What is beyond a number's integers, by some wrong unit, is told as the nearest one.
        usedBytes: Number(row.used_bytes),
        gapBytes: counting === undefined || row.counts ? null : Number(row.used_bytes - counting.used_bytes),
        version: row.version,
        closedBytes: row.closed_bytes === null ? null : Number(row.closed_bytes),
        asOf: row.as_of,
        closesAt: calendar.startOf(month + 1, card.cycleDay) + source.closeAfterSeconds * 1_000_000,
        days: daysOf(row, { calendar, month, cycleDay: card.cycleDay }),
        // Of a month that is gone, those of the next that count in it are still there, and say nothing by themselves.
        records: kept.includes(month) ? explainRecords(row, source, month, records) : [],
      };
    }),
  };
}

async function findCard(pool: pg.Pool, subject: string): Promise<SubjectCard> {
  const upper = subject.toUpperCase();
  const looked = iccidPattern.test(upper) ? upper : subject;
  const card = (await findCardsBySubject(pool, [looked])).get(looked);
  if (card === undefined) throw noSuchCard(subject);
  if (card === "ambiguous") throw ambiguousCard(subject);
  return card;
}

function firstDayOf(calendar: UsageCalendar, month: BillingMonth, cycleDay: number) {
  return calendar.day(calendar.lastDayOf(month - 1, cycleDay).number + 1);
}

/** The days as they are stored. */
function daysOf(
  row: MonthRow,
  { calendar, month, cycleDay }: { calendar: UsageCalendar; month: BillingMonth; cycleDay: number },
): DayExplanation[] {
  const days: DayExplanation[] = [];
  const last = calendar.lastDayOf(month, cycleDay).number;
  let before = 0;
  for (let number = firstDayOf(calendar, month, cycleDay).number; number <= last; number++) {
    const { day, date } = calendar.day(number);
    const stored = row.day_bytes[day - 1] ?? null;
    const bytes = stored === null ? null : Number(stored);
    if (row.day_at === null) {
      if (bytes !== null && bytes !== 0) days.push({ date, usedBytes: bytes, counter: null, at: null });
    } else if (bytes !== null) {
      days.push({ date, usedBytes: bytes - before, counter: bytes, at: row.day_at[day - 1] ?? null });
      before = bytes;
    }
  }
  return days;
}

function explainRecords(
  { source_no }: SourceFigureRow,
  { kind }: UsageSource,
  month: BillingMonth,
  records: readonly CardRecordRow[],
): RecordExplanation[] {
  let before = 0;
  return records
    .filter((record) => record.source_no === source_no)
    .map((record) => {
      const own = parseMonth(record.month);
      invariant(own !== undefined, "a record's month is a date");
      const countsIn = record.carried ? own - 1 : own;
      const counts = countsIn === month;
      const moved = kind === "delta" ? record.bytes : record.bytes - before;
      if (counts) before = record.bytes;
      return {
        id: record.record_id,
        startAt: record.start_at,
        at: record.at,
        receivedAt: record.received_at,
        bytes: record.bytes,
        effectBytes: counts ? moved : 0,
        month: own,
        countsIn,
        day: record.day,
        adjusts: record.adjusts,
        fell: kind === "reading" && counts && moved < 0,
        corrects: record.corrects,
        attributes: record.attributes,
      };
    });
}

function noSuchCard(subject: string): OperatorError {
  return new OperatorError(
    text(
      `没有卡号、ICCID、IMSI 或 MSISDN 为 ${subject} 的卡。`,
      `No card has the serial_no, ICCID, IMSI or MSISDN ${subject}.`,
    ),
  );
}

function ambiguousCard(subject: string): OperatorError {
  return new OperatorError(
    text(
      `有多张卡的号码为 ${subject}，请改用卡号（serial_no）或 ICCID。`,
      `Several cards have the number ${subject}: give the serial_no or the ICCID.`,
    ),
  );
}
