import fc from "fast-check";
import { expect, test } from "vitest";
import { formatMoney, moneyMax, parseMoney } from "./money.ts";

test.each([
  ["0", 0, "0.00"],
  ["-0.00", 0, "0.00"],
  ["3", 300, "3.00"],
  ["3.5", 350, "3.50"],
  ["0.07", 7, "0.07"],
  ["-0.5", -50, "-0.50"],
  ["9999999999.99", moneyMax, "9999999999.99"],
])("%s is %d hundredths and written %s", (given, hundredths, written) => {
  expect(parseMoney(given)).toBe(hundredths);
  expect(formatMoney(hundredths)).toBe(written);
});

test.each(["", "-", ".5", "1.", "1.005", "+1", "1e3", "12345678901", "1,000.00", " 1"])("%j is no money", (given) => {
  expect(parseMoney(given)).toBeUndefined();
});

test("what is written is read as the same amount", () => {
  fc.assert(
    fc.property(fc.integer({ min: -moneyMax, max: moneyMax }), (hundredths) => {
      expect(parseMoney(formatMoney(hundredths))).toBe(hundredths);
    }),
  );
});
