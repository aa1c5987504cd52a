import type { Operation } from "./http/operation.ts";
import { memberInfo } from "./modules/cards/cards.contract.ts";

/** Every operation of the signed API, in the order of the reference. OpenAPI and the SDK's types are made from these. */
export const operations: readonly Operation[] = [memberInfo];
