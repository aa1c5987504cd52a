import { type Command } from "commander";
import { SingleBar } from "cli-progress";
import { OperatorError } from "../errors.ts";
import { cardImport } from "../modules/cards/cards.import.ts";
import type { CsvImport } from "../modules/imports/definition.ts";
import { type ImportProgress, type ImportReport, importCsv } from "../modules/imports/import-csv.ts";
import { packageImport } from "../modules/packages/packages.import.ts";
import { productImport } from "../modules/products/products.import.ts";
import { type Text, text } from "../text.ts";
import { withDatabase } from "./context.ts";
import type { Terminal } from "./terminal.ts";

interface Flags {
  readonly dryRun?: true;
  readonly skipInvalid?: true;
  readonly json?: true;
}

export function importCommands(program: Command, terminal: Terminal): void {
  const zh = terminal.language === "zh";
  for (const [definition, group, description] of [
    [cardImport, text("卡", "cards"), text("导入卡", "import cards")],
    [productImport, text("套餐产品", "products"), text("导入套餐产品", "import products")],
    [packageImport, text("卡的套餐", "packages of cards"), text("导入卡的套餐", "import packages of cards")],
  ] as const) {
    const parent =
      program.commands.find((command) => command.name() === definition.name) ??
      program.command(definition.name).description(group[terminal.language]);
    parent
      .command("import <file.csv>")
      .description(`${description[terminal.language]}${zh ? "，列：" : "; columns: "}${columnList(definition)}`)
      .option("--dry-run", zh ? "只检查并报告，不写入" : "check and report, write nothing")
      .option(
        "--skip-invalid",
        zh ? "跳过被拒绝的行，导入其余的行" : "import the good lines although others are refused",
      )
      .option("--json", zh ? "以 JSON 输出" : "print JSON")
      .action(async (file: string, flags: Flags) => {
        const report = await runImport(definition, file, flags, terminal);
        printReport(report, flags, terminal);
      });
  }
}

function columnList({ columns }: CsvImport): string {
  return columns.map(({ name, required }) => (required ? name : `[${name}]`)).join(",");
}

async function runImport(definition: CsvImport, path: string, flags: Flags, terminal: Terminal): Promise<ImportReport> {
  const stop = new AbortController();
  function interrupt(): void {
    stop.abort();
  }
  const bar = progressBar(terminal);
  // While these are listened to, Node does not end the process: the import rolls back and says so.
  process.once("SIGINT", interrupt).once("SIGTERM", interrupt);
  try {
    return await withDatabase(async ({ pool }) =>
      importCsv(
        pool,
        definition,
        { path },
        {
          dryRun: flags.dryRun === true,
          skipInvalid: flags.skipInvalid === true,
          language: terminal.language,
          signal: stop.signal,
          onProgress: (progress) => bar.show(progress),
        },
      ),
    );
  } finally {
    bar.close();
    process.off("SIGINT", interrupt).off("SIGTERM", interrupt);
  }
}

const phases: Readonly<Record<ImportProgress["phase"], Text>> = {
  waiting: text("等待另一个导入结束", "waiting for another import"),
  reading: text("读取", "reading"),
  checking: text("检查", "checking"),
  writing: text("写入", "writing"),
};

/** On a terminal only: a log wants no bar. */
function progressBar({ language }: Terminal) {
  if (!process.stderr.isTTY) return { show: () => {}, close: () => {} };
  const bar = new SingleBar({
    format: "{bar} {percentage}% {phase}",
    stream: process.stderr,
    clearOnComplete: true,
    hideCursor: true,
  });
  let started = false;
  return {
    show({ phase, bytesRead, bytesTotal }: ImportProgress): void {
      if (!started) bar.start(bytesTotal, bytesRead, { phase: phases[phase][language] });
      started = true;
      bar.update(bytesRead, { phase: phases[phase][language] });
    },
    close(): void {
      if (started) bar.stop();
    },
  };
}

function printReport(report: ImportReport, flags: Flags, terminal: Terminal): void {
  const { file, lines, inserted, updated, unchanged, refused, dryRun, rejectedFile } = report;
  terminal.result(
    {
      file,
      lines,
      inserted,
      updated,
      unchanged,
      refused,
      dry_run: dryRun,
      ...(rejectedFile === undefined ? {} : { rejected_file: rejectedFile }),
    },
    [
      text(
        `${file}：${lines} 行，新增 ${inserted}，更新 ${updated}，未变 ${unchanged}，拒绝 ${refused}`,
        `${file}: ${lines} lines, ${inserted} inserted, ${updated} updated, ${unchanged} unchanged, ${refused} refused`,
      ),
      ...(dryRun ? [text("这是试运行，未写入任何内容。", "This was a dry run: nothing was written.")] : []),
    ],
    flags.json === true,
  );
  if (refused === 0) return;
  for (const { line, reason } of report.firstRefused)
    terminal.say(text(`第 ${line} 行：${reason}`, `line ${line}: ${reason}`));
  if (refused > report.firstRefused.length) terminal.say(text("……", "…"));
  if (rejectedFile !== undefined)
    terminal.say(text(`被拒绝的行及原因：${rejectedFile}`, `The refused lines and their reasons: ${rejectedFile}`));
  if (flags.skipInvalid !== true)
    throw new OperatorError(
      text(
        `有 ${refused} 行被拒绝，因此未导入任何内容。请修正后重试，或用 --skip-invalid 只导入其余的行。`,
        `Nothing was imported, because ${refused} lines are refused. Mend them and try again, or import the others with --skip-invalid.`,
      ),
    );
}
