import type { Command } from "commander";
import { readConfig } from "../config.ts";
import { type DistributeReport, type DistributeStep, distribute, shardCountDefault } from "../db/distribute.ts";
import { openDatabase } from "../db/open.ts";
import { type Text, text } from "../text.ts";
import { wholeNumber } from "./account.ts";
import type { Terminal } from "./terminal.ts";

export function dbCommands(program: Command, terminal: Terminal): void {
  const zh = terminal.language === "zh";
  program
    .command("db")
    .description(zh ? "数据库" : "the database")
    .command("distribute")
    .description(
      zh
        ? "把数据库分布到 Citus 集群的各节点，须先停止服务；中断后再次运行即可完成"
        : "spread the database over the nodes of a Citus cluster, while no server runs; run it again to finish one that was broken off",
    )
    .option(
      "--shards <n>",
      zh ? "分片数，也是卡最多能分布到的节点数" : "how many shards, and so over how many nodes the cards can be spread",
      wholeNumber(1, 1024, zh),
      shardCountDefault,
    )
    .option("--json", zh ? "以 JSON 输出" : "print JSON")
    .action(async ({ shards, json }: { shards: number; json?: true }) => {
      const database = await openDatabase(readConfig());
      try {
        const report = await distribute(database.address, {
          shardCount: shards,
          onStep: (step) => terminal.say(stepText(step)),
        });
        terminal.result(toJson(report), [summary(report)], json === true);
      } finally {
        await database.close();
      }
    });
}

function stepText({ kind, table, done, total }: DistributeStep): Text {
  const place = `[${done + 1}/${total}]`;
  const [zh, en] = stepWords[kind];
  return text(`${place} ${zh} ${table}`, `${place} ${en} ${table}`);
}

const stepWords: Readonly<Record<DistributeStep["kind"], readonly [zh: string, en: string]>> = {
  distribute: ["分布表", "distributing"],
  clear: ["清除协调节点上的旧数据：", "clearing away the coordinator's rows of"],
  connect: ["恢复外键：", "adding a foreign key again, of"],
};

function toJson({ distributed, cleared, foreignKeys, tables }: DistributeReport) {
  return { tables, distributed, cleared, foreign_keys: foreignKeys };
}

function summary({ distributed, tables }: DistributeReport): Text {
  return distributed.length === 0
    ? text(`全部 ${tables} 张表均已分布`, `all ${tables} tables are distributed`)
    : text(
        `已分布 ${distributed.length} 张表，现在全部 ${tables} 张表均已分布`,
        `${distributed.length} tables were distributed; all ${tables} are now`,
      );
}
