import type pg from "pg";
import type { Actor } from "../../actor.ts";
import { transaction } from "../../db/database.ts";
import { recordAudit } from "../audit/audit.service.ts";
import { lockAccount } from "./accounts.queries.ts";
import { noSuchAccount } from "./accounts.service.ts";
import { type Booked, type NewMovement, book } from "./book.ts";
import {
  type MovementFilter,
  type MovementRow,
  type WrongBalanceRow,
  selectMovements,
  selectWrongBalances,
} from "./movements.queries.ts";

/** The ledgers of the accounts' balances. */
export interface MovementService {
  /**
   * Books a movement: balance and ledger change together or not at all. Throws a FieldError for an amount or a remark that
   * will not do, or that the balance does not cover, and a MissingError where there is no such account.
   */
  book(accountNo: number, asked: NewMovement & { readonly kind: "top_up" | "correction" }, by: Actor): Promise<Booked>;
  /** The newest first. */
  list(accountNo: number, filter: MovementFilter, limit: number): Promise<MovementRow[]>;
  /** Everything that fits, the newest first, a piece at a time: for an export. */
  walk(accountNo: number, filter: MovementFilter): AsyncIterable<MovementRow>;
  /** Some of the accounts whose balance is not what their movements come to: there should be none. */
  wrongBalances(limit: number): Promise<WrongBalanceRow[]>;
}

/** How many movements an export reads at a time. */
const walkedAtOnce = 1_000;

export function createMovementService(pool: pg.Pool): MovementService {
  return {
    book: (accountNo, asked, by) =>
      transaction(pool, async (db) => {
        const account = await lockAccount(db, accountNo);
        if (account === undefined) throw noSuchAccount(accountNo);
        const booked = await book(db, account, asked, by);
        const { kind, amount, movement_no, balance_after, remark } = booked.movement;
        if (!booked.repeated)
          await recordAudit(db, by, {
            action: kind === "top_up" ? "account.top_up" : "account.correct",
            object: { kind: "account", id: String(accountNo) },
            before: { balance: account.balance },
            after: { balance: balance_after, movement_no, amount, remark },
          });
        return booked;
      }),
    list: (accountNo, filter, limit) => selectMovements(pool, accountNo, filter, limit),
    async *walk(accountNo, filter) {
      let { before } = filter;
      for (;;) {
        const rows = await selectMovements(pool, accountNo, { ...filter, before }, walkedAtOnce);
        yield* rows;
        if (rows.length < walkedAtOnce) return;
        before = rows.at(-1)?.movement_no;
      }
    },
    wrongBalances: (limit) => selectWrongBalances(pool, limit),
  };
}
