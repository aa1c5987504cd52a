import { accountEndpoints } from "./modules/accounts/accounts.endpoints.ts";
import { auditEndpoints } from "./modules/audit/audit.endpoints.ts";
import { cardListEndpoints } from "./modules/cards/card-list.endpoints.ts";
import { cardEndpoints } from "./modules/cards/card.endpoints.ts";
import { callEndpoints } from "./modules/calls/calls.endpoints.ts";
import { clientEndpoints } from "./modules/clients/clients.endpoints.ts";
import { jobEndpoints } from "./modules/jobs/jobs.endpoints.ts";
import { overviewEndpoints } from "./modules/overview/overview.endpoints.ts";
import { productEndpoints } from "./modules/products/products.endpoints.ts";
import { sourceEndpoints } from "./modules/sources/sources.endpoints.ts";
import { staffEndpoints } from "./modules/staff/staff.endpoints.ts";
import { quarantineEndpoints } from "./modules/usage/quarantine.endpoints.ts";

/**
 * Every endpoint of the console, as declared. The console's pages import its type alone: what they may send and what they
 * are answered is checked when they are built.
 */
export const consoleEndpoints = [
  ...overviewEndpoints,
  ...auditEndpoints,
  ...callEndpoints,
  ...accountEndpoints,
  ...clientEndpoints,
  ...cardEndpoints,
  ...productEndpoints,
  ...cardListEndpoints,
  ...sourceEndpoints,
  ...quarantineEndpoints,
  ...jobEndpoints,
  ...staffEndpoints,
] as const;

export type ConsoleEndpoint = (typeof consoleEndpoints)[number];
