import { Command, CommanderError } from "commander";
import { loadDotEnv, terminalLanguage } from "../config.ts";
import { isUnavailable } from "../db/database.ts";
import { OperatorError } from "../errors.ts";
import { text } from "../text.ts";
import { accountCommands } from "./account.ts";
import { chineseOutput } from "./chinese-help.ts";
import { clientCommands } from "./client.ts";
import { dbCommands } from "./db.ts";
import { importCommands } from "./import.ts";
import { serveCommands } from "./serve.ts";
import { signCommand } from "./sign.ts";
import { sourceCommands } from "./source.ts";
import { staffCommands } from "./staff.ts";
import { type Terminal, createTerminal, watchOutput } from "./terminal.ts";
import { usageCommands } from "./usage.ts";

/** Runs one command and returns the exit status: 0 for success, 1 for failure, 2 for misuse. */
export async function runCommandLine(args: readonly string[]): Promise<number> {
  try {
    loadDotEnv();
  } catch (error) {
    return report(error, createTerminal(terminalLanguage()));
  }
  const terminal = createTerminal(terminalLanguage());
  watchOutput(terminal.language);
  const program = new Command("dks")
    .description(terminal.language === "zh" ? "大卡师开放平台" : "Dakashi Open Platform")
    .exitOverride()
    .showHelpAfterError()
    .configureOutput(terminal.language === "zh" ? chineseOutput() : {});
  serveCommands(program, terminal);
  accountCommands(program, terminal);
  clientCommands(program, terminal);
  importCommands(program, terminal);
  sourceCommands(program, terminal);
  usageCommands(program, terminal);
  staffCommands(program, terminal);
  dbCommands(program, terminal);
  signCommand(program, terminal);
  try {
    await program.parseAsync(args, { from: "user" });
    return 0;
  } catch (error) {
    return report(error, terminal);
  }
}

function report(error: unknown, terminal: Terminal): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (error instanceof OperatorError) {
    terminal.say(error.text);
    return 1;
  }
  if (isUnavailable(error)) {
    const reason = error instanceof Error ? error.message : String(error);
    terminal.say(text(`数据库不可用：${reason}`, `The database is not available: ${reason}`));
    return 1;
  }
  // A bug of ours: whoever reports it needs all of it.
  process.stderr.write(`${error instanceof Error ? error.stack : String(error)}\n`);
  return 1;
}
