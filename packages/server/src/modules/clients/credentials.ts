import { LRUCache } from "lru-cache";
import type { Clock } from "../../clock.ts";
import { gather } from "../../db/gather.ts";
import type { Db } from "../../db/database.ts";
import { invariant } from "../../errors.ts";
import { type AddressList, parseAddressList } from "../../address-list.ts";
import { type CredentialsRow, selectCredentials } from "./clients.queries.ts";
import type { MasterKeys } from "./master-key.ts";

/** What is needed to answer a client, ready for use. */
export interface Credentials {
  readonly clientId: string;
  readonly accountNo: number;
  readonly clientStatus: string;
  readonly accountStatus: string;
  readonly allowList: AddressList;
  /** Null: the platform's default. */
  readonly ratePerSecond: number | null;
  /** The newest first. Some may have expired. */
  readonly secrets: readonly KnownSecret[];
}

/** One of a client's secrets, opened. */
export interface KnownSecret {
  readonly clientId: string;
  readonly secretNo: number;
  readonly secret: string;
  /** Null for the current one. */
  readonly expiresAtMs: number | null;
}

/** Looks up clients' credentials, remembering them for seconds. */
export interface CredentialStore {
  /** The credentials if they are remembered: the hot path, without a promise. `null`: known to be unknown. */
  peek(clientId: string): Credentials | null | undefined;
  /** The credentials of a client, from memory or the database. */
  find(clientId: string): Promise<Credentials | null>;
  /** Forgets a client; all of them for an empty id. */
  drop(clientId: string): void;
}

/**
 * How long credentials are remembered. Changes arrive at once by NOTIFY; this bounds for how long one goes unseen when
 * the connection that listens was lost at just that moment.
 */
const rememberedMs = 5_000;

/** Clients remembered at once, unknown ids included, which anyone can make up: this bounds the memory they take. */
const rememberedMax = 50_000;

export function createCredentialStore(db: Db, keys: MasterKeys, clock: Clock): CredentialStore {
  const remembered = new LRUCache<string, { credentials: Credentials | null }>({
    max: rememberedMax,
    ttl: rememberedMs,
    perf: { now: clock },
    ttlResolution: 0,
  });
  // Counted up by every drop, so that a row read before a change is not remembered after it.
  let generation = 0;

  const fetchOne = gather(
    async (clientIds: readonly string[]) => {
      const asked = generation;
      const found = new Map<string, Found>(clientIds.map((clientId) => [clientId, { credentials: null }]));
      const rows = Map.groupBy(await selectCredentials(db, clientIds), (row) => row.client_id);
      for (const [clientId, secrets] of rows) found.set(clientId, openedCredentials(secrets, keys));
      if (asked === generation)
        for (const [clientId, each] of found) if ("credentials" in each) remembered.set(clientId, each);
      return found;
    },
    { batchMax: 500, inFlightMax: 1 },
  );

  return {
    peek: (clientId) => remembered.get(clientId)?.credentials,
    async find(clientId) {
      const known = remembered.get(clientId) ?? (await fetchOne(clientId));
      invariant(known !== undefined, "every client asked for is found or known to be unknown");
      if ("error" in known) throw known.error;
      return known.credentials;
    },
    drop(clientId) {
      generation++;
      if (clientId === "") remembered.clear();
      else remembered.delete(clientId);
    },
  };
}

/** What a look-up ends with for one client. `error`: its secrets do not open. */
type Found = { readonly credentials: Credentials | null } | { readonly error: unknown };

/** A client whose secrets do not open is kept from calling, but not those that happen to be looked up together with it. */
function openedCredentials(rows: readonly CredentialsRow[], keys: MasterKeys): Found {
  try {
    return { credentials: credentialsOf(rows, keys) };
  } catch (error) {
    return { error };
  }
}

function credentialsOf(rows: readonly CredentialsRow[], keys: MasterKeys): Credentials | null {
  const [row] = rows;
  if (row === undefined) return null;
  return {
    clientId: row.client_id,
    accountNo: row.account_no,
    clientStatus: row.client_status,
    accountStatus: row.account_status,
    allowList: parseAddressList(row.allow_ips),
    ratePerSecond: row.rate_per_second,
    secrets: rows.map(({ secret_no, sealed, key_id, expires_at_ms }) => ({
      clientId: row.client_id,
      secretNo: secret_no,
      secret: keys.open({ sealed, keyId: key_id }, row.client_id),
      expiresAtMs: expires_at_ms,
    })),
  };
}
