import { access, constants, open, rename, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";
import type { Db } from "../../db/database.ts";
import { OperatorError } from "../../errors.ts";
import { text } from "../../text.ts";
import { unwrapCell, wrapCell } from "./cell.ts";
import { readLines } from "./csv-lines.ts";
import type { OpenSource } from "./csv-source.ts";
import type { CsvEncoding } from "./encoding.ts";
import { columnName, reportColumns } from "./header.ts";
import { selectRefused } from "./staging.ts";

/** Where the refused lines of a file go: beside it. */
export function rejectedPath(path: string): string {
  return `${path.replace(/\.csv$/i, "")}.rejected.csv`;
}

/** Tells before the work what would fail after it. */
export async function refuseUnwritable(path: string): Promise<void> {
  try {
    await access(dirname(path), constants.W_OK);
    const there = await stat(path).catch(() => undefined);
    if (there?.isDirectory() === true) throw new Error("EISDIR");
  } catch (cause) {
    throw unwritable(path, cause);
  }
}

/**
 * Writes the refused lines with their reasons, reading the source a second time for what they said. Written aside and
 * moved into place, so that the file is never half of one.
 */
export async function writeRejected(db: Db, source: OpenSource, encoding: CsvEncoding, path: string): Promise<void> {
  const aside = path.replace(/\.rejected\.csv$/, `.${process.pid}.rejected.csv`);
  const file = await orUnwritable(path, open(aside, "w"));
  try {
    try {
      for await (const rows of rejectedRows(db, source, encoding)) await orUnwritable(path, file.write(rows));
      await orUnwritable(path, file.sync());
    } finally {
      await file.close();
    }
    await orUnwritable(path, rename(aside, path));
  } catch (error) {
    await rm(aside, { force: true });
    throw error;
  }
}

/**
 * The refused lines with their reasons as the text of a CSV, a piece for each batch of the source. The header is the first
 * record, and never refused.
 */
export async function* rejectedRows(db: Db, source: OpenSource, encoding: CsvEncoding): AsyncGenerator<string> {
  const refused = selectRefused(db);
  let next = await refused.next();
  let header: readonly string[] | undefined;
  for await (const batch of readLines(source, encoding)) {
    let rows = "";
    for (const { line, cells } of batch) {
      if (header === undefined) {
        header = cells.map((cell) => columnName(cell));
        // The byte order mark is what makes Excel read the file as UTF-8.
        rows += `\u{feff}${csvRow([...reportColumns, ...ownCells(header, cells)])}`;
      } else if (next.done !== true && next.value.line === line) {
        rows += csvRow([String(line), next.value.reason, ...ownCells(header, cells)]);
        next = await refused.next();
      }
    }
    if (rows !== "") yield rows;
    if (next.done === true) return;
  }
}

/** What the operator wrote, without what an earlier report put in front of it. */
function ownCells(header: readonly string[], cells: readonly string[]): string[] {
  return cells.filter((_, index) => !reportColumns.some((name) => name === header[index]));
}

/** A record of a CSV for Excel. */
export function csvRow(cells: readonly string[]): string {
  return `${cells.map((cell) => wrapCell(unwrapCell(cell))).join(",")}\r\n`;
}

/** The file of lines that were refused already is superseded. */
export async function removeRejected(path: string): Promise<void> {
  await orUnwritable(path, rm(path, { force: true }));
}

async function orUnwritable<T>(path: string, work: Promise<T>): Promise<T> {
  return work.catch((cause: unknown) => {
    throw unwritable(path, cause);
  });
}

function unwritable(path: string, cause: unknown): OperatorError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new OperatorError(
    text(
      `无法写入 ${path}（被拒绝的行会写在这里）：${reason}。未导入任何内容。`,
      `${path}, where refused lines are reported, cannot be written: ${reason}. Nothing was imported.`,
    ),
    cause,
  );
}
