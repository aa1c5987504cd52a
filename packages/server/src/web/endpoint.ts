import type { IncomingMessage, ServerResponse } from "node:http";
import type { Readable } from "node:stream";
import type { Static, TObject, TSchema } from "typebox";
import type { Actor } from "../actor.ts";
import type { Role } from "../modules/staff/staff.ts";
import type { Language } from "../text.ts";

/** An object in a query string or a path, or nothing. */
type Fields = TObject | undefined;

/**
 * One endpoint of the console, declared once: what the server checks and answers and the types of the console's calls
 * derive from it. `path` is below `/console/api`; a part that begins with a colon is one of `params`.
 */
export interface Endpoint<
  M extends Method = Method,
  Path extends string = string,
  Params extends Fields = Fields,
  Query extends Fields = Fields,
  Body extends TSchema | undefined = TSchema | undefined,
  Answer extends TSchema | undefined = TSchema | undefined,
> {
  readonly method: M;
  readonly path: Path;
  /** The least role that may call it. */
  readonly role: Role;
  readonly params?: Params;
  readonly query?: Query;
  /** What is sent as JSON. */
  readonly body?: Body;
  /** What is answered as JSON; left out where the answer is a {@link Download}, or nothing. */
  readonly answer?: Answer;
  /** May be called by who has not changed a first password yet. */
  readonly beforePasswordChange?: true;
  /** The body is a file of any size, which the handler reads from `request` itself. */
  readonly upload?: true;
}

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

export function endpoint<
  const M extends Method,
  const Path extends `/${string}`,
  Params extends Fields = undefined,
  Query extends Fields = undefined,
  Body extends TSchema | undefined = undefined,
  Answer extends TSchema | undefined = undefined,
>(declared: Endpoint<M, Path, Params, Query, Body, Answer>): Endpoint<M, Path, Params, Query, Body, Answer> {
  return declared;
}

/** What a declared part of a request is to its handler; nothing where it is not declared. */
type Given<S> = S extends TSchema ? Static<S> : undefined;

/** A call of the console by someone who is signed in and has the role for it. */
export interface ConsoleCall<Params = unknown, Query = unknown, Body = unknown> {
  readonly params: Params;
  readonly query: Query;
  readonly body: Body;
  /** Whom the audit log remembers. */
  readonly by: Actor;
  readonly role: Role;
  /** The session it is made in. */
  readonly sessionId: string;
  readonly language: Language;
  /** For uploads, which read the body themselves. Whoever does first lifts the server's limit on how long a request may take. */
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly keepOpen: () => void;
}

/** A file that is sent as it is made, under a name for the browser to keep it by. */
export interface Download {
  readonly fileName: string;
  readonly contentType: string;
  /** Where it is known before the file is made, so that the browser can say how much is still to come. */
  readonly sizeBytes?: number;
  readonly stream: Readable;
}

/** A declaration with what carries it out. */
export interface BoundEndpoint {
  readonly endpoint: Endpoint;
  readonly run: (call: ConsoleCall) => Promise<unknown>;
}

/** Binds a declaration to its handler. What the handler is given has been checked against the declaration. */
export function handle<
  M extends Method,
  Path extends string,
  Params extends Fields,
  Query extends Fields,
  Body extends TSchema | undefined,
  Answer extends TSchema | undefined,
>(
  declared: Endpoint<M, Path, Params, Query, Body, Answer>,
  run: (
    call: ConsoleCall<Given<Params>, Given<Query>, Given<Body>>,
  ) => Promise<Answer extends TSchema ? Static<Answer> : Download | void>,
): BoundEndpoint {
  return {
    endpoint: declared,
    // The web application calls it with what it has checked against this very declaration.
    run: run as (call: ConsoleCall) => Promise<unknown>,
  };
}
