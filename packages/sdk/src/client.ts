import { type CallOptions, createCall, type GivenParameters, type Operation } from "./call.ts";
import type { Answer } from "./exchange.ts";
import { checkOptions, type ClientOptions } from "./options.ts";

/** The parameters and the answer's data of each operation. */
type TypesOf<Operations> = {
  readonly [Name in keyof Operations]: { parameters: object; data: unknown };
};

/** A write's `request_no` may be left out: the client makes one. */
type CallParameters<IsWrite, Parameters> = IsWrite extends true
  ? Omit<Parameters, "request_no"> & Partial<Pick<Parameters, "request_no" & keyof Parameters>>
  : Parameters;

/** Parameters may be left out where none is required. */
type CallArguments<Parameters> =
  Partial<Parameters> extends Parameters
    ? [parameters?: Parameters, options?: CallOptions]
    : [parameters: Parameters, options?: CallOptions];

/** One operation of the platform. */
interface Method<Parameters, Data> {
  /**
   * Resolves to the answer's data.
   *
   * @throws {DakashiError} if the platform refused the call.
   * @throws {DakashiConnectionError} if no answer of the platform came; {@link DakashiTimeoutError} if not in time.
   * @throws {SignatureInputError} if a parameter cannot be signed; nothing was sent.
   */
  (...args: CallArguments<Parameters>): Promise<Data>;
  /** The same call, resolving to the data together with the platform's `requestId` and a write's `requestNo`. */
  withResponse(...args: CallArguments<Parameters>): Promise<Answer<Data>>;
}

export type Client<Operations extends Readonly<Record<string, Operation>>, Types extends TypesOf<Operations>> = {
  readonly [Name in keyof Operations]: Method<
    CallParameters<Operations[Name]["write"], Types[Name]["parameters"]>,
    Types[Name]["data"]
  >;
};

/** A client with one method for each operation. The secret lives in closures only, where nothing prints it. */
export function buildClient<
  const Operations extends Readonly<Record<string, Operation>>,
  Types extends TypesOf<Operations>,
>(operations: Operations, options: ClientOptions): Client<Operations, Types> {
  const call = createCall(checkOptions(options));
  const methods = Object.entries(operations).map(([name, operation]) => {
    // Async, so that a misuse rejects as every other failure does.
    const withResponse = async (parameters: GivenParameters = {}, callOptions: CallOptions = {}) =>
      call(operation, parameters, callOptions);
    const method = async (parameters?: GivenParameters, callOptions?: CallOptions) =>
      (await withResponse(parameters, callOptions)).data;
    return [name, Object.assign(method, { withResponse })] as const;
  });
  // The declared types are a promise about the platform's answers, which nothing at run time can check.
  return Object.freeze(Object.fromEntries(methods)) as unknown as Client<Operations, Types>;
}
