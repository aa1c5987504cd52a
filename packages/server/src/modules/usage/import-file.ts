import { Readable, pipeline } from "node:stream";
import { createGunzip } from "node:zlib";
import { OperatorError } from "../../errors.ts";
import { text } from "../../text.ts";
import { type CsvLine, readLines } from "../imports/csv-lines.ts";
import { type OpenSource, openSource } from "../imports/csv-source.ts";
import { detectEncoding } from "../imports/encoding.ts";
import { columnName, readHeader, widthProblem } from "../imports/header.ts";
import type { UsageSource } from "../sources/source.ts";
import { recordColumns, recordOfCsv } from "./csv-record.ts";
import { refuse } from "./members.ts";
import { readPiece } from "./pieces.ts";
import { splitLines } from "./split.ts";
import type { SubmittedRecord, UsageKind } from "./usage-record.ts";

/** What the file of refused lines has in front of their own columns; skipped, so that it can be mended and imported. */
export const usageReportColumns = ["line", "status", "reason"] as const;

/** A line of a file, and the record it is. */
export interface UsageLine {
  /** Counted as an editor does: the first is 1. */
  readonly line: number;
  /** As they stand in the file; of NDJSON there is one, the line's text. */
  readonly cells: readonly string[];
  readonly record: SubmittedRecord;
}

/** Some lines of a file, and what their cells are called. */
export interface UsageLines {
  readonly columns: readonly string[];
  readonly lines: readonly UsageLine[];
}

/** A file of usage records, of which only what is asked for is in memory. */
export interface UsageFile {
  readonly name: string;
  readonly sizeBytes: number;
  /** How far it has been read, in bytes. */
  position(): number;
  /** Reads it from its start, a chunk at a time. Throws an OperatorError for what is no such file as a whole. */
  read(source: UsageSource): AsyncGenerator<UsageLines>;
  close(): Promise<void>;
}

/** Opens a file by what its name ends in. Throws an OperatorError for another name, or if it cannot be read. */
export async function openUsageFile(path: string): Promise<UsageFile> {
  const [, format, gzip] = /\.(csv|ndjson|jsonl)(\.gz)?$/i.exec(path) ?? [];
  if (format === undefined) throw wrongName(path);
  const file = await openSource({ path });
  const content = gzip === undefined ? file : unzipped(file);
  return {
    name: file.name,
    sizeBytes: file.sizeBytes,
    position: () => file.position(),
    read: (source) => (format.toLowerCase() === "csv" ? readCsv(content, source) : readNdjson(content, source)),
    close: () => file.close(),
  };
}

/** What is in a gzip file. */
function unzipped(file: OpenSource): OpenSource {
  return {
    ...file,
    async *read() {
      const gunzip = createGunzip({ chunkSize: 65_536 });
      // An error of the file's arrives through gunzip too.
      pipeline(Readable.from(file.read(), { objectMode: false }), gunzip, () => {});
      try {
        for await (const chunk of gunzip) yield chunk as Uint8Array; // As zlib's streams are documented.
      } catch (error) {
        throw error instanceof Error && "code" in error && String(error.code).startsWith("Z_")
          ? notGzip(file.name, error)
          : error;
      }
    },
  };
}

async function* readCsv(file: OpenSource, source: UsageSource): AsyncGenerator<UsageLines> {
  const encoding = await detectEncoding(file);
  let table: Table | undefined;
  for await (const batch of readLines(file, encoding)) {
    const lines = table === undefined ? batch.slice(1) : batch;
    const { columns, read } = (table ??= openTable(file.name, source, batch[0]));
    yield { columns, lines: lines.map(read) };
  }
  // A file of blank lines lacks a header.
  if (table === undefined) openTable(file.name, source, undefined);
}

/** How to read a CSV's lines, which its first one tells. */
interface Table {
  readonly columns: readonly string[];
  readonly read: (line: CsvLine) => UsageLine;
}

/** Without these no line can be right. */
const requiredColumns: Readonly<Record<UsageKind, readonly string[]>> = {
  delta: ["id", "subject", "start", "end"],
  reading: ["id", "subject", "read_at"],
};

function openTable(file: string, source: UsageSource, first: CsvLine | undefined): Table {
  const required = requiredColumns[source.kind];
  const header = readHeader(
    file,
    recordColumns.map((name) => ({ name, required: required.includes(name) })),
    first,
    usageReportColumns,
  );
  const names = (first?.cells ?? []).map((cell) => columnName(cell));
  if (!names.includes("bytes_total") && !names.includes("value")) throw noFigures(file);
  const isReport = names.map((name) => usageReportColumns.some((column) => column === name));
  function own(cells: readonly string[]): string[] {
    return cells.filter((_, index) => isReport[index] !== true);
  }

  return {
    columns: own(names),
    read({ line, cells }) {
      const named: Record<string, string> = {};
      for (const [index, name] of recordColumns.entries()) {
        const place = header.places[index];
        if (place !== undefined) named[name] = cells[place] ?? "";
      }
      const wrongWidth = widthProblem(header, cells);
      const record =
        wrongWidth === undefined
          ? refuseMangled(recordOfCsv(named, source))
          : // Nobody can say whose cells these are.
            {
              id: "",
              content: JSON.stringify(own(cells)),
              parsed: refuse("cells_wrong", wrongWidth.zh, wrongWidth.en),
            };
      return { line, cells: own(cells), record };
    },
  };
}

/**
 * An id in scientific notation was many ids once: the first of them would be taken in and the others refused as
 * conflicts, or as its duplicates be lost.
 */
function refuseMangled(record: SubmittedRecord): SubmittedRecord {
  if (!/^[0-9](\.[0-9]+)?E\+[0-9]{2,3}$/i.test(record.id)) return record;
  const parsed = refuse(
    "id_mangled",
    `id：“${record.id}” 是科学计数法，Excel 已丢失原来的数字；请从原始数据重新导出，并先把该列设为“文本”格式`,
    `id: "${record.id}" is in scientific notation, for which Excel gave up the digits; format the column as text and export it again from the source`,
  );
  return { ...record, parsed };
}

const textColumns = ["record"] as const;

async function* readNdjson(file: OpenSource, source: UsageSource): AsyncGenerator<UsageLines> {
  const splitter = splitLines();
  let line = 1;
  let isStart = true;
  function read(piece: Parameters<typeof readPiece>[0]): UsageLine {
    const record = readPiece(piece, source);
    return { line, cells: [record.content], record };
  }
  for await (const chunk of file.read()) {
    if (isStart) refuseOtherJson(file.name, chunk);
    isStart = false;
    const lines: UsageLine[] = [];
    // Line by line, since the splitter says nothing of blank ones.
    for (let from = 0; from < chunk.length;) {
      const lineEnd = chunk.indexOf(0x0a, from);
      const to = lineEnd < 0 ? chunk.length : lineEnd + 1;
      for (const piece of splitter.push(chunk.subarray(from, to))) lines.push(read(piece));
      if (lineEnd >= 0) line++;
      from = to;
    }
    yield { columns: textColumns, lines };
  }
  yield { columns: textColumns, lines: [...splitter.end()].map(read) };
}

/** Tells of a whole file what would otherwise be said of each of its lines. */
function refuseOtherJson(name: string, start: Uint8Array): void {
  const [first, second] = start;
  if ((first === 0xff && second === 0xfe) || (first === 0xfe && second === 0xff) || first === 0 || second === 0)
    throw new OperatorError(
      text(
        `${name} 不是 UTF-8 文本。NDJSON 应为 UTF-8，请转换编码后再导入。`,
        `${name} is not UTF-8 text, which NDJSON must be: convert it and import that.`,
      ),
    );
  if (!/^\ufeff?\s*\[/.test(Buffer.from(start.subarray(0, 1024)).toString())) return;
  throw new OperatorError(
    text(
      `${name} 是一个 JSON 数组，而 NDJSON 每行一条记录。可用 jq --compact-output '.[]' 转换后再导入。`,
      `${name} is one JSON array; NDJSON has a record on each line. Convert it, with jq --compact-output '.[]' for one, and import that.`,
    ),
  );
}

function wrongName(path: string): OperatorError {
  return new OperatorError(
    text(
      `无法由文件名判断 ${path} 的格式：文件名应以 .csv、.ndjson 或 .jsonl 结尾，压缩文件再加 .gz。`,
      `The name of ${path} does not say what is in it: it must end in .csv, .ndjson or .jsonl, and in .gz after that if compressed.`,
    ),
  );
}

function notGzip(name: string, cause: unknown): OperatorError {
  return new OperatorError(
    text(
      `${name} 不是完整的 gzip 文件，请重新获取后再导入。`,
      `${name} is not a whole gzip file: get it again and import that.`,
    ),
    cause,
  );
}

function noFigures(file: string): OperatorError {
  return new OperatorError(
    text(
      `${file} 的第一行缺少用量列：应有 bytes_total（字节数），或 value（另可有 unit）。`,
      `${file}: its first line lacks a column with the usage: bytes_total, in bytes, or value, with unit or without.`,
    ),
  );
}
