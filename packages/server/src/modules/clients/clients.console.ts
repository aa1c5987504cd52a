import { type BoundEndpoint, handle } from "../../web/endpoint.ts";
import {
  createClient,
  endRotation,
  listClients,
  rotateSecret,
  searchClients,
  setClientStatus,
  showClient,
  updateClient,
} from "./clients.endpoints.ts";
import type { ListedClientRow, SecretRow } from "./clients.queries.ts";
import type { ClientService } from "./clients.service.ts";

/** As many clients of one account as are listed. An account has a few. */
const listedMax = 500;

export function clientConsole(
  clients: ClientService,
  { defaultRatePerSecond }: { readonly defaultRatePerSecond: number },
): BoundEndpoint[] {
  async function present(clientId: string) {
    const { secrets, created_at, allow_ips, account_status, ...row } = await clients.get(clientId);
    return {
      ...row,
      // As the schema's check has it.
      account_status: account_status as "normal" | "suspended",
      allow_ips: allow_ips.map(presentRange),
      created_at: created_at.toISOString(),
      default_rate_per_second: defaultRatePerSecond,
      secrets: secrets.map(presentSecret),
    };
  }

  return [
    handle(searchClients, async ({ query }) => {
      const { search, status, cursor, limit = 50 } = query;
      const rows = await clients.list({ search: search?.trim(), status, after: cursor }, limit + 1);
      const list = rows.slice(0, limit).map((row) => ({
        ...presentListed(row),
        account_no: row.account_no,
        account_name: row.account_name,
        // As the schema's check has it.
        account_status: row.account_status as "normal" | "suspended",
      }));
      const last = list.at(-1);
      return { list, ...(rows.length > limit && last !== undefined ? { next_cursor: last.client_id } : {}) };
    }),

    handle(listClients, async ({ params }) => {
      const rows = await clients.listOfAccount(params.account_no, listedMax + 1);
      return { list: rows.slice(0, listedMax).map(presentListed), more: rows.length > listedMax };
    }),

    handle(createClient, async ({ params, body, by }) => {
      const { clientId, clientSecret } = await clients.create(
        { accountNo: String(params.account_no), allowIps: body.allow_ips, ratePerSecond: body.rate_per_second },
        by,
      );
      return { client_id: clientId, client_secret: clientSecret };
    }),

    handle(showClient, ({ params }) => present(params.client_id)),

    handle(updateClient, async ({ params, body, by }) => {
      const { version, allow_ips: allowIps, rate_per_second: ratePerSecond } = body;
      await clients.update(params.client_id, { version, allowIps, ratePerSecond }, by);
      return present(params.client_id);
    }),

    handle(setClientStatus, async ({ params, body, by }) => {
      await clients.setStatus(params.client_id, body, by);
      return present(params.client_id);
    }),

    handle(rotateSecret, async ({ params, body, by }) => {
      const { version, overlap_seconds: overlapSeconds } = body;
      const { clientId, clientSecret } = await clients.rotate(params.client_id, { version, overlapSeconds }, by);
      return { client_id: clientId, client_secret: clientSecret };
    }),

    handle(endRotation, async ({ params, body, by }) => {
      await clients.endOverlap(params.client_id, body, by);
      return present(params.client_id);
    }),
  ];
}

function presentListed(row: ListedClientRow) {
  return {
    client_id: row.client_id,
    status: row.status,
    allow_ips: row.allow_ips.map(presentRange),
    rate_per_second: row.rate_per_second,
    created_at: row.created_at.toISOString(),
    last_used_at: row.last_used_at?.toISOString() ?? null,
    rotating: row.rotating,
  };
}

/** A single address as people write it. */
function presentRange(range: string): string {
  return range.replace(range.includes(":") ? /\/128$/ : /\/32$/, "");
}

function presentSecret({ secret_no, created_at, expires_at, last_used_at, expired }: SecretRow) {
  const state = expired ? ("expired" as const) : expires_at === null ? ("current" as const) : ("ending" as const);
  return {
    secret_no,
    state,
    created_at: created_at.toISOString(),
    expires_at: expires_at?.toISOString() ?? null,
    last_used_at: last_used_at?.toISOString() ?? null,
  };
}
