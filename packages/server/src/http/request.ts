import type { IncomingMessage } from "node:http";
import { AppError } from "../errors.ts";
import { text } from "../text.ts";
import { bodyBytesMax } from "./body.ts";

/** The path of a request target, without its query. One in absolute form, as a proxy writes it, names the host too. */
export function pathOf(target: string): string {
  const query = target.indexOf("?");
  const path = query === -1 ? target : target.slice(0, query);
  if (path.startsWith("/")) return path;
  // RFC 9112, 3.2.1: what names a host alone means its root.
  return path.replace(/^https?:\/\/[^/]*/i, "") || "/";
}

export function isJson(contentType: string | undefined): boolean {
  return contentType === "application/json" || /^application\/json\s*(;|$)/i.test(contentType ?? "");
}

export function hasBody(request: IncomingMessage): boolean {
  return request.headers["transfer-encoding"] !== undefined || Number(request.headers["content-length"] ?? 0) > 0;
}

/** Collects a body of at most `bodyBytesMax` and calls back once: `brokenOff` for a caller that hangs up within it. */
export function readBody(
  request: IncomingMessage,
  done: (error: AppError | undefined, body: Buffer) => void,
  brokenOff: () => void,
): void {
  const declared = Number(request.headers["content-length"] ?? 0);
  if (declared > bodyBytesMax) return done(tooLarge(), Buffer.alloc(0));
  let first: Buffer | undefined;
  let more: Buffer[] | undefined;
  let size = 0;
  request.on("data", (chunk: Buffer) => {
    size += chunk.length;
    if (size > bodyBytesMax) {
      request.removeAllListeners("data");
      request.removeAllListeners("end");
      request.off("error", brokenOff);
      request.pause();
      return done(tooLarge(), Buffer.alloc(0));
    }
    if (first === undefined) first = chunk;
    else (more ??= [first]).push(chunk);
  });
  request.on("end", () => done(undefined, more === undefined ? (first ?? Buffer.alloc(0)) : Buffer.concat(more)));
  // Nothing else can go wrong with a request.
  request.on("error", brokenOff);
}

/** How much of a body that is refused is still read; of an upload, whose sender may be ahead by much; and for how long. */
const discardedBytesMax = 1024 * 1024;
const discardedUploadBytesMax = 16 * 1024 * 1024;
const discardedMs = 5_000;

/**
 * Reads the rest of a body without keeping it, and calls back once. Closing a connection on which a body still arrives
 * resets it, and most callers would be told of that instead of being shown the answer.
 */
export function discardBody(request: IncomingMessage, done: () => void): void {
  if (!hasBody(request) || request.readableEnded) return done();
  if (Number(request.headers["content-length"] ?? 0) > discardedBytesMax) return done();
  discardUpTo(request, discardedBytesMax, done);
}

/** The same for an upload, whatever size it declares: some of it may have been read already. */
export function discardUpload(request: IncomingMessage, done: () => void): void {
  if (!hasBody(request) || request.readableEnded) return done();
  discardUpTo(request, discardedUploadBytesMax, done);
}

function discardUpTo(request: IncomingMessage, bytesMax: number, done: () => void): void {
  let size = 0;
  function finish(): void {
    clearTimeout(timer);
    request.removeAllListeners("data");
    request.removeAllListeners("end");
    request.off("error", finish);
    request.on("error", () => {});
    done();
  }
  const timer = setTimeout(finish, discardedMs);
  request.on("data", (chunk: Buffer) => {
    size += chunk.length;
    if (size > bytesMax) finish();
  });
  request.on("end", finish);
  // The caller has hung up: there is nobody to answer, but the call is over.
  request.on("error", finish);
  request.on("close", () => clearTimeout(timer));
  request.resume();
}

function tooLarge(): AppError {
  return new AppError("bodyTooLarge", {
    hint: "body_too_large",
    detail: text(`请求体最多 ${bodyBytesMax} 字节`, `a body may have ${bodyBytesMax} bytes`),
  });
}
