import type { IncomingMessage, ServerResponse } from "node:http";
import { AppError, refusals } from "../errors.ts";
import type { Language } from "../text.ts";

/** What a refused call is answered. */
interface RefusalBody {
  readonly errcode: number;
  readonly errmsg: string;
  readonly hint?: string;
  readonly doc_url: string;
  readonly server_time?: number;
  readonly request_id: string;
}

/** The language that the caller's Accept-Language asks for: English if it comes before any Chinese, otherwise Chinese. */
export function languageOf(request: Pick<IncomingMessage, "headers">): Language {
  const header = request.headers["accept-language"];
  if (header === undefined) return "zh";
  let best: { language: Language; weight: number } = { language: "zh", weight: 0 };
  for (const part of header.toLowerCase().split(",")) {
    const [tag = "", ...options] = part.split(";").map((piece) => piece.trim());
    const language = /^en\b/.test(tag) ? "en" : /^zh\b/.test(tag) ? "zh" : undefined;
    const quality = options.find((option) => option.startsWith("q="))?.slice(2);
    const weight = quality === undefined ? 1 : Number(quality);
    if (language !== undefined && weight > best.weight) best = { language, weight };
  }
  return best.language;
}

export function sendSuccess(response: ServerResponse, data: unknown, requestId: string): void {
  send(response, 200, JSON.stringify({ errcode: 0, errmsg: "success", data, request_id: requestId }));
}

/** The data of an answer that is too large to be held: JSON text whose size is known before it is sent. */
export interface LargeData {
  readonly sizeBytes: number;
  /** Its parts, in UTF-8. */
  read(): AsyncIterable<Uint8Array>;
  /** Lets go of what it is kept in. */
  close(): Promise<void>;
}

/** How long a caller may take nothing of a large answer before it is given up. */
const answerStallMs = 60_000;

/** As {@link sendSuccess}, but only so much is ever held as the connection takes. Ends when the caller has hung up. */
export async function sendLargeSuccess(response: ServerResponse, data: LargeData, requestId: string): Promise<void> {
  const head = Buffer.from('{"errcode":0,"errmsg":"success","data":');
  const tail = Buffer.from(`,"request_id":${JSON.stringify(requestId)}}`);
  writeHead(response, 200, head.length + data.sizeBytes + tail.length);
  response.write(head);
  for await (const part of data.read()) {
    if (response.destroyed) return;
    if (response.write(part) || (await drained(response))) continue;
    response.destroy();
    return;
  }
  response.end(tail);
}

/** Waits until an answer's connection takes more; false if it has ended, or takes nothing. */
function drained(response: ServerResponse): Promise<boolean> {
  if (response.destroyed) return Promise.resolve(false);
  return new Promise((resolve) => {
    function settle(takesMore: boolean): void {
      clearTimeout(timer);
      response.off("drain", onDrain);
      response.off("close", onClose);
      resolve(takesMore);
    }
    const onDrain = (): void => settle(true);
    const onClose = (): void => settle(false);
    const timer = setTimeout(onClose, answerStallMs);
    response.once("drain", onDrain);
    response.once("close", onClose);
  });
}

export function sendRefusal(
  request: IncomingMessage,
  response: ServerResponse,
  error: AppError,
  requestId: string,
): void {
  const refusal = refusals[error.refusal];
  const body: RefusalBody = {
    errcode: refusal.errcode,
    errmsg: error.messageIn(languageOf(request)),
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    doc_url: error.docUrl,
    ...(error.serverTime === undefined ? {} : { server_time: error.serverTime }),
    request_id: requestId,
  };
  if (error.retryAfterSeconds !== undefined) response.setHeader("retry-after", String(error.retryAfterSeconds));
  send(response, refusal.http, JSON.stringify(body));
}

function send(response: ServerResponse, status: number, body: string): void {
  writeHead(response, status, Buffer.byteLength(body));
  response.end(body);
}

function writeHead(response: ServerResponse, status: number, sizeBytes: number): void {
  response.writeHead(status, ["content-type", "application/json; charset=utf-8", "content-length", String(sizeBytes)]);
}
