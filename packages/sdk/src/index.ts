import { buildClient, type Client } from "./client.ts";
import { type OperationTypes, operations } from "./operations.ts";
import type { ClientOptions } from "./options.ts";

export type { CallOptions } from "./call.ts";
export { DakashiConnectionError, DakashiError, DakashiTimeoutError } from "./errors.ts";
export type { Answer } from "./exchange.ts";
export type * from "./operations.ts";
export type { ClientOptions } from "./options.ts";
export { SignatureInputError } from "./signature.ts";

/** A method for each operation of the signed API. */
export type DakashiClient = Client<typeof operations, OperationTypes>;

/**
 * Makes a client of the signed API. Make one and keep it: it remembers the correction of a wrong clock.
 *
 * @throws {TypeError} if an option is missing or malformed.
 */
export function createClient(options: ClientOptions): DakashiClient {
  return buildClient(operations, options);
}
