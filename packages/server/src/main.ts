import { runCommandLine } from "./cli/command-line.ts";
import { loadDotEnv } from "./config.ts";

loadDotEnv();
process.exitCode = await runCommandLine(process.argv.slice(2));
