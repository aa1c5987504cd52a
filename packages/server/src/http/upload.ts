import type { IncomingMessage, ServerResponse } from "node:http";
import type { Readable } from "node:stream";
import { type Gunzip, createGunzip } from "node:zlib";
import { AppError } from "../errors.ts";
import { text } from "../text.ts";
import type { LargeData } from "./envelope.ts";

/** What is noted of an upload while it is read, for the log of the calls: whose it is, how many records ended how. */
export type UploadNotes = Record<string, string | number>;

/**
 * What answers a path that reads its own body, of any size, with the envelope's data. Throws AppError for a refusal of
 * the whole, and {@link UploadBrokenOff} when there is nobody left to answer. Whatever it ends with, its notes hold.
 */
export type UploadHandler = (
  request: IncomingMessage,
  response: ServerResponse,
  notes: UploadNotes,
) => Promise<LargeData>;

/** The caller has hung up within its body. */
export class UploadBrokenOff extends Error {
  constructor() {
    super("the caller hung up");
    this.name = "UploadBrokenOff";
  }
}

/** The body of a request, decoded, of which only what is asked for is taken from the connection. */
export interface UploadReader {
  /**
   * The next part; undefined at the end. Throws UploadBrokenOff, and AppError when what arrives is not what
   * Content-Encoding says, or nothing arrives.
   */
  next(): Promise<Uint8Array | undefined>;
  /** Leaves what has not been read to whoever answers. */
  release(): void;
}

/**
 * How long an upload may bring nothing while it is waited for. A body may take hours, but a connection that is gone
 * without a word must not be waited for: TCP would take as long to notice.
 */
const stallMs = 20_000;

/**
 * A body that comes out of gzip more than this many times larger is no usage: events that differ in their ids and figures
 * alone come out 20 to 70 times larger, gzip's limit is 1,030, which only repeated bytes reach. Looked at once enough has
 * come out that an unlucky beginning does not count.
 */
const inflationMax = 250;
const inflationCheckedBytes = 16 * 1024 * 1024;

/** Throws AppError for an encoding that is not taken; nothing has been read then. */
export function readUpload(request: IncomingMessage, response: ServerResponse): UploadReader {
  const encoding = (request.headers["content-encoding"] ?? "identity").trim().toLowerCase();
  if (encoding === "identity" || encoding === "") return readParts(request, request, () => undefined);
  if (encoding !== "gzip" && encoding !== "x-gzip") throw wrongEncoding(response, encoding);
  const gunzip = createGunzip({ chunkSize: 64 * 1024 });
  const reader = readParts(request, gunzip, (outBytes) => inflationProblem(gunzip, outBytes));
  request.pipe(gunzip);
  return {
    next: () => reader.next(),
    release() {
      request.unpipe(gunzip);
      request.pause();
      reader.release();
      gunzip.destroy();
    },
  };
}

/** Reads a stream part by part: the request itself, or what decodes it. `check` is told how many bytes came out. */
function readParts(
  request: IncomingMessage,
  stream: Readable,
  check: (outBytes: number) => AppError | undefined,
): UploadReader {
  let part: Uint8Array | undefined;
  let failure: Error | undefined;
  let ended = false;
  let outBytes = 0;
  let wake = (): void => {};

  function fail(error: Error): void {
    failure ??= error;
    wake();
  }
  function onData(chunk: Uint8Array): void {
    stream.pause();
    outBytes += chunk.length;
    failure ??= check(outBytes);
    part = chunk;
    wake();
  }
  function onEnd(): void {
    ended = true;
    wake();
  }
  function onError(error: Error): void {
    fail(stream === request ? new UploadBrokenOff() : notGzip(error));
  }
  function onClose(): void {
    if (!request.complete) fail(new UploadBrokenOff());
  }

  stream.on("data", onData);
  stream.on("end", onEnd);
  stream.on("error", onError);
  stream.pause();
  // Without a listener the error of a broken connection, which "close" tells of too, would end the process.
  request.on("error", () => {});
  request.on("close", onClose);
  if (request.destroyed) onClose();

  async function next(): Promise<Uint8Array | undefined> {
    if (part === undefined && failure === undefined && !ended) await arrival();
    if (failure !== undefined) throw failure;
    const arrived = part;
    part = undefined;
    return arrived;
  }

  function arrival(): Promise<void> {
    const { socket } = request;
    let receivedBytes = socket.bytesRead;
    return new Promise((resolve) => {
      // What has arrived may not have come out of gzip yet, so the connection is asked.
      const timer = setInterval(() => {
        if (socket.bytesRead === receivedBytes) fail(stalled());
        receivedBytes = socket.bytesRead;
      }, stallMs);
      wake = () => {
        clearInterval(timer);
        wake = () => {};
        resolve();
      };
      stream.resume();
    });
  }

  return {
    next,
    release() {
      stream.pause();
      stream.off("data", onData);
      stream.off("end", onEnd);
      stream.off("error", onError);
      stream.on("error", () => {});
      request.off("close", onClose);
    },
  };
}

function inflationProblem(gunzip: Gunzip, outBytes: number): AppError | undefined {
  if (outBytes <= inflationCheckedBytes || outBytes <= gunzip.bytesWritten * inflationMax) return undefined;
  return new AppError("uploadWrong", {
    hint: "gzip_bomb",
    detail: text(
      `gzip 解压后超过原大小的 ${inflationMax} 倍，不像是用量数据，已停止读取`,
      `the gzip body unpacks to more than ${inflationMax} times its size, which usage data never does; reading was stopped`,
    ),
  });
}

function notGzip(cause: Error): AppError {
  return new AppError("uploadWrong", {
    hint: "gzip_malformed",
    detail: text(
      "Content-Encoding 为 gzip，但请求体不是完整有效的 gzip 数据",
      "Content-Encoding is gzip, but the body is not whole and valid gzip",
    ),
    cause,
  });
}

function stalled(): AppError {
  return new AppError("uploadWrong", {
    hint: "upload_stalled",
    detail: text(
      `请求体传输中断：${stallMs / 1000} 秒内没有收到任何数据`,
      `the body stopped arriving: nothing came for ${stallMs / 1000} s`,
    ),
  });
}

function wrongEncoding(response: ServerResponse, encoding: string): AppError {
  response.setHeader("accept-encoding", "gzip");
  return new AppError("contentTypeWrong", {
    hint: "content_encoding_wrong",
    detail: text(
      `Content-Encoding 只支持 gzip，收到的是 ${encoding.slice(0, 80)}`,
      `Content-Encoding may only be gzip, and is ${encoding.slice(0, 80)}`,
    ),
  });
}
