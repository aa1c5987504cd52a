import { type Command } from "commander";
import { OperatorError } from "../errors.ts";
import { cardImport } from "../modules/cards/cards.import.ts";
import type { CsvImport } from "../modules/imports/definition.ts";
import { type ImportProgress, type ImportReport, importCsv } from "../modules/imports/import-csv.ts";
import { packageImport } from "../modules/packages/packages.import.ts";
import { productImport } from "../modules/products/products.import.ts";
import type { WaitingRelease } from "../modules/usage/waiting.ts";
import { type Text, text } from "../text.ts";
import { cliActor, withDatabase } from "./context.ts";
import { progressBar } from "./progress-bar.ts";
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
  const bar = progressBar();
  // While these are listened to, Node does not end the process: the import rolls back and says so.
  process.once("SIGINT", interrupt).once("SIGTERM", interrupt);
  try {
    return await withDatabase(async ({ pool, services }) => {
      const report = await importCsv(
        pool,
        definition,
        { path },
        {
          dryRun: flags.dryRun === true,
          skipInvalid: flags.skipInvalid === true,
          language: terminal.language,
          signal: stop.signal,
          audit: { by: cliActor() },
          onProgress: ({ phase, bytesRead, bytesTotal }) =>
            bar.show(phases[phase][terminal.language], bytesRead, bytesTotal),
        },
      );
      // Although nothing was written: an import before this one may have been killed when its cards were there.
      if (definition === cardImport && !report.dryRun) await meterWaiting(services.waiting, stop.signal, terminal);
      return report;
    });
  } finally {
    bar.close();
    process.off("SIGINT", interrupt).off("SIGTERM", interrupt);
  }
}

/**
 * Meters the usage records that were waiting for the cards. These are imported whatever becomes of this: what is left when
 * it fails or is stopped, a server does.
 */
async function meterWaiting(waiting: WaitingRelease, signal: AbortSignal, terminal: Terminal): Promise<void> {
  let accepted = 0;
  try {
    accepted = (await waiting.run({ waits: true, signal }))?.counts.get("accepted") ?? 0;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    terminal.say(
      text(`计入等待的用量记录时出错：${reason}`, `Counting the usage records that waited has failed: ${reason}`),
    );
    signal = AbortSignal.abort();
  }
  if (accepted > 0)
    terminal.say(
      text(
        `已计入等待这些卡的 ${accepted} 条用量记录。`,
        `Usage records that waited for these cards and count now: ${accepted}.`,
      ),
    );
  if (signal.aborted)
    terminal.say(
      text(
        "卡已导入；其余等待这些卡的用量记录由运行中的服务计入。",
        "The cards are imported; what other usage records wait for them, a running server counts.",
      ),
    );
}

const phases: Readonly<Record<ImportProgress["phase"], Text>> = {
  waiting: text("等待另一个导入结束", "waiting for another import"),
  reading: text("读取", "reading"),
  checking: text("检查", "checking"),
  writing: text("写入", "writing"),
};

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
