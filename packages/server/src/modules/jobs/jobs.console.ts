import { Readable } from "node:stream";
import { AppError, FieldError, OperatorError, invariant } from "../../errors.ts";
import { discardUpload } from "../../http/request.ts";
import { UploadBrokenOff, type UploadReader, readUpload } from "../../http/upload.ts";
import { type Language, text } from "../../text.ts";
import { type BoundEndpoint, type ConsoleCall, handle } from "../../web/endpoint.ts";
import { columnMeanings } from "./column-meanings.ts";
import { importDefinitions } from "./import-job.ts";
import { type JobRow, filesKeptDays, importKinds, jobStates } from "./job.ts";
import {
  cancelJob,
  confirmJob,
  downloadJobFile,
  getJob,
  listImportKinds,
  listJobs,
  requestExport,
  uploadImport,
} from "./jobs.endpoints.ts";
import type { JobService, JobWithFiles } from "./jobs.service.ts";

export function jobsConsole(jobs: JobService): BoundEndpoint[] {
  async function presented(job: JobRow, language: Language) {
    return present(await jobs.get(job.job_no), language);
  }

  return [
    handle(listJobs, async ({ query, by, language }) => {
      const limit = query.limit ?? 50;
      const found = await jobs.search(
        {
          kind: query.kind,
          states: query.state === undefined ? undefined : statesOf(query.state),
          createdBy: query.mine === true ? by.id : undefined,
          beforeJob: query.before_job,
        },
        limit + 1,
      );
      return { list: found.slice(0, limit).map((one) => present(one, language)), more: found.length > limit };
    }),
    handle(getJob, async ({ params, language }) => present(await jobs.get(params.job_no), language)),
    handle(listImportKinds, ({ language }) =>
      Promise.resolve({
        upload_max_bytes: jobs.uploadBytesMax,
        list: importKinds.map((kind) => ({
          kind,
          columns: importDefinitions[kind].columns.map(({ name, required, expected }) => {
            const meaning = columnMeanings[kind][name];
            invariant(meaning !== undefined, `the column ${name} has a meaning`);
            return { name, required, meaning: meaning[language], expected: expected[language] };
          }),
        })),
      }),
    ),
    handle(uploadImport, async (call) => {
      const { query, language, by } = call;
      const upload = { kind: query.kind, fileName: query.file_name, sizeBytes: query.size, language };
      const declaredBytes = Number(call.request.headers["content-length"] ?? 0);
      return reading(call, async (reader) => {
        const sizeBytes = Math.max(upload.sizeBytes, declaredBytes);
        const job = await jobs.upload({ ...upload, sizeBytes }, partsOf(reader), by);
        return presented(job, language);
      });
    }),
    handle(requestExport, async ({ body, by, language }) => {
      const { filter, columns, format } = body;
      return presented(await jobs.requestExport(body.kind, { filter, columns, format, language }, by), language);
    }),
    handle(confirmJob, async ({ params, body, by, language }) =>
      presented(
        await jobs.confirm({ jobNo: params.job_no, version: body.version, skipInvalid: body.skip_invalid, by }),
        language,
      ),
    ),
    handle(cancelJob, async ({ params, by, language }) => presented(await jobs.cancel(params.job_no, by), language)),
    handle(downloadJobFile, async ({ params }) => {
      const file = await jobs.file(params.job_no, params.name);
      return {
        fileName: file.file_name,
        contentType: file.content_type,
        sizeBytes: file.size_bytes,
        stream: Readable.from(file.content, { objectMode: false }),
      };
    }),
  ];
}

/**
 * Has the body of a call read. Of one that is refused, some more is read before the answer, without which most senders
 * would be told of a broken connection instead; then the connection is closed.
 */
async function reading<T>(
  { request, response, keepOpen }: ConsoleCall,
  work: (reader: UploadReader) => Promise<T>,
): Promise<T> {
  keepOpen();
  let reader: UploadReader | undefined;
  try {
    reader = readUpload(request, response);
    return await work(reader);
  } catch (error) {
    reader?.release();
    if (!request.complete && !request.destroyed) {
      response.setHeader("connection", "close");
      await new Promise<void>((resolve) => {
        request.once("close", resolve);
        discardUpload(request, resolve);
      });
    }
    throw asTold(error);
  }
}

async function* partsOf(reader: UploadReader): AsyncGenerator<Uint8Array> {
  for (;;) {
    const part = await reader.next();
    if (part === undefined) return;
    yield part;
  }
}

/** What reading the body has failed with, for people. */
function asTold(error: unknown): unknown {
  if (error instanceof AppError && error.detail !== undefined) return new OperatorError(error.detail, error);
  // Nobody is there to read it.
  if (error instanceof UploadBrokenOff)
    return new OperatorError(text("上传中断，未保存任何内容。", "The upload was broken off; nothing was kept."), error);
  return error;
}

function statesOf(list: string): JobRow["state"][] {
  return list.split(",").map((name) => {
    const state = jobStates.find((one) => one === name);
    if (state === undefined) throw new FieldError("state", text(`没有“${name}”状态`, `there is no state "${name}"`));
    return state;
  });
}

function present({ job, files }: JobWithFiles, language: Language) {
  const { parameters, result } = job;
  const isImport = "file_name" in parameters;
  return {
    job_no: job.job_no,
    kind: job.kind,
    state: job.state,
    step: job.step,
    version: job.version,
    file_name: isImport ? parameters.file_name : null,
    skip_invalid: isImport && parameters.skip_invalid,
    changed_since_check: isImport && parameters.changed_since_check,
    progress: job.progress,
    check: job.check_report,
    imported: result !== null && "lines" in result ? result : null,
    exported: result !== null && "rows" in result ? result : null,
    problem: job.problem === null ? null : job.problem[language],
    created_by: job.created_by.name,
    confirmed_by: job.confirmed_by?.name ?? null,
    created_at: job.created_at.toISOString(),
    started_at: job.started_at?.toISOString() ?? null,
    finished_at: job.finished_at?.toISOString() ?? null,
    files: files.map(({ name, file_name, size_bytes }) => ({ name, file_name, size_bytes })),
    files_until:
      job.finished_at === null || files.length === 0
        ? null
        : new Date(job.finished_at.getTime() + filesKeptDays * 86_400_000).toISOString(),
  };
}
