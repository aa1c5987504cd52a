import { execFileSync } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { cpus, totalmem } from "node:os";
import type { Spread } from "./rounds.ts";

/** One line of the table. */
export interface Figure {
  readonly what: string;
  readonly measured: string;
  readonly comparedWith: string;
  readonly ratio: string;
  readonly goal: string;
  /** The numbers behind it, for those who compute with them. */
  readonly data: unknown;
}

export interface Machine {
  readonly date: string;
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly node: string;
  readonly postgresql: string;
  readonly system: string;
}

export function describeMachine(postgresql: string): Machine {
  const all = cpus();
  return {
    date: new Date().toISOString().slice(0, 10),
    cpu: all[0]?.model.trim() ?? "unknown",
    cores: all.length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    postgresql,
    system: execFileSync("uname", ["-sm"], { encoding: "utf8" }).trim(),
  };
}

export function table(machine: Machine, figures: readonly Figure[]): string {
  const cells = figures.map(({ what, measured, comparedWith, ratio, goal }) => [
    what,
    measured,
    comparedWith,
    ratio,
    goal,
  ]);
  return [
    `${machine.date}, ${machine.cpu}, ${machine.cores} cores, ${machine.memoryGiB} GiB, ${machine.system}, Node ${machine.node}, PostgreSQL ${machine.postgresql}.`,
    "Contenders take turns, round by round; figures are medians over the rounds, with the smallest and the largest in parentheses.",
    "",
    "| figure | measured | compared with | ratio | goal |",
    "| --- | --- | --- | --- | --- |",
    ...cells.map((row) => `| ${row.join(" | ")} |`),
    "",
  ].join("\n");
}

const resultsDir = new URL("results/", import.meta.url);

export async function writeResults(machine: Machine, figures: readonly Figure[], markdown: string): Promise<void> {
  await mkdir(resultsDir, { recursive: true });
  await writeFile(new URL("latest.md", resultsDir), `# Benchmark results\n\n${markdown}`);
  await writeFile(new URL("latest.json", resultsDir), `${JSON.stringify({ machine, figures }, null, 2)}\n`);
}

export function show({ median, min, max }: Spread, unit: string, digits = 0): string {
  const print = (value: number): string =>
    value.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
  return `${print(median)} ${unit} (${print(min)}–${print(max)})`;
}
