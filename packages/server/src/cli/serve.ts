import { type Command } from "commander";
import { serve } from "../serve.ts";
import { text } from "../text.ts";
import { readConfig } from "../config.ts";
import { migrate } from "../db/migrate.ts";
import { openDatabase } from "../db/open.ts";
import { withDatabase } from "./context.ts";
import { demoLines, ensureDemo } from "./demo.ts";
import type { Terminal } from "./terminal.ts";

export function serveCommands(program: Command, terminal: Terminal): void {
  const zh = terminal.language === "zh";
  program
    .command("serve")
    .description(zh ? "启动服务（先升级数据库结构）" : "run the server; migrates first")
    .action(async () => {
      await serve(terminal);
    });
  program
    .command("migrate")
    .description(zh ? "升级数据库结构" : "bring the database schema up to date")
    .option("--json", zh ? "以 JSON 输出" : "print JSON")
    .action(async (options: { json?: true }) => {
      const database = await openDatabase(readConfig());
      try {
        const applied = await migrate(database.address);
        terminal.result(
          { applied },
          [
            applied.length === 0
              ? text("数据库结构已是最新", "the schema is up to date")
              : text(`已应用：${applied.join("、")}`, `applied: ${applied.join(", ")}`),
          ],
          options.json === true,
        );
      } finally {
        await database.close();
      }
    });
  program
    .command("demo")
    .description(zh ? "创建演示数据，并给出可直接粘贴的调用命令" : "create the demo data and print a call to paste")
    .option("--json", zh ? "以 JSON 输出" : "print JSON")
    .action(async (options: { json?: true }) => {
      await withDatabase(async ({ config, pool, services }) => {
        const demo = await ensureDemo(pool, services);
        const url = `http://127.0.0.1:${config.port}`;
        terminal.result(
          { ...demo, curl: demoLines(demo, url).curl },
          demoLines(demo, url).lines,
          options.json === true,
        );
      });
    });
}
