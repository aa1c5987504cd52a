import { type Command, InvalidArgumentError } from "commander";
import { SignatureInputError, canonicalString, signParameters } from "@dakashi/sdk/signature";
import { systemClock } from "../clock.ts";
import { readConfig } from "../config.ts";
import { OperatorError } from "../errors.ts";
import { text } from "../text.ts";
import type { Terminal } from "./terminal.ts";

export function signCommand(program: Command, terminal: Terminal): void {
  const zh = terminal.language === "zh";
  program
    .command("sign")
    .argument("[name=value...]", undefined, nameAndValue(zh))
    .description(
      zh
        ? "对参数签名：显示拼接字符串、签名和可直接粘贴的 curl 命令"
        : "sign parameters: the canonical string, the signature, a ready curl",
    )
    .requiredOption("--client-id <id>", "client_id")
    .requiredOption("--secret <secret>", "client_secret")
    .option(
      "--url <url>",
      zh
        ? "接口地址；默认为本机服务的 /v1/member/info"
        : "the operation's URL; /v1/member/info of the server here by default",
    )
    .option("--json", zh ? "以 JSON 输出" : "print JSON")
    .action((pairs: Pair[], options: { clientId: string; secret: string; url?: string; json?: true }) => {
      const signed = signRequest({ client_id: options.clientId, ...Object.fromEntries(pairs) }, options.secret);
      const url = options.url ?? `http://127.0.0.1:${readConfig().port}/v1/member/info`;
      const curl = curlCommand(url, signed.body);
      terminal.result(
        { string: signed.string, sign: signed.sign, curl },
        [
          text(`拼接字符串  ${signed.string}`, `string  ${signed.string}`),
          text(`签名        ${signed.sign}`, `sign    ${signed.sign}`),
          text("", ""),
          text(curl, curl),
        ],
        options.json === true,
      );
    });
}

type Pair = readonly [name: string, value: string];

/** Read as an argument, so that commander says what is wrong with it. */
function nameAndValue(zh: boolean) {
  return (word: string, before: readonly Pair[] = []): Pair[] => {
    const equals = word.indexOf("=");
    if (equals < 1) throw new InvalidArgumentError(zh ? "应为 name=value" : "must be name=value");
    return [...before, [word.slice(0, equals), word.slice(equals + 1)]];
  };
}

export interface SignedRequest {
  /** The canonical string, without the secret. */
  readonly string: string;
  readonly sign: string;
  /** The JSON body, sign included. */
  readonly body: string;
}

/** Signs parameters, with the current time where they have none. Throws an OperatorError for what cannot be signed. */
export function signRequest(given: Readonly<Record<string, string>>, secret: string): SignedRequest {
  const parameters: Record<string, string | number> = { ...given };
  const timestamp = given["timestamp"] ?? String(Math.floor(systemClock() / 1000));
  parameters["timestamp"] = /^\d{1,15}$/.test(timestamp) ? Number(timestamp) : timestamp;
  try {
    const sign = signParameters(parameters, secret);
    return { string: canonicalString(parameters), sign, body: JSON.stringify({ ...parameters, sign }) };
  } catch (error) {
    if (error instanceof SignatureInputError)
      throw new OperatorError(text(`参数 ${error.parameter} 不能签名：${error.message}`, error.message), error);
    throw error;
  }
}

/** A command that a POSIX shell takes as it is, on one line, so that it survives copy and paste. */
export function curlCommand(url: string, body: string): string {
  return `curl -s ${quote(url)} -H 'Content-Type: application/json' -d ${quote(body)}`;
}

function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}
