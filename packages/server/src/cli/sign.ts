import { type Command, InvalidArgumentError } from "commander";
import { SignatureInputError, canonicalString, signParameters } from "@dakashi/sdk/signature";
import { systemClock } from "../clock.ts";
import { OperatorError } from "../errors.ts";
import { text } from "../text.ts";
import type { Terminal } from "./terminal.ts";

export function signCommand(program: Command, terminal: Terminal): void {
  const zh = terminal.language === "zh";
  program
    .command("sign [name=value...]")
    .description(
      zh
        ? "对参数签名：显示拼接字符串、签名和可直接粘贴的 curl 命令"
        : "sign parameters: the canonical string, the signature, a ready curl",
    )
    .requiredOption("--client-id <id>", "client_id")
    .requiredOption("--secret <secret>", "client_secret")
    .option("--url <url>", zh ? "接口地址" : "the operation's URL", "http://127.0.0.1:8080/v1/member/info")
    .option("--json", zh ? "以 JSON 输出" : "print JSON")
    .action((pairs: string[], options: { clientId: string; secret: string; url: string; json?: true }) => {
      const parameters: Record<string, string> = { client_id: options.clientId };
      for (const pair of pairs) {
        const equals = pair.indexOf("=");
        if (equals < 1)
          throw new InvalidArgumentError(zh ? `“${pair}” 应为 name=value` : `"${pair}" must be name=value`);
        parameters[pair.slice(0, equals)] = pair.slice(equals + 1);
      }
      const signed = signRequest(parameters, options.secret);
      const curl = curlCommand(options.url, signed.body);
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
