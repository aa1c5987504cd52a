import type { Command } from "commander";
import { OperatorError } from "../errors.ts";
import { type BillingMonth, formatMonth } from "../modules/packages/billing-month.ts";
import type { DropReport, RetentionPlan, StoredMonth } from "../modules/usage/retention.service.ts";
import { type Text, text } from "../text.ts";
import { billingMonth } from "./billing-month.ts";
import { withDatabase } from "./context.ts";
import { tableLines } from "./table.ts";
import type { Terminal } from "./terminal.ts";
import { runWalk } from "./usage-walk.ts";

interface Options {
  readonly before: BillingMonth;
  readonly yes?: true;
  readonly json?: true;
}

export function usageDropCommand(usage: Command, terminal: Terminal): void {
  const zh = terminal.language === "zh";
  usage
    .command("drop")
    .description(
      zh
        ? "删除某账期之前各账期的用量记录；各账期的用量永久保留"
        : "delete the usage records of the billing months before another; the months' figures stay for ever",
    )
    .requiredOption(
      "--before <month>",
      zh ? "删除此账期之前的记录，例如 2025-10" : "delete those of the months before this one, such as 2025-10",
      billingMonth(zh),
    )
    .option(
      "--yes",
      zh ? "核对无误后即删除；不加则只列出将删除的内容" : "delete them, once verified; without, only show them",
    )
    .option("--json", zh ? "以 JSON 输出" : "print JSON")
    .addHelpText("after", `\n${(zh ? helpZh : helpEn).join("\n")}`)
    .action(async (options: Options) => {
      if (options.yes === true) await drop(options, terminal);
      else await show(options, terminal);
    });
}

const helpZh = [
  "加 --yes 后，先核对这些账期的用量与记录（同 dks usage verify），有任何差异则不作删除。删除后无法恢复，",
  "需要留存的请先备份。最近 13 个账期的记录必须保留：仍可能收到这些账期的记录。",
  "可在服务运行时执行；中断后再次运行即可完成。",
  "记录删除后，这些账期的用量仍可查询，但不能再核对或重新计算；再次上报的记录会答复为 too_old，不会重复计量。",
];

const helpEn = [
  "With --yes, the months' figures are first compared with their records, as dks usage verify does, and nothing is",
  "deleted if they differ. What is deleted is gone: make a backup of what you must keep. The records of the last 13",
  "months stay in any case, since more of them may arrive.",
  "Works beside a running server. Interrupted, it is run again to finish.",
  "Afterwards the months' figures can still be read, and no longer verified or rebuilt; a record that is sent again is",
  "answered too_old, and does not count twice.",
];

const stopped = text(
  "已中断：已删除的账期不再恢复，其余未变；再次运行即可完成。",
  "Stopped: the months deleted so far are gone, the others as they were. Run it again to finish.",
);

async function show({ before, json }: Options, terminal: Terminal): Promise<void> {
  const plan = await withDatabase(({ services }) => services.retention.plan(before));
  terminal.result(toJson(before, false, plan.months), planLines(plan, before), json === true);
  if (plan.months.length > 0 || plan.isUnfinished)
    throw new OperatorError(
      text(
        "尚未删除任何内容。加上 --yes，核对无误后即删除，且无法恢复。",
        "Nothing has been deleted. With --yes they are, once verified, for good.",
      ),
    );
}

async function drop({ before, json }: Options, terminal: Terminal): Promise<void> {
  const report = await runWalk(stopped, terminal, ({ services }, options) => services.retention.drop(before, options));
  terminal.result(
    { ...toJson(before, true, report.months), identities: report.identities },
    dropLines(report, before),
    json === true,
  );
}

function toJson(before: BillingMonth, dropped: boolean, months: readonly StoredMonth[]) {
  return {
    before: formatMonth(before),
    dropped,
    months: months.map(({ month, records, sizeBytes }) => ({
      billing_month: formatMonth(month),
      records,
      size_bytes: sizeBytes,
    })),
  };
}

function planLines({ months, isUnfinished }: RetentionPlan, before: BillingMonth): Text[] {
  if (months.length > 0) return monthLines(months);
  return isUnfinished
    ? [
        text(
          "用量记录已删除，其标识尚未删完：上次运行被中断。",
          "The usage records are deleted, and not yet all that identified them: the last run was interrupted.",
        ),
      ]
    : [nothing(before)];
}

function dropLines({ months, identities }: DropReport, before: BillingMonth): Text[] {
  if (months.length === 0 && identities === 0) return [nothing(before)];
  const records = months.reduce((sum, month) => sum + month.records, 0);
  return [
    ...(months.length === 0 ? [] : monthLines(months)),
    text(
      `核对无误，已删除 ${months.length} 个账期的 ${records} 条用量记录、${identities} 个标识`,
      `${months.length} billing months verified and deleted: ${records} usage records, ${identities} identities`,
    ),
  ];
}

function monthLines(months: readonly StoredMonth[]): Text[] {
  const rows = months.map(({ month, records, sizeBytes }) => [formatMonth(month), String(records), String(sizeBytes)]);
  return tableLines([["month", "records", "size_bytes"], ...rows]).map((line) => text(line, line));
}

function nothing(before: BillingMonth): Text {
  const month = formatMonth(before);
  return text(`没有 ${month} 之前账期的用量记录。`, `There are no usage records of the months before ${month}.`);
}
