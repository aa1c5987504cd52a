import { createWriteStream } from "node:fs";
import { Writable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { pipeline } from "node:stream/promises";
import fc from "fast-check";
import { expect, it } from "vitest";
import { readWorkbook } from "../../../test/workbook.ts";
import type { CsvCell } from "./csv.ts";
import { type Sheets, xlsxStream } from "./xlsx.ts";

async function* each(rows: readonly (readonly CsvCell[])[]): AsyncGenerator<readonly CsvCell[]> {
  yield* rows;
}

async function written(sheets: Sheets, rows: readonly (readonly CsvCell[])[]) {
  return readWorkbook(await buffer(xlsxStream(sheets, each(rows))));
}

it("keeps all digits of a number that is a text, and numbers as numbers", async () => {
  const { sheets } = await written({ name: "卡", header: ["iccid", "count"] }, [["89860426110087000101", 12.5]]);
  expect(sheets).toEqual([
    {
      name: "卡",
      rows: [
        { A: "iccid", B: "count" },
        { A: "89860426110087000101", B: 12.5 },
      ],
    },
  ]);
});

it("has texts that look like formulas as texts", async () => {
  const hostile = ["=1+1", "+1", "-1", "@SUM(A1)", '=HYPERLINK("http://example.com","x")', "\t=1"];
  const { sheets } = await written({ name: "x", header: hostile.map(() => "name") }, [hostile]);
  expect(Object.values(sheets[0]?.rows[1] ?? {})).toEqual(hostile);
});

it("gives back any text that is well-formed, whatever XML thinks of its characters", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.string({
        unit: fc.constantFrom(
          "a",
          "_",
          "x",
          "0",
          "4",
          "1",
          "<",
          ">",
          "&",
          '"',
          "'",
          "]",
          " ",
          "\n",
          "\r",
          "\u0000",
          "\u0007",
          "\u001f",
          "\ufffe",
          "卡",
          "😀",
        ),
        minLength: 1,
      }),
      async (text) => {
        const { sheets } = await written({ name: "x", header: ["name"] }, [[text]]);
        expect(sheets[0]?.rows[1]?.["A"]).toBe(text);
      },
    ),
    { numRuns: 200 },
  );
});

it("replaces half a character, and cuts what is longer than a cell can be", async () => {
  const { sheets } = await written({ name: "x", header: ["a", "b"] }, [["a\ud800b", "c".repeat(40_000)]]);
  expect(sheets[0]?.rows[1]).toEqual({ A: "a\ufffdb", B: "c".repeat(32_767) });
});

it("goes on in another sheet when one is full, each with the columns' names", async () => {
  const rows = Array.from({ length: 7 }, (_, index) => [index]);
  const { sheets } = await written({ name: "卡", header: ["n"], sheetRowsMax: 4 }, rows);
  expect(sheets.map(({ name }) => name)).toEqual(["卡", "卡 2", "卡 3"]);
  expect(sheets.map((sheet) => sheet.rows.map(({ A }) => A))).toEqual([
    ["n", 0, 1, 2],
    ["n", 3, 4, 5],
    ["n", 6],
  ]);
});

it("has no empty sheet behind one that is just full, and one sheet if there are no rows", async () => {
  const full = await written({ name: "卡", header: ["n"], sheetRowsMax: 4 }, [[1], [2], [3]]);
  expect(full.sheets.length).toBe(1);
  expect(await written({ name: "卡", header: ["n"] }, [])).toEqual({ sheets: [{ name: "卡", rows: [{ A: "n" }] }] });
});

it("names columns beyond the twenty-sixth", async () => {
  const header = Array.from({ length: 30 }, (_, index) => `c${index}`);
  const { sheets } = await written({ name: "x", header }, []);
  expect(Object.keys(sheets[0]?.rows[0] ?? {}).slice(24)).toEqual(["Y", "Z", "AA", "AB", "AC", "AD"]);
});

it("fails with what its rows fail with", async () => {
  async function* broken(): AsyncGenerator<readonly CsvCell[]> {
    yield ["a"];
    throw new Error("the database is gone");
  }
  const stream = xlsxStream({ name: "x", header: ["a"] }, broken());
  await expect(pipeline(stream, createWriteStream("/dev/null"))).rejects.toThrow("the database is gone");
});

it("asks for no more rows when nobody takes them", async () => {
  let ended = false;
  async function* endless(): AsyncGenerator<readonly CsvCell[]> {
    try {
      for (let row = 0; ; row++) yield [String(row * 7_919)];
    } finally {
      ended = true;
    }
  }
  const stream = xlsxStream({ name: "x", header: ["a"] }, endless());
  const sink = new Writable({ write: (_chunk, _encoding, done) => done(new Error("the disk is full")) });
  await expect(pipeline(stream, sink)).rejects.toThrow("the disk is full");
  await expect.poll(() => ended).toBe(true);
});
