import type { Command } from "commander";
import { type BillingMonth, formatMonth } from "../modules/packages/billing-month.ts";
import type { MonthExplanation, RecordExplanation, SourceExplanation } from "../modules/usage/explain.ts";
import { formatInstant } from "../modules/usage/instant.ts";
import { type Language, type Text, text } from "../text.ts";
import { billingMonth } from "./billing-month.ts";
import { withDatabase } from "./context.ts";
import { tableLines } from "./table.ts";
import type { Terminal } from "./terminal.ts";

export function usageShowCommand(usage: Command, terminal: Terminal): void {
  const zh = terminal.language === "zh";
  usage
    .command("show <card>")
    .description(
      zh
        ? "说明一张卡某个账期的用量由哪些记录得出；<card> 为卡号、ICCID、IMSI 或 MSISDN"
        : "explain a card's billing month down to its records; <card> is a serial_no, ICCID, IMSI or MSISDN",
    )
    .option(
      "--month <month>",
      zh ? "账期，例如 2026-11；默认为当前账期" : "the billing month, such as 2026-11; by default the current one",
      billingMonth(zh),
    )
    .option("--json", zh ? "以 JSON 输出，含各来源的全部记录" : "print JSON, with the records of every source")
    .action(async (card: string, { month, json }: { month?: BillingMonth; json?: true }) => {
      const explanation = await withDatabase(({ services }) => services.audit.explain(card, month));
      terminal.result(toJson(explanation), toLines(explanation, terminal.language), json === true);
    });
}

function toJson(explanation: MonthExplanation) {
  const counting = explanation.sources.find(({ counts }) => counts);
  return {
    serial_no: explanation.serialNo,
    billing_month: formatMonth(explanation.month),
    first_day: explanation.firstDay,
    last_day: explanation.lastDay,
    records_kept: explanation.recordsKept,
    source: counting?.source.name ?? null,
    used_bytes: counting?.usedBytes ?? 0,
    sources: explanation.sources.map((one) => ({
      source: one.source.name,
      kind: one.source.kind,
      counts: one.counts,
      used_bytes: one.usedBytes,
      gap_bytes: one.gapBytes,
      version: one.version,
      closed_bytes: one.closedBytes,
      as_of: moment(one.asOf),
      closes_at: moment(one.closesAt),
      days: one.days.map(({ date, usedBytes, counter, at }) => ({
        date,
        used_bytes: usedBytes,
        ...(one.source.kind === "reading" ? { counter, read_at: moment(at) } : {}),
      })),
      records: one.records.map((record) => recordJson(record, one)),
    })),
  };
}

function recordJson(record: RecordExplanation, { source }: SourceExplanation) {
  return {
    id: record.id,
    ...(source.kind === "delta"
      ? { start: moment(record.startAt), end: moment(record.at), bytes: record.bytes }
      : { read_at: moment(record.at), counter: record.bytes }),
    received_at: moment(record.receivedAt),
    effect_bytes: record.effectBytes,
    day: record.day,
    billing_month: formatMonth(record.month),
    counts_in: formatMonth(record.countsIn),
    adjustment: record.adjusts,
    fell: record.fell,
    corrects: record.corrects,
    attributes: record.attributes,
  };
}

function moment(at: number | null): string | null {
  return at === null ? null : formatInstant(at);
}

/** What a person reads: the source that counts in full, of the others their figures. */
function toLines(explanation: MonthExplanation, language: Language): Text[] {
  const { serialNo, firstDay, lastDay, sources } = explanation;
  const month = formatMonth(explanation.month);
  const title = text(
    `卡 ${serialNo}，账期 ${month}（${firstDay} 至 ${lastDay}）`,
    `Card ${serialNo}, billing month ${month} (${firstDay} to ${lastDay})`,
  );
  if (sources.length === 0) return [title, text("该账期还没有用量。", "There is no usage in this month.")];
  const counting = sources.find(({ counts }) => counts);
  const others = sources.filter((source) => source !== counting);
  return [
    title,
    ...(counting === undefined
      ? [
          text(
            "还没有计入的用量：为这张卡指定的来源尚未上报该账期。",
            "Nothing counts yet: the source that is assigned to the card has not reported this month.",
          ),
        ]
      : countingLines(counting, explanation, language)),
    ...otherLines(others),
  ];
}

function countingLines(one: SourceExplanation, explanation: MonthExplanation, language: Language): Text[] {
  const { source, usedBytes, version, closedBytes, asOf, closesAt } = one;
  const effects = one.records.reduce((sum, { effectBytes }) => sum + effectBytes, 0);
  return [
    text(`用量      ${usedBytes} 字节`, `used        ${usedBytes} bytes`),
    text(
      `来源      ${source.name}（${source.kind === "delta" ? "增量" : "读数"}）`,
      `source      ${source.name} (${source.kind === "delta" ? "deltas" : "readings"})`,
    ),
    text(`截至      ${moment(asOf) ?? "-"}`, `as of       ${moment(asOf) ?? "-"}`),
    text(`关账      ${moment(closesAt)}`, `closes      ${moment(closesAt)}`),
    text(`版本      ${version}`, `version     ${version}`),
    ...(closedBytes === null ? [] : [text(`关账用量  ${closedBytes} 字节`, `at closing  ${closedBytes} bytes`)]),
    ...section(text("各日", "Days"), dayTable(one)),
    ...(explanation.recordsKept
      ? [
          ...section(text("记录", "Records"), recordTable(one, explanation.month, language)),
          ...(effects === usedBytes
            ? []
            : [
                text(
                  `各记录合计 ${effects} 字节，与用量不符，请用 dks usage verify 核对。`,
                  `The records come to ${effects} bytes, which is not the figure: see dks usage verify.`,
                ),
              ]),
        ]
      : [text("\n该账期的用量记录已不再保存。", "\nThe month's usage records are no longer kept.")]),
  ];
}

function section(title: Text, rows: readonly (readonly string[])[]): Text[] {
  if (rows.length < 2) return [];
  return [text(`\n${title.zh}`, `\n${title.en}`), ...tableLines(rows).map((line) => text(line, line))];
}

function dayTable({ source, days }: SourceExplanation): string[][] {
  if (source.kind === "delta")
    return [["date", "used_bytes"], ...days.map(({ date, usedBytes }) => [date, String(usedBytes)])];
  return [
    ["date", "used_bytes", "counter", "read_at"],
    ...days.map(({ date, usedBytes, counter, at }) => [
      date,
      String(usedBytes),
      String(counter ?? "-"),
      moment(at) ?? "-",
    ]),
  ];
}

function recordTable({ source, records }: SourceExplanation, month: BillingMonth, language: Language): string[][] {
  const times = source.kind === "delta" ? ["start", "end"] : ["read_at", "counter"];
  return [
    ["id", ...times, "effect", "day", "received_at", "note"],
    ...records.map((record) => [
      record.id,
      ...(source.kind === "delta"
        ? [moment(record.startAt) ?? "-", formatInstant(record.at)]
        : [formatInstant(record.at), String(record.bytes)]),
      record.countsIn === month ? signed(record.effectBytes) : "-",
      record.day,
      formatInstant(record.receivedAt),
      notesOf(record, month)
        .map((note) => note[language])
        .join(language === "zh" ? "；" : "; "),
    ]),
  ];
}

function signed(bytes: number): string {
  return bytes < 0 ? String(bytes) : `+${bytes}`;
}

/** What is out of the ordinary about a record. */
function notesOf(record: RecordExplanation, month: BillingMonth): Text[] {
  const { adjusts, fell, corrects } = record;
  const notes: Text[] = [];
  if (record.countsIn !== month) {
    const before = formatMonth(record.countsIn);
    notes.push(text(`计入 ${before} 账期：计数器尚未清零`, `counts in ${before}: the counter had not been reset`));
  } else if (record.month !== month) {
    const after = formatMonth(record.month);
    notes.push(
      text(
        `读于 ${after} 账期，计数器尚未清零，计入本账期`,
        `read in ${after}, before the counter was reset: counts here`,
      ),
    );
  }
  if (fell) notes.push(text("读数下降：运营商更正", "the counter fell: the carrier's correction"));
  if (adjusts) notes.push(text("关账后的调整", "adjustment after closing"));
  if (corrects !== null) notes.push(text(`更正 ${corrects}`, `corrects ${corrects}`));
  return notes;
}

function otherLines(others: readonly SourceExplanation[]): Text[] {
  return section(text("其他来源（不计入）", "Other sources, which do not count"), [
    ["source", "kind", "used_bytes", "gap_bytes", "as_of"],
    ...others.map(({ source, usedBytes, gapBytes, asOf }) => [
      source.name,
      source.kind,
      String(usedBytes),
      gapBytes === null ? "-" : signed(gapBytes),
      moment(asOf) ?? "-",
    ]),
  ]);
}
