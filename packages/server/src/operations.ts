import type { Operation } from "./http/operation.ts";
import { memberBatchInfo, memberInfo, memberList } from "./modules/cards/cards.contract.ts";
import { memberUsageDaily, memberUsageMonth } from "./modules/usage/usage.contract.ts";

/** Every operation of the signed API, in the order of the reference. OpenAPI and the SDK's types are made from these. */
export const operations: readonly Operation[] = [
  memberInfo,
  memberBatchInfo,
  memberList,
  memberUsageDaily,
  memberUsageMonth,
];
