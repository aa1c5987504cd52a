import { type Readable, addAbortSignal } from "node:stream";
import { transaction } from "../../db/database.ts";
import { recordAudit } from "../audit/audit.service.ts";
import { type CsvCell, csvStream } from "../exports/csv.ts";
import { xlsxStream } from "../exports/xlsx.ts";
import type { Text } from "../../text.ts";
import { keepFile } from "./job-files.ts";
import { type ExportKind, type ExportParameters, type JobRun, SupersededError } from "./job.ts";
import { endRun } from "./jobs.queries.ts";

/** What can be exported, as the module that has it offers it. */
export interface ExportDefinition {
  /** Of the things exported, in the plural: the file's name and the sheet's begin with it. */
  readonly title: Text;
  /** Throws an OperatorError for a filter or columns that there are none of, before a job is made of them. */
  begin(parameters: ExportParameters): Export;
}

export interface Export {
  /** The columns' names. */
  readonly header: readonly string[];
  /** About how many rows there will be; null if that cannot be said soon. */
  total(): Promise<number | null>;
  readonly rows: AsyncIterable<readonly CsvCell[]>;
}

export type ExportDefinitions = Readonly<Record<ExportKind, ExportDefinition>>;

const contentTypes = {
  csv: "text/csv; charset=utf-8",
  xlsx: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
} as const;

/** Writes a file of what is asked for, a piece at a time. What changes meanwhile is in it or not, as it meets it. */
export async function runExport(
  { job, runner, pool, signal, progress }: JobRun,
  definitions: ExportDefinitions,
): Promise<void> {
  // Both are so of every export, by its kind.
  const parameters = job.parameters as ExportParameters;
  const definition = definitions[job.kind as ExportKind];
  const begun = definition.begin(parameters);
  const { header } = begun;
  const total = await begun.total();
  let done = 0;
  async function* counted(): AsyncGenerator<readonly CsvCell[]> {
    for await (const row of begun.rows) {
      yield row;
      if (++done % 1_000 === 0) progress({ phase: "exporting", done, total });
    }
  }

  progress({ phase: "exporting", done, total });
  const title = definition.title[parameters.language];
  const target = {
    jobNo: job.job_no,
    runner,
    name: "export",
    fileName: `${title}-${job.job_no}.${parameters.format}`,
    contentType: contentTypes[parameters.format],
  } as const;
  const content: Readable =
    parameters.format === "csv" ? csvStream(header, counted()) : xlsxStream({ name: title, header }, counted());
  const sizeBytes = await keepFile(pool, target, addAbortSignal(signal, content));
  await transaction(pool, async (db) => {
    if (!(await endRun(db, job.job_no, runner, { state: "succeeded", result: { rows: done } })))
      throw new SupersededError();
    await recordAudit(db, job.created_by, {
      action: "export.finish",
      object: { kind: "job", id: String(job.job_no) },
      after: { kind: job.kind, rows: done, size_bytes: sizeBytes, file_name: target.fileName },
    });
  });
}
