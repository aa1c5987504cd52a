import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type PackageTerm, allowanceBytes, crossMonthLevel, inEffect, usageMattersSince } from "./allowance.ts";

/** The month the examples begin in; any would do. */
const january = 24_312;

function term(level: number, sizeBytes: number, firstMonth = january, months = 1): PackageTerm {
  return { level, sizeBytes, firstMonth, months };
}

/** Usage by month, the first being January; none afterwards. */
function usage(...bytes: number[]) {
  return (month: number): number => bytes[month - january] ?? 0;
}

/**
 * The same rule again, slow and plain: month by month from the first package on, one byte at a time from the package
 * whose turn it is.
 */
function plainModel(packages: readonly PackageTerm[], usedBytesOf: (month: number) => number, month: number): number {
  const left = new Map(packages.filter(({ level }) => level === crossMonthLevel).map((each) => [each, each.sizeBytes]));
  const begin = Math.min(month, ...packages.map(({ firstMonth }) => firstMonth));
  for (let now = begin; ; now++) {
    const covers = (each: PackageTerm): boolean => each.firstMonth <= now && now <= each.firstMonth + each.months - 1;
    let monthly = 0;
    for (const each of packages) if (each.level !== crossMonthLevel && covers(each)) monthly += each.sizeBytes;
    const carried = [...left.keys()].filter(covers);
    if (now === month) return monthly + carried.reduce((sum, each) => sum + (left.get(each) ?? 0), 0);
    for (let used = usedBytesOf(now); used > 0; used--) {
      if (monthly > 0) {
        monthly--;
        continue;
      }
      let next: PackageTerm | undefined;
      for (const each of carried) {
        if ((left.get(each) ?? 0) === 0) continue;
        if (next === undefined || each.firstMonth + each.months < next.firstMonth + next.months) next = each;
      }
      if (next === undefined) break;
      left.set(next, (left.get(next) ?? 0) - 1);
    }
  }
}

describe("a card's allowance", () => {
  test("is nothing without packages", () => {
    expect(allowanceBytes([], usage(), january)).toBe(0);
  });

  test.each([1, 2, 4])(
    "counts a package of level %i in full in every month of its term, whatever was used",
    (level) => {
      const packages = [term(level, 100, january, 2)];
      const used = usage(500, 500);
      expect([-1, 0, 1, 2].map((offset) => allowanceBytes(packages, used, january + offset))).toEqual([0, 100, 100, 0]);
    },
  );

  test("counts a cross-month package once, and carries what is left of it", () => {
    const packages = [term(3, 100, january, 3)];
    const used = usage(30, 50, 10);
    expect([-1, 0, 1, 2, 3].map((offset) => allowanceBytes(packages, used, january + offset))).toEqual([
      0, 100, 70, 20, 0,
    ]);
  });

  test("leaves nothing of a cross-month package that is used up, and never less", () => {
    expect(allowanceBytes([term(3, 100, january, 3)], usage(250), january + 1)).toBe(0);
  });

  test("draws on the monthly packages first", () => {
    const packages = [term(1, 40, january, 3), term(3, 100, january, 3)];
    const used = usage(30, 60);
    expect([0, 1, 2].map((offset) => allowanceBytes(packages, used, january + offset))).toEqual([140, 140, 120]);
  });

  test("draws on the cross-month package that ends first, whichever began first", () => {
    const packages = [term(3, 100, january, 6), term(3, 50, january + 1, 2)];
    const used = usage(0, 50, 20);
    // The short one is used up in February, the long one is drawn on in March.
    expect([1, 2, 3].map((offset) => allowanceBytes(packages, used, january + offset))).toEqual([150, 100, 80]);
  });

  test("does not draw on a cross-month package before it begins or after it has ended", () => {
    const packages = [term(3, 100, january, 1), term(3, 100, january + 2, 2)];
    const used = usage(150, 70, 10);
    expect([0, 1, 2, 3].map((offset) => allowanceBytes(packages, used, january + offset))).toEqual([100, 0, 100, 90]);
  });

  test("sums packages of all levels", () => {
    const packages = [term(1, 1), term(2, 10), term(3, 100), term(4, 1000)];
    expect(allowanceBytes(packages, usage(), january)).toBe(1111);
  });

  test("follows usage that becomes known late", () => {
    const packages = [term(3, 100, january, 3)];
    expect(allowanceBytes(packages, usage(0), january + 2)).toBe(100);
    expect(allowanceBytes(packages, usage(25), january + 2)).toBe(75);
  });

  test("does not change the packages it is given", () => {
    const packages = Object.freeze([Object.freeze(term(3, 100, january, 5)), Object.freeze(term(3, 50, january, 3))]);
    allowanceBytes(packages, usage(60), january + 1);
    expect(packages).toEqual([term(3, 100, january, 5), term(3, 50, january, 3)]);
  });
});

describe("earlier months' usage matters", () => {
  test("for no month without a cross-month package in effect, nor for such a one's first", () => {
    expect(usageMattersSince([], january)).toBeUndefined();
    expect(usageMattersSince([term(1, 100, january, 3), term(2, 1, january, 3)], january + 1)).toBeUndefined();
    expect(usageMattersSince([term(3, 100, january, 3)], january)).toBeUndefined();
    expect(usageMattersSince([term(3, 100, january, 3)], january + 3)).toBeUndefined();
  });

  test("since the first month of any cross-month package while one is in effect", () => {
    const packages = [term(3, 100, january + 1, 3), term(3, 100, january, 2)];
    expect([1, 2, 3, 4].map((offset) => usageMattersSince(packages, january + offset))).toEqual([
      january,
      january,
      january,
      undefined,
    ]);
  });
});

test("a package covers its months and not the one after", () => {
  const quarterly = term(1, 1, january, 3);
  expect([-1, 0, 2, 3].map((offset) => inEffect(quarterly, january + offset))).toEqual([false, true, true, false]);
});

const someTerm = fc.record({
  firstMonth: fc.integer({ min: january, max: january + 8 }),
  months: fc.integer({ min: 1, max: 6 }),
  level: fc.constantFrom(1, 2, 3, 3, 3, 4),
  sizeBytes: fc.integer({ min: 1, max: 40 }),
});
const someTerms = fc.array(someTerm, { maxLength: 6 });
const someUsage = fc.array(fc.nat({ max: 60 }), { minLength: 16, maxLength: 16 }).map((bytes) => usage(...bytes));
const someMonth = fc.integer({ min: january - 1, max: january + 15 });
const months = Array.from({ length: 16 }, (_, offset) => january + offset);

describe("for any packages and usage, the allowance", () => {
  test("agrees with the plain model", () => {
    fc.assert(
      fc.property(someTerms, someUsage, someMonth, (packages, used, month) => {
        expect(allowanceBytes(packages, used, month)).toBe(plainModel(packages, used, month));
      }),
      { numRuns: 2000 },
    );
  });

  test("is never lowered by one more package", () => {
    fc.assert(
      fc.property(someTerms, someTerm, someUsage, someMonth, (packages, added, used, month) => {
        expect(allowanceBytes([...packages, added], used, month)).toBeGreaterThanOrEqual(
          allowanceBytes(packages, used, month),
        );
      }),
      { numRuns: 2000 },
    );
  });

  test("is never raised by more usage", () => {
    fc.assert(
      fc.property(
        someTerms,
        someUsage,
        someMonth,
        fc.nat({ max: 15 }),
        fc.nat({ max: 50 }),
        (packages, used, month, when, more) => {
          const raised = (past: number): number => used(past) + (past === january + when ? more : 0);
          expect(allowanceBytes(packages, raised, month)).toBeLessThanOrEqual(allowanceBytes(packages, used, month));
        },
      ),
    );
  });

  test("does not depend on the order of the packages", () => {
    const shuffled = someTerms.chain((packages) =>
      fc.tuple(fc.constant(packages), fc.shuffledSubarray(packages, { minLength: packages.length })),
    );
    fc.assert(
      fc.property(shuffled, someUsage, someMonth, ([packages, reordered], used, month) => {
        expect(allowanceBytes(reordered, used, month)).toBe(allowanceBytes(packages, used, month));
      }),
    );
  });

  test("does not depend on usage before the month since which it is said to matter", () => {
    fc.assert(
      fc.property(someTerms, someUsage, someMonth, (packages, used, month) => {
        const since = usageMattersSince(packages, month) ?? month;
        const known = (past: number): number => (past < since ? 0 : used(past));
        expect(since).toBeLessThanOrEqual(month);
        expect(allowanceBytes(packages, known, month)).toBe(allowanceBytes(packages, used, month));
      }),
      { numRuns: 2000 },
    );
  });

  test("without usage counts every package whole in every month of its term", () => {
    fc.assert(
      fc.property(someTerms, someMonth, (packages, month) => {
        const whole = packages
          .filter((each) => inEffect(each, month))
          .reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
        expect(allowanceBytes(packages, usage(), month)).toBe(whole);
      }),
    );
  });

  test("never lets more be drawn from cross-month packages, over all months, than their size", () => {
    fc.assert(
      fc.property(someTerms, someUsage, (packages, used) => {
        const cross = packages.filter(({ level }) => level === crossMonthLevel);
        const size = cross.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
        const drawn = months.reduce((sum, month) => {
          const monthly = allowanceBytes(
            packages.filter(({ level }) => level !== crossMonthLevel),
            used,
            month,
          );
          const covered = Math.min(used(month), allowanceBytes(packages, used, month));
          return sum + Math.max(0, covered - monthly);
        }, 0);
        expect(drawn).toBeLessThanOrEqual(size);
      }),
    );
  });
});
