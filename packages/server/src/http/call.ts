import type { IncomingMessage } from "node:http";
import type { Socket } from "node:net";
import type { AppError } from "../errors.ts";
import type { Parameters } from "./body.ts";
import type { Caller, Route } from "./operation.ts";
import type { UploadNotes } from "./upload.ts";

/** A call that is over, for whoever keeps a log of them. */
export interface EndedCall {
  readonly requestId: string;
  /** When its headers had arrived, in milliseconds since 1970. */
  readonly atMs: number;
  readonly elapsedMs: number;
  readonly path: string;
  /** Undefined: what arrived was no HTTP. */
  readonly request: IncomingMessage | undefined;
  readonly socket: Socket | undefined;
  /** The operation of the signed API that was called, if there is one. */
  readonly route: Route | undefined;
  /** As received; undefined where the body was not read, or is none. */
  readonly parameters: Parameters | undefined;
  /** Whose signature it was; undefined where that is not known. */
  readonly caller: Caller | undefined;
  /** Of an upload. */
  readonly notes: UploadNotes | undefined;
  /** Undefined: it succeeded. */
  readonly refusal: AppError | undefined;
  /** The HTTP status of the answer; undefined where the caller had hung up before there was one. */
  readonly status: number | undefined;
}
