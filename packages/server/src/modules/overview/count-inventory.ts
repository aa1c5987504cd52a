import { type Db, finiteMoment } from "../../db/database.ts";
import { allowanceBytes, crossMonthLevel, inEffect, usageMattersSince } from "../packages/allowance.ts";
import {
  type BillingMonth,
  type LocalDay,
  billingMonthOf,
  formatMonth,
  monthToDate,
  parseMonth,
} from "../packages/billing-month.ts";
import { cycleDays, placeOf } from "./cycle-days.ts";
import { createHeaviest } from "./heaviest.ts";
import type { CycleFigures, HeavyCard, InventoryFigures, Share, Shares } from "./inventory-figures.ts";
import {
  type CardCountRow,
  type CarryingCardRow,
  type CurrentDates,
  type DaySumsRow,
  countCardsByKind,
  fetchHeavyCards,
  selectCarryingCards,
  selectTerms,
  selectUsedMonths,
  sumDays,
  sumMonthlyPackages,
} from "./overview.queries.ts";

/** From how much of its allowance on a card is near it. */
const nearPercent = 90;

/** How many carriers and accounts are told of each; the rest are summed up. */
const largestMax = 20;

/**
 * Cards with cross-month packages that are computed at a time: less than five milliseconds, during which the process
 * answers no call.
 */
const pageCards = 300;

const heavyRowsMax = 1_000;

/**
 * Counts what there is of cards, in the transaction's one view of the database. What SQL says exactly is left to it; what a
 * card with a cross-month package may use follows from its past months and is computed by the function that answers the
 * signed API. `signal` ends it between two statements.
 */
export async function countInventory(db: Db, today: LocalDay, signal: AbortSignal): Promise<InventoryFigures> {
  const current: CurrentDates = {
    dayOfMonth: today.day,
    month: monthToDate(today.month),
    previousMonth: monthToDate(today.month - 1),
  };
  const kinds = await countCardsByKind(db);
  signal.throwIfAborted();
  const monthly = await sumMonthlyPackages(db, current);
  signal.throwIfAborted();
  const cycles = sumBy(kinds, ({ cycle_day }) => cycle_day);
  const sums = await sumDays(db, current, placesMax([...cycles.keys()], today));
  signal.throwIfAborted();
  const heaviest = createHeaviest(nearPercent);
  for await (const rows of fetchHeavyCards(db, current, { percent: nearPercent, rowsMax: heavyRowsMax })) {
    signal.throwIfAborted();
    for (const row of rows) heaviest.add(heavyCard(row));
  }
  const carried = await addCarryingCards({ db, today, current, signal }, (card) => heaviest.add(card));

  const monthlyByCycle = new Map(monthly.map((row) => [row.cycle_day, BigInt(row.monthly_bytes)]));
  return {
    cards: kinds.reduce((sum, { cards }) => sum + cards, 0),
    inStock: kinds.reduce((sum, { account_no, cards }) => (account_no === null ? sum + cards : sum), 0),
    bySimStatus: [...sumBy(kinds, ({ sim_status }) => sim_status)]
      .map(([key, cards]) => ({ key, cards }))
      .toSorted((a, b) => a.key - b.key),
    byCarrier: sharesOf(sumBy(kinds, ({ carrier }) => carrier)),
    byAccount: sharesOf(
      sumBy(
        kinds.filter(({ account_no }) => account_no !== null),
        ({ account_no }) => account_no ?? 0,
      ),
    ),
    cycles: [...cycles]
      .map(([cycleDay, cards]) =>
        cycleFigures({
          cycleDay,
          cards,
          today,
          allowance: (monthlyByCycle.get(cycleDay) ?? 0n) + (carried.get(cycleDay) ?? 0n),
          sums: sums.filter(({ cycle_day }) => cycle_day === cycleDay),
        }),
      )
      .toSorted((a, b) => b.cards - a.cards || a.cycleDay - b.cycleDay),
    usageAsOf: latest(sums),
    ...heaviest.found(),
  };
}

/** As far as the current months may have usage: up to tomorrow, since a counter may be a little ahead of our clock. */
function placesMax(cycleDaysThere: readonly number[], today: LocalDay): number {
  return Math.max(
    1,
    ...cycleDaysThere.flatMap((cycleDay) =>
      daysSoFar(cycleDay, today).map((date) => placeOf(Number(date.slice(8)), cycleDay) + 1),
    ),
  );
}

/** The days of the billing month that cards of a cycle day are in, up to tomorrow, or its last. */
function daysSoFar(cycleDay: number, today: LocalDay): string[] {
  const days = cycleDays(billingMonthOf(today, cycleDay), cycleDay);
  const at = days.indexOf(`${formatMonth(today.month)}-${String(today.day).padStart(2, "0")}`);
  return days.slice(0, at + 2);
}

function cycleFigures(of: {
  readonly cycleDay: number;
  readonly cards: number;
  readonly today: LocalDay;
  readonly allowance: bigint;
  readonly sums: readonly DaySumsRow[];
}): CycleFigures {
  const { cycleDay, cards, today, allowance, sums } = of;
  const month = billingMonthOf(today, cycleDay);
  const soFar = daysSoFar(cycleDay, today);
  const used = soFar.map(() => 0n);
  for (const { by_readings: byReadings, places } of sums) {
    let before = 0n;
    for (const [index, date] of soFar.entries()) {
      const value = BigInt(places[placeOf(Number(date.slice(8)), cycleDay)] ?? 0);
      used[index] = (used[index] ?? 0n) + value - before;
      if (byReadings) before = value;
    }
  }
  const isLastDay = soFar.at(-1)?.endsWith(`-${String(today.day).padStart(2, "0")}`) === true;
  // Tomorrow only if there is something.
  if (!isLastDay && used.at(-1) === 0n) used.pop();
  return {
    cycleDay,
    month: formatMonth(month),
    from: `${formatMonth(month)}-${String(cycleDay).padStart(2, "0")}`,
    to: `${formatMonth(month + 1)}-${String(cycleDay).padStart(2, "0")}`,
    cards,
    allowanceBytes: String(allowance),
    usedBytes: String(sums.reduce((sum, row) => sum + BigInt(row.used_bytes), 0n)),
    days: used.map(String),
  };
}

function latest(sums: readonly DaySumsRow[]): string | null {
  const moments = sums.flatMap((row) => (row.as_of === null ? [] : (finiteMoment(row.as_of)?.getTime() ?? [])));
  return moments.length === 0 ? null : new Date(Math.max(...moments)).toISOString();
}

interface Counting {
  readonly db: Db;
  readonly today: LocalDay;
  readonly current: CurrentDates;
  readonly signal: AbortSignal;
}

/**
 * Looks at every card with a cross-month package in effect; returns, by cycle day, what these packages have left when the
 * month starts, which is what their cards may use beyond their monthly packages.
 */
async function addCarryingCards(
  { db, today, current, signal }: Counting,
  add: (card: HeavyCard) => void,
): Promise<Map<number, bigint>> {
  const carried = new Map<number, bigint>();
  let after = "";
  for (;;) {
    signal.throwIfAborted();
    const page = await selectCarryingCards(db, current, { after, cardsMax: pageCards });
    for (const { card, cycleDay, beyondMonthly } of await figuresOf(db, today, page)) {
      carried.set(cycleDay, (carried.get(cycleDay) ?? 0n) + BigInt(beyondMonthly));
      add(card);
    }
    const last = page.at(-1);
    if (last === undefined || page.length < pageCards) return carried;
    after = last.serial_no;
  }
}

async function figuresOf(db: Db, today: LocalDay, page: readonly CarryingCardRow[]) {
  const serialNos = page.map(({ serial_no }) => serial_no);
  const terms = Map.groupBy(await selectTerms(db, serialNos), ({ serial_no }) => serial_no);
  const cards = page.map(({ serial_no, account_no, cycle_day }) => ({
    serialNo: serial_no,
    accountNo: account_no,
    cycleDay: cycle_day,
    month: billingMonthOf(today, cycle_day),
    packages: (terms.get(serial_no) ?? []).map((row) => ({
      firstMonth: monthOf(row.first_month),
      months: row.months,
      level: row.level,
      sizeBytes: row.size_bytes,
    })),
  }));
  const used = Map.groupBy(
    await selectUsedMonths(
      db,
      serialNos,
      cards.map(({ packages, month }) => monthToDate(usageMattersSince(packages, month) ?? month)),
    ),
    ({ serial_no }) => serial_no,
  );
  return cards.map(({ serialNo, accountNo, cycleDay, month, packages }) => {
    const months = new Map(used.get(serialNo)?.map((row) => [monthOf(row.month), row.used_bytes]));
    const allowance = allowanceBytes(packages, (each) => months.get(each) ?? 0, month);
    const monthly = packages.reduce(
      (sum, term) => (term.level !== crossMonthLevel && inEffect(term, month) ? sum + term.sizeBytes : sum),
      0,
    );
    return {
      card: { serialNo, accountNo, allowanceBytes: allowance, usedBytes: Math.max(0, months.get(month) ?? 0) },
      cycleDay,
      beyondMonthly: allowance - monthly,
    };
  });
}

function monthOf(date: string): BillingMonth {
  const month = parseMonth(date);
  if (month === undefined) throw new Error(`the first of a month is ${date}`);
  return month;
}

function heavyCard(row: {
  serial_no: string;
  account_no: number | null;
  used_bytes: number;
  allowance_bytes: number;
}): HeavyCard {
  return {
    serialNo: row.serial_no,
    accountNo: row.account_no,
    usedBytes: row.used_bytes,
    allowanceBytes: row.allowance_bytes,
  };
}

function sumBy<Key>(rows: readonly CardCountRow[], key: (row: CardCountRow) => Key): Map<Key, number> {
  const sums = new Map<Key, number>();
  for (const row of rows) sums.set(key(row), (sums.get(key(row)) ?? 0) + row.cards);
  return sums;
}

function sharesOf<Key extends string | number>(sums: ReadonlyMap<Key, number>): Shares<Key> {
  const shares: Share<Key>[] = [...sums]
    .map(([key, cards]) => ({ key, cards }))
    .toSorted((a, b) => b.cards - a.cards || (a.key < b.key ? -1 : 1));
  const others = shares.slice(largestMax);
  return {
    largest: shares.slice(0, largestMax),
    others: { keys: others.length, cards: others.reduce((sum, { cards }) => sum + cards, 0) },
  };
}
