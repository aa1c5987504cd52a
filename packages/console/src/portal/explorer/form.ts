import { kept } from "../debugger/kept.ts";
import type { Diagnosis } from "@dakashi/sdk/mistakes";
import type { Filled, Outcome, SignedCall } from "./call.ts";

/** All that the explorer shows, for as long as the page is not reloaded. */
export interface ExplorerForm extends Filled {
  /** What the server's clock shows beyond this device's, in seconds, once the reader has taken it over. */
  readonly clockOffsetSeconds: number;
  /** The last call, and what came of it. */
  readonly call: SignedCall | undefined;
  readonly outcome: Outcome | "pending" | undefined;
  /** Why the last call could not be signed. */
  readonly refusal: Diagnosis | undefined;
}

export const explorerForm = kept<ExplorerForm>({
  clientId: "",
  secret: "",
  timestamp: "",
  values: {},
  clockOffsetSeconds: 0,
  call: undefined,
  outcome: undefined,
  refusal: undefined,
});
