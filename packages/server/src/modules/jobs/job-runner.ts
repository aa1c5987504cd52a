import { randomUUID } from "node:crypto";
import type pg from "pg";
import { isUnavailable, transaction } from "../../db/database.ts";
import { OperatorError } from "../../errors.ts";
import type { Logger } from "../../log.ts";
import { type Text, text } from "../../text.ts";
import { type ExportDefinitions, runExport } from "./export-job.ts";
import { runImport } from "./import-job.ts";
import { deleteOldFiles, deletePartialFiles } from "./job-files.queries.ts";
import { type JobProgress, type JobRow, type JobRun, SupersededError, filesKeptDays } from "./job.ts";
import {
  beginRun,
  cancelUnconfirmed,
  deleteDeadUploads,
  endRun,
  giveBackRun,
  notifyWaiting,
  prepareLockHolder,
  selectUnfinishedRuns,
  tellProgress,
  tryLockJob,
  unlockJob,
} from "./jobs.queries.ts";

/** Does what jobs there are in the background of a server, one at a time in each process. */
export interface JobRunner {
  /** There may be something to do. */
  wake(): void;
  /** Somebody has ended this job, which may be the one that is under way. */
  ended(jobNo: number): void;
  /** Leaves what is under way to another process, or to the next start. */
  stop(): Promise<void>;
}

export interface JobRunnerOptions {
  /** Of connections that an import's long statements may hold: at least {@link runnerConnections}. */
  readonly pool: pg.Pool;
  readonly exports: ExportDefinitions;
  readonly log: Logger;
  /** How often it looks, besides being woken; every five seconds unless told. */
  readonly everyMs?: number;
}

/** One holds the lock, one the import's transaction, one reads the file, one tells progress, one cancels a statement. */
export const runnerConnections = 5;

/** Soon enough for a job whose process has died, which nobody tells of. */
const everyMsDefault = 5_000;

/** As often as a page asks. */
const progressMs = 1_000;

const cleaningMs = 60_000;

/** An upload tells every few seconds that it is alive. */
const deadUploadSeconds = 120;

/** A job that has ended its process, or the database's, so often will do so again. */
const attemptsMax = 10;

export function startJobRunner({ pool, exports, log, everyMs = everyMsDefault }: JobRunnerOptions): JobRunner {
  const stopping = new AbortController();
  let current: { readonly jobNo: number; readonly abort: () => void } | undefined;
  let wanted = false;
  let isWorking = false;
  let done: Promise<void> = Promise.resolve();
  let cleaned: Promise<void> = Promise.resolve();

  function wake(): void {
    wanted = true;
    if (isWorking || stopping.signal.aborted) return;
    isWorking = true;
    done = work();
  }

  async function work(): Promise<void> {
    try {
      while (wanted) {
        wanted = false;
        while (!stopping.signal.aborted && (await runNext()));
      }
    } catch (err) {
      log.warn({ err }, "could not look for background jobs");
    }
    isWorking = false;
  }

  /** Runs the oldest job that nobody runs, if there is one. */
  async function runNext(): Promise<boolean> {
    const jobNos = await selectUnfinishedRuns(pool);
    if (jobNos.length === 0) return false;
    const holder = await pool.connect();
    const lost = new AbortController();
    // Whoever finds the lock free takes the job over.
    const onLost = (): void => lost.abort();
    holder.on("error", onLost).on("end", onLost);
    let broken: Error | undefined;
    try {
      await prepareLockHolder(holder);
      for (const jobNo of jobNos) {
        if (!(await tryLockJob(holder, jobNo))) continue;
        try {
          const runner = randomUUID();
          const job = await beginRun(holder, jobNo, runner);
          if (job === undefined) continue;
          await carryOut(job, runner, lost.signal);
          return true;
        } finally {
          await unlockJob(holder, jobNo);
        }
      }
      return false;
    } catch (error) {
      broken = error instanceof Error ? error : new Error(String(error));
      throw error;
    } finally {
      holder.off("error", onLost).off("end", onLost);
      holder.release(broken);
    }
  }

  async function carryOut(job: JobRow, runner: string, lost: AbortSignal): Promise<void> {
    const jobNo = job.job_no;
    const ended = new AbortController();
    const signal = AbortSignal.any([stopping.signal, lost, ended.signal]);
    current = { jobNo, abort: () => ended.abort() };
    let progress: JobProgress | null = null;
    let isTelling = false;
    let told: Promise<void> = Promise.resolve();
    const timer = setInterval(() => {
      if (!isTelling) told = tell();
    }, progressMs);

    async function tell(): Promise<void> {
      isTelling = true;
      // Also how a run learns what it was not told: that the job was cancelled or taken over.
      const isOurs = await tellProgress(pool, jobNo, runner, progress).catch(() => true);
      if (!isOurs) ended.abort();
      isTelling = false;
    }

    try {
      if (job.attempts > attemptsMax) throw new OperatorError(tooManyAttempts);
      const run: JobRun = { job, runner, pool, signal, progress: (now) => (progress = now) };
      await (job.step === "export" ? runExport(run, exports) : runImport(run));
      log.info({ job_no: jobNo, kind: job.kind, step: job.step }, "background job done");
    } catch (error) {
      await settle(job, runner, signal, error);
    } finally {
      clearInterval(timer);
      await told;
      current = undefined;
    }
  }

  /** What becomes of a job whose run has failed. All of it on condition that the run has not ended it before it failed. */
  async function settle(job: JobRow, runner: string, signal: AbortSignal, error: unknown): Promise<void> {
    const jobNo = job.job_no;
    if (error instanceof SupersededError || (signal.aborted && !stopping.signal.aborted)) {
      log.info({ job_no: jobNo }, "background job broken off");
    } else if (stopping.signal.aborted) {
      await transaction(pool, async (db) => {
        await giveBackRun(db, jobNo, runner);
        await notifyWaiting(db);
      });
      log.info({ job_no: jobNo }, "background job left to another process");
    } else if (isUnavailable(error)) {
      // It stays this run's, and whoever finds its lock free begins it anew, unless it turns out to have ended.
      log.warn({ err: error, job_no: jobNo }, "background job interrupted");
      throw error;
    } else {
      if (!(error instanceof OperatorError)) log.error({ err: error, job_no: jobNo }, "background job failed");
      const problem = error instanceof OperatorError ? error.text : unexpected;
      await transaction(pool, async (db) => {
        if (await endRun(db, jobNo, runner, { state: "failed", problem })) await deletePartialFiles(db, jobNo);
      });
    }
  }

  async function clean(): Promise<void> {
    try {
      await deleteDeadUploads(pool, deadUploadSeconds);
      await cancelUnconfirmed(pool, filesKeptDays, notConfirmed);
      await deleteOldFiles(pool, filesKeptDays);
    } catch (err) {
      log.warn({ err }, "could not clean up after background jobs");
    }
  }

  const looking = setInterval(wake, everyMs);
  const cleaning = setInterval(() => {
    cleaned = cleaned.then(clean);
  }, cleaningMs);
  looking.unref();
  cleaning.unref();
  wake();
  cleaned = clean();
  return {
    wake,
    ended(jobNo) {
      if (current?.jobNo === jobNo) current.abort();
    },
    async stop() {
      clearInterval(looking);
      clearInterval(cleaning);
      stopping.abort();
      await done;
      await cleaned;
    },
  };
}

const tooManyAttempts: Text = text(
  `执行这个任务时平台或数据库已中断 ${attemptsMax} 次，不再重试。`,
  `The platform or the database broke off ${attemptsMax} times while it did this; it is not tried again.`,
);

const unexpected: Text = text(
  "服务器内部错误，已记入日志。未写入任何内容。",
  "Internal error of the server; it has been logged. Nothing was written.",
);

const notConfirmed: Text = text(
  `检查后 ${filesKeptDays} 天内没有确认，文件已删除。如仍需导入，请重新上传。`,
  `Nobody confirmed it within ${filesKeptDays} days of the check, and the file has been deleted; upload it again if it is still wanted.`,
);
