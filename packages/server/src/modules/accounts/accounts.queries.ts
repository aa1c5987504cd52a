import sql from "sql-template-tag";
import type { Db } from "../../db/database.ts";
import { invariant } from "../../errors.ts";

/** Returns the new account's number. `balance` is a decimal with at most two places. */
export async function insertAccount(db: Db, account: { name: string; rank: number; balance: string }): Promise<number> {
  const { rows } = await db.query<{ account_no: number }>(sql`
    insert into account (name, rank, balance)
    values (${account.name}, ${account.rank}, ${account.balance})
    returning account_no
  `);
  const [row] = rows;
  invariant(row !== undefined, "insert … returning returns a row");
  return row.account_no;
}

/** The oldest account of a name, names not being unique. */
export async function selectAccountByName(db: Db, name: string): Promise<number | undefined> {
  const { rows } = await db.query<{ account_no: number }>(sql`
    select account_no from account where name = ${name} order by account_no limit 1
  `);
  return rows[0]?.account_no;
}

export async function hasAccounts(db: Db): Promise<boolean> {
  const { rowCount } = await db.query(sql`select 1 from account limit 1`);
  return rowCount === 1;
}

/** Makes transactions that look for a name and insert it if missing come one after another; lasts to the commit. */
export async function lockAccountNames(db: Db): Promise<void> {
  await db.query(sql`select pg_advisory_xact_lock(hashtext('dks account names'))`);
}
