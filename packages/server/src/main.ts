import { runCommandLine } from "./cli/command-line.ts";

const status = await runCommandLine(process.argv.slice(2));
process.exitCode ||= status;
