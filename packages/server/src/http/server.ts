import http, { type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import net from "node:net";
import type { Duplex } from "node:stream";
import type { Clock } from "../clock.ts";
import { isUnavailable } from "../db/database.ts";
import { AppError, refusals } from "../errors.ts";
import type { Logger } from "../log.ts";
import { freeRunMax, maskSecrets } from "../modules/calls/mask.ts";
import { createRequestIds } from "../request-id.ts";
import { text } from "../text.ts";
import { type Parameters, parseParameters } from "./body.ts";
import type { EndedCall } from "./call.ts";
import { languageOf, sendLargeSuccess, sendRefusal, sendSuccess } from "./envelope.ts";
import { listenProblem } from "./listen-problem.ts";
import type { CallMetrics } from "./metrics.ts";
import type { Caller, Route } from "./operation.ts";
import { discardBody, discardUpload, hasBody, isJson, pathOf, readBody } from "./request.ts";
import type { WebApplication } from "../web/web-application.ts";
import { UploadBrokenOff, type UploadHandler, type UploadNotes } from "./upload.ts";

export interface HttpServerOptions {
  readonly routes: readonly Route[];
  /** Answers to GET by path: probes, the OpenAPI document. */
  readonly pages: Readonly<Record<string, (response: ServerResponse) => void>>;
  /** Answers to POST by path, of what is no signed call: they read their bodies themselves, whatever the size. */
  readonly uploads: Readonly<Record<string, UploadHandler>>;
  /** The console and the portal, which answer every path of theirs by themselves. */
  readonly web: WebApplication;
  readonly authenticate: (request: IncomingMessage, parameters: Parameters) => Caller | Promise<Caller>;
  readonly clock: Clock;
  /** Told of every signed call and every upload when it is over. It costs every call what it does. */
  readonly onEnded: (call: EndedCall) => void;
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
  const { metrics, web, log } = options;
  const routes = new Map(options.routes.map((route) => [route.operation.path as string, route]));
  const pages = new Map(Object.entries(options.pages));
  const uploads = new Map(Object.entries(options.uploads));
  /** The connections on which an upload is under way. */
  const uploading = new WeakSet<Duplex>();
  const nextRequestId = createRequestIds();
  let draining = false;

  function handle(request: IncomingMessage, response: ServerResponse): void {
    const startedAt = performance.now();
    const atMs = options.clock();
    const requestId = nextRequestId(atMs);
    if (draining) response.setHeader("connection", "close");
    const path = pathOf(request.url ?? "/");
    const route = routes.get(path);
    const upload = route === undefined ? uploads.get(path) : undefined;
    let parameters: Parameters | undefined;
    let caller: Caller | undefined;
    const notes: UploadNotes | undefined = upload === undefined ? undefined : {};

    /** Without a status: nothing was answered. */
    function end(status: number | undefined, elapsedMs: number, refusal?: AppError): void {
      const { socket } = request;
      options.onEnded({
        requestId,
        atMs,
        elapsedMs,
        path,
        request,
        socket,
        route,
        parameters,
        caller,
        notes,
        refusal,
        status,
      });
    }

    function refuse(error: unknown): void {
      const refusal = toAppError(error);
      const { errcode, http } = refusals[refusal.refusal];
      const elapsedMs = performance.now() - startedAt;
      metrics.called(route === undefined && upload === undefined ? "" : path, errcode, elapsedMs);
      const entry = {
        request_id: requestId,
        path: maskSecrets(shortened(path), undefined, freeRunMax),
        errcode,
        hint: refusal.hint,
        client_id: loggedClientId(parameters?.["client_id"]),
        reason: maskSecrets(refusal.detail?.en ?? "", undefined, freeRunMax),
      };
      if (refusal.refusal === "unknown") log.error({ ...entry, err: refusal.cause }, "call failed");
      else if (refusals[refusal.refusal].errcode === refusals.unavailable.errcode)
        log.warn({ ...entry, err: refusal.cause }, "call not possible");
      else log.info(entry, "call refused");
      const answered = !response.headersSent && !response.destroyed;
      end(answered ? http : undefined, elapsedMs, refusal);
      if (!answered) return;
      if (!request.complete && hasBody(request)) response.setHeader("connection", "close");
      sendRefusal(request, response, refusal, requestId);
    }

    /** Refuses a call whose body has not been read. */
    function refuseUnread(error: AppError): void {
      discardBody(request, () => refuse(error));
    }

    /** Its body never came to its end: nothing was done, and nobody is there to answer. */
    function hungUp(): void {
      log.info({ request_id: requestId, path: maskSecrets(shortened(path), undefined, freeRunMax) }, "call broken off");
      end(undefined, performance.now() - startedAt, brokenOffCall());
    }

    async function answerUpload(handler: UploadHandler): Promise<void> {
      const { socket } = request;
      uploading.add(socket);
      try {
        const data = await handler(request, response, notes ?? {});
        const elapsedMs = performance.now() - startedAt;
        metrics.called(path, 0, elapsedMs);
        try {
          await sendLargeSuccess(response, data, requestId);
        } finally {
          await data.close();
        }
        uploading.delete(socket);
        end(200, elapsedMs);
      } catch (error) {
        if (error instanceof UploadBrokenOff) {
          log.info({ request_id: requestId, path, ...notes }, "upload broken off");
          return end(undefined, performance.now() - startedAt, brokenOff());
        }
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
      if (page === undefined && web.answers(path, request.method))
        return web.handle({
          request,
          response,
          requestId,
          keepOpen() {
            uploading.add(request.socket);
            response.once("close", () => uploading.delete(request.socket));
          },
        });
      if (page === undefined) return refuseUnread(unknownOperation(path));
      if (request.method !== "GET" && request.method !== "HEAD")
        return refuseUnread(wrongMethod(request, response, "GET"));
      return page(response);
    }
    if (request.method !== "POST") return refuseUnread(wrongMethod(request, response, "POST"));
    if (!isJson(request.headers["content-type"]) && hasBody(request)) return refuseUnread(wrongContentType(request));
    readBody(
      request,
      (error, body) => {
        if (error !== undefined) return refuseUnread(error);
        try {
          const received = parseParameters(body);
          parameters = received;
          const run = (known: Caller): Promise<unknown> => {
            caller = known;
            return route.run(known, received, () => languageOf(request));
          };
          const authenticated = options.authenticate(request, received);
          (authenticated instanceof Promise ? authenticated.then(run) : run(authenticated)).then((answer) => {
            const elapsedMs = performance.now() - startedAt;
            metrics.called(route.operation.path, 0, elapsedMs);
            const answered = !response.destroyed;
            sendSuccess(response, answer, requestId);
            end(answered ? 200 : undefined, elapsedMs);
          }, refuse);
        } catch (reason) {
          refuse(reason);
        }
      },
      hungUp,
    );
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
    const atMs = options.clock();
    const requestId = nextRequestId(atMs);
    metrics.called("", refusals.bodyWrong.errcode, 0);
    log.info(
      { request_id: requestId, errcode: refusals.bodyWrong.errcode, reason: error.code ?? error.message },
      "call refused",
    );
    const status = malformedStatus(error);
    refuseMalformedHttp(error, status, socket, requestId);
    options.onEnded({
      requestId,
      atMs,
      elapsedMs: 0,
      path: "",
      request: undefined,
      socket: socket instanceof net.Socket ? socket : undefined,
      route: undefined,
      parameters: undefined,
      caller: undefined,
      notes: undefined,
      refusal: malformedHttp(error),
      status,
    });
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
      given === undefined || given === ""
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

/** An upload whose caller hung up within its body: nothing was answered, so this is for the log of the calls alone. */
function brokenOff(): AppError {
  return new AppError("uploadWrong", {
    hint: "upload_broken_off",
    detail: text(
      "调用方在请求体传完之前断开了连接，未作答复；此前读到的记录已入库",
      "the caller hung up before the body had arrived, and was not answered; the records read before were taken in",
    ),
  });
}

/** The same of a signed call, of which nothing was done. */
function brokenOffCall(): AppError {
  return new AppError("bodyWrong", {
    hint: "call_broken_off",
    detail: text(
      "调用方在请求体传完之前断开了连接，未作答复，也没有执行任何操作",
      "the caller hung up before the body had arrived, and was not answered; nothing was done",
    ),
  });
}

function malformedStatus({ code }: { code?: string }): number {
  return code === "HPE_HEADER_OVERFLOW" ? 431 : code === "ERR_HTTP_REQUEST_TIMEOUT" ? 408 : 400;
}

/** As the log of the calls has it, and where it is explained. */
function malformedHttp({ code, message }: { code?: string; message: string }): AppError {
  const found = code ?? message;
  return new AppError("bodyWrong", {
    hint: "http_malformed",
    detail: text(`无效的 HTTP 请求（${found}）`, `not a valid HTTP request (${found})`),
  });
}

/** What is not even HTTP gets the envelope too, in both languages, since its headers could not be read. */
function refuseMalformedHttp(
  error: Error & { code?: string },
  status: number,
  socket: Duplex,
  requestId: string,
): void {
  const body = JSON.stringify({
    errcode: refusals.bodyWrong.errcode,
    errmsg: `无效的 HTTP 请求 / not a valid HTTP request (${error.code ?? error.message})`,
    hint: "http_malformed",
    doc_url: malformedHttp(error).docUrl,
    request_id: requestId,
  });
  socket.end(
    `HTTP/1.1 ${status} ${http.STATUS_CODES[status]}\r\ncontent-type: application/json; charset=utf-8\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  );
}
