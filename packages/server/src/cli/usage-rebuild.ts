import type { Command } from "commander";
import { type BillingMonth, formatMonth } from "../modules/packages/billing-month.ts";
import type { RebuildReport } from "../modules/usage/rebuild.ts";
import { text } from "../text.ts";
import { billingMonth } from "./billing-month.ts";
import type { Terminal } from "./terminal.ts";
import { runWalk, saySkipped } from "./usage-walk.ts";

interface Options {
  readonly card?: string;
  readonly month?: BillingMonth;
  readonly json?: true;
}

export function usageRebuildCommand(usage: Command, terminal: Terminal): void {
  const zh = terminal.language === "zh";
  usage
    .command("rebuild")
    .description(
      zh
        ? "根据用量记录重新计算各账期的用量，可在服务运行时执行；数据无误时结果不变"
        : "compute the months' figures anew from the usage records, beside a running server; changes nothing that is right",
    )
    .option("--card <serial_no>", zh ? "只计算这张卡" : "of this card only")
    .option(
      "--month <month>",
      zh ? "只计算这个账期，例如 2026-11" : "of this billing month only, such as 2026-11",
      billingMonth(zh),
    )
    .option("--json", zh ? "以 JSON 输出" : "print JSON")
    .action(async ({ card, month, json }: Options) => {
      const report = await runWalk(stopped, terminal, ({ services }, options) =>
        services.audit.rebuild({ serialNo: card, month }, options),
      );
      printReport(report, json === true, terminal);
    });
}

const stopped = text(
  "重新计算已中断：已算完的部分保留，其余未变；再次运行即可完成。",
  "The rebuild was stopped: what was rebuilt so far stays, the rest is as it was. Run it again to finish.",
);

function printReport({ months, changed, created, skipped }: RebuildReport, json: boolean, terminal: Terminal): void {
  terminal.result(
    { months, changed, created, skipped_months: skipped.map(formatMonth) },
    [
      text(
        `已按来源核算 ${months} 个卡账期，其中 ${changed} 个有变化（含补建 ${created} 个）`,
        `${months} months of cards by source computed anew, ${changed} changed (${created} of them were missing)`,
      ),
    ],
    json,
  );
  saySkipped(terminal, skipped);
}
