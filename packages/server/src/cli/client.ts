import { type Command, InvalidArgumentError, Option } from "commander";
import { readConfig } from "../config.ts";
import type { IssuedSecret } from "../modules/clients/clients.service.ts";
import { addKeyToFile } from "../modules/clients/master-key.ts";
import { type Text, text } from "../text.ts";
import { wholeNumber } from "./account.ts";
import { cliActor, withDatabase } from "./context.ts";
import type { Terminal } from "./terminal.ts";

export function clientCommands(program: Command, terminal: Terminal): void {
  const zh = terminal.language === "zh";
  const json = ["--json", zh ? "以 JSON 输出" : "print JSON"] as const;
  const client = program.command("client").description(zh ? "API 客户端" : "API clients");

  client
    .command("create")
    .description(zh ? "为账户创建客户端，密钥只显示一次" : "create a client of an account; its secret is shown once")
    .requiredOption("--account <account_no>", zh ? "账户编号" : "the account's number", accountNumber(zh))
    .option(
      "--allow-ip <cidr...>",
      zh ? "只允许从这些 IP 或网段调用" : "allow calls from these IPs or CIDR ranges only",
      (value: string, before: readonly string[] | undefined) => [...(before ?? []), value],
    )
    .option("--rate <n>", zh ? "每秒最多调用次数" : "calls a second at most", wholeNumber(1, 100_000, zh))
    .option(...json)
    .action(async (options: { account: string; allowIp?: string[]; rate?: number; json?: true }) => {
      await withDatabase(async ({ services }) => {
        const issued = await services.clients.create(
          { accountNo: options.account, allowIps: options.allowIp ?? [], ratePerSecond: options.rate ?? null },
          cliActor(),
        );
        printIssued(terminal, issued, options.json === true);
      });
    });

  client
    .command("rotate <client_id>")
    .description(
      zh ? "更换密钥，旧密钥在过渡期内仍可用" : "give a new secret; the old one verifies until the overlap ends",
    )
    .addOption(
      new Option("--overlap <duration>", zh ? "过渡期，例如 24h、30m、0s" : "overlap, such as 24h, 30m or 0s")
        .argParser(duration(zh))
        // In seconds; the help shows it as it would be written.
        .default(86_400, "24h"),
    )
    .option(...json)
    .action(async (clientId: string, options: { overlap: number; json?: true }) => {
      await withDatabase(async ({ services }) => {
        const issued = await services.clients.rotate(clientId, { overlapSeconds: options.overlap }, cliActor());
        printIssued(terminal, issued, options.json === true);
      });
    });

  for (const [name, status, description] of [
    ["suspend", "suspended", text("停用客户端", "refuse a client's calls")],
    ["resume", "normal", text("恢复客户端", "answer a suspended client again")],
  ] as const)
    client
      .command(`${name} <client_id>`)
      .description(description[terminal.language])
      .option(...json)
      .action(async (clientId: string, options: { json?: true }) => {
        await withDatabase(async ({ services }) => {
          await services.clients.setStatus(clientId, { status }, cliActor());
          const done: Text =
            status === "normal"
              ? text(`客户端 ${clientId} 已恢复`, `client ${clientId} is answered again`)
              : text(`客户端 ${clientId} 已停用`, `client ${clientId} is suspended`);
          terminal.result({ client_id: clientId, status }, [done], options.json === true);
        });
      });

  program
    .command("key")
    .description(zh ? "主密钥" : "the master key")
    .command("rotate")
    .description(
      zh
        ? "更换主密钥并重新加密所有客户端密钥；使用 DKS_MASTER_KEY 时，先把新密钥写在最前"
        : "change the master key and seal every secret under the new one; with DKS_MASTER_KEY, put the new key first beforehand",
    )
    .option(...json)
    .action(async (options: { json?: true }) => {
      const config = readConfig();
      if (config.masterKey === undefined) await addKeyToFile(config.dataDir);
      await withDatabase(async ({ services }) => {
        const resealed = await services.clients.resealSecrets(cliActor());
        terminal.result(
          { resealed },
          [
            text(
              `已用新的主密钥重新加密 ${resealed} 个密钥`,
              `${resealed} secrets are now sealed under the new master key`,
            ),
          ],
          options.json === true,
        );
      });
    });
}

function printIssued(terminal: Terminal, { clientId, clientSecret }: IssuedSecret, json: boolean): void {
  terminal.result(
    { client_id: clientId, client_secret: clientSecret },
    [
      text(`client_id      ${clientId}`, `client_id      ${clientId}`),
      text(`client_secret  ${clientSecret}`, `client_secret  ${clientSecret}`),
    ],
    json,
  );
  if (!json)
    terminal.say(text("client_secret 只显示这一次，请妥善保存。", "The secret is shown only now; keep it safe."));
}

function accountNumber(zh: boolean) {
  return (value: string): string => {
    if (!/^\d{1,15}$/.test(value)) throw new InvalidArgumentError(zh ? "应为数字" : "must be digits");
    return value;
  };
}

const secondsOf: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** The longest that a duration may be, and how that is said. */
export interface DurationMax {
  readonly seconds: number;
  readonly text: Text;
}

const aYear: DurationMax = { seconds: 366 * 86_400, text: text("最长一年", "at most a year") };

/** A commander argument parser for durations, as seconds: "24h", "30m", "45s" or "7d"; at most a year unless told. */
export function duration(zh: boolean, max: DurationMax = aYear) {
  return (value: string): number => {
    const match = /^(\d{1,8})([smhd])$/.exec(value);
    const seconds = Number(match?.[1]) * (secondsOf[match?.[2] ?? ""] ?? Number.NaN);
    if (!(seconds <= max.seconds))
      throw new InvalidArgumentError(
        zh ? `应形如 24h、30m、45s、7d，${max.text.zh}` : `must be like 24h, 30m, 45s or 7d, and ${max.text.en}`,
      );
    return seconds;
  };
}
