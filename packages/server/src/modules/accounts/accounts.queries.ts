import sql, { type Sql, join } from "sql-template-tag";
import type { Db } from "../../db/database.ts";
import { invariant } from "../../errors.ts";

export type AccountStatus = "normal" | "suspended";

export interface AccountRow {
  account_no: number;
  name: string;
  rank: number;
  /** A decimal with two places. */
  balance: string;
  status: AccountStatus;
  version: number;
  created_at: Date;
}

/** Returns the new account's number. Its balance is zero: that is changed by movements only. */
export async function insertAccount(db: Db, account: { name: string; rank: number }): Promise<number> {
  const { rows } = await db.query<{ account_no: number }>(sql`
    insert into account (name, rank)
    values (${account.name}, ${account.rank})
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

export async function selectAccount(db: Db, accountNo: number): Promise<AccountRow | undefined> {
  const { rows } = await db.query<AccountRow>(sql`
    select account_no, name, rank, balance, status, version, created_at from account where account_no = ${accountNo}
  `);
  return rows[0];
}

/** The same, locked for a change of it or of its balance. Cards and clients may refer to it meanwhile. */
export async function lockAccount(db: Db, accountNo: number): Promise<AccountRow | undefined> {
  const { rows } = await db.query<AccountRow>(sql`
    select account_no, name, rank, balance, status, version, created_at
    from account
    where account_no = ${accountNo}
    for no key update
  `);
  return rows[0];
}

export async function updateAccount(
  db: Db,
  accountNo: number,
  account: { name: string; rank: number; status: AccountStatus },
): Promise<void> {
  await db.query(sql`
    update account
    set name = ${account.name}, rank = ${account.rank}, status = ${account.status}, version = version + 1
    where account_no = ${accountNo}
  `);
}

/** What a list of accounts may be narrowed to. */
export interface AccountFilter {
  /** A part of the name, the whole number, or how the id of one of its clients begins. */
  readonly search?: string | undefined;
  readonly status?: AccountStatus | undefined;
  /** Only accounts with smaller numbers. */
  readonly before?: number | undefined;
}

export interface ListedAccountRow extends AccountRow {
  clients: number;
}

/** The newest first. */
export async function selectAccounts(db: Db, filter: AccountFilter, limit: number): Promise<ListedAccountRow[]> {
  const { rows } = await db.query<ListedAccountRow>(sql`
    select a.account_no, a.name, a.rank, a.balance, a.status, a.version, a.created_at,
      (select count(*) from client c where c.account_no = a.account_no) as clients
    from account a
    where ${join([sql`true`, ...conditionsOf(filter)], " and ")}
    order by a.account_no desc
    limit ${limit}
  `);
  return rows;
}

function conditionsOf({ search, status, before }: AccountFilter): Sql[] {
  return [
    ...(status === undefined ? [] : [sql`a.status = ${status}`]),
    ...(before === undefined ? [] : [sql`a.account_no < ${before}`]),
    ...(search === undefined ? [] : [sql`(${join(searchesOf(search), " or ")})`]),
  ];
}

function searchesOf(search: string): Sql[] {
  return [
    sql`a.name ilike ${`%${search.replaceAll(/[\\%_]/g, "\\$&")}%`}`,
    ...(/^\d{1,15}$/.test(search) ? [sql`a.account_no = ${search}::bigint`] : []),
    ...(/^iot[a-z0-9]{0,20}$/.test(search)
      ? [sql`a.account_no in (select c.account_no from client c where c.client_id like ${`${search}%`})`]
      : []),
  ];
}

/** How many cards an account has, counted in the index alone and no further than `max`. */
export async function countCards(db: Db, accountNo: number, max: number): Promise<number> {
  const { rows } = await db.query<{ cards: number }>(sql`
    select count(*) as cards from (select serial_no from card where account_no = ${accountNo} limit ${max}) counted
  `);
  return rows[0]?.cards ?? 0;
}
