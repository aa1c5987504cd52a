import type { Actor } from "../../actor.ts";
import type { Db } from "../../db/database.ts";
import { FieldError, OperatorError } from "../../errors.ts";
import { text } from "../../text.ts";
import type { AccountRow } from "./accounts.queries.ts";
import { formatMoney, moneyMax, parseMoney } from "../../money.ts";
import {
  type MovementKind,
  type MovementRow,
  insertMovement,
  selectMovementByRequest,
  updateBalance,
} from "./movements.queries.ts";

/** A change of a balance, as it is asked for. */
export interface NewMovement {
  readonly kind: MovementKind;
  /** A decimal with at most two places; below zero to take. */
  readonly amount: string;
  readonly remark: string;
  /** Made by whoever asks: asked for again, by a double click or after a connection was lost, it is booked once. */
  readonly requestNo: string;
}

/** What came of it: the movement, and whether it had been booked before. */
export interface Booked {
  readonly movement: MovementRow;
  readonly repeated: boolean;
}

/**
 * Changes a balance by a movement, in the caller's transaction, which holds the account's row: so a request that comes twice
 * at once finds its first, and no two movements start from the same balance.
 */
export async function book(
  db: Db,
  { account_no: accountNo, balance }: Pick<AccountRow, "account_no" | "balance">,
  asked: NewMovement,
  by: Actor,
): Promise<Booked> {
  const amount = checkedAmount(asked);
  const remark = checkedRemark(asked);
  const earlier = await selectMovementByRequest(db, accountNo, asked.requestNo);
  if (earlier !== undefined) {
    if (earlier.kind !== asked.kind || parseMoney(earlier.amount) !== amount || earlier.remark !== remark)
      throw requestUsed(asked.requestNo);
    return { movement: earlier, repeated: true };
  }
  const after = (parseMoney(balance) ?? Number.NaN) + amount;
  if (after < 0) throw balanceTooLow(balance, amount);
  if (!(after <= moneyMax)) throw balanceTooHigh();
  const balanceAfter = formatMoney(after);
  const { kind, requestNo } = asked;
  const movement = await insertMovement(db, {
    accountNo,
    kind,
    amount: formatMoney(amount),
    balanceAfter,
    remark,
    requestNo,
    by,
  });
  await updateBalance(db, accountNo, balanceAfter);
  return { movement, repeated: false };
}

function checkedAmount({ kind, amount }: NewMovement): number {
  const hundredths = parseMoney(amount.trim());
  if (hundredths === undefined)
    throw new FieldError(
      "amount",
      text("应为金额，最多两位小数，例如 100.00", "must be an amount with at most two decimals, such as 100.00"),
    );
  if (hundredths === 0) throw new FieldError("amount", text("金额不能为 0", "must not be zero"));
  if (hundredths < 0 && kind !== "correction")
    throw new FieldError(
      "amount",
      text("充值金额应大于 0；要扣减余额请用“调整”", "must be above zero; a correction takes from a balance"),
    );
  return hundredths;
}

function checkedRemark({ kind, remark }: NewMovement): string {
  const trimmed = remark.trim();
  // oxlint-disable-next-line no-control-regex -- a remark is printed on one line
  if (trimmed.length > 200 || /[\u0000-\u001f\u007f]/.test(trimmed))
    throw new FieldError("remark", text("最多 200 个字符，且不能换行", "must be one line of at most 200 characters"));
  if (trimmed === "" && kind === "correction")
    throw new FieldError("remark", text("请填写调整原因", "say why the balance is corrected"));
  return trimmed;
}

function balanceTooLow(balance: string, amount: number): FieldError {
  return new FieldError(
    "amount",
    text(
      `余额为 ${balance}，不足以扣减 ${formatMoney(-amount)}，未作任何更改`,
      `the balance is ${balance}, from which ${formatMoney(-amount)} cannot be taken; nothing was changed`,
    ),
  );
}

function balanceTooHigh(): FieldError {
  return new FieldError(
    "amount",
    text(
      `余额将超过上限 ${formatMoney(moneyMax)}，未作任何更改`,
      `the balance would exceed ${formatMoney(moneyMax)}; nothing was changed`,
    ),
  );
}

function requestUsed(requestNo: string): OperatorError {
  return new OperatorError(
    text(
      `请求号 ${requestNo} 已用于另一笔内容不同的变动，未重复入账`,
      `request_no ${requestNo} was used for another movement already; nothing was booked`,
    ),
  );
}
