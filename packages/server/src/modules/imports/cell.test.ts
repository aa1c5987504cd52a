import fc from "fast-check";
import { parse } from "csv-parse/sync";
import { expect, test } from "vitest";
import { unwrapCell, wrapCell } from "./cell.ts";

test.each([
  ["  87000001 ", "87000001"],
  ["\t89860012345678901234", "89860012345678901234"],
  ["'89860012345678901234", "89860012345678901234"],
  ['="89860012345678901234"', "89860012345678901234"],
  ['="say ""10"""', 'say "10"'],
  ["87000001\u00a0", "87000001"],
  ["=", "="],
])("%j is read as %j", (cell, value) => {
  expect(unwrapCell(cell)).toBe(value);
});

test.each([
  ["89860012345678901234", '"=""89860012345678901234"""'],
  ["0087000001", '"=""0087000001"""'],
  ["2026-11", '"=""2026-11"""'],
  ["87000001", "87000001"],
  ["=1+1", "'=1+1"],
  ["@SUM(A1)", "'@SUM(A1)"],
  ["-1", "'-1"],
  ["流量 10M, 月", '"流量 10M, 月"'],
])("%j is reported as %j", (value, cell) => {
  expect(wrapCell(value)).toBe(cell);
});

test("any value that is reported reads back as it was, and no formula is among the cells", () => {
  const values = fc
    .string({ unit: fc.constantFrom(..."0123456789=+-@'\"\t\r\n,;aE.: 流"), maxLength: 40 })
    .map(unwrapCell);
  fc.assert(
    fc.property(fc.array(values, { minLength: 1, maxLength: 5 }), (row) => {
      const [cells] = parse(`${row.map(wrapCell).join(",")}\r\n`);
      expect(cells?.map(unwrapCell)).toEqual(row);
      for (const cell of cells ?? []) expect(cell).not.toMatch(/^([+\-@\t\r]|=(?!"([^"]|"")*"$))/);
    }),
  );
});
