import { basename } from "node:path";
import type pg from "pg";
import { type Actor, systemActor } from "../../actor.ts";
import { cancelOnAbort } from "../../db/cancel.ts";
import { type Db, transaction } from "../../db/database.ts";
import { OperatorError } from "../../errors.ts";
import { type Language, text } from "../../text.ts";
import { recordAudit, reserveEvent } from "../audit/audit.service.ts";
import { readLines } from "./csv-lines.ts";
import { type CsvSource, type OpenSource, openSource } from "./csv-source.ts";
import type { CsvImport, Written } from "./definition.ts";
import { type CsvEncoding, detectEncoding } from "./encoding.ts";
import { readHeader } from "./header.ts";
import { refuseUnwritable, rejectedPath, rejectedRows, removeRejected, writeRejected } from "./rejected-file.ts";
import {
  type RefusedLine,
  countLines,
  createStaging,
  openStagingCopy,
  refuseRepeatsOfRefused,
  selectRefused,
  settleRepeatedLines,
  stager,
} from "./staging.ts";

export interface ImportOptions {
  /** Do everything, report it, and roll back. */
  readonly dryRun?: boolean;
  /** Import the good lines although others are refused. */
  readonly skipInvalid?: boolean;
  /** Of the reasons for refusing a line; Chinese unless told. */
  readonly language?: Language;
  /** Stops the import; what it did is rolled back, and the promise rejects with an OperatorError. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: ImportProgress) => void;
  /** How many of the refused lines the report has itself; ten unless told. */
  readonly firstRefusedMax?: number;
  /** What the audit log says of it; the platform itself has imported the file unless told. */
  readonly audit?: ImportAudit;
  /** Keeps the refused lines with their reasons, a CSV, where the source is no file beside which they could lie. */
  readonly keepRefused?: (db: Db, csv: AsyncIterable<string>) => Promise<void>;
  /** Runs last in the import's transaction: what it writes is there if and only if what was imported is. */
  readonly beforeCommit?: (db: Db, report: ImportReport) => Promise<void>;
}

export interface ImportAudit {
  readonly by: Actor;
  /** What stands for the import; the file unless told. */
  readonly object?: { readonly kind: string; readonly id: string };
}

export interface ImportProgress {
  readonly phase: "waiting" | "reading" | "checking" | "writing";
  readonly bytesRead: number;
  readonly bytesTotal: number;
}

export interface ImportReport {
  /** The file's path, or "CSV" for content given directly. */
  readonly file: string;
  /** Lines with data: the first line and blank ones are not counted. */
  readonly lines: number;
  /** Nothing is inserted or updated when lines are refused, unless they are skipped: then all three are 0. */
  readonly inserted: number;
  readonly updated: number;
  readonly unchanged: number;
  readonly refused: number;
  readonly dryRun: boolean;
  /** The first few of the refused lines. */
  readonly firstRefused: readonly RefusedLine[];
  /** Where all refused lines are, with their reasons. Not for content given directly. */
  readonly rejectedFile?: string;
}

/** As many reasons as fit a terminal beside the report; the file has all of them. */
const firstRefusedMaxDefault = 10;

/**
 * Imports a CSV in one transaction: all of it or nothing, or with `skipInvalid` all good lines or nothing.
 *
 *     importCsv(pool, cardImport, { path: "cards.csv" }, { dryRun: true, language: "en" })
 *     importCsv(pool, cardImport, "serial_no,carrier\n87000001,cmcc\n")
 *
 * A string or bytes are the content itself. Returns the report whether lines were refused or not. Throws an OperatorError
 * where the file as a whole is refused (no CSV, wrong columns, unreadable) or the import was stopped; then nothing has
 * changed. An import waits for another of the same kind to end.
 */
export async function importCsv(
  pool: pg.Pool,
  definition: CsvImport,
  source: CsvSource,
  options: ImportOptions = {},
): Promise<ImportReport> {
  const rejected = typeof source === "object" && "path" in source ? rejectedPath(source.path) : undefined;
  if (rejected !== undefined) await refuseUnwritable(rejected);
  const file = await openSource(source);
  try {
    const encoding = await detectEncoding(file);
    return await transaction(pool, (db) => run({ pool, db, definition, file, encoding, options, rejected }));
  } catch (error) {
    if (options.signal?.aborted !== true) throw error;
    throw new OperatorError(
      text("导入已中断，未导入任何内容。", "The import was stopped; nothing was imported."),
      error,
    );
  } finally {
    await file.close();
  }
}

interface Run {
  readonly pool: pg.Pool;
  readonly db: pg.PoolClient;
  readonly definition: CsvImport;
  readonly file: OpenSource;
  readonly encoding: CsvEncoding;
  readonly options: ImportOptions;
  readonly rejected: string | undefined;
}

async function run(parts: Run): Promise<ImportReport> {
  const { pool, db, definition, file, encoding, options, rejected } = parts;
  // A statement may run for minutes; it is cancelled from another connection. Should that fail, the import ends at its next
  // look at the signal.
  const stopWatching = await cancelOnAbort(options.signal, db, pool);
  try {
    options.signal?.throwIfAborted();
    await prepare(parts);
    await createStaging(db, definition);
    await stage(parts);
    progress(parts, "checking");
    await db.query("analyze import_line");
    const context = { db, language: options.language ?? "zh" };
    await definition.checkLines(context);
    await settleRepeatedLines(context, definition);
    await definition.checkTogether(context);
    await refuseRepeatsOfRefused(context);
    const { lines, refused } = await countLines(db);

    progress(parts, "writing");
    const writes = refused === 0 || options.skipInvalid === true;
    const eventNo = await reserveEvent(db);
    const written = writes ? await apply(parts, eventNo) : { inserted: 0, updated: 0 };
    const firstRefused =
      refused === 0 ? [] : await firstOf(selectRefused(db), options.firstRefusedMax ?? firstRefusedMaxDefault);
    // Before the commit, so that a full disk imports nothing rather than losing the reasons.
    if (refused > 0 && rejected !== undefined) await writeRejected(db, file, encoding, rejected);
    if (refused > 0) await options.keepRefused?.(db, rejectedRows(db, file, encoding));
    if (refused === 0 && rejected !== undefined) await removeRejected(rejected);
    await file.refuseChanged();
    options.signal?.throwIfAborted();
    const report = {
      file: file.name,
      lines,
      ...written,
      unchanged: writes ? lines - refused - written.inserted - written.updated : 0,
      refused,
      dryRun: options.dryRun === true,
      firstRefused,
      ...(refused > 0 && rejected !== undefined ? { rejectedFile: rejected } : {}),
    };
    if (writes && options.dryRun !== true) await record(parts, report, eventNo);
    await options.beforeCommit?.(db, report);
    return report;
  } finally {
    await stopWatching();
  }
}

function progress({ options, file }: Run, phase: ImportProgress["phase"], bytesRead = file.sizeBytes): void {
  options.onProgress?.({ phase, bytesRead, bytesTotal: file.sizeBytes });
}

/** Settings for the one large transaction, and the lock that makes imports of a kind follow each other. */
async function prepare(parts: Run): Promise<void> {
  const { db, definition } = parts;
  // A server set up for short requests would cut off the long statements and the pauses while a file is read.
  await db.query("set local statement_timeout = 0");
  await db.query("set local idle_in_transaction_session_timeout = 0");
  // The sorts and hashes of a million lines fit; ten million spill to disk, in order.
  await db.query("set local work_mem = '256MB'");
  // On Citus: the lines that go to the nodes for a join may be more than a gigabyte. Elsewhere it means nothing.
  await db.query("set local citus.max_intermediate_result_size = -1");
  const lock = `hashtextextended('dks import ${definition.name}', 0)`;
  const { rows } = await db.query<{ locked: boolean }>(`select pg_try_advisory_xact_lock(${lock}) as locked`);
  if (rows[0]?.locked === true) return;
  progress(parts, "waiting", 0);
  await db.query(`select pg_advisory_xact_lock(${lock})`);
}

/** Reads the file into `import_line`, a piece at a time. */
async function stage(parts: Run): Promise<void> {
  const { db, definition, file, encoding, options } = parts;
  let toRow: ReturnType<typeof stager> | undefined;
  const copy = openStagingCopy(db, definition);
  try {
    for await (const batch of readLines(file, encoding)) {
      options.signal?.throwIfAborted();
      let lines = batch;
      if (toRow === undefined) {
        toRow = stager(definition, readHeader(file.name, definition.columns, batch[0]), options.language ?? "zh");
        lines = batch.slice(1);
      }
      await copy.write(lines.map(toRow).join(""));
      progress(parts, "reading", file.position());
    }
    // A file of blank lines lacks a header.
    if (toRow === undefined) readHeader(file.name, definition.columns, undefined);
    await copy.end();
  } catch (error) {
    await copy.abort(error instanceof Error ? error : new Error(String(error)));
    throw error;
  }
}

async function apply({ db, definition, options }: Run, eventNo: number): Promise<Written> {
  await db.query("savepoint before_apply");
  const written = await definition.apply(db, eventNo);
  if (options.dryRun === true) await db.query("rollback to savepoint before_apply");
  return written;
}

/** Under the number that the rows which were written name already. */
async function record({ db, definition, file, options }: Run, report: ImportReport, eventNo: number): Promise<void> {
  const fileName = basename(file.name);
  const { by = systemActor("import"), object = { kind: "file", id: fileName } } = options.audit ?? {};
  const { lines, inserted, updated, unchanged, refused } = report;
  await recordAudit(db, by, {
    eventNo,
    action: "import.finish",
    object,
    after: { kind: `${definition.name}_import`, file_name: fileName, lines, inserted, updated, unchanged, refused },
  });
}

async function firstOf<T>(values: AsyncGenerator<T>, count: number): Promise<T[]> {
  const first: T[] = [];
  for await (const value of values) if (first.push(value) === count) break;
  return first;
}
