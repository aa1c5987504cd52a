import sql, { empty, join, raw } from "sql-template-tag";
import type { Actor } from "../../actor.ts";
import type { Db } from "../../db/database.ts";
import { invariant } from "../../errors.ts";
import type { Text } from "../../text.ts";
import type { ImportFigures, JobKind, JobProgress, JobRow, JobState, JobStep } from "./job.ts";

/**
 * The channel on which every server is told of jobs: with a job's number, that it is nobody's any more who has begun it;
 * without one, that there may be something to do.
 */
export const jobsChannel = "dks_jobs";

const columns =
  raw(`job_no, kind, state, step, version, parameters, progress, check_report, result, problem, created_by,
  confirmed_by, created_at, started_at, finished_at, attempts`);

export interface NewJob {
  readonly kind: JobKind;
  readonly state: "uploading" | "waiting";
  readonly step: JobStep;
  readonly parameters: object;
  readonly createdBy: Actor;
  /** Of an upload. */
  readonly runner: string | null;
}

export async function insertJob(db: Db, job: NewJob): Promise<JobRow> {
  const { rows } = await db.query<JobRow>(sql`
    insert into job (kind, state, step, parameters, created_by, runner)
    values (${job.kind}, ${job.state}, ${job.step}, ${JSON.stringify(job.parameters)}::jsonb,
      ${JSON.stringify(job.createdBy)}::jsonb, ${job.runner})
    returning ${columns}
  `);
  const [row] = rows;
  invariant(row !== undefined, "insert … returning gives a row");
  return row;
}

export async function selectJob(db: Db, jobNo: number): Promise<JobRow | undefined> {
  const { rows } = await db.query<JobRow>(sql`select ${columns} from job where job_no = ${jobNo}`);
  return rows[0];
}

/** What a list of jobs may be narrowed to. */
export interface JobFilter {
  readonly kind?: JobKind | undefined;
  readonly states?: readonly JobState[] | undefined;
  /** The id of who began it. */
  readonly createdBy?: string | undefined;
  /** Only what was begun before this one. */
  readonly beforeJob?: number | undefined;
}

/** The latest first. */
export async function selectJobs(db: Db, filter: JobFilter, limit: number): Promise<JobRow[]> {
  const conditions = [
    ...(filter.kind === undefined ? [] : [sql`kind = ${filter.kind}`]),
    ...(filter.states === undefined ? [] : [sql`state = any (${filter.states})`]),
    ...(filter.createdBy === undefined ? [] : [sql`created_by ->> 'id' = ${filter.createdBy}`]),
    ...(filter.beforeJob === undefined ? [] : [sql`job_no < ${filter.beforeJob}`]),
  ];
  const { rows } = await db.query<JobRow>(sql`
    select ${columns}
    from job
    ${conditions.length === 0 ? empty : sql`where ${join(conditions, " and ")}`}
    order by job_no desc
    limit ${limit}
  `);
  return rows;
}

/** What is to be run, or is being run by somebody who may be gone, the oldest first. */
export async function selectUnfinishedRuns(db: Db): Promise<number[]> {
  const { rows } = await db.query<{ job_no: number }>(sql`
    select job_no from job where state in ('waiting', 'running') order by job_no limit 100
  `);
  return rows.map(({ job_no }) => job_no);
}

/**
 * Takes the lock of a job for this connection, and so for as long as the process lives that has it. Tells whether nobody
 * else has it.
 */
export async function tryLockJob(db: Db, jobNo: number): Promise<boolean> {
  const { rows } = await db.query<{ locked: boolean }>(sql`
    select pg_try_advisory_lock(hashtextextended('dks job ' || ${jobNo}::bigint, 0)) as locked
  `);
  return rows[0]?.locked === true;
}

export async function unlockJob(db: Db, jobNo: number): Promise<void> {
  await db.query(sql`select pg_advisory_unlock(hashtextextended('dks job ' || ${jobNo}::bigint, 0))`);
}

/**
 * Lets a connection that only holds a lock stand idle, and has the database notice in half a minute when the machine at
 * its other end is gone without a word: nothing else would release the lock.
 */
export async function prepareLockHolder(db: Db): Promise<void> {
  await db.query(sql`
    select set_config('idle_session_timeout', '0', false), set_config('tcp_keepalives_idle', '15', false),
      set_config('tcp_keepalives_interval', '5', false), set_config('tcp_keepalives_count', '3', false)
  `);
}

/** Makes a job this run's. The caller holds its lock, so that whoever ran it before is gone. */
export async function beginRun(db: Db, jobNo: number, runner: string): Promise<JobRow | undefined> {
  const { rows } = await db.query<JobRow>(sql`
    update job
    set state = 'running', runner = ${runner}, version = version + 1, attempts = attempts + 1, progress = null,
      alive_at = now(), started_at = coalesce(started_at, now())
    where job_no = ${jobNo} and state in ('waiting', 'running')
    returning ${columns}
  `);
  return rows[0];
}

/** Tells whether the job is still this run's, or this upload's. */
export async function tellProgress(
  db: Db,
  jobNo: number,
  runner: string,
  progress: JobProgress | null,
): Promise<boolean> {
  const { rowCount } = await db.query(sql`
    update job
    set progress = ${progress === null ? null : JSON.stringify(progress)}::jsonb, alive_at = now()
    where job_no = ${jobNo} and runner = ${runner}
  `);
  return rowCount === 1;
}

/** How a run or an upload ends, or the step that it was. */
export interface RunEnd {
  readonly state: Exclude<JobState, "uploading" | "running">;
  readonly checkReport?: ImportFigures;
  readonly changedSinceCheck?: boolean;
  readonly result?: ImportFigures | { readonly rows: number };
  readonly problem?: Text;
}

/** Tells whether the job was still this run's; nothing is changed otherwise. */
export async function endRun(db: Db, jobNo: number, runner: string, end: RunEnd): Promise<boolean> {
  const { rowCount } = await db.query(sql`
    update job
    set state = ${end.state}, runner = null, version = version + 1, progress = null,
      finished_at = case when ${end.state} in ('succeeded', 'failed', 'cancelled') then now() end,
      check_report = coalesce(${jsonOrNull(end.checkReport)}::jsonb, check_report),
      result = ${jsonOrNull(end.result)}::jsonb,
      problem = ${jsonOrNull(end.problem)}::jsonb,
      parameters = parameters || ${JSON.stringify(
        end.changedSinceCheck === undefined ? {} : { changed_since_check: end.changedSinceCheck },
      )}::jsonb
    where job_no = ${jobNo} and runner = ${runner}
  `);
  return rowCount === 1;
}

function jsonOrNull(value: object | undefined): string | null {
  return value === undefined ? null : JSON.stringify(value);
}

/** Lets another process run the job, from the start. This run does not count. */
export async function giveBackRun(db: Db, jobNo: number, runner: string): Promise<void> {
  await db.query(sql`
    update job
    set state = 'waiting', runner = null, version = version + 1, attempts = attempts - 1, progress = null
    where job_no = ${jobNo} and runner = ${runner} and state = 'running'
  `);
}

export interface Confirmation {
  readonly jobNo: number;
  /** As it was seen by who confirms. */
  readonly version: number;
  readonly skipInvalid: boolean;
  readonly by: Actor;
}

/** Has a checked import carried out. Of two who confirm the same, one gets it. */
export async function confirmChecked(db: Db, confirmation: Confirmation): Promise<JobRow | undefined> {
  const { jobNo, version, skipInvalid, by } = confirmation;
  const { rows } = await db.query<JobRow>(sql`
    update job
    set state = 'waiting', step = 'import', version = version + 1, attempts = 0,
      confirmed_by = ${JSON.stringify(by)}::jsonb,
      parameters = parameters || ${JSON.stringify({ skip_invalid: skipInvalid, changed_since_check: false })}::jsonb
    where job_no = ${jobNo} and state = 'checked' and version = ${version}
    returning ${columns}
  `);
  return rows[0];
}

/** Ends a job that has not ended. What a run of it has done is undone, for it cannot commit any more. */
export async function cancelUnfinished(db: Db, jobNo: number): Promise<JobRow | undefined> {
  const { rows } = await db.query<JobRow>(sql`
    update job
    set state = 'cancelled', runner = null, version = version + 1, progress = null, finished_at = now()
    where job_no = ${jobNo} and state in ('uploading', 'waiting', 'running', 'checked')
    returning ${columns}
  `);
  return rows[0];
}

/** Removes an upload that did not come to its end, with all that has arrived. */
export async function deleteUpload(db: Db, jobNo: number, runner: string): Promise<void> {
  await db.query(sql`delete from job where job_no = ${jobNo} and runner = ${runner} and state = 'uploading'`);
}

/** Removes uploads whose process is gone. */
export async function deleteDeadUploads(db: Db, silentSeconds: number): Promise<void> {
  await db.query(sql`
    delete from job where state = 'uploading' and alive_at < now() - make_interval(secs => ${silentSeconds})
  `);
}

/** Cancels what nobody has confirmed within the time for which files are kept. */
export async function cancelUnconfirmed(db: Db, keptDays: number, problem: Text): Promise<void> {
  await db.query(sql`
    update job
    set state = 'cancelled', version = version + 1, finished_at = now(), problem = ${JSON.stringify(problem)}::jsonb
    where state = 'checked' and created_at < now() - make_interval(days => ${keptDays})
  `);
}

/** Tells every server, when the transaction commits, that there may be something to do. */
export async function notifyWaiting(db: Db): Promise<void> {
  await db.query(sql`select pg_notify(${jobsChannel}, '')`);
}

/** Tells whoever runs the job, when the transaction commits, that it was ended. */
export async function notifyEnded(db: Db, jobNo: number): Promise<void> {
  await db.query(sql`select pg_notify(${jobsChannel}, ${String(jobNo)})`);
}
