import fc from "fast-check";
import { expect, test } from "vitest";
import { type PackageTerm, allowanceBytes } from "./allowance.ts";
import { sharePackages } from "./package-shares.ts";

const month = 24_322;

const term = fc.record<PackageTerm>({
  firstMonth: fc.integer({ min: month - 8, max: month + 3 }),
  months: fc.integer({ min: 1, max: 12 }),
  level: fc.constantFrom(1, 2, 3, 3, 4),
  sizeBytes: fc.integer({ min: 1, max: 1_000 }),
});

test("what packages give in a month adds up to its allowance, and what they bear to its usage, as far as they go", () => {
  fc.assert(
    fc.property(
      fc.array(term, { maxLength: 6 }),
      fc.array(fc.integer({ min: -50, max: 2_500 }), { minLength: 12, maxLength: 12 }),
      (packages, used) => {
        const usedBytesOf = (each: number): number => used[month - each] ?? 0;
        const shares = sharePackages(packages, usedBytesOf, month).flatMap((one) => one.shares);
        for (let each = month - 8; each <= month; each++) {
          const ofMonth = shares.filter((share) => share.month === each);
          const given = ofMonth.reduce((sum, { givenBytes }) => sum + givenBytes, 0);
          expect(given).toBe(allowanceBytes(packages, usedBytesOf, each));
          expect(ofMonth.reduce((sum, { drawnBytes }) => sum + drawnBytes, 0)).toBe(
            Math.min(given, Math.max(0, usedBytesOf(each))),
          );
        }
      },
    ),
  );
});

test("a package that has not begun, or is over, has no share of the month", () => {
  const over = { firstMonth: month - 3, months: 2, level: 1, sizeBytes: 10 };
  const toCome = { firstMonth: month + 1, months: 2, level: 3, sizeBytes: 10 };
  expect(sharePackages([over, toCome], () => 4, month)).toEqual([
    {
      term: over,
      shares: [
        { month: month - 3, givenBytes: 10, drawnBytes: 4 },
        { month: month - 2, givenBytes: 10, drawnBytes: 4 },
      ],
    },
    { term: toCome, shares: [] },
  ]);
});

test("a cross-month package carries what the monthly ones did not bear", () => {
  const monthly = { firstMonth: month - 1, months: 2, level: 1, sizeBytes: 10 };
  const cross = { firstMonth: month - 1, months: 3, level: 3, sizeBytes: 100 };
  expect(sharePackages([cross, monthly], (each) => (each === month ? 5 : 40), month)[0]?.shares).toEqual([
    { month: month - 1, givenBytes: 100, drawnBytes: 30 },
    { month, givenBytes: 70, drawnBytes: 0 },
  ]);
});
