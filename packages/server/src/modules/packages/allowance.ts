import type { BillingMonth } from "./billing-month.ts";

/** A package's level, as published. 1, 2 and 4 give their size every month; 3 once for the whole term. */
export const crossMonthLevel = 3;

/** What of a package decides a card's allowance. Sizes in bytes. */
export interface PackageTerm {
  readonly firstMonth: BillingMonth;
  readonly months: number;
  readonly level: number;
  readonly sizeBytes: number;
}

/** The bytes a card has used in a billing month. */
export type UsedBytesOf = (month: BillingMonth) => number;

/**
 * What a card may use in `month`, in bytes: the full size of every monthly package in effect, and of every cross-month
 * package in effect what earlier months have left of it.
 *
 * Usage draws on the month's packages first, then on cross-month ones, the earliest to end first. So what is left of
 * them follows from the months since the first of them began, and is computed here and now: nothing is written when a
 * month ends, and usage that arrives late for a past month changes the carry-over of all that follow it.
 */
export function allowanceBytes(
  packages: readonly PackageTerm[],
  usedBytesOf: UsedBytesOf,
  month: BillingMonth,
): number {
  let carries: Carry[] | undefined;
  let monthly = 0;
  for (const term of packages) {
    if (term.level === crossMonthLevel) (carries ??= []).push({ term, leftBytes: term.sizeBytes });
    else if (inEffect(term, month)) monthly += term.sizeBytes;
  }
  return carries === undefined ? monthly : monthly + carriedBytes(carries, packages, usedBytesOf, month);
}

/**
 * The month from which on usage decides the allowance of `month`: a cross-month package that is in effect then may have
 * been drawn on before. Undefined when no earlier month's usage matters, as for most cards.
 */
export function usageMattersSince(packages: readonly PackageTerm[], month: BillingMonth): BillingMonth | undefined {
  let carried = false;
  let since = month;
  for (const term of packages) {
    if (term.level !== crossMonthLevel) continue;
    carried ||= inEffect(term, month);
    since = Math.min(since, term.firstMonth);
  }
  return carried && since < month ? since : undefined;
}

/** Whether a package covers a month. Half-open: the month after its last is not covered. */
export function inEffect(term: PackageTerm, month: BillingMonth): boolean {
  return month >= term.firstMonth && month < term.firstMonth + term.months;
}

interface Carry {
  readonly term: PackageTerm;
  leftBytes: number;
}

/** What the cross-month packages in effect in `month` have left when it starts. */
function carriedBytes(
  carries: Carry[],
  packages: readonly PackageTerm[],
  usedBytesOf: UsedBytesOf,
  month: BillingMonth,
): number {
  carries.sort((a, b) => endOf(a.term) - endOf(b.term) || a.term.firstMonth - b.term.firstMonth);
  const first = Math.min(...carries.map(({ term }) => term.firstMonth));
  for (let past = first; past < month; past++) {
    let beyond = usedBytesOf(past) - monthlyBytes(packages, past);
    for (const carry of carries) {
      if (beyond <= 0) break;
      if (!inEffect(carry.term, past)) continue;
      const drawn = Math.min(beyond, carry.leftBytes);
      carry.leftBytes -= drawn;
      beyond -= drawn;
    }
  }
  return carries.reduce((sum, { term, leftBytes }) => (inEffect(term, month) ? sum + leftBytes : sum), 0);
}

function monthlyBytes(packages: readonly PackageTerm[], month: BillingMonth): number {
  return packages.reduce(
    (sum, term) => (term.level !== crossMonthLevel && inEffect(term, month) ? sum + term.sizeBytes : sum),
    0,
  );
}

function endOf(term: PackageTerm): BillingMonth {
  return term.firstMonth + term.months;
}
