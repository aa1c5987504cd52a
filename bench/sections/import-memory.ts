import { spawn } from "node:child_process";
import { once } from "node:events";
import { createWriteStream } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { Readable, type Stream } from "node:stream";
import { pipeline } from "node:stream/promises";
import { childEnvironment, dks, platformEnvironment } from "../contenders.ts";
import { type FilledDatabase, sourceName } from "../inventory.ts";
import type { Figure } from "../report.ts";
import { csvHeader, csvLine, randomRecord } from "../usage-records.ts";
import type { Context } from "./context.ts";

const peakMemoryFile = new URL("../peak-memory.ts", import.meta.url);

/** The most memory of `dks usage import`, against that for a tenth of the lines. */
export async function importMemory(
  filled: FilledDatabase,
  { scale, scratchDir, progress }: Pick<Context, "scale" | "scratchDir" | "progress">,
): Promise<Figure> {
  const peaksMb: number[] = [];
  for (const lines of [scale.importRecords / 10, scale.importRecords]) {
    const path = join(scratchDir, "usage.csv");
    await writeCsv(path, lines, scale.cards);
    peaksMb.push(await importInChild(filled, path, lines, scratchDir));
    await rm(path);
    progress(`import of ${lines.toLocaleString("en")} lines`);
  }
  const [fewMb, manyMb] = [peaksMb[0] ?? Number.NaN, peaksMb[1] ?? Number.NaN];
  return {
    what: `Peak memory of \`dks usage import\` with ${scale.importRecords.toLocaleString("en")} records in a CSV`,
    measured: `${Math.round(manyMb)} MB`,
    comparedWith: `with a tenth of them: ${Math.round(fewMb)} MB`,
    ratio: `${(manyMb / fewMb).toFixed(2)} ×`,
    goal: "does not grow with the file",
    data: { records: scale.importRecords, fewMb, manyMb },
  };
}

async function writeCsv(path: string, lines: number, cards: number): Promise<void> {
  const nowMs = Date.now();
  const piece = 10_000;
  await pipeline(function* () {
    yield csvHeader;
    for (let from = 0; from < lines; from += piece)
      yield Array.from({ length: Math.min(piece, lines - from) }, () => csvLine(randomRecord(cards, nowMs))).join("");
  }, createWriteStream(path));
}

/** Runs the command itself, and returns the most megabytes that its process had. */
async function importInChild(
  { address }: FilledDatabase,
  path: string,
  lines: number,
  scratchDir: string,
): Promise<number> {
  const dataDir = join(scratchDir, "usage-import");
  await mkdir(dataDir, { recursive: true });
  const args = ["--import", peakMemoryFile.href, dks, "usage", "import", path, "--source", sourceName, "--json"];
  const child = spawn(process.execPath, args, {
    env: childEnvironment({ DATABASE_URL: address.connectionString, ...platformEnvironment(dataDir) }),
    stdio: ["ignore", "pipe", "inherit", "pipe"],
  });
  const closed = once(child, "close");
  const [printed, peakKb] = await Promise.all([readAll(child.stdout), readAll(child.stdio[3])]);
  const [status] = (await closed) as [number | null]; // As the event is documented.
  if (status !== 0) throw new Error(`the import ended with ${status}: ${printed}`);
  // As the command documents it.
  const { accepted } = JSON.parse(printed ?? "") as { accepted: number };
  if (accepted !== lines) throw new Error(`of ${lines} lines ${accepted} were taken in`);
  return Number(peakKb) / 1024;
}

async function readAll(stream: Stream | null | undefined): Promise<string> {
  let content = "";
  if (!(stream instanceof Readable)) throw new Error("the command writes and does not read");
  for await (const chunk of stream.setEncoding("utf8")) content += chunk as string; // By its encoding.
  return content;
}
