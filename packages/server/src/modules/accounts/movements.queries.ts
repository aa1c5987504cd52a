import sql, { join } from "sql-template-tag";
import type { Actor } from "../../actor.ts";
import type { Db } from "../../db/database.ts";
import { invariant } from "../../errors.ts";

/** Why a balance changed: with the account's creation, by money that came in, or to put something right. */
export type MovementKind = "opening" | "top_up" | "correction";

export interface MovementRow {
  movement_no: number;
  kind: MovementKind;
  /** A decimal with two places, below zero for what was taken. */
  amount: string;
  balance_after: string;
  remark: string;
  request_no: string;
  actor_kind: Actor["kind"];
  actor_id: string;
  actor_name: string;
  at: Date;
}

/** Adds an account's next movement. The caller holds the account's row, and writes the same balance to it. */
export async function insertMovement(
  db: Db,
  movement: {
    accountNo: number;
    kind: MovementKind;
    amount: string;
    balanceAfter: string;
    remark: string;
    requestNo: string;
    by: Actor;
  },
): Promise<MovementRow> {
  const { rows } = await db.query<MovementRow>(sql`
    insert into balance_movement
      (account_no, movement_no, kind, amount, balance_after, remark, request_no, actor_kind, actor_id, actor_name)
    select ${movement.accountNo}::bigint, coalesce(max(movement_no), 0) + 1, ${movement.kind}::text,
      ${movement.amount}::numeric, ${movement.balanceAfter}::numeric, ${movement.remark}::text,
      ${movement.requestNo}::text, ${movement.by.kind}::text, ${movement.by.id}::text, ${movement.by.name}::text
    from balance_movement
    where account_no = ${movement.accountNo}
    returning movement_no, kind, amount, balance_after, remark, request_no, actor_kind, actor_id, actor_name, at
  `);
  const [row] = rows;
  invariant(row !== undefined, "insert … returning returns a row");
  return row;
}

export async function updateBalance(db: Db, accountNo: number, balance: string): Promise<void> {
  await db.query(sql`update account set balance = ${balance}::numeric where account_no = ${accountNo}`);
}

export async function selectMovementByRequest(
  db: Db,
  accountNo: number,
  requestNo: string,
): Promise<MovementRow | undefined> {
  const { rows } = await db.query<MovementRow>(sql`
    select movement_no, kind, amount, balance_after, remark, request_no, actor_kind, actor_id, actor_name, at
    from balance_movement
    where account_no = ${accountNo} and request_no = ${requestNo}
  `);
  return rows[0];
}

/** What an account's movements may be narrowed to. */
export interface MovementFilter {
  readonly kind?: MovementKind | undefined;
  readonly from?: Date | undefined;
  /** Not included itself. */
  readonly to?: Date | undefined;
  /** Only movements with smaller numbers. */
  readonly before?: number | undefined;
}

/** The newest first. */
export async function selectMovements(
  db: Db,
  accountNo: number,
  filter: MovementFilter,
  limit: number,
): Promise<MovementRow[]> {
  const conditions = [
    sql`account_no = ${accountNo}`,
    ...(filter.kind === undefined ? [] : [sql`kind = ${filter.kind}`]),
    ...(filter.from === undefined ? [] : [sql`at >= ${filter.from}`]),
    ...(filter.to === undefined ? [] : [sql`at < ${filter.to}`]),
    ...(filter.before === undefined ? [] : [sql`movement_no < ${filter.before}`]),
  ];
  const { rows } = await db.query<MovementRow>(sql`
    select movement_no, kind, amount, balance_after, remark, request_no, actor_kind, actor_id, actor_name, at
    from balance_movement
    where ${join(conditions, " and ")}
    order by movement_no desc
    limit ${limit}
  `);
  return rows;
}

export interface WrongBalanceRow {
  account_no: number;
  balance: string;
  /** What the movements come to. */
  expected: string;
}

/**
 * Accounts whose balance is not what their movements come to, or with a movement whose balance afterwards is not what it
 * and those before it come to.
 */
export async function selectWrongBalances(db: Db, limit: number): Promise<WrongBalanceRow[]> {
  const { rows } = await db.query<WrongBalanceRow>(sql`
    select a.account_no, a.balance, coalesce(m.total, 0)::numeric(12, 2) as expected
    from account a
    left join (
      select account_no, sum(amount) as total, bool_and(balance_after = running) as follows
      from (
        select account_no, amount, balance_after,
          sum(amount) over (partition by account_no order by movement_no) as running
        from balance_movement
      ) movement
      group by account_no
    ) m on m.account_no = a.account_no
    where a.balance <> coalesce(m.total, 0) or not m.follows
    order by a.account_no
    limit ${limit}
  `);
  return rows;
}
