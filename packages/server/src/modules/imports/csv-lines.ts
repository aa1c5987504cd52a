import { CsvError, parse } from "csv-parse";
import { OperatorError } from "../../errors.ts";
import { text } from "../../text.ts";
import type { OpenSource } from "./csv-source.ts";
import { type CsvEncoding, readAsUtf8 } from "./encoding.ts";

/** A record of the file as it stands there. */
export interface CsvLine {
  /** The line on which it begins, counted as an editor does: the first is 1. */
  readonly line: number;
  readonly cells: readonly string[];
}

/** How much of a record is read before the file is given up: a quote that is never closed would swallow the rest. */
const recordCharactersMax = 131_072;

/** Reads the records of a file, blank ones excepted, in batches of one chunk each. */
export async function* readLines(source: OpenSource, encoding: CsvEncoding): AsyncGenerator<readonly CsvLine[]> {
  let batch: CsvLine[] = [];
  let linesRead = 0;
  const parser = parse({
    bom: true,
    delimiter: await findDelimiter(source, encoding),
    skip_empty_lines: true,
    // A line with a missing or surplus cell is refused by itself, not the file with it.
    relax_column_count: true,
    // ="8986…" as people type it is no proper CSV.
    relax_quotes: true,
    max_record_size: recordCharactersMax,
    on_record(cells: string[], { lines }) {
      linesRead = lines;
      if (cells.some((cell) => cell !== "")) batch.push({ line: lines - lineBreaksIn(cells), cells });
      // Taken here, which spares the parser's object stream: half of its time.
      return null;
    },
  });
  // A stream tells of an error twice, first by the callback of the writing; the second time would end the process.
  parser.on("error", () => {});
  parser.resume();
  try {
    for await (const chunk of readAsUtf8(source, encoding)) {
      await new Promise<void>((resolve, reject) => {
        parser.write(chunk, (error) => (error ? reject(error) : resolve()));
      });
      const lines = batch;
      batch = [];
      if (lines.length > 0) yield lines;
    }
    await new Promise<void>((resolve, reject) => {
      parser.once("error", reject);
      parser.once("end", resolve);
      parser.end();
    });
    if (batch.length > 0) yield batch;
  } catch (error) {
    throw error instanceof CsvError ? notCsv(source.name, error, linesRead + 1) : error;
  } finally {
    parser.destroy();
  }
}

/** A comma, or what Excel writes instead where the comma is the decimal sign, or in its "Unicode text". */
async function findDelimiter(source: OpenSource, encoding: CsvEncoding): Promise<string> {
  for await (const chunk of readAsUtf8(source, encoding)) {
    const [header = ""] = Buffer.from(chunk).toString("utf8").split("\n", 1);
    return [",", "\t", ";"].find((delimiter) => header.includes(delimiter)) ?? ",";
  }
  return ",";
}

function lineBreaksIn(cells: readonly string[]): number {
  let count = 0;
  for (const cell of cells) if (cell.includes("\n")) count += cell.split("\n").length - 1;
  return count;
}

/** `line`: where the record begins that cannot be read. What the parser names is where it gave up, thousands of lines on. */
function notCsv(name: string, error: CsvError, line: number): OperatorError {
  if (error.code === "CSV_QUOTE_NOT_CLOSED" || error.code === "CSV_MAX_RECORD_SIZE")
    return new OperatorError(
      text(
        `${name} 中有引号没有配对（第 ${line} 行附近），或有一行过长，无法继续读取。`,
        `${name} has a quote that is never closed (near line ${line}), or a line too long to read.`,
      ),
      error,
    );
  return new OperatorError(
    text(`${name} 不是有效的 CSV：${error.message}`, `${name} is not valid CSV: ${error.message}`),
    error,
  );
}
