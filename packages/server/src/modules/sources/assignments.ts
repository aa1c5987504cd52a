import type { Db } from "../../db/database.ts";
import { OperatorError, invariant } from "../../errors.ts";
import { text } from "../../text.ts";
import {
  type BillingMonth,
  type CurrentMonth,
  formatMonth,
  monthToDate,
  parseMonth,
} from "../packages/billing-month.ts";
import {
  type AssignmentRow,
  type CardRow,
  lockCard,
  selectAssignments,
  selectCards,
  selectLastUsedMonths,
  upsertAssignments,
} from "./assignments.queries.ts";

/** Cards, and the source that is to count for them from a month on. */
export interface WantedAssignment {
  readonly sourceNo: number;
  readonly serialNos: readonly string[];
  /** Undefined: for each card from the first that may be chosen. */
  readonly fromMonth: BillingMonth | undefined;
}

/** What assigning a card comes to. */
export interface CardAssignment {
  readonly serialNo: string;
  readonly outcome: "assigned" | "unchanged" | "refused";
  /** Null where there is no such card. */
  readonly fromMonth: BillingMonth | null;
  /** The source that was assigned for that month so far; null: none, so that the first that reports it counts. */
  readonly before: string | null;
  /** The next source that the card is assigned to already, and the month from which it takes over. */
  readonly next?: { readonly name: string; readonly fromMonth: BillingMonth };
  /** Why it is refused. */
  readonly problem?: OperatorError;
}

/** So many cards are assigned in one transaction: each is locked by a statement of its own, which takes a tenth of a millisecond. */
export const assignedAtOnceMax = 5_000;

/** What {@link assignCards} would come to now. */
export async function previewAssignments(
  db: Db,
  currentMonth: CurrentMonth,
  wanted: WantedAssignment,
): Promise<CardAssignment[]> {
  return planAssignments(db, currentMonth, wanted, await selectCards(db, wanted.serialNos));
}

/** Assigns the cards that may be, within a transaction, and says of each, in the order given, what became of it. */
export async function assignCards(
  db: Db,
  currentMonth: CurrentMonth,
  wanted: WantedAssignment,
): Promise<CardAssignment[]> {
  const cards: CardRow[] = [];
  // In one order everywhere, so that two who assign the same cards wait for each other in turn and not in a circle.
  for (const serialNo of wanted.serialNos.toSorted()) {
    const card = await lockCard(db, serialNo);
    if (card !== undefined) cards.push(card);
  }
  const planned = await planAssignments(db, currentMonth, wanted, cards);
  const assigned = planned.flatMap(({ serialNo, outcome, fromMonth }) =>
    outcome === "assigned" && fromMonth !== null ? [{ serialNo, fromMonth: monthToDate(fromMonth) }] : [],
  );
  if (assigned.length > 0) await upsertAssignments(db, wanted.sourceNo, assigned);
  return planned;
}

async function planAssignments(
  db: Db,
  currentMonth: CurrentMonth,
  { sourceNo, serialNos, fromMonth }: WantedAssignment,
  cards: readonly CardRow[],
): Promise<CardAssignment[]> {
  const cycleDays = new Map(cards.map(({ serial_no, cycle_day }) => [serial_no, cycle_day]));
  const lastUsed = new Map(
    (await selectLastUsedMonths(db, serialNos)).map(({ serial_no, month }) => [serial_no, monthOf(month)]),
  );
  const assignments = Map.groupBy(await selectAssignments(db, serialNos), ({ serial_no }) => serial_no);
  return serialNos.map((serialNo) => {
    const cycleDay = cycleDays.get(serialNo);
    if (cycleDay === undefined)
      return { serialNo, outcome: "refused", fromMonth: null, before: null, problem: noSuchCard(serialNo) };
    return planOne(serialNo, {
      sourceNo,
      wantedMonth: fromMonth,
      current: currentMonth(cycleDay),
      lastUsed: lastUsed.get(serialNo),
      assigned: assignments.get(serialNo) ?? [],
    });
  });
}

/**
 * Only a month that is neither past nor has usage already may get another source: its figure would change under whoever
 * has read it. What is assigned already may be assigned again.
 */
function planOne(
  serialNo: string,
  view: {
    readonly sourceNo: number;
    readonly wantedMonth: BillingMonth | undefined;
    readonly current: BillingMonth;
    readonly lastUsed: BillingMonth | undefined;
    readonly assigned: readonly AssignmentRow[];
  },
): CardAssignment {
  const { current, lastUsed } = view;
  const earliest = lastUsed === undefined ? current : Math.max(current, lastUsed + 1);
  const fromMonth = view.wantedMonth ?? earliest;
  const inForce = view.assigned.findLast((row) => monthOf(row.from_month) <= fromMonth);
  const before = inForce?.name ?? null;
  const isThere = inForce?.source_no === view.sourceNo && monthOf(inForce.from_month) === fromMonth;
  if (!isThere && fromMonth < earliest) {
    const problem = (fromMonth < current ? monthPast : monthUsed)(serialNo, fromMonth, earliest);
    return { serialNo, outcome: "refused", fromMonth, before, problem };
  }
  const next = view.assigned.find((row) => monthOf(row.from_month) > fromMonth && row.source_no !== view.sourceNo);
  return {
    serialNo,
    outcome: isThere ? "unchanged" : "assigned",
    fromMonth,
    before,
    ...(next === undefined ? {} : { next: { name: next.name, fromMonth: monthOf(next.from_month) } }),
  };
}

function monthOf(date: string): BillingMonth {
  const month = parseMonth(date);
  invariant(month !== undefined, `${date} is a date`);
  return month;
}

function noSuchCard(serialNo: string): OperatorError {
  return new OperatorError(
    text(
      `没有卡号为 ${serialNo} 的卡。请填写卡号（serial_no），而不是 ICCID 等；尚未导入的卡请先导入。`,
      `There is no card with the serial_no ${serialNo}. Give its serial_no, not its ICCID or another number; a card that is new has to be imported first.`,
    ),
  );
}

function monthPast(serialNo: string, month: BillingMonth, earliest: BillingMonth): OperatorError {
  const [given, first] = [formatMonth(month), formatMonth(earliest)];
  return new OperatorError(
    text(
      `卡 ${serialNo} 的 ${given} 账期已经结束，不能再更换来源；最早可从 ${first} 起。`,
      `The billing month ${given} of card ${serialNo} is over, so its source stays; the earliest possible is ${first}.`,
    ),
  );
}

function monthUsed(serialNo: string, month: BillingMonth, earliest: BillingMonth): OperatorError {
  const [given, first] = [formatMonth(month), formatMonth(earliest)];
  return new OperatorError(
    text(
      `卡 ${serialNo} 的 ${given} 账期已有用量，不能再更换来源；最早可从 ${first} 起。`,
      `Card ${serialNo} has usage in the billing month ${given} already, so its source stays; the earliest possible is ${first}.`,
    ),
  );
}
