import type { Command } from "commander";
import { type BillingMonth, formatMonth } from "../modules/packages/billing-month.ts";
import type { Figure, Gap, GapReport } from "../modules/usage/gaps.ts";
import { formatInstant } from "../modules/usage/instant.ts";
import { type Text, text } from "../text.ts";
import { wholeNumber } from "./account.ts";
import { billingMonth } from "./billing-month.ts";
import { withDatabase } from "./context.ts";
import { tableLines } from "./table.ts";
import type { Terminal } from "./terminal.ts";

interface Options {
  readonly month?: BillingMonth;
  readonly limit: number;
  readonly json?: true;
}

export function usageGapsCommand(usage: Command, terminal: Terminal): void {
  const zh = terminal.language === "zh";
  usage
    .command("gaps")
    .description(
      zh
        ? "列出同一卡账期内各来源用量不一致之处，差额大者在前"
        : "list where sources differ about the same card and billing month, the largest gaps first",
    )
    .option(
      "--month <month>",
      zh ? "只看这个账期，例如 2026-11" : "of this billing month only, such as 2026-11",
      billingMonth(zh),
    )
    .option("--limit <n>", zh ? "最多列出多少条" : "how many to list at most", wholeNumber(1, 100_000, zh), 20)
    .option("--json", zh ? "以 JSON 输出" : "print JSON")
    .action(async ({ month, limit, json }: Options) => {
      const report = await withDatabase(({ services }) => services.audit.gaps(month, limit));
      terminal.result(toJson(report), toLines(report), json === true);
    });
}

function toJson({ compared, differing, gapBytes, gaps }: GapReport) {
  return { compared, differing, gap_bytes: gapBytes, gaps: gaps.map(gapJson) };
}

function gapJson({ serialNo, month, counts, figure, other, gapBytes }: Gap) {
  return {
    serial_no: serialNo,
    billing_month: formatMonth(month),
    counts,
    ...figureJson(figure),
    other: figureJson(other),
    gap_bytes: gapBytes,
  };
}

function figureJson({ source, usedBytes, asOf }: Figure) {
  return { source, used_bytes: usedBytes, as_of: asOf === null ? null : formatInstant(asOf) };
}

function toLines({ compared, differing, gapBytes, gaps }: GapReport): Text[] {
  const rows = [
    ["serial_no", "month", "source", "used_bytes", "as_of", "other", "used_bytes", "as_of", "gap_bytes"],
    ...gaps.map(({ serialNo, month, figure, other, gapBytes }) => [
      serialNo,
      formatMonth(month),
      ...figureCells(figure),
      ...figureCells(other),
      gapBytes > 0 ? `+${gapBytes}` : String(gapBytes),
    ]),
  ];
  return [
    ...(gaps.length === 0 ? [] : tableLines(rows).map((line) => text(line, line))),
    ...(differing > gaps.length ? [text("……", "…")] : []),
    text(
      `共比较 ${compared} 处，${differing} 处不一致，差额合计 ${gapBytes} 字节`,
      `${compared} figures compared with the one that counts, ${differing} differ, by ${gapBytes} bytes in all`,
    ),
  ];
}

function figureCells({ source, usedBytes, asOf }: Figure): string[] {
  return [source, String(usedBytes), asOf === null ? "-" : formatInstant(asOf)];
}
