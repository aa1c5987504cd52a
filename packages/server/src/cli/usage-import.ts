import type { Command } from "commander";
import { systemClock } from "../clock.ts";
import { OperatorError } from "../errors.ts";
import { type UsageImportReport, importUsage } from "../modules/usage/import-usage.ts";
import { notingActivity, startSourceActivity } from "../modules/sources/activity.ts";
import { text } from "../text.ts";
import { withDatabase } from "./context.ts";
import { progressBar } from "./progress-bar.ts";
import type { Terminal } from "./terminal.ts";

export function usageImportCommand(usage: Command, terminal: Terminal): void {
  const zh = terminal.language === "zh";
  usage
    .command("import <file>")
    .description(
      zh
        ? "从 .csv、.ndjson 或 .jsonl 文件导入用量记录，也可以是其 .gz"
        : "take in usage records from a .csv, .ndjson or .jsonl file, or its .gz",
    )
    .requiredOption("--source <name>", zh ? "记录所属的来源" : "the source whose records they are")
    .option("--json", zh ? "以 JSON 输出" : "print JSON")
    .addHelpText("after", `\n${(zh ? helpZh : helpEn).join("\n")}`)
    .action(async (file: string, flags: { source: string; json?: true }) => {
      const report = await runImport(file, flags.source, terminal);
      printReport(report, flags.json === true, terminal);
    });
}

const helpZh = [
  "CSV 的列，顺序不限：",
  "  增量来源：id,subject,start,end,bytes_total（或 value,[unit]）",
  "  读数来源：id,subject,read_at,bytes_total（或 value,[unit]）",
  "  可选：[type],[bytes_up],[bytes_down],[apn],[mcc],[mnc],[rat],[session_id],[corrects]",
  "NDJSON：每行一条 CloudEvents 1.0 记录，与 HTTP 上报相同。",
  "",
  "每一行单独判定，随读随入库。中断后再次运行即可继续：已入库的记录会识别为重复，不会重复计量。",
  "未入库的行连同原因写入原文件旁的 .rejected.csv。",
  "退出码：有行被拒绝或冲突时为 1（其余各行已入库），否则为 0；卡未知的行已留存，不影响退出码。",
];

const helpEn = [
  "A CSV's columns, in any order:",
  "  of a source of deltas:   id,subject,start,end,bytes_total (or value,[unit])",
  "  of a source of readings: id,subject,read_at,bytes_total (or value,[unit])",
  "  and any of:              [type],[bytes_up],[bytes_down],[apn],[mcc],[mnc],[rat],[session_id],[corrects]",
  "NDJSON has a CloudEvents 1.0 record on each line, as it is sent by HTTP.",
  "",
  "Each line is judged by itself and taken in as the file is read. What ends in the middle is run again to go on:",
  "records taken in before are duplicates then, and count once.",
  "Lines that are not taken in go, with the reasons, to a .rejected.csv beside the file.",
  "Exit status: 1 if lines are refused or in conflict (the others are taken in all the same), otherwise 0; lines of",
  "unknown cards are kept and do not change it.",
];

async function runImport(path: string, sourceName: string, terminal: Terminal): Promise<UsageImportReport> {
  const stop = new AbortController();
  function interrupt(): void {
    stop.abort();
    terminal.say(text("正在停止：等待已提交的批次写完……", "Stopping, once the batches under way have been written…"));
  }
  const bar = progressBar();
  // While these are listened to, Node does not end the process.
  process.once("SIGINT", interrupt).once("SIGTERM", interrupt);
  try {
    return await withDatabase(async ({ services, pool }) => {
      const source = await services.sources.findNormal(sourceName);
      const activity = startSourceActivity(pool, { clock: systemClock, onProblem: () => {} });
      try {
        return await importUsage(notingActivity(services.intake, activity), source, path, {
          language: terminal.language,
          signal: stop.signal,
          onProgress({ lines, bytesRead, bytesTotal }) {
            const label = text(`已处理 ${lines} 行`, `${lines} lines`);
            bar.show(label[terminal.language], bytesRead, bytesTotal);
          },
        });
      } finally {
        await activity.stop();
      }
    });
  } finally {
    bar.close();
    process.off("SIGINT", interrupt).off("SIGTERM", interrupt);
  }
}

function printReport(report: UsageImportReport, json: boolean, terminal: Terminal): void {
  const { file, lines, accepted, duplicates, refused, conflicts, unknownCards, firstRejected, rejectedFile } = report;
  terminal.result(
    {
      file,
      lines,
      accepted,
      duplicates,
      refused,
      conflicts,
      unknown_cards: unknownCards,
      ...(rejectedFile === undefined ? {} : { rejected_file: rejectedFile }),
    },
    [
      text(
        `${file}：${lines} 行，入库 ${accepted}，重复 ${duplicates}，拒绝 ${refused}，冲突 ${conflicts}，卡未知 ${unknownCards}`,
        `${file}: ${lines} lines, ${accepted} accepted, ${duplicates} duplicates, ${refused} refused, ${conflicts} in conflict, ${unknownCards} of unknown cards`,
      ),
    ],
    json,
  );
  if (rejectedFile === undefined) return;
  for (const { line, reason } of firstRejected)
    terminal.say(text(`第 ${line} 行：${reason}`, `line ${line}: ${reason}`));
  if (refused + conflicts + unknownCards > firstRejected.length) terminal.say(text("……", "…"));
  terminal.say(text(`未入库的行及原因：${rejectedFile}`, `The lines not taken in and their reasons: ${rejectedFile}`));
  if (refused + conflicts === 0) return;
  throw new OperatorError(
    text(
      `有 ${refused + conflicts} 行被拒绝或冲突，其余各行已入库。请在原文件中修正后重新导入：已入库的记录会识别为重复，不会重复计量。`,
      `Lines refused or in conflict: ${refused + conflicts}; all others are taken in. Mend them in the file and import it again: what is taken in already is a duplicate then, and counts once.`,
    ),
  );
}
