import { randomUUID } from "node:crypto";
import type pg from "pg";
import type { Actor } from "../../actor.ts";
import { transaction } from "../../db/database.ts";
import { ConflictError, OperatorError, TooLargeError, invariant } from "../../errors.ts";
import { type Language, text } from "../../text.ts";
import { recordAudit } from "../audit/audit.service.ts";
import { refuseBinary } from "../imports/csv-source.ts";
import { keepFile } from "./job-files.ts";
import { type ImportKind, type ImportParameters, type JobRow, SupersededError } from "./job.ts";
import { deleteUpload, endRun, insertJob, notifyWaiting, selectJob, tellProgress } from "./jobs.queries.ts";

export interface Upload {
  readonly kind: ImportKind;
  readonly fileName: string;
  /** As its sender says. What arrives must have it, or the file is not whole. */
  readonly sizeBytes: number;
  readonly language: Language;
}

/** Long before an upload is taken for dead. */
const tellEveryMs = 5_000;

/**
 * Keeps a file as it arrives and has it checked. What does not arrive as a whole leaves nothing. Throws OperatorErrors for
 * what is no CSV, as soon as its first bytes say so, for what is larger than `bytesMax`, and if the job is cancelled.
 */
export async function takeUpload(
  pool: pg.Pool,
  upload: Upload,
  parts: AsyncIterable<Uint8Array>,
  bytesMax: number,
  by: Actor,
): Promise<JobRow> {
  if (upload.sizeBytes > bytesMax) throw tooLarge(bytesMax);
  const runner = randomUUID();
  const parameters: ImportParameters = {
    file_name: upload.fileName,
    language: upload.language,
    skip_invalid: false,
    changed_since_check: false,
  };
  const job = await insertJob(pool, {
    kind: upload.kind,
    state: "uploading",
    step: "check",
    parameters,
    createdBy: by,
    runner,
  });
  const jobNo = job.job_no;
  let received = 0;
  async function* checked(): AsyncGenerator<Uint8Array> {
    const check = binaryCheck(upload.fileName);
    for await (const part of parts) {
      received += part.length;
      if (received > bytesMax) throw tooLarge(bytesMax);
      check(part, false);
      yield part;
    }
    check(new Uint8Array(0), true);
  }

  const timer = setInterval(() => {
    const progress = { phase: "uploading", done: received, total: upload.sizeBytes } as const;
    // If this is not the job's upload any more, the next piece will not be taken.
    tellProgress(pool, jobNo, runner, progress).catch(() => {});
  }, tellEveryMs);
  try {
    const file = { jobNo, runner, name: "input", fileName: upload.fileName, contentType: "text/csv" } as const;
    await keepFile(pool, file, checked());
    if (received !== upload.sizeBytes) throw notWhole(received, upload.sizeBytes);
    return await transaction(pool, async (db) => {
      if (!(await endRun(db, jobNo, runner, { state: "waiting" }))) throw new SupersededError();
      await recordAudit(db, by, {
        action: "import.start",
        object: { kind: "job", id: String(jobNo) },
        after: { kind: upload.kind, file_name: upload.fileName, size_bytes: received },
      });
      await notifyWaiting(db);
      const waiting = await selectJob(db, jobNo);
      invariant(waiting !== undefined, "a job that was changed is there");
      return waiting;
    });
  } catch (error) {
    // Should this fail too, the upload is found to be dead later.
    await deleteUpload(pool, jobNo, runner).catch(() => {});
    throw error instanceof SupersededError ? cancelled() : error;
  } finally {
    clearInterval(timer);
  }
}

/** Looks at the first four bytes, however they arrive. */
function binaryCheck(fileName: string): (part: Uint8Array, isEnd: boolean) => void {
  let start: Uint8Array | undefined = new Uint8Array(0);
  return (part, isEnd) => {
    if (start === undefined) return;
    start = Buffer.concat([start, part.subarray(0, 4)]);
    if (start.length < 4 && !isEnd) return;
    refuseBinary(start.subarray(0, 4), fileName);
    start = undefined;
  };
}

function tooLarge(bytesMax: number): TooLargeError {
  const megabytes = bytesMax / 1_048_576;
  return new TooLargeError(
    text(
      `文件超过上限 ${megabytes} MB。请拆分成几个文件后分别导入，或由管理员调大 DKS_UPLOAD_MAX_MB；命令行导入不受此限制。`,
      `The file is larger than the limit of ${megabytes} MB. Split it and import the parts, or have DKS_UPLOAD_MAX_MB raised; imports at the command line have no limit.`,
    ),
  );
}

function notWhole(received: number, expected: number): OperatorError {
  return new OperatorError(
    text(
      `文件没有完整到达：应为 ${expected} 字节，收到 ${received} 字节。请重新上传。`,
      `The file did not arrive as a whole: ${received} bytes of ${expected}. Upload it again.`,
    ),
  );
}

function cancelled(): ConflictError {
  return new ConflictError(text("上传已被取消。", "The upload was cancelled."));
}
