import { runCommandLine } from "./cli/command-line.ts";
import { watchOutput } from "./cli/terminal.ts";
import { loadDotEnv, terminalLanguage } from "./config.ts";

loadDotEnv();
watchOutput(terminalLanguage());
const status = await runCommandLine(process.argv.slice(2));
process.exitCode ||= status;
