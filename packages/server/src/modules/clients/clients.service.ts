import { randomInt } from "node:crypto";
import ipaddr from "ipaddr.js";
import type pg from "pg";
import { isAddressOrRange } from "../../address-list.ts";
import { transaction } from "../../db/database.ts";
import { OperatorError } from "../../errors.ts";
import { text } from "../../text.ts";
import {
  expireSecrets,
  insertClient,
  insertSecret,
  lockClient,
  notifyCredentials,
  selectFirstOfAccount,
  selectSealedUnderOther,
  updateSealed,
  updateStatus,
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

export interface ClientService {
  create(client: NewClient): Promise<IssuedSecret>;
  /** Gives a client a new secret; the old one verifies until the overlap ends. */
  rotate(clientId: string, overlapSeconds: number): Promise<IssuedSecret>;
  setStatus(clientId: string, status: "normal" | "suspended"): Promise<void>;
  /** The oldest client of an account with its current secret, if it has any. */
  findOfAccount(accountNo: number): Promise<IssuedSecret | undefined>;
  /** Seals every secret under the current master key that is sealed under another; returns how many were. */
  resealSecrets(): Promise<number>;
}

export function createClientService(pool: pg.Pool, keys: MasterKeys): ClientService {
  return {
    async create({ accountNo, allowIps, ratePerSecond }) {
      const issued = { clientId: `iot${randomLetters(20)}`, clientSecret: randomLetters(40) };
      const ranges = allowIps.map(parseRange);
      await transaction(pool, async (db) => {
        await insertClient(db, { clientId: issued.clientId, accountNo, allowIps: ranges, ratePerSecond });
        await insertSecret(db, { clientId: issued.clientId, ...keys.seal(issued.clientSecret, issued.clientId) });
        // Someone may have called with this id before it existed, and be remembered as unknown.
        await notifyCredentials(db, issued.clientId);
      }).catch((error: unknown) => {
        throw isConstraint(error, "client_account_no_fkey") ? noSuchAccount(accountNo) : error;
      });
      return issued;
    },

    async rotate(clientId, overlapSeconds) {
      const issued = { clientId, clientSecret: randomLetters(40) };
      await transaction(pool, async (db) => {
        if (!(await lockClient(db, clientId))) throw noSuchClient(clientId);
        await expireSecrets(db, clientId, overlapSeconds);
        await insertSecret(db, { clientId, ...keys.seal(issued.clientSecret, clientId) });
        await notifyCredentials(db, clientId);
      });
      return issued;
    },

    async setStatus(clientId, status) {
      await transaction(pool, async (db) => {
        if (!(await updateStatus(db, clientId, status))) throw noSuchClient(clientId);
        await notifyCredentials(db, clientId);
      });
    },

    async findOfAccount(accountNo) {
      const row = await selectFirstOfAccount(pool, accountNo);
      if (row === undefined) return undefined;
      return {
        clientId: row.client_id,
        clientSecret: keys.open({ sealed: row.sealed, keyId: row.key_id }, row.client_id),
      };
    },

    async resealSecrets() {
      // In portions, so that neither memory nor the time for which rows are locked grows with the number of clients.
      for (let total = 0; ;) {
        const done = await transaction(pool, async (db) => {
          const rows = await selectSealedUnderOther(db, keys.currentId, 500);
          for (const row of rows) {
            const secret = keys.open({ sealed: row.sealed, keyId: row.key_id }, row.client_id);
            const { sealed, keyId } = keys.seal(secret, row.client_id);
            await updateSealed(db, { ...row, sealed, key_id: keyId });
          }
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

/** An address or a range as PostgreSQL's cidr takes it: with the bits behind the prefix cleared. */
function parseRange(range: string): string {
  if (!isAddressOrRange(range))
    throw new OperatorError(
      text(
        `“${range}” 不是 IP 地址或网段，应形如 203.0.113.7、203.0.113.0/24 或 2001:db8::/32。`,
        `"${range}" is neither an IP address nor a CIDR range, such as 203.0.113.7, 203.0.113.0/24 or 2001:db8::/32.`,
      ),
    );
  if (!range.includes("/")) return ipaddr.process(range).toString();
  const [address, bits] = ipaddr.parseCIDR(range);
  const network = address.kind() === "ipv4" ? ipaddr.IPv4 : ipaddr.IPv6;
  return `${network.networkAddressFromCIDR(range).toString()}/${bits}`;
}

function isConstraint(error: unknown, name: string): boolean {
  if (!(error instanceof Error) || !("constraint" in error) || typeof error.constraint !== "string") return false;
  // On Citus the name has the shard's number behind it.
  return error.constraint.replace(/_[0-9]+$/, "") === name;
}

function noSuchAccount(accountNo: string): OperatorError {
  return new OperatorError(
    text(
      `没有账户 ${accountNo}，请先用 dks account create 创建。`,
      `There is no account ${accountNo}; create one with dks account create.`,
    ),
  );
}

function noSuchClient(clientId: string): OperatorError {
  return new OperatorError(text(`没有客户端 ${clientId}。`, `There is no client ${clientId}.`));
}
