import { type FileHandle, open } from "node:fs/promises";
import type { Command } from "commander";
import { OperatorError } from "../errors.ts";
import { wrapCell } from "../modules/imports/cell.ts";
import { type BillingMonth, formatMonth } from "../modules/packages/billing-month.ts";
import type { Finding, Problem, VerifyReport } from "../modules/usage/verify.ts";
import { type Text, text } from "../text.ts";
import { billingMonth } from "./billing-month.ts";
import type { Terminal } from "./terminal.ts";
import { runWalk, saySkipped } from "./usage-walk.ts";

interface Options {
  readonly card?: string;
  readonly month?: BillingMonth;
  readonly report?: string;
  readonly json?: true;
}

export function usageVerifyCommand(usage: Command, terminal: Terminal): void {
  const zh = terminal.language === "zh";
  usage
    .command("verify")
    .description(
      zh
        ? "核对各账期的用量与用量记录是否一致，不作任何更改；发现差异时退出码为 1"
        : "compare the months' figures with the usage records; changes nothing, and the exit status is 1 if they differ",
    )
    .option("--card <serial_no>", zh ? "只核对这张卡" : "of this card only")
    .option(
      "--month <month>",
      zh ? "只核对这个账期，例如 2026-11" : "of this billing month only, such as 2026-11",
      billingMonth(zh),
    )
    .option("--report <file.csv>", zh ? "把全部差异写入 CSV 文件" : "write all differences to a CSV file")
    .option("--json", zh ? "以 JSON 输出" : "print JSON")
    .action(async (options: Options) => {
      const first: Finding[] = [];
      const report = await verify(options, first, terminal);
      printReport(report, first, options, terminal);
    });
}

/** As many differences as fit a terminal. */
const firstMax = 20;

const stopped = text("核对已中断，结果不完整。", "The verification was stopped and is not complete.");

async function verify(
  { card, month, report: path }: Options,
  first: Finding[],
  terminal: Terminal,
): Promise<VerifyReport> {
  // Before the work, so that a path that cannot be written costs none of it.
  const file = path === undefined ? undefined : await createReport(path);
  try {
    return await runWalk(stopped, terminal, ({ services }, options) =>
      services.audit.verify(
        { serialNo: card, month },
        {
          ...options,
          async onFinding(finding) {
            if (first.length < firstMax) first.push(finding);
            await file?.write(csvLine(columns.map((column) => column.of(finding) ?? "")));
          },
        },
      ),
    );
  } finally {
    await file?.close();
  }
}

const columns: readonly { readonly name: string; readonly of: (finding: Finding) => string | null }[] = [
  { name: "problem", of: ({ problem }) => problem },
  { name: "serial_no", of: ({ serialNo }) => serialNo },
  { name: "billing_month", of: ({ month }) => month },
  { name: "source", of: ({ source }) => source },
  { name: "record_id", of: ({ recordId }) => recordId },
  { name: "field", of: ({ field }) => field },
  { name: "stored", of: ({ stored }) => stored },
  { name: "expected", of: ({ expected }) => expected },
];

async function createReport(path: string): Promise<FileHandle> {
  try {
    const file = await open(path, "w");
    // The byte order mark is what makes Excel read the file as UTF-8.
    await file.write(`\u{feff}${csvLine(columns.map(({ name }) => name))}`);
    return file;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new OperatorError(text(`无法写入 ${path}：${reason}`, `${path} cannot be written: ${reason}`), error);
  }
}

function csvLine(cells: readonly string[]): string {
  return `${cells.map(wrapCell).join(",")}\r\n`;
}

function printReport(report: VerifyReport, first: readonly Finding[], options: Options, terminal: Terminal): void {
  const { months, records, findings, beyondRebuild, skipped } = report;
  terminal.result(
    {
      months,
      records,
      findings,
      first_findings: first.map((finding) =>
        Object.fromEntries(columns.map((column) => [column.name, column.of(finding)])),
      ),
      skipped_months: skipped.map(formatMonth),
      ...(options.report === undefined ? {} : { report: options.report }),
    },
    [
      text(
        `已按来源核对 ${months} 个卡账期、${records} 条用量记录，发现 ${findings} 处差异`,
        `${months} months of cards by source and ${records} usage records compared, ${findings} differences`,
      ),
      ...first.map(findingLine),
      ...(findings > first.length ? [text("……", "…")] : []),
    ],
    options.json === true,
  );
  saySkipped(terminal, skipped);
  if (findings > 0) throw new OperatorError(advice(findings - beyondRebuild, beyondRebuild));
}

const sentences: Readonly<Record<Problem, (finding: Finding) => Text>> = {
  month_missing: ({ expected }) =>
    text(
      `有用量记录而没有账期用量，应为 ${expected} 字节`,
      `there are records and no figure, which is ${expected} bytes`,
    ),
  month_differs: ({ field, stored, expected }) =>
    text(
      `${field} 为 ${stored ?? "空"}，按用量记录应为 ${expected ?? "空"}`,
      `${field} is ${stored ?? "empty"}, and by the records ${expected ?? "empty"}`,
    ),
  days_differ: ({ stored, expected }) =>
    text(
      `账期用量为 ${stored}，而各日合计为 ${expected}`,
      `the month says ${stored} bytes, and its days come to ${expected}`,
    ),
  none_counts: () => text("没有计入的来源，应以该来源为准", "no source counts, and this one should"),
  identity_missing: ({ recordId }) =>
    text(
      `记录 ${recordId} 没有标识，重复上报时会再次计入`,
      `the record ${recordId} has no identity: sent again, it would count twice`,
    ),
  identity_differs: ({ recordId, field, stored, expected }) =>
    text(
      `记录 ${recordId} 的 ${field} 为 ${stored}，入库时为 ${expected}`,
      `the record ${recordId} has the ${field} ${stored}, and was taken in with ${expected}`,
    ),
  record_repeated: ({ recordId }) => text(`记录 ${recordId} 存有两份`, `the record ${recordId} is there twice`),
  record_missing: ({ recordId }) =>
    text(`记录 ${recordId} 已入库，但现已不存在`, `the record ${recordId} was taken in and is not there any more`),
};

function findingLine(finding: Finding): Text {
  const { serialNo, month, source, problem } = finding;
  const { zh, en } = sentences[problem](finding);
  return text(
    `卡 ${serialNo}，账期 ${month}，来源 ${source}：${zh}`,
    `card ${serialNo}, ${month}, source ${source}: ${en}`,
  );
}

/** What is to be done about it. */
function advice(byRebuild: number, beyondRebuild: number): Text {
  const rebuild = text(
    `账期用量有 ${byRebuild} 处差异，dks usage rebuild 可据用量记录更正。`,
    `${byRebuild} differences are in figures: dks usage rebuild sets them to what the records come to.`,
  );
  const backup = text(
    `用量记录本身有 ${beyondRebuild} 处差异，只能由备份恢复；在查明之前请勿执行 dks usage rebuild，否则用量会按残缺的记录计算。`,
    `${beyondRebuild} differences are in the records themselves, which only a backup can mend. Until then, leave dks usage rebuild alone: it would compute from damaged records.`,
  );
  if (beyondRebuild === 0) return rebuild;
  return byRebuild === 0 ? backup : text(`${rebuild.zh}\n${backup.zh}`, `${rebuild.en}\n${backup.en}`);
}
