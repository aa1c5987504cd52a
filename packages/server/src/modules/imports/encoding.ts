import { isAscii, isUtf8 } from "node:buffer";
import { OperatorError } from "../../errors.ts";
import { text } from "../../text.ts";
import type { OpenSource } from "./csv-source.ts";

/** The encodings that are read, named as the Encoding Standard does. */
export type CsvEncoding = "utf-8" | "gb18030" | "utf-16le" | "utf-16be";

/** A line longer than this is not one of ours; it bounds what is held in memory. */
const lineBytesMax = 1_048_576;

/**
 * Finds a file's encoding by reading all of it, since a file may be ASCII for its first million lines and Chinese after
 * that. It is what the file is valid as from end to end: never a guess from a sample.
 */
export async function detectEncoding(source: OpenSource): Promise<CsvEncoding> {
  const marked = await encodingByMark(source);
  if (marked !== undefined && marked !== "utf-8") return marked;
  const found = await scan(source, isUtf8);
  if (marked === "utf-8") {
    if (found.wrongLine !== undefined) throw notInEncoding(source.name, "UTF-8", found.wrongLine);
    return "utf-8";
  }
  if (found.wrongLine === undefined && (found.ascii || found.threeByte)) return "utf-8";
  const wrongAsGb18030 = (await scan(source, isGb18030)).wrongLine;
  if (found.wrongLine === undefined) {
    if (wrongAsGb18030 !== undefined) return "utf-8";
    // "通" in GB18030 is the same two bytes as "ͨ" in UTF-8. Nothing in such a file tells which was meant.
    throw new OperatorError(
      text(
        `无法判断 ${source.name} 的编码是 UTF-8 还是 GB18030。请另存为“CSV UTF-8（逗号分隔）”后再导入。`,
        `${source.name} can be read as UTF-8 and as GB18030, and differs. Save it as "CSV UTF-8 (comma delimited)" and import that.`,
      ),
    );
  }
  if (wrongAsGb18030 === undefined) return "gb18030";
  throw new OperatorError(
    text(
      `${source.name} 既不是 UTF-8（第 ${found.wrongLine} 行起无效），也不是 GB18030（第 ${wrongAsGb18030} 行起无效）。请另存为“CSV UTF-8（逗号分隔）”后再导入。`,
      `${source.name} is neither UTF-8 (invalid on line ${found.wrongLine}) nor GB18030 (invalid on line ${wrongAsGb18030}). Save it as "CSV UTF-8 (comma delimited)" and import that.`,
    ),
  );
}

/** By the byte order mark, if there is one. */
async function encodingByMark(source: OpenSource): Promise<CsvEncoding | undefined> {
  for await (const chunk of source.read()) {
    const [first, second, third] = chunk;
    if (first === 0xff && second === 0xfe) return "utf-16le";
    if (first === 0xfe && second === 0xff) return "utf-16be";
    if (first === 0xef && second === 0xbb && third === 0xbf) return "utf-8";
    if (first === 0 || second === 0)
      throw new OperatorError(
        text(
          `${source.name} 不是文本文件，或是没有 BOM 的 UTF-16。请另存为“CSV UTF-8（逗号分隔）”后再导入。`,
          `${source.name} is not text, or UTF-16 without a byte order mark. Save it as "CSV UTF-8 (comma delimited)" and import that.`,
        ),
      );
    return undefined;
  }
  return undefined;
}

interface Scan {
  /** The first line that is not valid. */
  readonly wrongLine: number | undefined;
  readonly ascii: boolean;
  /** Whether there is a byte that begins a sequence of three or more in UTF-8, as every Chinese character does. */
  readonly threeByte: boolean;
}

/**
 * Reads until the first line that is not valid. It is cut at line feeds, which are part of no longer character in UTF-8 or
 * GB18030, so that each block can be judged by itself.
 */
async function scan(source: OpenSource, isValid: (block: Uint8Array) => boolean): Promise<Scan> {
  let ascii = true;
  let threeByte = false;
  let line = 1;
  for await (const block of wholeLines(source)) {
    if (block.length > lineBytesMax && block.indexOf(0x0a) < 0) throw lineTooLong(source.name, line);
    if (!isAscii(block)) {
      ascii = false;
      if (!isValid(block)) return { wrongLine: line + wrongLineOf(block, isValid), ascii, threeByte };
      threeByte ||= block.some((byte) => byte >= 0xe0);
    }
    line += countLineFeeds(block);
  }
  return { wrongLine: undefined, ascii, threeByte };
}

/** Blocks that end with a line feed; a longer piece without one is given up as it is. */
async function* wholeLines(source: OpenSource): AsyncGenerator<Uint8Array> {
  let rest: Uint8Array = new Uint8Array(0);
  for await (const chunk of source.read()) {
    const block = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    const end = block.lastIndexOf(0x0a) + 1;
    const whole = end === 0 && block.length > lineBytesMax ? block.length : end;
    if (whole > 0) yield block.subarray(0, whole);
    rest = block.subarray(whole);
  }
  if (rest.length > 0) yield rest;
}

/** How many lines of the block are before the one that makes it invalid. */
function wrongLineOf(block: Uint8Array, isValid: (line: Uint8Array) => boolean): number {
  for (let line = 0, start = 0; ; line++) {
    const end = block.indexOf(0x0a, start);
    if (end < 0 || !isValid(block.subarray(start, end))) return line;
    start = end + 1;
  }
}

function countLineFeeds(block: Uint8Array): number {
  let count = 0;
  for (let at = block.indexOf(0x0a); at >= 0; at = block.indexOf(0x0a, at + 1)) count++;
  return count;
}

function isGb18030(block: Uint8Array): boolean {
  try {
    new TextDecoder("gb18030", { fatal: true }).decode(block);
    return true;
  } catch {
    return false;
  }
}

function notInEncoding(name: string, encoding: string, line: number): OperatorError {
  return new OperatorError(
    text(
      `${name} 第 ${line} 行不是有效的 ${encoding}。请另存为“CSV UTF-8（逗号分隔）”后再导入。`,
      `${name} is not valid ${encoding} on line ${line}. Save it as "CSV UTF-8 (comma delimited)" and import that.`,
    ),
  );
}

function lineTooLong(name: string, line: number): OperatorError {
  return new OperatorError(
    text(
      `${name} 从第 ${line} 行起一兆字节内没有换行，不是可导入的 CSV。`,
      `${name} has no line break within a megabyte from line ${line} on: this is no CSV of ours.`,
    ),
  );
}

/** The file as UTF-8, which is what the CSV parser reads. */
export async function* readAsUtf8(source: OpenSource, encoding: CsvEncoding): AsyncGenerator<Uint8Array> {
  if (encoding === "utf-8") {
    yield* source.read();
    return;
  }
  const decoder = new TextDecoder(encoding, { fatal: true });
  try {
    for await (const chunk of source.read()) yield Buffer.from(decoder.decode(chunk, { stream: true }));
    yield Buffer.from(decoder.decode());
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    throw new OperatorError(
      text(
        `${source.name} 不是有效的 ${encoding.toUpperCase()}。`,
        `${source.name} is not valid ${encoding.toUpperCase()}.`,
      ),
      error,
    );
  }
}
