import type { Command } from "commander";
import type { Terminal } from "./terminal.ts";
import { usageGapsCommand } from "./usage-gaps.ts";
import { usageImportCommand } from "./usage-import.ts";
import { usageQuarantineCommands } from "./usage-quarantine.ts";
import { usageRebuildCommand } from "./usage-rebuild.ts";
import { usageDropCommand } from "./usage-retention.ts";
import { usageShowCommand } from "./usage-show.ts";
import { usageVerifyCommand } from "./usage-verify.ts";

/** `dks usage …`: each of its commands is in a file of its own. */
export function usageCommands(program: Command, terminal: Terminal): void {
  const zh = terminal.language === "zh";
  const usage = program.command("usage").description(zh ? "用量记录" : "usage records");
  usageImportCommand(usage, terminal);
  usageQuarantineCommands(usage, terminal);
  usageShowCommand(usage, terminal);
  usageGapsCommand(usage, terminal);
  usageVerifyCommand(usage, terminal);
  usageRebuildCommand(usage, terminal);
  usageDropCommand(usage, terminal);
}
