import type { Actor } from "../src/actor.ts";
import { type DatabaseAddress, createPool } from "../src/db/database.ts";
import { listen } from "../src/db/listen.ts";
import { createLogger } from "../src/log.ts";
import type { ExportDefinitions } from "../src/modules/jobs/export-job.ts";
import { runnerConnections, startJobRunner } from "../src/modules/jobs/job-runner.ts";
import type { ImportKind, JobRow, JobState } from "../src/modules/jobs/job.ts";
import { jobsChannel } from "../src/modules/jobs/jobs.queries.ts";
import { type JobService, createJobService } from "../src/modules/jobs/jobs.service.ts";
import { eventually } from "./dks.ts";

export const clerk: Actor = { kind: "staff", id: "s1", name: "李雷", address: "192.0.2.1", requestId: "r-1" };
export const colleague: Actor = { kind: "staff", id: "s2", name: "Han Meimei", address: "192.0.2.2", requestId: "r-2" };

/**
 * An export of `filter.count` rows, in each column its name and the row's number. `beforeRow` is waited for before a row is
 * given out.
 */
export function numberExport(beforeRow: (row: number) => Promise<void> = () => Promise.resolve()): ExportDefinitions {
  return {
    card_export: {
      title: { zh: "卡清单", en: "cards" },
      begin({ filter, columns }) {
        const count = Number(filter["count"]);
        return {
          header: columns,
          total: () => Promise.resolve(count),
          rows: (async function* rows() {
            for (let row = 1; row <= count; row++) {
              await beforeRow(row);
              yield columns.map((column) => `${column}${row}`);
            }
          })(),
        };
      },
    },
  };
}

/** What a process of a server runs jobs with, in this one. */
export interface RunningJobs {
  stop(): Promise<void>;
}

export async function startRunner(
  address: DatabaseAddress,
  options: { readonly exports?: ExportDefinitions; readonly everyMs?: number } = {},
): Promise<RunningJobs> {
  const pool = createPool(address, {
    applicationName: "dks jobs",
    connectionsMax: runnerConnections,
    connectTimeoutMs: 3_000,
    onIdleError: () => {},
  });
  const runner = startJobRunner({
    pool,
    exports: options.exports ?? numberExport(),
    log: createLogger("silent"),
    everyMs: options.everyMs ?? 200,
  });
  const listener = await listen(
    address,
    { [jobsChannel]: (jobNo) => (jobNo === "" ? runner.wake() : runner.ended(Number(jobNo))) },
    () => runner.wake(),
  );
  return {
    async stop() {
      await listener.close();
      await runner.stop();
      await pool.end();
    },
  };
}

export function jobService(pool: Parameters<typeof createJobService>[0], uploadBytesMax = 10_000_000): JobService {
  return createJobService(pool, { uploadBytesMax, exports: numberExport() });
}

/** Uploads a file as it would arrive, in parts. */
export async function uploadFile(
  jobs: JobService,
  content: string | Uint8Array,
  options: { readonly kind?: ImportKind; readonly fileName?: string; readonly by?: Actor } = {},
): Promise<JobRow> {
  const { kind = "card_import", fileName = "cards.csv", by = clerk } = options;
  const bytes = Buffer.from(content);
  return jobs.upload({ kind, fileName, sizeBytes: bytes.length, language: "en" }, inParts(bytes), by);
}

export async function* inParts(bytes: Uint8Array, partBytes = 65_536): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += partBytes) yield bytes.subarray(at, at + partBytes);
}

/** Waits for a job to come into a state; fails at once if it ends in another. */
export function jobIn(jobs: JobService, jobNo: number, state: JobState): Promise<JobRow> {
  return eventually(
    `job ${jobNo} is ${state}`,
    async () => {
      const { job } = await jobs.get(jobNo);
      if (job.state === state) return job;
      if (job.finished_at !== null || job.state === "checked")
        throw new Error(`job ${jobNo} is ${job.state}: ${job.problem?.en ?? ""}`);
      return undefined;
    },
    60_000,
  );
}

/** A CSV of so many cards, numbered from one on. */
export function cardsCsv(count: number, from = 88_000_001): string {
  const lines = Array.from({ length: count }, (_, index) => `${from + index},cmcc`);
  return `serial_no,carrier\n${lines.join("\n")}\n`;
}
