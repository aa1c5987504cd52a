import { MissingError } from "../../errors.ts";
import { text } from "../../text.ts";
import { cardImport } from "../cards/cards.import.ts";
import type { CsvImport } from "../imports/definition.ts";
import { type ImportReport, importCsv } from "../imports/import-csv.ts";
import { rejectedPath } from "../imports/rejected-file.ts";
import { packageImport } from "../packages/packages.import.ts";
import { productImport } from "../products/products.import.ts";
import { keepFile, readFile } from "./job-files.ts";
import { deleteFile, selectFiles } from "./job-files.queries.ts";
import { type ImportFigures, type ImportKind, type ImportParameters, type JobRun, SupersededError } from "./job.ts";
import { type RunEnd, endRun } from "./jobs.queries.ts";

export const importDefinitions: Readonly<Record<ImportKind, CsvImport>> = {
  card_import: cardImport,
  product_import: productImport,
  package_import: packageImport,
};

/** As many refused lines as a page shows; the file has all of them. */
const firstRefusedMax = 100;

/**
 * Checks an uploaded file, or imports it. Both are the import's one transaction, and that the job has ended, with what it
 * has done, is written by the same transaction: it is neither done twice nor reported and not done.
 */
export async function runImport({ job, runner, pool, signal, progress }: JobRun): Promise<void> {
  const jobNo = job.job_no;
  // Both are so of every import, by its kind.
  const parameters = job.parameters as ImportParameters;
  const definition = importDefinitions[job.kind as ImportKind];
  const isCheck = job.step === "check";
  const input = (await selectFiles(pool, [jobNo])).find(({ name }) => name === "input");
  if (input === undefined)
    throw new MissingError(
      text("上传的文件已被删除，请重新上传。", "The uploaded file has been deleted; upload it again."),
    );
  const source = { name: input.file_name, sizeBytes: input.size_bytes, read };
  const refusedFile = {
    jobNo,
    runner: null,
    name: "refused",
    fileName: rejectedPath(input.file_name),
    contentType: "text/csv; charset=utf-8",
  } as const;
  async function* read(): AsyncGenerator<Uint8Array> {
    for await (const part of readFile(pool, jobNo, "input")) {
      signal.throwIfAborted();
      yield part;
    }
  }
  await importCsv(pool, definition, source, {
    dryRun: isCheck,
    // A check tells what would be imported if the refused lines were skipped.
    skipInvalid: isCheck || parameters.skip_invalid,
    language: parameters.language,
    signal,
    firstRefusedMax,
    audit: { by: job.confirmed_by ?? job.created_by, object: { kind: "job", id: String(jobNo) } },
    onProgress: ({ phase, bytesRead, bytesTotal }) =>
      progress(
        phase === "reading" ? { phase, done: bytesRead, total: bytesTotal } : { phase, done: null, total: null },
      ),
    keepRefused: async (db, csv) => {
      await keepFile(db, refusedFile, encoded(csv));
    },
    async beforeCommit(db, report) {
      const figures = figuresOf(report);
      if (figures.refused === 0) await deleteFile(db, jobNo, "refused", null);
      const end = isCheck ? endOfCheck(figures) : endOfImport(figures, parameters);
      if (!(await endRun(db, jobNo, runner, end))) throw new SupersededError();
    },
  });
}

async function* encoded(parts: AsyncIterable<string>): AsyncGenerator<Uint8Array> {
  for await (const part of parts) yield Buffer.from(part);
}

function figuresOf({ lines, inserted, updated, unchanged, refused, firstRefused }: ImportReport): ImportFigures {
  return { lines, inserted, updated, unchanged, refused, first_refused: [...firstRefused] };
}

/** Nobody is asked to confirm what would change nothing. */
function endOfCheck(figures: ImportFigures): RunEnd {
  const { lines, inserted, updated, refused } = figures;
  if (lines === 0)
    return {
      state: "failed",
      checkReport: figures,
      problem: text("文件只有第一行的列名，没有数据。", "The file has its columns' names and no lines below them."),
    };
  if (refused === lines)
    return {
      state: "failed",
      checkReport: figures,
      problem: text("所有行都被拒绝，没有可以导入的内容。", "Every line is refused: there is nothing to import."),
    };
  if (refused === 0 && inserted + updated === 0) return { state: "succeeded", checkReport: figures, result: figures };
  return { state: "checked", checkReport: figures };
}

/** Lines that were not refused when it was checked may be now: the database has changed. Then it is asked again. */
function endOfImport(figures: ImportFigures, { skip_invalid: skips }: ImportParameters): RunEnd {
  if (figures.refused > 0 && !skips) return { state: "checked", checkReport: figures, changedSinceCheck: true };
  return { state: "succeeded", result: figures };
}
