import { type Command, InvalidArgumentError } from "commander";
import { OperatorError } from "../errors.ts";
import { text } from "../text.ts";
import { cliActor, withDatabase } from "./context.ts";
import type { Terminal } from "./terminal.ts";

export function accountCommands(program: Command, terminal: Terminal): void {
  const zh = terminal.language === "zh";
  const account = program.command("account").description(zh ? "账户" : "accounts");
  account
    .command("create")
    .description(zh ? "创建账户" : "create an account")
    .requiredOption("--name <name>", zh ? "名称" : "its name", (value: string) => {
      if (value.trim() === "" || value.length > 100)
        throw new InvalidArgumentError(zh ? "应为 1 到 100 个字符" : "must have 1 to 100 characters");
      return value.trim();
    })
    .option("--rank <n>", zh ? "等级，1 到 5" : "its rank, 1 to 5", wholeNumber(1, 5, zh), 3)
    .option("--balance <amount>", zh ? "余额，例如 100.00" : "its balance, such as 100.00", money(zh), "0.00")
    .option("--json", zh ? "以 JSON 输出" : "print JSON")
    .action(async (options: { name: string; rank: number; balance: string; json?: true }) => {
      await withDatabase(async ({ services }) => {
        const accountNo = String(await services.accounts.create(options, cliActor()));
        terminal.result(
          { account_no: accountNo },
          [text(`账户编号 ${accountNo}`, `account_no ${accountNo}`)],
          options.json === true,
        );
      });
    });

  account
    .command("verify")
    .description(
      zh
        ? "核对各账户的余额与余额变动是否一致，不作任何更改；发现差异时退出码为 1"
        : "compare the accounts' balances with their movements; changes nothing, and the exit status is 1 if they differ",
    )
    .option("--json", zh ? "以 JSON 输出" : "print JSON")
    .action(async (options: { json?: true }) => {
      await withDatabase(async ({ services }) => {
        const wrong = await services.movements.wrongBalances(wrongMax + 1);
        const first = wrong.slice(0, wrongMax);
        terminal.result(
          { first_wrong: first.map((row) => ({ ...row, account_no: String(row.account_no) })) },
          [
            ...first.map(({ account_no, balance, expected }) =>
              text(
                `账户 ${account_no}：余额为 ${balance}，按余额变动应为 ${expected}`,
                `account ${account_no}: the balance is ${balance}, and by the movements ${expected}`,
              ),
            ),
            ...(wrong.length > wrongMax ? [text("……", "…")] : []),
            ...(wrong.length === 0
              ? [text("所有账户的余额与余额变动一致", "every account's balance is what its movements come to")]
              : []),
          ],
          options.json === true,
        );
        if (wrong.length > 0)
          throw new OperatorError(
            text(
              "余额或余额变动被平台以外的途径改动过，请对照备份查明。",
              "A balance or a movement was changed by something else than the platform; compare with a backup.",
            ),
          );
      });
    });
}

/** As many wrong balances as fit a terminal. */
const wrongMax = 20;

/** A commander argument parser for whole numbers. */
export function wholeNumber(min: number, max: number, zh: boolean) {
  return (value: string): number => {
    const number = Number(value);
    if (!/^\d+$/.test(value) || number < min || number > max)
      throw new InvalidArgumentError(
        zh ? `应为 ${min} 到 ${max} 之间的整数` : `must be a whole number from ${min} to ${max}`,
      );
    return number;
  };
}

function money(zh: boolean) {
  return (value: string): string => {
    if (!/^\d{1,10}(\.\d{1,2})?$/.test(value))
      throw new InvalidArgumentError(
        zh ? "应为金额，最多两位小数，例如 100.00" : "must be an amount with at most two decimals, such as 100.00",
      );
    return value;
  };
}
