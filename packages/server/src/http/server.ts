import { randomBytes } from "node:crypto";
import http, { type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import net from "node:net";
import type { Duplex } from "node:stream";
import { isUnavailable } from "../db/database.ts";
import { AppError, refusals } from "../errors.ts";
import type { Logger } from "../log.ts";
import { text } from "../text.ts";
import { type Parameters, parseParameters } from "./body.ts";
import { languageOf, sendLargeSuccess, sendRefusal, sendSuccess } from "./envelope.ts";
import { listenProblem } from "./listen-problem.ts";
import type { CallMetrics } from "./metrics.ts";
import type { Caller, Route } from "./operation.ts";
import { discardBody, discardUpload, hasBody, isJson, pathOf, readBody } from "./request.ts";
import { UploadBrokenOff, type UploadHandler } from "./upload.ts";

export interface HttpServerOptions {
  readonly routes: readonly Route[];
  /** Answers to GET by path: probes, the OpenAPI document. */
  readonly pages: Readonly<Record<string, (response: ServerResponse) => void>>;
  /** Answers to POST by path, of what is no signed call: they read their bodies themselves, whatever the size. */
  readonly uploads: Readonly<Record<string, UploadHandler>>;
  readonly authenticate: (request: IncomingMessage, parameters: Parameters) => Caller | Promise<Caller>;
  readonly metrics: CallMetrics;
  readonly log: Logger;
}

export interface HttpServer {
  /** Throws an OperatorError for an address that cannot be listened on. */
  listen(host: string, port: number): Promise<AddressInfo>;
  /**
   * Stops without dropping a call: takes no new connections, answers what is under way and what still arrives on open
   * connections, closing each with its answer, and cuts what is left when the time is over.
   */
  drain(timeoutMs: number): Promise<void>;
}

/** How long an open connection that is not in use may still bring a call that was sent before the stop was known. */
const idleGraceMs = 250;

/**
 * The signed API on bare node:http. A framework's router, hooks and serialisers are a fifth of what a call costs here,
 * and the contract, with an envelope around everything down to 404, leaves them nothing to do.
 */
export function createHttpServer(options: HttpServerOptions): HttpServer {
  const { metrics, log } = options;
  const routes = new Map(options.routes.map((route) => [route.operation.path as string, route]));
  const pages = new Map(Object.entries(options.pages));
  const uploads = new Map(Object.entries(options.uploads));
  /** The connections on which an upload is under way. */
  const uploading = new WeakSet<Duplex>();
  // Unique among processes and restarts, and short enough to be read out on the telephone.
  const requestIdPrefix = randomBytes(5).toString("hex");
  let requestCount = 0;
  let draining = false;

  function nextRequestId(): string {
    return `${requestIdPrefix}-${(++requestCount).toString(36)}`;
  }

  function handle(request: IncomingMessage, response: ServerResponse): void {
    const startedAt = performance.now();
    const requestId = nextRequestId();
    if (draining) response.setHeader("connection", "close");
    const path = pathOf(request.url ?? "/");
    const route = routes.get(path);
    const upload = route === undefined ? uploads.get(path) : undefined;

    function refuse(error: unknown, parameters?: Parameters): void {
      const refusal = toAppError(error);
      const { errcode } = refusals[refusal.refusal];
      metrics.called(route === undefined && upload === undefined ? "" : path, errcode, performance.now() - startedAt);
      const entry = {
        request_id: requestId,
        path: shortened(path),
        errcode,
        hint: refusal.hint,
        client_id: loggedClientId(parameters?.["client_id"]),
        reason: refusal.detail?.en,
      };
      if (refusal.refusal === "unknown") log.error({ ...entry, err: refusal.cause }, "call failed");
      else if (refusals[refusal.refusal].errcode === refusals.unavailable.errcode)
        log.warn({ ...entry, err: refusal.cause }, "call not possible");
      else log.info(entry, "call refused");
      if (response.headersSent || response.destroyed) return;
      if (!request.complete && hasBody(request)) response.setHeader("connection", "close");
      sendRefusal(request, response, refusal, requestId);
    }

    /** Refuses a call whose body has not been read. */
    function refuseUnread(error: AppError): void {
      discardBody(request, () => refuse(error));
    }

    async function answerUpload(handler: UploadHandler): Promise<void> {
      const { socket } = request;
      uploading.add(socket);
      try {
        const data = await handler(request, response);
        metrics.called(path, 0, performance.now() - startedAt);
        try {
          await sendLargeSuccess(response, data, requestId);
        } finally {
          await data.close();
        }
        uploading.delete(socket);
      } catch (error) {
        if (error instanceof UploadBrokenOff) return log.info({ request_id: requestId, path }, "upload broken off");
        if (!response.headersSent) return discardUpload(request, finish);
        finish();
        response.destroy();

        function finish(): void {
          uploading.delete(socket);
          refuse(error);
        }
      }
    }

    if (upload !== undefined) {
      if (request.method !== "POST") return refuseUnread(wrongMethod(request, response, "POST"));
      return void answerUpload(upload);
    }
    if (route === undefined) {
      const page = pages.get(path);
      if (page === undefined) return refuseUnread(unknownOperation(path));
      if (request.method !== "GET" && request.method !== "HEAD")
        return refuseUnread(wrongMethod(request, response, "GET"));
      return page(response);
    }
    if (request.method !== "POST") return refuseUnread(wrongMethod(request, response, "POST"));
    if (!isJson(request.headers["content-type"]) && hasBody(request)) return refuseUnread(wrongContentType(request));
    readBody(request, (error, body) => {
      if (error !== undefined) return refuseUnread(error);
      let parameters: Parameters | undefined;
      try {
        parameters = parseParameters(body);
        const caller = options.authenticate(request, parameters);
        const data =
          caller instanceof Promise
            ? caller.then((known) => route.run(known, parameters as Parameters, () => languageOf(request)))
            : route.run(caller, parameters, () => languageOf(request));
        data.then(
          (answer) => {
            metrics.called(route.operation.path, 0, performance.now() - startedAt);
            sendSuccess(response, answer, requestId);
          },
          (reason: unknown) => refuse(reason, parameters),
        );
      } catch (reason) {
        refuse(reason, parameters);
      }
    });
  }

  const server = http.createServer(
    {
      // A call is small and its sender a program: what takes longer is a slow or hostile connection.
      headersTimeout: 10_000,
      requestTimeout: 20_000,
      // node:http looks only so often; by default every 30 s, which would be what a slow connection really gets.
      connectionsCheckingInterval: 2_000,
      keepAliveTimeout: 65_000,
      maxHeaderSize: 16 * 1024,
      // No answer depends on it, and the refusal that node:http has for it comes without the envelope.
      requireHostHeader: false,
    },
    handle,
  );
  // An Expect that is not 100-continue may be ignored, and would otherwise be refused without the envelope.
  server.on("checkExpectation", handle);
  server.on("clientError", refuseConnection);
  const sockets = new Set<net.Socket>();
  server.on("connection", (socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  server.on("connect", (_request, socket) => refuseConnection(new Error("CONNECT"), socket));

  /** Refuses what is not even HTTP, or not for us. */
  function refuseConnection(error: Error & { code?: string }, socket: Duplex): void {
    // requestTimeout is the whole server's. An upload may take longer, as long as it moves: it is watched where it is read.
    if (error.code === "ERR_HTTP_REQUEST_TIMEOUT" && uploading.has(socket)) return;
    if (error.code === "ECONNRESET" || !socket.writable) return;
    const requestId = nextRequestId();
    metrics.called("", refusals.bodyWrong.errcode, 0);
    log.info(
      { request_id: requestId, errcode: refusals.bodyWrong.errcode, reason: error.code ?? error.message },
      "call refused",
    );
    refuseMalformedHttp(error, socket, requestId);
  }

  function closeIdle(): void {
    server.closeIdleConnections();
    // node:http does not call a connection idle that has never brought anything, as load balancers keep in reserve.
    for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy();
  }

  return {
    listen(host, port) {
      return new Promise((resolve, reject) => {
        server.once("error", (error) => reject(listenProblem(error, host, port)));
        server.listen(port, host, () => {
          // A TCP server that listens has an address object.
          resolve(server.address() as AddressInfo);
        });
      });
    },
    async drain(timeoutMs) {
      draining = true;
      // The listening socket alone; http.Server's close would also cut idle connections, on which a call may be arriving.
      const closed = new Promise<void>((resolve) => net.Server.prototype.close.call(server, () => resolve()));
      // Again and again: a connection whose call takes longer than that is idle only then.
      const idle = setInterval(closeIdle, Math.min(idleGraceMs, timeoutMs));
      const cut = setTimeout(() => server.closeAllConnections(), timeoutMs);
      await closed;
      clearInterval(idle);
      clearTimeout(cut);
      server.close(() => {});
    },
  };
}

function toAppError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  return new AppError(isUnavailable(error) ? "unavailable" : "unknown", { cause: error });
}

/** Long enough to recognise a path, short enough for a log line and an answer. */
function shortened(path: string): string {
  return path.length > 80 ? `${path.slice(0, 80)}…` : path;
}

/** A client's id as it may be logged: what is longer is none, and may well be the secret in the wrong place. */
function loggedClientId(clientId: string | undefined): string | undefined {
  return clientId === undefined || clientId.length <= 23 ? clientId : `${clientId.length} characters`;
}

function unknownOperation(path: string): AppError {
  const shown = shortened(path);
  return new AppError("operationUnknown", {
    hint: "operation_unknown",
    detail: text(
      `没有接口 ${shown}，接口列表见 /openapi.json`,
      `there is no ${shown}; /openapi.json lists the operations`,
    ),
  });
}

function wrongMethod(request: IncomingMessage, response: ServerResponse, allowed: string): AppError {
  response.setHeader("allow", allowed);
  return new AppError("methodWrong", {
    hint: "method_wrong",
    detail: text(`应使用 ${allowed}，收到的是 ${request.method}`, `use ${allowed}, not ${request.method}`),
  });
}

function wrongContentType(request: IncomingMessage): AppError {
  const given = request.headers["content-type"];
  return new AppError("contentTypeWrong", {
    hint: "content_type_wrong",
    detail:
      given === undefined
        ? text(
            "缺少请求头 Content-Type，应为 application/json",
            "the header Content-Type is missing; send application/json",
          )
        : text(
            `Content-Type 应为 application/json，收到的是 ${given.slice(0, 80)}`,
            `Content-Type must be application/json, and is ${given.slice(0, 80)}`,
          ),
  });
}

/** What is not even HTTP gets the envelope too, in both languages, since its headers could not be read. */
function refuseMalformedHttp(error: Error & { code?: string }, socket: Duplex, requestId: string): void {
  const status =
    error.code === "HPE_HEADER_OVERFLOW"
      ? "431 Request Header Fields Too Large"
      : error.code === "ERR_HTTP_REQUEST_TIMEOUT"
        ? "408 Request Timeout"
        : "400 Bad Request";
  const body = JSON.stringify({
    errcode: refusals.bodyWrong.errcode,
    errmsg: `无效的 HTTP 请求 / not a valid HTTP request (${error.code ?? error.message})`,
    hint: "http_malformed",
    request_id: requestId,
  });
  socket.end(
    `HTTP/1.1 ${status}\r\ncontent-type: application/json; charset=utf-8\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
}
