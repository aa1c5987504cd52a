import { randomUUID } from "node:crypto";
import { type FileHandle, open, unlink } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AppError } from "../../errors.ts";
import type { LargeData } from "../../http/envelope.ts";
import { type Language, text } from "../../text.ts";
import type { RecordResult, RecordStatus } from "./usage-record.ts";

/** So much of the results of one request is kept in memory: those of 15,000 accepted records. */
const memoryBytesMax = 1024 * 1024;

/**
 * So much of it may be written to the disk: those of 15 million accepted records. A body of nothing but commas would
 * otherwise come out as an answer a hundred times its size.
 */
const fileBytesMax = 1024 * 1024 * 1024;

const partBytes = 64 * 1024;

/** The results of one request, kept until all of them are known: only then is it known that it succeeded. */
export interface ResultStore {
  /** Throws AppError when they are more than one answer may hold. */
  append(results: readonly RecordResult[]): Promise<void>;
  /** The answer's data, `{"counts":{…},"results":[…]}`; whoever asked for it closes it. */
  finish(): LargeData;
  /** For a request that is not answered with them. */
  discard(): Promise<void>;
}

/** Keeps results as the answer's text, their reasons in the caller's language; beyond 1 MB in a temporary file. */
export function storeResults(language: Language): ResultStore {
  const counts: Record<RecordStatus, number> = {
    accepted: 0,
    duplicate: 0,
    conflict: 0,
    unknown_card: 0,
    invalid: 0,
    too_old: 0,
    too_new: 0,
  };
  let isFirst = true;
  let inMemory: Buffer[] = [];
  let memoryBytes = 0;
  let file: FileHandle | undefined;
  let fileBytes = 0;

  async function spill(): Promise<void> {
    if (fileBytes + memoryBytes > fileBytesMax) throw tooManyResults();
    file ??= await openNameless();
    const bytes = Buffer.concat(inMemory);
    await writeAll(file, bytes, fileBytes);
    fileBytes += bytes.length;
    inMemory = [];
    memoryBytes = 0;
  }

  async function discard(): Promise<void> {
    inMemory = [];
    await file?.close();
    file = undefined;
  }

  return {
    async append(results) {
      let rendered = "";
      for (const result of results) {
        counts[result.status]++;
        rendered += (isFirst ? "" : ",") + render(result, language);
        isFirst = false;
      }
      const bytes = Buffer.from(rendered);
      inMemory.push(bytes);
      memoryBytes += bytes.length;
      if (memoryBytes > memoryBytesMax) await spill();
    },
    finish() {
      const head = Buffer.from(`{"counts":${JSON.stringify(counts)},"results":[`);
      const tail = Buffer.from("]}");
      return {
        sizeBytes: head.length + fileBytes + memoryBytes + tail.length,
        async *read() {
          yield head;
          if (file !== undefined) yield* partsOf(file, fileBytes);
          yield* inMemory;
          yield tail;
        },
        close: discard,
      };
    },
    discard,
  };
}

function render({ id, status, refusal }: RecordResult, language: Language): string {
  const start = `{"id":${JSON.stringify(id)},"status":"${status}"`;
  if (refusal === undefined) return `${start}}`;
  return `${start},"hint":"${refusal.hint}","reason":${JSON.stringify(refusal.reason[language])}}`;
}

/** A temporary file whose name is gone before anything is in it, so that a process that is killed leaves nothing. */
async function openNameless(): Promise<FileHandle> {
  const path = join(tmpdir(), `dks-results-${randomUUID()}`);
  const file = await open(path, "wx+", 0o600);
  try {
    await unlink(path);
  } catch (error) {
    await file.close();
    throw error;
  }
  return file;
}

async function writeAll(file: FileHandle, bytes: Buffer, position: number): Promise<void> {
  let written = 0;
  while (written < bytes.length) {
    const { bytesWritten } = await file.write(bytes, written, bytes.length - written, position + written);
    written += bytesWritten;
  }
}

async function* partsOf(file: FileHandle, sizeBytes: number): AsyncGenerator<Uint8Array> {
  for (let position = 0; position < sizeBytes;) {
    // A buffer for each part, since the connection may still hold the one before.
    const length = Math.min(partBytes, sizeBytes - position);
    const { bytesRead, buffer } = await file.read(Buffer.allocUnsafe(length), 0, length, position);
    if (bytesRead === 0) throw new Error("the results' file is shorter than what was written to it");
    yield buffer.subarray(0, bytesRead);
    position += bytesRead;
  }
}

function tooManyResults(): AppError {
  return new AppError("uploadWrong", {
    hint: "too_many_results",
    detail: text(
      "一次请求的记录过多，结果超过 1 GB，请分多次提交",
      "so many records were sent at once that their results exceed 1 GB: send them in several requests",
    ),
  });
}
