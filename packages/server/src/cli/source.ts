import { type Command, InvalidArgumentError, Option } from "commander";
import { type BillingMonth, formatMonth, parseMonth } from "../modules/packages/billing-month.ts";
import {
  type Assignment,
  type IssuedToken,
  type ListedSource,
  type NewSource,
  closeAfterSecondsMax,
  graceSecondsMax,
  sourceNamePattern,
  usageUnits,
} from "../modules/sources/sources.service.ts";
import type { UsageKind } from "../modules/usage/usage-record.ts";
import { type Text, text } from "../text.ts";
import { duration } from "./client.ts";
import { cliActor, withDatabase } from "./context.ts";
import type { Terminal } from "./terminal.ts";

interface CreateOptions {
  readonly name: string;
  readonly kind: UsageKind;
  readonly unit?: NonNullable<NewSource["unit"]>;
  readonly grace: number;
  readonly closeAfter: number;
  readonly json?: true;
}

export function sourceCommands(program: Command, terminal: Terminal): void {
  const source = program
    .command("source")
    .description(
      terminal.language === "zh"
        ? "用量来源：向平台上报用量的运营商平台或系统"
        : "sources of usage: the carriers' platforms and systems that report it",
    );
  createCommand(source, terminal);
  rotateCommand(source, terminal);
  statusCommands(source, terminal);
  listCommand(source, terminal);
  assignCommand(source, terminal);
}

function createCommand(source: Command, terminal: Terminal): void {
  const zh = terminal.language === "zh";
  source
    .command("create")
    .description(zh ? "创建来源，令牌只显示一次" : "create a source; its token is shown once")
    .requiredOption("--name <name>", zh ? "名称，例如 onelink-a" : "its name, such as onelink-a", sourceName(zh))
    .requiredOption(
      "--kind <kind>",
      zh
        ? "delta：每条记录是一段时间内的用量；reading：每条记录是累计读数"
        : "delta: a record says what was used in a period; reading: it says where a counter stood",
      kind(zh),
    )
    .option(
      "--unit <unit>",
      zh
        ? "记录未注明单位时所用的单位；不指定则每条记录都须注明"
        : "the unit of values that name none; without it every value must name its own",
      unit(zh),
    )
    .addOption(
      new Option(
        "--grace <duration>",
        zh
          ? "账期开始后，运营商的累计读数可能尚未清零的时间，0h 到 48h"
          : "how long after a month's start the counters may not have been reset yet, 0h to 48h",
      )
        .argParser(duration(zh, { seconds: graceSecondsMax, text: text("最长 48h", "at most 48h") }))
        // In seconds, like the next; the help shows them as they would be written.
        .default(6 * 3600, "6h"),
    )
    .addOption(
      new Option(
        "--close-after <duration>",
        zh
          ? "账期结束后多久关账，0h 到 30d；之后到达的记录记为调整"
          : "how long after its end a month is closed, 0h to 30d; later records are adjustments",
      )
        .argParser(duration(zh, { seconds: closeAfterSecondsMax, text: text("最长 30d", "at most 30d") }))
        .default(72 * 3600, "72h"),
    )
    .option("--json", zh ? "以 JSON 输出" : "print JSON")
    .addHelpText("after", unitHelp[terminal.language])
    .action(async ({ name, kind, unit, grace, closeAfter, json }: CreateOptions) => {
      await withDatabase(async ({ services }) => {
        const issued = await services.sources.create(
          { name, kind, unit: unit ?? null, graceSeconds: grace, closeAfterSeconds: closeAfter },
          cliActor(),
        );
        printIssued(terminal, issued, json === true);
      });
    });
}

const unitHelp: Text = text(
  `
单位：B、KB、MB、GB、TB 按 1024 进位，国内运营商都是如此；KB-SI、MB-SI、GB-SI、TB-SI 按 1000 进位，
例如 1NCE、emnify。选择 -SI 单位后，该来源的记录里写明的 KB、MB 等也都按 1000 进位。`,
  `
Units: of B, KB, MB, GB and TB, 1,024 make the next, as with the Chinese carriers; of KB-SI, MB-SI, GB-SI and
TB-SI it is 1,000, as with 1NCE and emnify. With an -SI unit, a KB or MB that a record itself names counts in
thousands as well.`,
);

function rotateCommand(source: Command, terminal: Terminal): void {
  const zh = terminal.language === "zh";
  source
    .command("rotate <name>")
    .description(
      zh
        ? "更换令牌，旧令牌在过渡期内仍可用；上一次更换留下的旧令牌立即失效"
        : "give a new token; the old one works until the overlap ends, one from an earlier rotation ends at once",
    )
    .addOption(
      new Option("--overlap <duration>", zh ? "过渡期，例如 24h、30m、0s" : "overlap, such as 24h, 30m or 0s")
        .argParser(duration(zh))
        .default(86_400, "24h"),
    )
    .option("--json", zh ? "以 JSON 输出" : "print JSON")
    .action(async (name: string, options: { overlap: number; json?: true }) => {
      await withDatabase(async ({ services }) => {
        const issued = await services.sources.rotate(name, { overlapSeconds: options.overlap }, cliActor());
        printIssued(terminal, issued, options.json === true);
      });
    });
}

function statusCommands(source: Command, terminal: Terminal): void {
  for (const [command, status, description, done] of [
    [
      "suspend",
      "suspended",
      text("停用来源：拒绝它上报的用量，已收到的不受影响", "refuse what a source sends; what it has sent still counts"),
      (name: string) => text(`来源 ${name} 已停用`, `source ${name} is suspended`),
    ],
    [
      "resume",
      "normal",
      text("恢复来源", "take usage of a suspended source again"),
      (name: string) => text(`来源 ${name} 已恢复`, `source ${name} is taken from again`),
    ],
  ] as const)
    source
      .command(`${command} <name>`)
      .description(description[terminal.language])
      .option("--json", terminal.language === "zh" ? "以 JSON 输出" : "print JSON")
      .action(async (name: string, options: { json?: true }) => {
        await withDatabase(async ({ services }) => {
          await services.sources.change(name, { status }, cliActor());
          terminal.result({ name, status }, [done(name)], options.json === true);
        });
      });
}

function listCommand(source: Command, terminal: Terminal): void {
  const zh = terminal.language === "zh";
  source
    .command("list")
    .description(zh ? "列出来源" : "list the sources")
    .option("--json", zh ? "以 JSON 输出" : "print JSON")
    .action(async (options: { json?: true }) => {
      await withDatabase(async ({ services }) => {
        const sources = await services.sources.list();
        terminal.result({ sources: sources.map(listed) }, table(sources), options.json === true);
      });
    });
}

function listed(source: ListedSource) {
  return {
    name: source.name,
    kind: source.kind,
    unit: source.unit,
    grace_seconds: source.graceSeconds,
    close_after_seconds: source.closeAfterSeconds,
    status: source.status,
    created_at: source.createdAt.toISOString(),
  };
}

function table(sources: readonly ListedSource[]): Text[] {
  if (sources.length === 0)
    return [text("还没有来源，请用 dks source create 创建。", "No sources yet; dks source create makes one.")];
  const rows = [
    ["name", "kind", "unit", "grace", "close_after", "status", "created_at"],
    ...sources.map((source) => [
      source.name,
      source.kind,
      source.unit ?? "-",
      formatDuration(source.graceSeconds),
      formatDuration(source.closeAfterSeconds),
      source.status,
      source.createdAt.toISOString(),
    ]),
  ];
  const widths = rows[0]?.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0))) ?? [];
  return rows.map((row) => {
    const line = row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ");
    return text(line.trimEnd(), line.trimEnd());
  });
}

/** As `--grace` takes it: in hours if it is whole ones, or else in minutes or seconds. */
function formatDuration(seconds: number): string {
  if (seconds % 3600 === 0) return `${seconds / 3600}h`;
  return seconds % 60 === 0 ? `${seconds / 60}m` : `${seconds}s`;
}

function assignCommand(source: Command, terminal: Terminal): void {
  const zh = terminal.language === "zh";
  source
    .command("assign <name>")
    .description(
      zh
        ? "指定一张卡从某个账期起以哪个来源的用量为准"
        : "make a source the one that counts for a card, from a month on",
    )
    .requiredOption("--card <serial_no>", zh ? "卡号" : "the card's serial_no")
    .option(
      "--from <month>",
      zh
        ? "起始账期，例如 2026-12；默认为当前账期，当前账期已有用量则为下一个"
        : "the first billing month, such as 2026-12; by default the current one, or the next if that has usage already",
      billingMonth(zh),
    )
    .option("--json", zh ? "以 JSON 输出" : "print JSON")
    .action(async (name: string, options: { card: string; from?: BillingMonth; json?: true }) => {
      await withDatabase(async ({ services }) => {
        const assignment = await services.sources.assign(name, options.card, options.from, cliActor());
        printAssignment(terminal, assignment, options.json === true);
      });
    });
}

function printAssignment(terminal: Terminal, { name, serialNo, fromMonth, next }: Assignment, json: boolean): void {
  const from = formatMonth(fromMonth);
  terminal.result(
    {
      name,
      serial_no: serialNo,
      from_month: from,
      ...(next === undefined ? {} : { next: { name: next.name, from_month: formatMonth(next.fromMonth) } }),
    },
    [
      text(
        `卡 ${serialNo} 自 ${from} 账期起以来源 ${name} 为准`,
        `from ${from} on, source ${name} counts for card ${serialNo}`,
      ),
    ],
    json,
  );
  if (next === undefined) return;
  const until = formatMonth(next.fromMonth);
  terminal.say(
    text(
      `此前已指定自 ${until} 账期起以来源 ${next.name} 为准，该指定保持不变；如需取代，请加 --from ${until} 再执行一次。`,
      `Source ${next.name}, assigned before, takes over in ${until}; to replace that too, run this again with --from ${until}.`,
    ),
  );
}

function printIssued(terminal: Terminal, { name, token }: IssuedToken, json: boolean): void {
  terminal.result(
    { name, token },
    [text(`name   ${name}`, `name   ${name}`), text(`token  ${token}`, `token  ${token}`)],
    json,
  );
  if (!json) terminal.say(text("令牌只显示这一次，请妥善保存。", "The token is shown only now; keep it safe."));
}

function sourceName(zh: boolean) {
  return (value: string): string => {
    if (!sourceNamePattern.test(value))
      throw new InvalidArgumentError(
        zh
          ? "应为 1 到 64 个小写字母、数字、点、下划线或连字符，以字母或数字开头，例如 onelink-a"
          : "must be 1 to 64 lower-case letters, digits, dots, underscores or hyphens, a letter or digit first, such as onelink-a",
      );
    return value;
  };
}

function kind(zh: boolean) {
  return (value: string): UsageKind => {
    if (value !== "delta" && value !== "reading")
      throw new InvalidArgumentError(
        zh
          ? "应为 delta（一段时间内的用量）或 reading（累计读数）"
          : "must be delta (what was used in a period) or reading (where a counter stood)",
      );
    return value;
  };
}

function unit(zh: boolean) {
  return (value: string): (typeof usageUnits)[number] => {
    const found = usageUnits.find((known) => known === value);
    if (found === undefined)
      throw new InvalidArgumentError(
        zh ? `应为 ${usageUnits.join("、")} 之一，区分大小写` : `must be one of ${usageUnits.join(", ")}, in capitals`,
      );
    return found;
  };
}

function billingMonth(zh: boolean) {
  return (value: string): BillingMonth => {
    const month = /^\d{4}-\d{2}$/.test(value) ? parseMonth(value) : undefined;
    if (month === undefined)
      throw new InvalidArgumentError(zh ? "应为账期，例如 2026-12" : "must be a billing month, such as 2026-12");
    return month;
  };
}
