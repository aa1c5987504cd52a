import type pg from "pg";
import type { Actor } from "../../actor.ts";
import { type Db, transaction } from "../../db/database.ts";
import { FieldError, MissingError } from "../../errors.ts";
import { text } from "../../text.ts";
import { refuseStale } from "../../version.ts";
import { recordAudit } from "../audit/audit.service.ts";
import { changedValues } from "../audit/changed-values.ts";
import {
  type AccountFilter,
  type AccountRow,
  type AccountStatus,
  type ListedAccountRow,
  countCards,
  hasAccounts,
  insertAccount,
  lockAccount,
  lockAccountNames,
  selectAccount,
  selectAccountByName,
  selectAccounts,
  updateAccount,
} from "./accounts.queries.ts";
import { book } from "./book.ts";
import { formatMoney, parseMoney } from "../../money.ts";

export interface NewAccount {
  readonly name: string;
  /** 1 gold, 2 silver, 3 bronze, 4 VIP, 5 diamond. */
  readonly rank: number;
  /** A decimal with at most two places: its first movement, unless it is zero. */
  readonly balance: string;
}

/** An edit of an account, made in view of a version of it. */
export interface AccountEdit {
  readonly version: number;
  readonly name: string;
  readonly rank: number;
}

/** Everything that is about one account throws a MissingError if there is none of that number. */
export interface AccountService {
  /** Returns the new account's number. */
  create(account: NewAccount, by: Actor): Promise<number>;
  /** The oldest account of that name, made if there is none; of two callers at once, one makes it. */
  findOrCreate(account: NewAccount, by: Actor): Promise<number>;
  findByName(name: string): Promise<number | undefined>;
  /** Whether there is any account at all. */
  any(): Promise<boolean>;
  get(accountNo: number): Promise<AccountRow>;
  /** The newest first. */
  list(filter: AccountFilter, limit: number): Promise<ListedAccountRow[]>;
  /** How many cards it has, counted no further than `max`. */
  countCards(accountNo: number, max: number): Promise<number>;
  /** Throws a ConflictError where someone else was faster. */
  update(accountNo: number, edit: AccountEdit, by: Actor): Promise<AccountRow>;
  /** A suspended account's clients are refused, all of them, from the commit on. */
  setStatus(
    accountNo: number,
    change: { readonly version: number; readonly status: AccountStatus },
    by: Actor,
  ): Promise<AccountRow>;
}

export interface AccountServiceOptions {
  /** Tells every process, when the transaction commits, to read the credentials of the account's clients anew. */
  readonly announceCredentials: (db: Db, accountNo: number) => Promise<void>;
}

export function createAccountService(pool: pg.Pool, { announceCredentials }: AccountServiceOptions): AccountService {
  async function insert(db: Db, account: NewAccount, by: Actor): Promise<number> {
    const name = checkedName(account.name);
    const { rank } = account;
    const accountNo = await insertAccount(db, { name, rank });
    const balance = formatMoney(parseMoney(account.balance) ?? Number.NaN);
    if (balance !== "0.00")
      await book(
        db,
        { account_no: accountNo, balance: "0.00" },
        { kind: "opening", amount: balance, remark: "", requestNo: "opening" },
        by,
      );
    const object = { kind: "account", id: String(accountNo) };
    await recordAudit(db, by, { action: "account.create", object, after: { name, rank, balance } });
    return accountNo;
  }

  /** Changes an account that nobody else has changed since it was read. */
  function change(
    accountNo: number,
    version: number,
    work: (db: Db, account: AccountRow) => Promise<void>,
  ): Promise<AccountRow> {
    return transaction(pool, async (db) => {
      const account = await lockAccount(db, accountNo);
      if (account === undefined) throw noSuchAccount(accountNo);
      refuseStale(version, account.version);
      await work(db, account);
      return (await selectAccount(db, accountNo)) ?? account;
    });
  }

  return {
    create: (account, by) => transaction(pool, (db) => insert(db, account, by)),
    findOrCreate: (account, by) =>
      transaction(pool, async (db) => {
        await lockAccountNames(db);
        return (await selectAccountByName(db, account.name)) ?? (await insert(db, account, by));
      }),
    findByName: (name) => selectAccountByName(pool, name),
    any: () => hasAccounts(pool),

    async get(accountNo) {
      const account = await selectAccount(pool, accountNo);
      if (account === undefined) throw noSuchAccount(accountNo);
      return account;
    },
    list: (filter, limit) => selectAccounts(pool, filter, limit),
    countCards: (accountNo, max) => countCards(pool, accountNo, max),

    update(accountNo, edit, by) {
      const after = { name: checkedName(edit.name), rank: edit.rank };
      return change(accountNo, edit.version, async (db, account) => {
        const changed = changedValues({ ...account }, after);
        if (changed === undefined) return;
        await updateAccount(db, accountNo, { ...after, status: account.status });
        await recordAudit(db, by, {
          action: "account.update",
          object: { kind: "account", id: String(accountNo) },
          ...changed,
        });
      });
    },

    setStatus(accountNo, { version, status }, by) {
      return change(accountNo, version, async (db, account) => {
        if (account.status === status) return;
        await updateAccount(db, accountNo, { name: account.name, rank: account.rank, status });
        await announceCredentials(db, accountNo);
        await recordAudit(db, by, {
          action: status === "suspended" ? "account.suspend" : "account.resume",
          object: { kind: "account", id: String(accountNo) },
          before: { status: account.status },
          after: { status },
        });
      });
    },
  };
}

function checkedName(name: string): string {
  const trimmed = name.trim();
  // oxlint-disable-next-line no-control-regex -- a name is printed on one line
  if (trimmed === "" || trimmed.length > 100 || /[\u0000-\u001f\u007f]/.test(trimmed))
    throw new FieldError("name", text("应为 1 到 100 个字符，且不能换行", "must be one line of 1 to 100 characters"));
  return trimmed;
}

export function noSuchAccount(accountNo: number): MissingError {
  return new MissingError(text(`没有账户 ${accountNo}`, `there is no account ${accountNo}`));
}
