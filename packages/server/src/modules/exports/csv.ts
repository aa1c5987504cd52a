import { Readable } from "node:stream";
import { stringify } from "csv-stringify";

export type CsvCell = string | number | null;

/**
 * Rows as CSV that a spreadsheet opens as well: with a byte order mark, without which Excel in China takes UTF-8 for
 * GB18030, and with no cell that it would calculate. Only as much is asked of `rows` as the reader takes.
 */
export function csvStream(header: readonly string[], rows: AsyncIterable<readonly CsvCell[]>): Readable {
  const csv = stringify({
    bom: true,
    header: true,
    columns: [...header],
    record_delimiter: "windows",
    // A cell that begins so is a formula to a spreadsheet, whoever wrote it: a customer's name can.
    escape_formulas: true,
  });
  const source = Readable.from(rows);
  source.once("error", (error) => csv.destroy(error));
  csv.once("close", () => source.destroy());
  return source.pipe(csv);
}
