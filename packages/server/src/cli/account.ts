import { type Command, InvalidArgumentError } from "commander";
import { text } from "../text.ts";
import { withDatabase } from "./context.ts";
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
        const accountNo = String(await services.accounts.create(options));
        terminal.result(
          { account_no: accountNo },
          [text(`账户编号 ${accountNo}`, `account_no ${accountNo}`)],
          options.json === true,
        );
      });
    });
}

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
