import { type Command, InvalidArgumentError } from "commander";
import type { TakenRecord } from "../modules/usage/quarantine-conflict.ts";
import type {
  QuarantineFilter,
  QuarantineList,
  QuarantinedRecord,
  Released,
} from "../modules/usage/quarantine.service.ts";
import type { RecordStatus, RefusedStatus } from "../modules/usage/usage-record.ts";
import { type Text, text } from "../text.ts";
import { wholeNumber } from "./account.ts";
import { cliActor, withDatabase } from "./context.ts";
import type { Terminal } from "./terminal.ts";

const statuses = ["unknown_card", "conflict", "invalid", "too_old", "too_new"] as const satisfies RefusedStatus[];

interface Flags {
  readonly source?: string;
  readonly status?: RefusedStatus;
  readonly subject?: string;
  readonly entry?: string[];
  readonly json?: true;
}

/** `dks usage quarantine …`: the records that were not taken in. */
export function usageQuarantineCommands(usage: Command, terminal: Terminal): void {
  const zh = terminal.language === "zh";
  const quarantine = usage
    .command("quarantine")
    .description(zh ? "未计入而留存的用量记录" : "usage records that were not taken in, and are kept");
  listCommand(quarantine, terminal);
  releaseCommand(quarantine, terminal);
  discardCommand(quarantine, terminal);
}

/** A command with the options that say which entries. */
function command(parent: Command, name: string, description: Text, { language }: Terminal): Command {
  const zh = language === "zh";
  return parent
    .command(name)
    .description(description[language])
    .option("--source <name>", zh ? "只限此来源" : "only those of this source")
    .option("--status <status>", zh ? `只限此状态：${statuses.join("、")}` : `only ${statuses.join(", ")}`, status(zh))
    .option(
      "--subject <number>",
      zh ? "只限记录中的此号码（卡号、ICCID、IMSI 或 MSISDN）" : "only those that name their card by this number",
    )
    .option("--json", zh ? "以 JSON 输出" : "print JSON");
}

function filterOf({ source, status: wanted, subject, entry }: Flags): QuarantineFilter {
  return {
    ...(source === undefined ? {} : { source }),
    ...(wanted === undefined ? {} : { status: wanted }),
    ...(subject === undefined ? {} : { subject }),
    ...(entry === undefined ? {} : { entryIds: entry }),
  };
}

function listCommand(parent: Command, terminal: Terminal): void {
  const zh = terminal.language === "zh";
  const description = text(
    "列出未计入的记录及原因，最新的在前",
    "list the records and why they are here, the newest first",
  );
  command(parent, "list", description, terminal)
    .option("--limit <n>", zh ? "最多列出多少条" : "so many at most", wholeNumber(1, 10_000, zh), 50)
    .action(async (flags: Flags & { limit: number }) => {
      await withDatabase(async ({ services }) => {
        const list = await services.quarantine.list(filterOf(flags), flags.limit);
        terminal.result(listed(list, terminal), lines(list), flags.json === true);
      });
    });
}

function releaseCommand(parent: Command, terminal: Terminal): void {
  const description = text(
    "再次处理未计入的记录（冲突除外）：能计入的计入并移出，其余保留",
    "try records again, but for conflicts: those that can be taken in are and leave, the others stay",
  );
  entryOption(command(parent, "release", description, terminal), terminal).action(async (flags: Flags) => {
    await withDatabase(async ({ services }) => {
      printReleased(terminal, await services.quarantine.release(filterOf(flags), cliActor()), flags.json === true);
    });
  });
}

function discardCommand(parent: Command, terminal: Terminal): void {
  const zh = terminal.language === "zh";
  const description = text("删除未计入的记录，删除后无法恢复", "delete records for good");
  entryOption(command(parent, "discard", description, terminal), terminal)
    .option("--yes", zh ? "符合的不止一条时也全部删除" : "discard them although there are several")
    .action(async (flags: Flags & { yes?: true }) => {
      await withDatabase(async ({ services }) => {
        const many = { many: flags.yes === true };
        const discarded = await services.quarantine.discard(filterOf(flags), many, cliActor());
        terminal.result(
          { discarded },
          [text(`已删除 ${discarded} 条`, `${discarded} ${discarded === 1 ? "entry" : "entries"} discarded`)],
          flags.json === true,
        );
      });
    });
}

function entryOption(of: Command, { language }: Terminal): Command {
  return of.option(
    "--entry <id...>",
    language === "zh" ? "只限这些条目，entry_id 见 list" : "only these entries, by the entry_id that list shows",
  );
}

function listed({ counts, entries }: QuarantineList, { language }: Terminal) {
  return {
    counts,
    entries: entries.map((entry) => ({
      entry_id: entry.entryId,
      source: entry.source,
      record_id: entry.recordId,
      status: entry.status,
      hint: entry.hint,
      reason: entry.reason[language],
      subject: entry.subject,
      received_at: entry.receivedAt,
      content: entry.content,
      ...(entry.first === undefined ? {} : { first: listedFirst(entry.first) }),
    })),
  };
}

function listedFirst({ serialNo, start, at, bytes, corrects, attributes, receivedAt }: TakenRecord) {
  return {
    serial_no: serialNo,
    ...(start === null ? { read_at: at } : { start, end: at }),
    bytes_total: bytes,
    ...(corrects === null ? {} : { corrects }),
    ...attributes,
    received_at: receivedAt.toISOString(),
  };
}

function lines({ counts, entries }: QuarantineList): Text[] {
  if (counts.length === 0) return [text("没有符合的条目。", "Nothing is kept here that matches.")];
  return [
    ...entries.flatMap(entryLines),
    ...counts.map(({ source, status: refused, count }) =>
      text(`${source} ${refused}：${count} 条`, `${source} ${refused}: ${count}`),
    ),
  ];
}

function entryLines(entry: QuarantinedRecord): Text[] {
  const { entryId, source, recordId, status: refused, receivedAt, reason, content, first } = entry;
  const head = `${entryId}  ${receivedAt}  ${source}  ${refused}  ${recordId === "" ? "-" : printable(recordId)}`;
  return [
    text(head, head),
    text(`  ${printable(reason.zh)}`, `  ${printable(reason.en)}`),
    text(`  ${printable(content)}`, `  ${printable(content)}`),
    ...(first === undefined ? [] : [firstLine(first)]),
  ];
}

function firstLine(first: TakenRecord): Text {
  const content = printable(JSON.stringify(listedFirst(first)));
  return text(`  先前计入的：${content}`, `  taken in before: ${content}`);
}

/** What was sent may be anything: no more of it than can be read, and nothing that a terminal would obey. */
function printable(value: string): string {
  const line = value.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, "·");
  return line.length > contentShownMax ? `${line.slice(0, contentShownMax).toWellFormed()}…` : line;
}

/** Two records of the usual length; all of it is in the JSON. */
const contentShownMax = 1_000;

const outcomes: Readonly<Record<RecordStatus, Text>> = {
  accepted: text("已计入", "now counted"),
  duplicate: text("此前已计入，移出", "counted before, and gone from here"),
  conflict: text("与已计入的记录冲突", "in conflict with a record that was taken in"),
  unknown_card: text("仍没有对应的卡", "still without a card"),
  invalid: text("仍无效", "still invalid"),
  too_old: text("过旧", "too old"),
  too_new: text("时间仍在未来", "still ahead of time"),
};

function printReleased(terminal: Terminal, { counts, conflicts }: Released, json: boolean): void {
  const tried = [...counts.values()].reduce((sum, count) => sum + count, 0);
  terminal.result(
    { tried, counts: Object.fromEntries(counts), conflicts_left: conflicts },
    [
      text(`处理 ${tried} 条`, `${tried} tried`),
      ...[...counts].map(([outcome, count]) =>
        text(`  ${outcomes[outcome].zh}：${count}`, `  ${outcomes[outcome].en}: ${count}`),
      ),
    ],
    json,
  );
  if (conflicts > 0)
    terminal.say(
      text(
        `另有 ${conflicts} 条冲突未处理：冲突不能重新计入，只能删除；请让运营商以新的 id 补发更正记录。`,
        `Conflicts left: ${conflicts}. They cannot be released, only discarded; have the carrier send a correction under an id of its own.`,
      ),
    );
}

function status(zh: boolean) {
  return (value: string): RefusedStatus => {
    const found = statuses.find((known) => known === value);
    if (found === undefined)
      throw new InvalidArgumentError(zh ? `应为 ${statuses.join("、")} 之一` : `must be one of ${statuses.join(", ")}`);
    return found;
  };
}
