import type pg from "pg";
import type { Actor } from "../../actor.ts";
import { transaction } from "../../db/database.ts";
import { ConflictError, MissingError, OperatorError } from "../../errors.ts";
import { text } from "../../text.ts";
import { recordAudit } from "../audit/audit.service.ts";
import type { ExportDefinitions } from "./export-job.ts";
import { readFile } from "./job-files.ts";
import { type JobFileRow, deletePartialFiles, selectFiles } from "./job-files.queries.ts";
import {
  type ExportKind,
  type ExportParameters,
  type ImportParameters,
  type JobFileName,
  type JobRow,
  filesKeptDays,
} from "./job.ts";
import {
  type Confirmation,
  type JobFilter,
  cancelUnfinished,
  confirmChecked,
  insertJob,
  notifyEnded,
  notifyWaiting,
  selectJob,
  selectJobs,
} from "./jobs.queries.ts";
import { type Upload, takeUpload } from "./upload.ts";

export interface JobWithFiles {
  readonly job: JobRow;
  readonly files: readonly JobFileRow[];
}

export interface KeptFile extends JobFileRow {
  /** The file itself, of which only what is asked for is read. */
  readonly content: AsyncIterable<Uint8Array>;
}

export interface JobService {
  readonly uploadBytesMax: number;
  /** The latest first. */
  search(filter: JobFilter, limit: number): Promise<JobWithFiles[]>;
  /** Throws a MissingError, as all below do, if there is no such job. */
  get(jobNo: number): Promise<JobWithFiles>;
  /** Throws a MissingError if the job has none of that name, or not any more. */
  file(jobNo: number, name: JobFileName): Promise<KeptFile>;
  /** See {@link takeUpload}. */
  upload(upload: Upload, parts: AsyncIterable<Uint8Array>, by: Actor): Promise<JobRow>;
  /** Throws an OperatorError for a filter or columns that there are none of. */
  requestExport(kind: ExportKind, parameters: ExportParameters, by: Actor): Promise<JobRow>;
  /** Throws a ConflictError if the job is not as it was seen, an OperatorError if lines are refused that were not to be skipped. */
  confirm(confirmation: Confirmation): Promise<JobRow>;
  /** Throws a ConflictError if the job has ended by then. If not, it has not and will not change anything. */
  cancel(jobNo: number, by: Actor): Promise<JobRow>;
}

export function createJobService(
  pool: pg.Pool,
  { uploadBytesMax, exports }: { readonly uploadBytesMax: number; readonly exports: ExportDefinitions },
): JobService {
  async function find(jobNo: number): Promise<JobRow> {
    const job = await selectJob(pool, jobNo);
    if (job === undefined) throw noSuchJob(jobNo);
    return job;
  }

  return {
    uploadBytesMax,
    async search(filter, limit) {
      const jobs = await selectJobs(pool, filter, limit);
      const files = await selectFiles(
        pool,
        jobs.map((job) => job.job_no),
      );
      return jobs.map((job) => ({ job, files: files.filter((file) => file.job_no === job.job_no) }));
    },
    async get(jobNo) {
      const job = await find(jobNo);
      return { job, files: await selectFiles(pool, [jobNo]) };
    },
    async file(jobNo, name) {
      await find(jobNo);
      const file = (await selectFiles(pool, [jobNo])).find((one) => one.name === name);
      if (file === undefined) throw noSuchFile();
      return { ...file, content: readFile(pool, jobNo, name) };
    },
    upload: (upload, parts, by) => takeUpload(pool, upload, parts, uploadBytesMax, by),
    async requestExport(kind, parameters, by) {
      exports[kind].begin(parameters);
      return transaction(pool, async (db) => {
        const job = await insertJob(db, {
          kind,
          state: "waiting",
          step: "export",
          parameters,
          createdBy: by,
          runner: null,
        });
        await recordAudit(db, by, {
          action: "export.start",
          object: { kind: "job", id: String(job.job_no) },
          after: { kind, ...parameters },
        });
        await notifyWaiting(db);
        return job;
      });
    },
    async confirm(confirmation) {
      const { jobNo, skipInvalid, by } = confirmation;
      const seen = await find(jobNo);
      const refused = seen.check_report?.refused ?? 0;
      if (seen.state === "checked" && seen.version === confirmation.version && refused > 0 && !skipInvalid)
        throw new OperatorError(
          text(
            `有 ${refused} 行被拒绝：请修正后重新上传，或选择跳过它们。`,
            `${refused} lines are refused: mend them and upload the file again, or have them skipped.`,
          ),
        );
      const confirmed = await transaction(pool, async (db) => {
        const job = await confirmChecked(db, confirmation);
        if (job === undefined) return undefined;
        // What was uploaded is so of every job that was checked.
        const { file_name } = job.parameters as ImportParameters;
        await recordAudit(db, by, {
          action: "import.confirm",
          object: { kind: "job", id: String(jobNo) },
          after: { kind: job.kind, file_name, skip_invalid: skipInvalid },
        });
        await notifyWaiting(db);
        return job;
      });
      if (confirmed === undefined) throw notAsSeen(await find(jobNo));
      return confirmed;
    },
    async cancel(jobNo, by) {
      const cancelled = await transaction(pool, async (db) => {
        const job = await cancelUnfinished(db, jobNo);
        if (job === undefined) return undefined;
        await deletePartialFiles(db, jobNo);
        await recordAudit(db, by, {
          action: "job.cancel",
          object: { kind: "job", id: String(jobNo) },
          after: { kind: job.kind, step: job.step },
        });
        await notifyEnded(db, jobNo);
        return job;
      });
      if (cancelled === undefined) throw alreadyEnded(await find(jobNo));
      return cancelled;
    },
  };
}

function noSuchJob(jobNo: number): MissingError {
  return new MissingError(text(`没有编号为 ${jobNo} 的任务`, `there is no job ${jobNo}`));
}

function noSuchFile(): MissingError {
  return new MissingError(
    text(
      `任务没有这个文件，或已删除（文件保留 ${filesKeptDays} 天）`,
      `the job has no such file, or not any more (files are kept for ${filesKeptDays} days)`,
    ),
  );
}

function notAsSeen(job: JobRow): ConflictError {
  if (job.state === "checked")
    return new ConflictError(
      text("检查结果已更新，请先查看新的结果。", "The file has been checked again; look at the new result first."),
    );
  if (job.state === "cancelled") return new ConflictError(text("任务已被取消。", "The job has been cancelled."));
  const name = job.confirmed_by?.name;
  return new ConflictError(
    name === undefined
      ? text("任务不是待确认状态。", "The job does not wait to be confirmed.")
      : text(
          `${name} 已经确认导入，不会重复执行。`,
          `${name} has confirmed this import already; it is not done twice.`,
        ),
  );
}

function alreadyEnded({ state }: JobRow): ConflictError {
  if (state === "succeeded")
    return new ConflictError(text("任务已经完成，无法取消。", "The job has finished and cannot be cancelled."));
  return new ConflictError(
    state === "cancelled"
      ? text("任务已被取消。", "The job has been cancelled already.")
      : text("任务已经失败，无需取消。", "The job has failed; there is nothing to cancel."),
  );
}
