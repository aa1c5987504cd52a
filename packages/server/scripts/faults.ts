/**
 * Kills a server and its database while usage is sent to them: node packages/server/scripts/faults.ts --kills 50 --seed 1
 *
 * Clients send each batch until it is answered. Ends with one line, and status 0 if in the end every record was counted
 * once and every total was exact; otherwise with status 1. What is sent, and in which order what is killed, follow from
 * the seed; at which moment it is hit does not. `--workers 2` has the server run in several processes.
 */
import { parseArgs } from "node:util";
import { type FaultRunReport, runFaults } from "../test/fault-run.ts";

const usage = "usage: node packages/server/scripts/faults.ts [--kills n] [--seed n] [--workers n]\n";

async function main(): Promise<number> {
  const options = readOptions();
  if (options === undefined) {
    process.stderr.write(usage);
    return 2;
  }
  process.stderr.write(`seed ${options.seed}\n`);
  const startedAt = performance.now();
  const report = await runFaults({ ...options, onFault: (fault) => process.stderr.write(`${fault}\n`) });
  for (const problem of report.problems) process.stderr.write(`${problem}\n`);
  process.stdout.write(summary(options.seed, report, (performance.now() - startedAt) / 1000));
  return report.problems.length > 0 ? 1 : 0;
}

function readOptions(): { kills: number; seed: number; workers: number } | undefined {
  try {
    const option = { type: "string" } as const;
    const { values } = parseArgs({ options: { kills: option, seed: option, workers: option } });
    const kills = Number(values.kills ?? 50);
    const seed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 32));
    const workers = Number(values.workers ?? 1);
    const isGood = [kills, seed, workers].every((value) => Number.isSafeInteger(value) && value >= 0) && workers > 0;
    return isGood ? { kills, seed, workers } : undefined;
  } catch {
    return undefined;
  }
}

function summary(seed: number, report: FaultRunReport, seconds: number): string {
  const { problems, faults, batches, requests, givenUp, records, distinctRecords } = report;
  const outcome = problems.length > 0 ? `${problems.length} problems` : "all well";
  return (
    `faults: seed ${seed}: ${outcome}; ${[...faults].map(([fault, times]) => `${fault} ×${times}`).join(", ")}; ` +
    `${batches} batches answered to ${requests} requests, ${givenUp} given up by the client; ` +
    `${records} records, ${distinctRecords} different; ${seconds.toFixed(0)} s\n`
  );
}

if (import.meta.main) process.exitCode = await main();
