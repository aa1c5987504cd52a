import { type PackageTerm, type UsedBytesOf, crossMonthLevel, inEffect } from "./allowance.ts";
import type { BillingMonth } from "./billing-month.ts";

/** What a package gave in a billing month, and how much of the month's usage it bore. Bytes. */
export interface PackageShare {
  readonly month: BillingMonth;
  /** A monthly package's size; of a cross-month one what earlier months had left of it. */
  readonly givenBytes: number;
  readonly drawnBytes: number;
}

export interface SharedPackage<Term extends PackageTerm> {
  readonly term: Term;
  /** Of the months it covers, up to the one asked for. */
  readonly shares: readonly PackageShare[];
}

/**
 * Explains the allowance package by package: what each gave and bore in every month up to `month`. The months' sums are
 * what {@link allowanceBytes} says of them; a test holds the two together.
 *
 * Usage draws on the monthly packages first, then on cross-month ones, the earliest to end first. Which of several monthly
 * ones bears it decides nothing, since none is carried on; they are taken in the same order.
 */
export function sharePackages<Term extends PackageTerm>(
  packages: readonly Term[],
  usedBytesOf: UsedBytesOf,
  month: BillingMonth,
): SharedPackage<Term>[] {
  const shared = packages.map((term) => ({ term, leftBytes: term.sizeBytes, shares: [] as PackageShare[] }));
  const first = Math.min(month, ...packages.map(({ firstMonth }) => firstMonth));
  const inOrder = shared.toSorted(
    ({ term: a }, { term: b }) =>
      Number(a.level === crossMonthLevel) - Number(b.level === crossMonthLevel) ||
      a.firstMonth + a.months - (b.firstMonth + b.months) ||
      a.firstMonth - b.firstMonth,
  );
  for (let each = first; each <= month; each++) {
    let beyond = Math.max(0, usedBytesOf(each));
    for (const one of inOrder) {
      if (!inEffect(one.term, each)) continue;
      const givenBytes = one.term.level === crossMonthLevel ? one.leftBytes : one.term.sizeBytes;
      const drawnBytes = Math.min(beyond, givenBytes);
      one.leftBytes = givenBytes - drawnBytes;
      beyond -= drawnBytes;
      one.shares.push({ month: each, givenBytes, drawnBytes });
    }
  }
  return shared.map(({ term, shares }) => ({ term, shares }));
}
