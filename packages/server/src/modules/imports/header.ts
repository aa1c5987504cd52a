import { OperatorError } from "../../errors.ts";
import { type Text, text } from "../../text.ts";
import { shown, unwrapCell } from "./cell.ts";
import type { CsvLine } from "./csv-lines.ts";
import type { Column } from "./definition.ts";

/** What the file of refused lines has in front of their own columns; skipped, so that it can be mended and imported. */
export const reportColumns = ["line", "reason"] as const;

/** A column's name as it was meant. */
export function columnName(cell: string): string {
  return unwrapCell(cell).toLowerCase();
}

/** A file's first line. */
export interface Header {
  /** For each column of the definition its place in a line; undefined if it is absent. */
  readonly places: readonly (number | undefined)[];
  /** How many cells a line has. */
  readonly width: number;
}

/**
 * Throws an OperatorError that names every column that is missing, unknown or there twice. Of columns that are `skipped`
 * nothing is said.
 */
export function readHeader(
  file: string,
  columns: readonly Pick<Column, "name" | "required">[],
  first: CsvLine | undefined,
  skipped: readonly string[] = reportColumns,
): Header {
  const cells = first?.cells ?? [];
  const names = cells.map((cell) => columnName(cell));
  // Excel pads the lines of a sheet with empty cells.
  while (names.at(-1) === "") names.pop();
  const known = new Set<string>([...columns.map(({ name }) => name), ...skipped]);
  const problems = [
    listed(
      "缺少列",
      "lacks",
      columns.filter(({ name, required }) => required && !names.includes(name)).map(({ name }) => name),
    ),
    listed(
      "有未知的列",
      "has unknown columns",
      names.filter((name) => !known.has(name)).map((name) => shown(name) || "“”"),
    ),
    listed(
      "有重复的列",
      "repeats columns",
      [...new Set(names.filter((name, at) => names.indexOf(name) !== at))].map(shown),
    ),
  ].filter((problem) => problem !== undefined);
  if (problems.length > 0) {
    const all = columns.map(({ name }) => name).join(",");
    throw new OperatorError(
      text(
        `${file} 的第一行${problems.map(({ zh }) => zh).join("；")}。列名应为 ${all}，顺序不限。`,
        `${file}: its first line ${problems.map(({ en }) => en).join("; ")}. The columns are ${all}, in any order.`,
      ),
    );
  }
  const places = columns.map(({ name }) => names.indexOf(name));
  return { places: places.map((place) => (place < 0 ? undefined : place)), width: cells.length };
}

/** What is wrong with how many cells a line has. */
export function widthProblem({ width }: Header, cells: readonly string[]): Text | undefined {
  if (cells.length === width || isPadded(cells, width)) return undefined;
  return text(
    `有 ${cells.length} 个单元格，而第一行有 ${width} 个`,
    `has ${cells.length} cells where the first line has ${width}`,
  );
}

/** Excel pads lines with empty cells up to the sheet's last column. */
function isPadded(cells: readonly string[], width: number): boolean {
  return cells.length > width && cells.slice(width).every((cell) => cell === "");
}

function listed(zh: string, en: string, names: readonly string[]) {
  return names.length === 0 ? undefined : text(`${zh} ${names.join("、")}`, `${en} ${names.join(", ")}`);
}
