import { randomInt } from "node:crypto";
import ipaddr from "ipaddr.js";
import type pg from "pg";
import type { Actor } from "../../actor.ts";
import { isAddressOrRange } from "../../address-list.ts";
import { type Db, transaction } from "../../db/database.ts";
import { FieldError, MissingError } from "../../errors.ts";
import { text } from "../../text.ts";
import { refuseStale } from "../../version.ts";
import { recordAudit } from "../audit/audit.service.ts";
import { changedValues } from "../audit/changed-values.ts";
import {
  type ClientFilter,
  type ClientOfAccountRow,
  type ClientRow,
  type ClientStatus,
  type FoundClientRow,
  type ListedClientRow,
  type SecretRow,
  endOverlap,
  expireSecrets,
  insertClient,
  insertSecret,
  lockClient,
  lockSecrets,
  notifyCredentials,
  notifyCredentialsOf,
  selectClient,
  selectClientIds,
  selectClients,
  selectClientsOfAccount,
  selectFirstOfAccount,
  selectSealedUnderOther,
  selectSecrets,
  updateClient,
  updateSealed,
} from "./clients.queries.ts";
import type { MasterKeys } from "./master-key.ts";

/** A client's id and its secret, in the clear: given out once. */
export interface IssuedSecret {
  readonly clientId: string;
  readonly clientSecret: string;
}

export interface NewClient {
  readonly accountNo: string;
  /** IP addresses or CIDR ranges; none means that any address may call. */
  readonly allowIps: readonly string[];
  /** Null: the platform's default. */
  readonly ratePerSecond: number | null;
}

/**
 * The version of the client in view of which it is changed; none at the command line. A change in view of an older one
 * throws a ConflictError.
 */
interface Seen {
  readonly version?: number;
}

export interface ClientEdit extends Seen {
  readonly allowIps: readonly string[];
  readonly ratePerSecond: number | null;
}

/** A client with its secrets, as far as they may be shown. */
export interface ClientDetails extends ClientOfAccountRow {
  /** The newest first; of the expired only the last few. */
  readonly secrets: readonly SecretRow[];
}

/** What is about one client throws a MissingError if there is none of that id. */
export interface ClientService {
  create(client: NewClient, by: Actor): Promise<IssuedSecret>;
  /** Gives a client a new secret; the old one verifies until the overlap ends. */
  rotate(clientId: string, rotation: Seen & { readonly overlapSeconds: number }, by: Actor): Promise<IssuedSecret>;
  /** Only the newest secret verifies from the commit on. */
  endOverlap(clientId: string, seen: Seen, by: Actor): Promise<void>;
  /** Throws a FieldError for what is neither an address nor a range. */
  update(clientId: string, edit: ClientEdit, by: Actor): Promise<void>;
  setStatus(clientId: string, change: Seen & { readonly status: ClientStatus }, by: Actor): Promise<void>;
  get(clientId: string): Promise<ClientDetails>;
  /** Of all accounts, the newest first. */
  list(filter: ClientFilter, limit: number): Promise<FoundClientRow[]>;
  /** An account's clients, the oldest first. */
  listOfAccount(accountNo: number, limit: number): Promise<ListedClientRow[]>;
  /** The oldest client of an account with its current secret, if it has any. */
  findOfAccount(accountNo: number): Promise<IssuedSecret | undefined>;
  /** Tells every process, when the caller's transaction commits, to read the credentials of an account's clients anew. */
  announceOfAccount(db: Db, accountNo: number): Promise<void>;
  /** Seals every secret under the current master key that is sealed under another; returns how many were. */
  resealSecrets(by: Actor): Promise<number>;
}

export function createClientService(pool: pg.Pool, keys: MasterKeys): ClientService {
  /** Changes a client that nobody else has changed since it was read, and lets every process know. */
  function change<T>(clientId: string, { version }: Seen, work: (db: Db, client: ClientRow) => Promise<T>): Promise<T> {
    return transaction(pool, async (db) => {
      const client = await lockClient(db, clientId);
      if (client === undefined) throw noSuchClient(clientId);
      refuseStale(version, client.version);
      const result = await work(db, client);
      await notifyCredentials(db, clientId);
      return result;
    });
  }

  return {
    async create({ accountNo, allowIps, ratePerSecond }, by) {
      const issued = { clientId: `iot${randomLetters(20)}`, clientSecret: randomLetters(40) };
      const ranges = parseAllowList(allowIps);
      await transaction(pool, async (db) => {
        await insertClient(db, { clientId: issued.clientId, accountNo, allowIps: ranges, ratePerSecond });
        await insertSecret(db, { clientId: issued.clientId, ...keys.seal(issued.clientSecret, issued.clientId) });
        // Someone may have called with this id before it existed, and be remembered as unknown.
        await notifyCredentials(db, issued.clientId);
        await recordAudit(db, by, {
          action: "client.create",
          object: { kind: "client", id: issued.clientId },
          after: { account_no: Number(accountNo), allow_ips: ranges, rate_per_second: ratePerSecond },
        });
      }).catch((error: unknown) => {
        throw isConstraint(error, "client_account_no_fkey") ? noSuchAccount(accountNo) : error;
      });
      return issued;
    },

    rotate(clientId, rotation, by) {
      const issued = { clientId, clientSecret: randomLetters(40) };
      const { overlapSeconds } = rotation;
      return change(clientId, rotation, async (db, client) => {
        await lockSecrets(db, [clientId]);
        await expireSecrets(db, clientId, overlapSeconds);
        const secretNo = await insertSecret(db, { clientId, ...keys.seal(issued.clientSecret, clientId) });
        await updateClient(db, client);
        await recordAudit(db, by, {
          action: "client.rotate",
          object: { kind: "client", id: clientId },
          after: { secret_no: secretNo, overlap_seconds: overlapSeconds },
        });
        return issued;
      });
    },

    endOverlap(clientId, seen, by) {
      return change(clientId, seen, async (db, client) => {
        await lockSecrets(db, [clientId]);
        const ended = await endOverlap(db, clientId);
        if (ended.length === 0) return;
        await updateClient(db, client);
        await recordAudit(db, by, {
          action: "client.end_overlap",
          object: { kind: "client", id: clientId },
          after: { ended_secret_nos: ended },
        });
      });
    },

    update(clientId, edit, by) {
      const after = { allow_ips: parseAllowList(edit.allowIps), rate_per_second: edit.ratePerSecond };
      return change(clientId, edit, async (db, client) => {
        const changed = changedValues({ ...client }, after);
        if (changed === undefined) return;
        await updateClient(db, { ...client, ...after });
        await recordAudit(db, by, { action: "client.update", object: { kind: "client", id: clientId }, ...changed });
      });
    },

    setStatus(clientId, { status, ...seen }, by) {
      return change(clientId, seen, async (db, client) => {
        if (client.status === status) return;
        await updateClient(db, { ...client, status });
        await recordAudit(db, by, {
          action: status === "suspended" ? "client.suspend" : "client.resume",
          object: { kind: "client", id: clientId },
          before: { status: client.status },
          after: { status },
        });
      });
    },

    async get(clientId) {
      const client = await selectClient(pool, clientId);
      if (client === undefined) throw noSuchClient(clientId);
      return { ...client, secrets: await selectSecrets(pool, clientId) };
    },

    list: (filter, limit) => selectClients(pool, filter, limit),
    listOfAccount: (accountNo, limit) => selectClientsOfAccount(pool, accountNo, limit),

    async findOfAccount(accountNo) {
      const row = await selectFirstOfAccount(pool, accountNo);
      if (row === undefined) return undefined;
      return {
        clientId: row.client_id,
        clientSecret: keys.open({ sealed: row.sealed, keyId: row.key_id }, row.client_id),
      };
    },

    announceOfAccount: async (db, accountNo) => notifyCredentialsOf(db, await selectClientIds(db, accountNo)),

    async resealSecrets(by) {
      // In portions, so that neither memory nor the time for which rows are locked grows with the number of clients.
      for (let total = 0; ;) {
        const done = await transaction(pool, async (db) => {
          const rows = await selectSealedUnderOther(db, keys.currentId, 500);
          if (rows.length === 0) return 0;
          for (const row of rows) {
            const secret = keys.open({ sealed: row.sealed, keyId: row.key_id }, row.client_id);
            const { sealed, keyId } = keys.seal(secret, row.client_id);
            await updateSealed(db, { ...row, sealed, key_id: keyId });
          }
          await recordAudit(db, by, {
            action: "master_key.reseal",
            object: { kind: "master_key", id: keys.currentId },
            after: { secrets: rows.length },
          });
          return rows.length;
        });
        if (done === 0) return total;
        total += done;
      }
    },
  };
}

const alphabet = "abcdefghijklmnopqrstuvwxyz0123456789";

/** Lower-case letters and digits from the system's randomness, 5.17 bits each. */
function randomLetters(length: number): string {
  return Array.from({ length }, () => alphabet[randomInt(alphabet.length)]).join("");
}

/** Far more than anyone needs, and few enough to be compared with on every call. */
const allowIpsMax = 500;

function parseAllowList(allowIps: readonly string[]): string[] {
  if (allowIps.length > allowIpsMax)
    throw new FieldError(
      "allow_ips",
      text(`白名单最多 ${allowIpsMax} 条`, `an allow-list has at most ${allowIpsMax} entries`),
    );
  const trimmed = allowIps.map((range) => range.trim());
  const wrong = trimmed.filter((range) => !isAddressOrRange(range));
  if (wrong.length > 0) throw notRanges(wrong);
  return [...new Set(trimmed.map(parseRange))];
}

/** As many wrong entries as are named. */
const namedMax = 5;

function notRanges(wrong: readonly string[]): FieldError {
  const named = wrong.slice(0, namedMax);
  const [zh, en] = [named.map((range) => `“${range}”`).join("、"), named.map((range) => `"${range}"`).join(", ")];
  const more = wrong.length - named.length;
  return new FieldError(
    "allow_ips",
    text(
      `${zh}${more > 0 ? `等 ${wrong.length} 条` : ""} 不是 IP 地址或网段，应形如 203.0.113.7、203.0.113.0/24 或 2001:db8::/32。`,
      `${en}${more > 0 ? ` and ${more} more are` : wrong.length > 1 ? " are" : " is"} neither an IP address nor a CIDR range, such as 203.0.113.7, 203.0.113.0/24 or 2001:db8::/32.`,
    ),
  );
}

/** An address or a range as PostgreSQL's cidr prints it: with its prefix, and the bits behind that cleared. */
function parseRange(range: string): string {
  if (!range.includes("/")) {
    const address = ipaddr.process(range);
    return `${address.toString()}/${address.kind() === "ipv4" ? 32 : 128}`;
  }
  const [address, bits] = ipaddr.parseCIDR(range);
  const network = address.kind() === "ipv4" ? ipaddr.IPv4 : ipaddr.IPv6;
  return `${network.networkAddressFromCIDR(range).toString()}/${bits}`;
}

function isConstraint(error: unknown, name: string): boolean {
  if (!(error instanceof Error) || !("constraint" in error) || typeof error.constraint !== "string") return false;
  // On Citus the name has the shard's number behind it.
  return error.constraint.replace(/_[0-9]+$/, "") === name;
}

function noSuchAccount(accountNo: string): MissingError {
  return new MissingError(
    text(
      `没有账户 ${accountNo}，请先创建（命令行：dks account create）。`,
      `There is no account ${accountNo}; create one first (at the command line: dks account create).`,
    ),
  );
}

function noSuchClient(clientId: string): MissingError {
  return new MissingError(text(`没有客户端 ${clientId}。`, `There is no client ${clientId}.`));
}
