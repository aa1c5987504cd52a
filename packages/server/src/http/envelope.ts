import type { IncomingMessage, ServerResponse } from "node:http";
import { AppError, refusals } from "../errors.ts";
import type { Language } from "../text.ts";

/** What a refused call is answered. */
interface RefusalBody {
  readonly errcode: number;
  readonly errmsg: string;
  readonly hint?: string;
  readonly server_time?: number;
  readonly request_id: string;
}

/** The language that the caller's Accept-Language asks for: English if it comes before any Chinese, otherwise Chinese. */
function languageOf(request: IncomingMessage): Language {
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
    ...(error.serverTime === undefined ? {} : { server_time: error.serverTime }),
    request_id: requestId,
  };
  if (error.retryAfterSeconds !== undefined) response.setHeader("retry-after", String(error.retryAfterSeconds));
  send(response, refusal.http, JSON.stringify(body));
}

function send(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, [
    "content-type",
    "application/json; charset=utf-8",
    "content-length",
    String(Buffer.byteLength(body)),
  ]);
  response.end(body);
}
