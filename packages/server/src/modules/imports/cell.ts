import { type Text, text } from "../../text.ts";
import type { Column } from "./definition.ts";

/**
 * A cell without what people put around digits so that Excel leaves them alone: spaces, a tab, a leading apostrophe, the
 * formula ="…".
 */
export function unwrapCell(cell: string): string {
  const value = cell.trim();
  if (value.startsWith("'")) return value.slice(1).trim();
  if (value.length > 2 && value.startsWith('="') && value.endsWith('"'))
    return value.slice(2, -1).replaceAll('""', '"').trim();
  return value;
}

/** Excel's longest text within a formula. */
const formulaTextMax = 255;

/**
 * A value as a cell of a CSV that is opened in Excel, mended, saved and imported again. What Excel would take for a number
 * or a date, and store as something else, goes into ="…"; what it would run as a formula gets an apostrophe. Either way
 * {@link unwrapCell} gives the value back.
 */
export function wrapCell(value: string): string {
  // Twelve digits are the most that Excel shows as they are; with a zero in front they are fewer afterwards.
  const mangled = /^(0[0-9]|[0-9]{12})/.test(value) || /^[0-9]+[-/:.eE][0-9]/.test(value);
  const cell =
    mangled && value.length <= formulaTextMax
      ? `="${value.replaceAll('"', '""')}"`
      : /^[=+\-@'\t\r]/.test(value)
        ? `'${value}`
        : value;
  return /[",;\t\r\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;
}

/** A value as it is quoted in a reason: on one line, and not too long to read. */
export function shown(value: string): string {
  // oxlint-disable-next-line no-control-regex -- it is these that must not reach a terminal or PostgreSQL
  const printable = value.replaceAll(/[\u0000-\u001f\u007f]/g, "·");
  return printable.length > 40 ? `${printable.slice(0, 40)}…` : printable;
}

/** Why a cell is refused: the column, what was found, what it must be. */
export function cellProblem(column: Column, value: string): Text {
  if (value === "") return text(`${column.name} 为空`, `${column.name} is empty`);
  const found = shown(value);
  if (/^[0-9]+(\.[0-9]+)?[Ee][+-][0-9]+$/.test(value))
    return text(
      `${column.name}：“${found}” 是科学计数法，Excel 已丢失原来的数字；请从原始数据重新导出，并先把该列设为“文本”格式`,
      `${column.name}: "${found}" is in scientific notation, for which Excel gave up the digits; format the column as text and export it again from the source`,
    );
  if (/^[0-9]+\.0+$/.test(value))
    return text(
      `${column.name}：“${found}” 带有小数，说明该列被 Excel 当作数字；请把该列设为“文本”格式后重新导出`,
      `${column.name}: "${found}" has decimals, so the column was kept as a number; format it as text and export it again`,
    );
  return text(
    `${column.name}：“${found}” 应为：${column.expected.zh}`,
    `${column.name}: "${found}" must be ${column.expected.en}`,
  );
}

type Presence = Pick<Column, "required">;

/** A column of text that matches a pattern. */
export function patternColumn(name: string, presence: Presence, pattern: RegExp, expected: Text): Column {
  return { name, ...presence, sqlType: "text", expected, parse: (cell) => (pattern.test(cell) ? cell : undefined) };
}

/** A column of whole numbers within a range. */
export function wholeColumn(name: string, presence: Presence, min: number, max: number): Column {
  return {
    name,
    ...presence,
    sqlType: "smallint",
    expected: text(`${min} 到 ${max} 的整数`, `a whole number from ${min} to ${max}`),
    parse: (cell) => (/^[0-9]{1,4}$/.test(cell) && Number(cell) >= min && Number(cell) <= max ? cell : undefined),
  };
}

/** A column of amounts of money. */
export function moneyColumn(name: string, presence: Presence): Column {
  return {
    name,
    ...presence,
    sqlType: "numeric(12, 2)",
    expected: text("金额，最多两位小数，例如 3.00", "an amount with at most two decimals, such as 3.00"),
    parse: (cell) => (/^[0-9]{1,10}(\.[0-9]{1,2})?$/.test(cell) ? cell : undefined),
  };
}
