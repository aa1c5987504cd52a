import type pg from "pg";
import { transaction } from "../../db/database.ts";
import { hasAccounts, insertAccount, lockAccountNames, selectAccountByName } from "./accounts.queries.ts";

export interface NewAccount {
  readonly name: string;
  /** 1 gold, 2 silver, 3 bronze, 4 VIP, 5 diamond. */
  readonly rank: number;
  /** A decimal with at most two places. */
  readonly balance: string;
}

export interface AccountService {
  /** Returns the new account's number. */
  create(account: NewAccount): Promise<number>;
  /** The oldest account of that name, made if there is none; of two callers at once, one makes it. */
  findOrCreate(account: NewAccount): Promise<number>;
  findByName(name: string): Promise<number | undefined>;
  /** Whether there is any account at all. */
  any(): Promise<boolean>;
}

export function createAccountService(pool: pg.Pool): AccountService {
  return {
    create: (account) => insertAccount(pool, account),
    findOrCreate: (account) =>
      transaction(pool, async (db) => {
        await lockAccountNames(db);
        return (await selectAccountByName(db, account.name)) ?? (await insertAccount(db, account));
      }),
    findByName: (name) => selectAccountByName(pool, name),
    any: () => hasAccounts(pool),
  };
}
