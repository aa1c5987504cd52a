import type { IncomingMessage, ServerResponse } from "node:http";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { Compile } from "typebox/compile";
import { Value } from "typebox/value";
import type { TSchema } from "typebox";
import type { Actor } from "../actor.ts";
import type { AddressList } from "../address-list.ts";
import { isUnavailable, isUnstorable } from "../db/database.ts";
import { ConflictError, FieldError, MissingError, OperatorError, TooLargeError } from "../errors.ts";
import { clientAddress } from "../http/client-address.ts";
import { languageOf } from "../http/envelope.ts";
import type { Logger } from "../log.ts";
import { clientAddressHeader, requestIdHeader } from "../modules/staff/better-auth.ts";
import type { SignIn, SignedIn } from "../modules/staff/sign-in.ts";
import { mayActAs } from "../modules/staff/staff.ts";
import { type Text, text } from "../text.ts";
import type { BoundEndpoint, ConsoleCall, Download } from "./endpoint.ts";
import { webPages } from "./pages.ts";
import { isFromOurPage, originOf, setSecurityHeaders } from "./security.ts";

/** What the HTTP server hands over with a request. */
export interface WebRequest {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly requestId: string;
  /** Lifts the limit on how long the request may take to arrive. */
  readonly keepOpen: () => void;
}

/** The console, the portal, and what they call: everything under /console, /docs and /static. */
export interface WebApplication {
  answers(path: string, method: string | undefined): boolean;
  handle(web: WebRequest): void;
  close(): Promise<void>;
}

export interface WebOptions {
  readonly endpoints: readonly BoundEndpoint[];
  readonly signIn: SignIn;
  readonly publicUrl: string | undefined;
  readonly trustedProxies: AddressList;
  readonly log: Logger;
}

/** A refusal of a console call, as the browser is told. */
class ConsoleRefusal extends Error {
  readonly status: number;
  readonly code: string;
  readonly text: Text;
  readonly field: string | undefined;

  constructor(status: number, code: string, problem: Text, field?: string) {
    super(problem.en);
    this.status = status;
    this.code = code;
    this.text = problem;
    this.field = field;
  }
}

const apiPath = "/console/api";

/**
 * Whose page a call is made from. Two tabs of a browser have one cookie: what somebody has typed must not be sent in the
 * name of whoever has signed in in the other tab meanwhile.
 */
const staffHeader = "x-dks-staff";

function isForSomeoneElse(request: FastifyRequest, { staffId }: SignedIn): boolean {
  const given = request.headers[staffHeader];
  return given !== undefined && given !== staffId;
}

/** Loaded when a server starts, and not by commands, which never answer a page. */
export async function createWebApplication(options: WebOptions): Promise<WebApplication> {
  const { endpoints, signIn, publicUrl, trustedProxies, log } = options;
  const { default: fastify } = await import("fastify");
  const pages = webPages();
  const app = fastify({ logger: false, bodyLimit: 1024 * 1024, routerOptions: { maxParamLength: 500 } });
  /** What came with each request besides itself. */
  const webOf = new WeakMap<IncomingMessage, WebRequest>();

  app.setErrorHandler((error, request, reply) => refuse(error, request, reply));
  app.setNotFoundHandler((request, reply) =>
    refuse(new ConsoleRefusal(404, "not_found", text("没有这个接口", "no such endpoint")), request, reply),
  );
  // On the way in, before any body is read.
  app.addHook("onRequest", (request, _reply, next) => {
    const write = request.method !== "GET" && request.method !== "HEAD";
    next(
      write && !isFromOurPage(request.raw, originOf(request.raw, publicUrl, trustedProxies))
        ? foreignPage()
        : undefined,
    );
  });

  void app.register((scope, _options, done) => {
    // Sign-in reads and checks its bodies itself.
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser("*", { parseAs: "buffer", bodyLimit: 16 * 1024 }, (_request, body, parsed) =>
      parsed(null, body),
    );
    scope.route({
      method: ["GET", "POST"],
      url: `${apiPath}/auth/*`,
      async onRequest(request) {
        // A page asks for its own person's changes only; to sign in again it says nothing.
        if (request.headers[staffHeader] === undefined) return;
        const who = await signIn.signedIn(webHeaders(request));
        if (who !== undefined && isForSomeoneElse(request, who)) throw someoneElse(who);
      },
      handler: async (request, reply) => sendWebResponse(reply, await signIn.handle(authRequest(request))),
    });
    done();
  });
  void app.register((scope, _options, done) => {
    // An upload is read by its handler, as it arrives.
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser("*", (_request, _body, parsed) => parsed(null));
    for (const bound of endpoints) if (bound.endpoint.upload === true) addRoute(scope, bound);
    done();
  });
  for (const bound of endpoints) if (bound.endpoint.upload !== true) addRoute(app, bound);
  await app.ready();

  function addRoute(scope: FastifyInstance, { endpoint, run }: BoundEndpoint): void {
    const params = checker(endpoint.params, true);
    const query = checker(endpoint.query, true);
    const body = checker(endpoint.body, false);
    const signedInAs = new WeakMap<FastifyRequest, SignedIn>();
    scope.route({
      method: endpoint.method,
      url: apiPath + endpoint.path,
      // Before the body is read: whoever may not call is not listened to.
      async onRequest(request) {
        const who = await signIn.signedIn(webHeaders(request));
        if (who === undefined) throw signedOut();
        if (isForSomeoneElse(request, who)) throw someoneElse(who);
        if (who.mustChangePassword && endpoint.beforePasswordChange !== true) throw passwordChangeNeeded();
        if (!mayActAs(who.role, endpoint.role)) throw roleTooLow();
        signedInAs.set(request, who);
      },
      async handler(request, reply) {
        const who = signedInAs.get(request) as SignedIn;
        const web = webOf.get(request.raw) as WebRequest;
        const call: ConsoleCall = {
          params: params(request.params),
          query: query(request.query),
          body: body(request.body),
          by: actorOf(who, request, web),
          role: who.role,
          sessionId: who.sessionId,
          language: languageOf(request.raw),
          request: web.request,
          response: web.response,
          keepOpen: web.keepOpen,
        };
        const answer = await run(call);
        if (isDownload(answer)) return sendDownload(reply, answer);
        void reply.header("cache-control", "no-store");
        if (answer === undefined) return reply.code(204).send();
        return reply.send(answer);
      },
    });
  }

  function actorOf(who: SignedIn, request: FastifyRequest, web: WebRequest): Actor {
    return {
      kind: "staff",
      id: who.staffId,
      name: who.name,
      address: clientAddress(request.raw, trustedProxies),
      requestId: web.requestId,
    };
  }

  function webHeaders(request: FastifyRequest): Headers {
    const headers = new Headers();
    for (const [name, value] of Object.entries(request.raw.headers))
      if (value !== undefined) headers.set(name, Array.isArray(value) ? value.join(", ") : value);
    // What a caller itself sends under these names is overwritten.
    headers.set(clientAddressHeader, clientAddress(request.raw, trustedProxies));
    headers.set(requestIdHeader, webOf.get(request.raw)?.requestId ?? "");
    return headers;
  }

  function authRequest(request: FastifyRequest): Request {
    return new Request(originOf(request.raw, publicUrl, trustedProxies) + request.url, {
      method: request.method,
      headers: webHeaders(request),
      ...(request.method === "GET" ? {} : { body: new Uint8Array(request.body as Buffer) }),
    });
  }

  function refuse(error: unknown, request: FastifyRequest, reply: FastifyReply): void {
    const refusal = toRefusal(error);
    // A link to a file, followed after the session has ended: the page lets one sign in.
    if (refusal.code === signedOutCode && request.headers["sec-fetch-mode"] === "navigate")
      return void reply.header("cache-control", "no-store").redirect("/console/", 303);
    if (refusal.status === 500)
      log.error({ err: error, path: request.url, request_id: reply.getHeader("x-request-id") }, "console call failed");
    void reply
      .code(refusal.status)
      .header("cache-control", "no-store")
      .send({
        error: {
          code: refusal.code,
          message: refusal.text[languageOf(request.raw)],
          ...(refusal.field === undefined ? {} : { field: refusal.field }),
        },
      });
  }

  function answerPage(web: WebRequest, path: string): void {
    const { request, response } = web;
    if (request.method !== "GET" && request.method !== "HEAD") {
      response.writeHead(405, { allow: "GET, HEAD", "content-length": 0 });
      response.end();
    } else if (path === "/") {
      response.writeHead(302, { location: "/docs/", "content-length": 0 });
      response.end();
    } else if (path.startsWith("/static/")) pages.files(request, response);
    else if (isBelow(path, "/console")) pages.console(request, response);
    else pages.portal(request, response);
  }

  return {
    // A POST to / is a call whose path is missing, and is told so like every other wrong path.
    answers: (path, method) =>
      (path === "/" && (method === "GET" || method === "HEAD")) ||
      path.startsWith("/static/") ||
      isBelow(path, "/console") ||
      isBelow(path, "/docs"),
    handle(web) {
      const { request, response, requestId } = web;
      const path = (request.url ?? "/").replace(/\?.*$/s, "");
      setSecurityHeaders(response);
      response.setHeader("x-request-id", requestId);
      if (!isBelow(path, apiPath)) return answerPage(web, path);
      webOf.set(request, web);
      app.routing(request, response);
    },
    close: () => app.close(),
  };
}

function isBelow(path: string, prefix: string): boolean {
  return path === prefix || path.startsWith(`${prefix}/`);
}

/** Makes what checks a part of a request. What comes as text, in a path or a query, is read as what is declared. */
function checker(schema: TSchema | undefined, fromText: boolean): (value: unknown) => unknown {
  if (schema === undefined) return () => undefined;
  const validator = Compile(schema);
  return (value) => {
    const read = fromText ? Value.Convert(schema, structuredClone({ ...(value as object) })) : value;
    if (validator.Check(read)) return read;
    const [first] = validator.Errors(read);
    const field = first === undefined ? "" : fieldOf(first);
    throw new ConsoleRefusal(
      422,
      "invalid",
      field === ""
        ? text("请求内容不完整或格式不对", "the request is incomplete or malformed")
        : text(`“${field}” 缺失或格式不对`, `"${field}" is missing or malformed`),
      field,
    );
  };
}

function fieldOf(error: { readonly instancePath: string; readonly params: object }): string {
  const path = error.instancePath.replace(/^\//, "").replaceAll("/", ".");
  const [missing] = "requiredProperties" in error.params ? (error.params.requiredProperties as string[]) : [];
  return [path, missing].filter((part) => part !== undefined && part !== "").join(".");
}

function toRefusal(error: unknown): ConsoleRefusal {
  if (error instanceof ConsoleRefusal) return error;
  if (error instanceof MissingError) return new ConsoleRefusal(404, "missing", error.text);
  if (error instanceof ConflictError) return new ConsoleRefusal(409, "conflict", error.text);
  if (error instanceof TooLargeError) return new ConsoleRefusal(413, "too_large", error.text);
  if (error instanceof FieldError) return new ConsoleRefusal(422, "refused", error.text, error.field);
  if (error instanceof OperatorError) return new ConsoleRefusal(422, "refused", error.text);
  if (isUnstorable(error))
    return new ConsoleRefusal(
      422,
      "invalid",
      text("请求中有无法识别的字符或日期", "the request has a character or a date that there is not"),
    );
  if (isUnavailable(error))
    return new ConsoleRefusal(
      503,
      "unavailable",
      text(
        "数据库暂不可用，未做任何更改，请稍后重试",
        "the database is not available; nothing was changed, try again later",
      ),
    );
  // What Fastify refuses by itself: malformed JSON, a wrong content type, a body that is too large.
  if (error instanceof Error && "statusCode" in error && typeof error.statusCode === "number" && error.statusCode < 500)
    return new ConsoleRefusal(
      error.statusCode,
      "malformed",
      text(`请求无法读取（${error.message}）`, `the request cannot be read (${error.message})`),
    );
  return new ConsoleRefusal(
    500,
    "unknown",
    text("服务器内部错误，已记入日志", "internal error of the server; it has been logged"),
  );
}

const signedOutCode = "signed_out";

function signedOut(): ConsoleRefusal {
  return new ConsoleRefusal(
    401,
    signedOutCode,
    text("登录已过期，请重新登录", "you are not signed in any more; sign in again"),
  );
}

function someoneElse({ name }: SignedIn): ConsoleRefusal {
  return new ConsoleRefusal(
    401,
    "someone_else",
    text(`此浏览器中现在登录的是${name}`, `${name} is signed in in this browser now`),
  );
}

function passwordChangeNeeded(): ConsoleRefusal {
  return new ConsoleRefusal(
    403,
    "password_change_needed",
    text("请先修改初始密码", "change your first password first"),
  );
}

function roleTooLow(): ConsoleRefusal {
  return new ConsoleRefusal(403, "role_too_low", text("你的角色不允许此操作", "your role does not allow this"));
}

function foreignPage(): ConsoleRefusal {
  return new ConsoleRefusal(
    403,
    "foreign_page",
    text("请求不是来自本站页面，已拒绝", "the request does not come from a page of this site and was refused"),
  );
}

function isDownload(answer: unknown): answer is Download {
  return typeof answer === "object" && answer !== null && "stream" in answer && "fileName" in answer;
}

function sendDownload(reply: FastifyReply, { fileName, contentType, sizeBytes, stream }: Download): FastifyReply {
  if (sizeBytes !== undefined) void reply.header("content-length", sizeBytes);
  return reply
    .header("cache-control", "no-store")
    .header("content-type", contentType)
    .header("content-disposition", `attachment; filename*=UTF-8''${encodeURIComponent(fileName)}`)
    .send(stream);
}

async function sendWebResponse(reply: FastifyReply, answer: Response): Promise<FastifyReply> {
  void reply.code(answer.status).header("cache-control", "no-store");
  for (const [name, value] of answer.headers) if (name !== "set-cookie") void reply.header(name, value);
  for (const cookie of answer.headers.getSetCookie()) void reply.header("set-cookie", cookie);
  return reply.send(Buffer.from(await answer.arrayBuffer()));
}
