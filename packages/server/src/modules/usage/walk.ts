import type { Db } from "../../db/database.ts";
import { OperatorError } from "../../errors.ts";
import { text } from "../../text.ts";
import { type BillingMonth, formatMonth } from "../packages/billing-month.ts";
import { type CardRange, countCards, selectCardAfter, selectFigureMonths, selectRecordMonths } from "./walk.queries.ts";

/** What is to be rebuilt or verified; undefined: all cards, all months. */
export interface WalkScope {
  readonly serialNo: string | undefined;
  readonly month: BillingMonth | undefined;
}

export interface WalkProgress {
  readonly month: BillingMonth;
  /** Cards times months. */
  readonly done: number;
  readonly total: number;
}

export interface WalkOptions {
  /** Stops between two pieces of work; the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: WalkProgress) => void;
}

/** The months to look at, and all cards in question. */
export interface WalkPlan {
  readonly months: readonly BillingMonth[];
  /** Months with figures whose records are no longer kept: what they come to cannot be told any more. */
  readonly skipped: readonly BillingMonth[];
  readonly cards: CardRange;
  readonly cardCount: number;
}

/** A piece of work: some of the cards in one of the months. */
export interface WalkStep {
  readonly month: BillingMonth;
  readonly range: CardRange;
}

/** So many cards are compared in one snapshot, and held back at once if wrong; with hourly records, 1.5 million of them. */
const cardsMax = 2_000;

/** Behind every serial_no there can be: no letter or digit is above it in ASCII, as which they are compared. */
const behindAll = "~";

/**
 * Finds out what there is to walk. Throws an OperatorError for a card that does not exist, and for a month whose records
 * are not kept if it was asked for by name.
 */
export async function planWalk(db: Db, { serialNo, month }: WalkScope): Promise<WalkPlan> {
  const cards =
    serialNo === undefined ? { from: "", before: behindAll } : { from: serialNo, before: `${serialNo}\u0001` };
  const cardCount = await countCards(db, cards);
  if (serialNo !== undefined && cardCount === 0) throw noSuchCard(serialNo);
  const kept = await selectRecordMonths(db);
  if (month !== undefined) {
    if (!kept.includes(month)) throw recordsNotKept(month, kept);
    return { months: [month], skipped: [], cards, cardCount };
  }
  const skipped = (await selectFigureMonths(db, cards)).filter((each) => !kept.includes(each));
  return { months: kept, skipped, cards, cardCount };
}

/** Walks the plan's months, each in pieces of at most 2,000 cards. Between them it looks at the signal. */
export async function* walk(
  db: Db,
  { months, cards, cardCount }: WalkPlan,
  { signal, onProgress }: WalkOptions,
): AsyncGenerator<WalkStep> {
  const total = months.length * cardCount;
  for (const [index, month] of months.entries()) {
    let done = index * cardCount;
    for (let from: string | undefined = cards.from; from !== undefined;) {
      onProgress?.({ month, done, total });
      const next: string | undefined = await selectCardAfter(db, { from, before: cards.before }, cardsMax);
      yield { month, range: { from, before: next ?? cards.before } };
      signal?.throwIfAborted();
      from = next;
      done += cardsMax;
    }
  }
  const last = months.at(-1);
  if (last !== undefined) onProgress?.({ month: last, done: total, total });
}

function noSuchCard(serialNo: string): OperatorError {
  return new OperatorError(
    text(
      `没有卡号为 ${serialNo} 的卡。请填写卡号（serial_no），而不是 ICCID 等。`,
      `There is no card with the serial_no ${serialNo}. Give its serial_no, not its ICCID or another number.`,
    ),
  );
}

function recordsNotKept(month: BillingMonth, kept: readonly BillingMonth[]): OperatorError {
  const [asked, first, last] = [formatMonth(month), kept.at(0), kept.at(-1)];
  if (first === undefined || last === undefined)
    return new OperatorError(text("还没有任何用量记录。", "There are no usage records yet."));
  return new OperatorError(
    text(
      `没有保存 ${asked} 账期的用量记录；现有记录的账期从 ${formatMonth(first)} 到 ${formatMonth(last)}。`,
      `No usage records of the billing month ${asked} are kept; those there are reach from ${formatMonth(first)} to ${formatMonth(last)}.`,
    ),
  );
}
