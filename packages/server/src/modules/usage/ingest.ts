import type { IncomingMessage, ServerResponse } from "node:http";
import { isUnavailable } from "../../db/database.ts";
import { AppError, invariant } from "../../errors.ts";
import { type LargeData, languageOf } from "../../http/envelope.ts";
import { type UploadHandler, type UploadNotes, readUpload } from "../../http/upload.ts";
import { text } from "../../text.ts";
import type { UsageSource } from "../sources/source.ts";
import type { Intake } from "./intake.ts";
import { readPiece } from "./pieces.ts";
import { type ResultStore, storeResults } from "./results.ts";
import { type Splitter, splitJson, splitLines } from "./split.ts";
import { createTurns } from "./turns.ts";
import type { RecordResult, SubmittedRecord } from "./usage-record.ts";

export const ingestPath = "/ingest/v1/usage";

export interface IngestOptions {
  readonly intake: Intake;
  readonly findSourceByToken: (
    token: string,
  ) => Promise<{ readonly source: UsageSource; readonly suspended: boolean } | undefined>;
  /** So many records of a source ended with `status`. */
  readonly onTakenIn: (source: string, status: string, count: number) => void;
}

/**
 * How much is taken in at once. Larger batches are hardly faster, and until one is written its records are in memory:
 * usage takes 300 to 500 bytes a record, so that the first number is reached before the second.
 */
const batchRecordsMax = 5_000;
const batchBytesMax = 4 * 1024 * 1024;

/**
 * How many batches a process writes at once. Of three, one may wait for another's locks while the third keeps the database
 * busy: a twentieth more than two took in, measured with a million cards on two cores; a fourth added nothing.
 */
export const batchesAtOnce = 3;

/**
 * How many requests a process takes at once, sending their answers included. One holds a batch, and another only while
 * the first is being written: 64 × 4 MB and what is parsed of it, at the worst, if all of them wait at the same moment.
 * Carriers are few, and one needs a handful of connections.
 */
const requestsMax = 64;

const jsonTypes = new Set(["application/json", "application/cloudevents+json", "application/cloudevents-batch+json"]);
const lineTypes = new Set(["application/x-ndjson", "application/ndjson", "application/jsonl"]);

/**
 * Takes usage records from their sources' platforms: CloudEvents in a body of any size, read no faster than they are
 * written. Whatever becomes of each is answered when the last one is durable; what was written before a request broke off
 * stays, and is a duplicate when it is sent again.
 */
export function createIngest(options: IngestOptions): UploadHandler {
  const turns = createTurns(batchesAtOnce);
  let underWay = 0;

  return async (request, response, notes) => {
    if (underWay >= requestsMax) throw busy();
    underWay++;
    try {
      const source = await authenticate(request, response);
      notes["source"] = source.name;
      const splitter = splitterFor(request.headers["content-type"]);
      const results = await receive(source, splitter, { request, response, notes });
      return {
        ...results,
        close() {
          underWay--;
          return results.close();
        },
      };
    } catch (error) {
      underWay--;
      throw error;
    }
  };

  async function authenticate(request: IncomingMessage, response: ServerResponse): Promise<UsageSource> {
    const token = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? "")?.[1];
    const found = token === undefined ? undefined : await options.findSourceByToken(token);
    if (found === undefined) throw wrongToken(response, token !== undefined);
    if (found.suspended) throw new AppError("sourceNotNormal", { hint: "source_suspended" });
    return found.source;
  }

  async function receive(
    source: UsageSource,
    splitter: Splitter,
    upload: { readonly request: IncomingMessage; readonly response: ServerResponse; readonly notes: UploadNotes },
  ): Promise<LargeData> {
    const { request, response, notes } = upload;
    const reader = readUpload(request, response);
    const results = storeResults(languageOf(request));
    const writer = createBatchWriter(source, results, notes);
    try {
      for (;;) {
        const part = await reader.next();
        for (const piece of part === undefined ? splitter.end() : splitter.push(part))
          if (writer.add(readPiece(piece, source), piece.bytes.length)) await writer.handOver();
        if (part === undefined) break;
      }
      await writer.finish();
      return results.finish();
    } catch (error) {
      await writer.settle().catch(() => {});
      await results.discard();
      throw isUnavailable(error) ? new AppError("intakeUnavailable", { cause: error }) : error;
    } finally {
      reader.release();
    }
  }

  /** Gathers one request's records into batches, and has one of them written while the next is gathered. */
  function createBatchWriter(source: UsageSource, results: ResultStore, notes: UploadNotes) {
    let batch: SubmittedRecord[] = [];
    let batchBytes = 0;
    let writing: Promise<RecordResult[]> | undefined;

    async function write(records: readonly SubmittedRecord[], giveTurnBack: () => void): Promise<RecordResult[]> {
      try {
        const taken = await options.intake.takeIn(source, records);
        invariant(taken.length === records.length, "every record has its result");
        report(source, taken, notes);
        return taken;
      } finally {
        giveTurnBack();
      }
    }

    async function settle(): Promise<void> {
      if (writing === undefined) return;
      const taken = await writing;
      writing = undefined;
      await results.append(taken);
    }

    /** Has the batch written once its turn has come; until then nothing more is read, so that one batch alone waits. */
    async function handOver(): Promise<void> {
      await settle();
      if (batch.length === 0) return;
      const giveTurnBack = await turns.take();
      writing = write(batch, giveTurnBack);
      // It is awaited when the next batch is full, and may fail before.
      writing.catch(() => {});
      batch = [];
      batchBytes = 0;
    }

    return {
      handOver,
      settle,
      /** Whether the batch is full with it. */
      add(record: SubmittedRecord, sizeBytes: number): boolean {
        batch.push(record);
        batchBytes += sizeBytes;
        return batch.length >= batchRecordsMax || batchBytes >= batchBytesMax;
      },
      async finish(): Promise<void> {
        await handOver();
        await settle();
      },
    };
  }

  function report(source: UsageSource, taken: readonly RecordResult[], notes: UploadNotes): void {
    const counts = new Map<string, number>();
    for (const { status } of taken) counts.set(status, (counts.get(status) ?? 0) + 1);
    for (const [status, count] of counts) {
      options.onTakenIn(source.name, status, count);
      notes[status] = Number(notes[status] ?? 0) + count;
    }
  }
}

function splitterFor(contentType: string | undefined): Splitter {
  const mediaType = contentType?.split(";", 1)[0]?.trim().toLowerCase() ?? "";
  if (lineTypes.has(mediaType)) return splitLines();
  if (jsonTypes.has(mediaType)) return splitJson();
  const types = [...jsonTypes, ...lineTypes].join(", ");
  throw new AppError("contentTypeWrong", {
    hint: "content_type_wrong",
    detail:
      contentType === undefined
        ? text(
            `缺少请求头 Content-Type，应为以下之一：${types}`,
            `the header Content-Type is missing; send one of ${types}`,
          )
        : text(
            `Content-Type 应为以下之一：${types}，收到的是 ${contentType.slice(0, 80)}`,
            `Content-Type must be one of ${types}, and is ${contentType.slice(0, 80)}`,
          ),
  });
}

function wrongToken(response: ServerResponse, isGiven: boolean): AppError {
  response.setHeader("www-authenticate", "Bearer");
  return isGiven
    ? new AppError("sourceUnknown", {
        hint: "token_unknown",
        detail: text(
          "没有用量来源使用此令牌，它可能已被更换，请核对",
          "no usage source has this token, which may have been rotated out; check it",
        ),
      })
    : new AppError("sourceUnknown", {
        hint: "token_missing",
        detail: text(
          "缺少请求头 Authorization，应为 Bearer 加令牌",
          "the header Authorization must be Bearer and the token",
        ),
      });
}

/** Nothing of the request has been looked at, so that `unavailable` is right to say that nothing was changed. */
function busy(): AppError {
  return new AppError("unavailable", {
    hint: "ingest_busy",
    detail: text(
      `同时上传的请求已达 ${requestsMax} 个，请稍后重试`,
      `${requestsMax} uploads are under way already; try again shortly`,
    ),
    retryAfterSeconds: 2,
  });
}
