import { execFileSync } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";

interface Usage {
  readonly pid: number;
  readonly parent: number;
  readonly ownTicks: number;
  /** Of children that ended and were waited for. */
  readonly endedTicks: number;
}

let ticksPerSecond: number | undefined;

/**
 * User and system time of processes and of all their descendants so far, in microseconds. From /proc, and so on Linux
 * only.
 */
export function cpuTimeUs(roots: readonly number[]): number {
  ticksPerSecond ??= Number(execFileSync("getconf", ["CLK_TCK"], { encoding: "utf8" }));
  const all = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => usageOf(Number(name)) ?? []);
  const family = new Set(roots);
  // Parents may stand behind their children once numbers have wrapped around.
  for (let before = -1; before !== family.size;) {
    before = family.size;
    for (const { pid, parent } of all) if (family.has(parent)) family.add(pid);
  }
  const ticks = all
    .filter(({ pid }) => family.has(pid))
    .reduce((sum, { ownTicks, endedTicks }) => sum + ownTicks + endedTicks, 0);
  return (ticks / ticksPerSecond) * 1e6;
}

function usageOf(pid: number): Usage | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  } catch {
    // Ended since the directory was read.
    return undefined;
  }
  // The command's name stands in parentheses and may hold anything; fields are counted behind it, from the third.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const field = (number: number): number => Number(fields[number - 3]);
  return { pid, parent: field(4), ownTicks: field(14) + field(15), endedTicks: field(16) + field(17) };
}

/** Resident memory of one process, in bytes. */
export function residentBytes(pid: number): number {
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  if (kilobytes === undefined) throw new Error(`no VmRSS for ${pid}`);
  return Number(kilobytes) * 1024;
}
