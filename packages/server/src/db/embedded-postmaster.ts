import { readFileSync, rmSync, statSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";

/** What a running server notes of itself in `postmaster.pid`. */
export interface Postmaster {
  readonly pid: number;
  readonly port: number;
}

/** The server that `postmaster.pid` names, if that process runs and is a PostgreSQL. */
export async function findPostmaster(clusterDir: string): Promise<Postmaster | undefined> {
  const lines = (await readFile(pidFile(clusterDir), "utf8").catch(() => "")).split("\n");
  const pid = Number(lines[0]);
  const port = Number(lines[3]);
  if (!Number.isInteger(pid) || pid <= 0 || !Number.isInteger(port) || !isPostgres(pid)) return undefined;
  return { pid, port };
}

/** How long a server takes at most from making its `postmaster.pid` to writing it. */
const emptyForMs = 10_000;

/**
 * Removes a `postmaster.pid` that would keep PostgreSQL from starting for ever: one whose number was given to another process
 * meanwhile, as in a container that starts afresh, and an empty one, which a crash has left; throws if that may be filled
 * yet. Any other PostgreSQL removes itself, and it knows best: a server that finds its own gone ends within a minute. So in
 * one go, too.
 */
export function removeStalePidFile(clusterDir: string): void {
  const file = pidFile(clusterDir);
  try {
    const content = readFileSync(file, "utf8");
    if (content === "" && Date.now() - statSync(file).mtimeMs < emptyForMs) throw new Error(`${file} is empty`);
    const pid = Number(content.split("\n")[0]);
    if (content === "" || (pid > 0 && isRunning(pid) && !isPostgres(pid))) rmSync(file);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
  }
}

function pidFile(clusterDir: string): string {
  return join(clusterDir, "postmaster.pid");
}

/** Whether there is such a process, be it one that has ended and that nobody has waited for. */
function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it runs, under another user.
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}

export function isPostgres(pid: number): boolean {
  if (!isRunning(pid)) return false;
  try {
    // "123 (postgres) S …": a zombie, state Z, is a server that ended and that nobody has waited for.
    return /^\d+ \(postgres\) [^ZX]/.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    // No /proc on this system: a process that runs is taken for the server, and the connection will tell.
    return process.platform !== "linux";
  }
}
