import { isUnavailable } from "../../db/database.ts";
import { OperatorError, invariant } from "../../errors.ts";
import { type Language, type Text, text } from "../../text.ts";
import { refuseUnwritable, rejectedPath } from "../imports/rejected-file.ts";
import type { UsageSource } from "../sources/source.ts";
import { type UsageFile, type UsageLine, type UsageLines, openUsageFile, usageReportColumns } from "./import-file.ts";
import { type RejectedLines, rejectedLines } from "./import-rejected.ts";
import type { Intake } from "./intake.ts";
import type { RecordResult, RecordStatus } from "./usage-record.ts";

export interface UsageImportOptions {
  /** Of the reasons for refusing a line; Chinese unless told. */
  readonly language?: Language;
  /** Stops after the batches under way; the promise rejects with an OperatorError then. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: UsageImportProgress) => void;
}

export interface UsageImportProgress {
  /** What has become of so many lines is known. */
  readonly lines: number;
  readonly bytesRead: number;
  readonly bytesTotal: number;
}

export interface UsageImportReport {
  /** The file's path. */
  readonly file: string;
  /** Lines with data: a CSV's first line and blank ones are not counted. The other figures sum up to it. */
  readonly lines: number;
  readonly accepted: number;
  readonly duplicates: number;
  /** Lines that no card's usage can be read from, or of a time too far back or ahead. */
  readonly refused: number;
  /** Lines whose id was used for a record with other content. */
  readonly conflicts: number;
  /** Lines that are kept until their card is imported. */
  readonly unknownCards: number;
  /** The first few of the lines that were neither accepted nor duplicates. */
  readonly firstRejected: readonly RejectedLine[];
  /** Where all of those are, with their reasons. */
  readonly rejectedFile?: string;
}

export interface RejectedLine {
  readonly line: number;
  readonly reason: string;
}

/** How much is taken in at once, as for what arrives by HTTP. Until a batch is written, its lines are in memory. */
const batchLinesMax = 5_000;
const batchCharactersMax = 4 * 1024 * 1024;

/** While one batch is being written, the next is on its way, and another is read. */
const batchesAtOnce = 2;

/** As many reasons as fit a terminal beside the report; the file has all of them. */
const firstRejectedMax = 10;

/**
 * Takes in the usage records of a source from a file: CSV or NDJSON by its name, of any size, and either compressed by
 * gzip too. Each line is judged by itself, and what is not taken in is written, in the file's order, to a CSV beside it.
 *
 *     importUsage(intake, source, "usage.csv", { language: "en" })
 *
 * Every batch is durable by itself, so that an import which ends in the middle is simply begun again: what was taken in
 * before is a duplicate then. Throws an OperatorError where the file as a whole is refused, with nothing taken in, and
 * where the import could not go on or was stopped, with a sentence about what was taken in by then.
 */
export async function importUsage(
  intake: Pick<Intake, "takeIn">,
  source: UsageSource,
  path: string,
  options: UsageImportOptions = {},
): Promise<UsageImportReport> {
  const rejectedFile = rejectedPath(path);
  await refuseUnwritable(rejectedFile);
  const file = await openUsageFile(path);
  const rejected = rejectedLines(rejectedFile);
  const tally = startTally();
  const run = { intake, source, file, rejected, tally, options };
  let isWhole: boolean;
  try {
    try {
      isWhole = await takeInAll(run);
      if (isWhole) await rejected.removeStale();
    } finally {
      await rejected.close();
      await file.close();
    }
  } catch (error) {
    if (isUnavailable(error)) throw unfinished(unavailable(error), tally, error);
    if (error instanceof OperatorError && linesOf(tally) > 0) throw unfinished(error.text, tally, error);
    throw error;
  }
  if (!isWhole) throw unfinished(text("导入已中断。", "The import was stopped."), tally);
  return { file: path, ...figures(tally), ...(rejected.isThere ? { rejectedFile } : {}) };
}

interface Run {
  readonly intake: Pick<Intake, "takeIn">;
  readonly source: UsageSource;
  readonly file: UsageFile;
  readonly rejected: RejectedLines;
  readonly tally: Tally;
  readonly options: UsageImportOptions;
}

/** A batch that is being taken in. */
interface UnderWay extends UsageLines {
  readonly results: Promise<RecordResult[]>;
}

/** Batches are begun in the file's order and reported in it, whichever ends first. Tells whether the file's end was reached. */
async function takeInAll(run: Run): Promise<boolean> {
  const { intake, source, file, options } = run;
  const underWay: UnderWay[] = [];
  let isWhole = true;
  try {
    for await (const batch of batchesOf(file.read(source))) {
      if (underWay.length === batchesAtOnce) await settleFirst(run, underWay);
      isWhole = options.signal?.aborted !== true;
      if (!isWhole) break;
      const results = intake.takeIn(
        source,
        batch.lines.map(({ record }) => record),
      );
      // It is awaited when its turn has come, and may fail before.
      results.catch(() => {});
      underWay.push({ ...batch, results });
    }
  } catch (error) {
    // What is being written is reported too, as far as that goes.
    await settleAll(run, underWay).catch(() => Promise.allSettled(underWay.map(({ results }) => results)));
    throw error;
  }
  await settleAll(run, underWay);
  return isWhole;
}

async function settleAll(run: Run, underWay: UnderWay[]): Promise<void> {
  while (underWay.length > 0) await settleFirst(run, underWay);
}

/** Waits for the batch that was begun first, counts it, and writes down what was not taken in. */
async function settleFirst({ file, rejected, tally, options }: Run, underWay: UnderWay[]): Promise<void> {
  const [first] = underWay;
  invariant(first !== undefined, "a batch is under way");
  const results = await first.results;
  underWay.shift();
  invariant(results.length === first.lines.length, "every record has its result");
  const rows: string[][] = [];
  for (const [index, { status, refusal }] of results.entries()) {
    tally.counts[status]++;
    const line = first.lines[index];
    if (refusal === undefined || line === undefined) continue;
    const reason = refusal.reason[options.language ?? "zh"];
    if (tally.firstRejected.length < firstRejectedMax) tally.firstRejected.push({ line: line.line, reason });
    rows.push([String(line.line), status, reason, ...line.cells]);
  }
  await rejected.add([...usageReportColumns, ...first.columns], rows);
  options.onProgress?.({ lines: linesOf(tally), bytesRead: file.position(), bytesTotal: file.sizeBytes });
}

/** Lines as they are read, so many together as are taken in at once. */
async function* batchesOf(chunks: AsyncIterable<UsageLines>): AsyncGenerator<UsageLines> {
  let columns: readonly string[] = [];
  let lines: UsageLine[] = [];
  let characters = 0;
  for await (const chunk of chunks) {
    columns = chunk.columns;
    for (const line of chunk.lines) {
      lines.push(line);
      characters += line.record.content.length;
      if (lines.length < batchLinesMax && characters < batchCharactersMax) continue;
      yield { columns, lines };
      lines = [];
      characters = 0;
    }
  }
  if (lines.length > 0) yield { columns, lines };
}

interface Tally {
  readonly counts: Record<RecordStatus, number>;
  readonly firstRejected: RejectedLine[];
}

function startTally(): Tally {
  return {
    counts: { accepted: 0, duplicate: 0, conflict: 0, unknown_card: 0, invalid: 0, too_old: 0, too_new: 0 },
    firstRejected: [],
  };
}

function linesOf({ counts }: Tally): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

function figures(tally: Tally): Omit<UsageImportReport, "file" | "rejectedFile"> {
  const { counts, firstRejected } = tally;
  return {
    lines: linesOf(tally),
    accepted: counts.accepted,
    duplicates: counts.duplicate,
    refused: counts.invalid + counts.too_old + counts.too_new,
    conflicts: counts.conflict,
    unknownCards: counts.unknown_card,
    firstRejected,
  };
}

/** An import that did not get to the file's end, for that reason: what the operator has to know then. */
function unfinished(reason: Text, tally: Tally, cause?: unknown): OperatorError {
  const lines = linesOf(tally);
  const known = tally.counts.accepted + tally.counts.duplicate;
  return new OperatorError(
    text(
      `${reason.zh}此前已处理 ${lines} 行，其中 ${known} 行已入库。再次运行同一命令即可继续：已入库的记录会识别为重复，不会重复计量。`,
      `${reason.en} Of the file, ${lines} lines were dealt with, and ${known} are taken in. Run the same command again to go on: those are duplicates then, and count once.`,
    ),
    cause,
  );
}

function unavailable(cause: unknown): Text {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return text(`数据库不可用：${reason}。`, `The database is not available: ${reason}.`);
}
