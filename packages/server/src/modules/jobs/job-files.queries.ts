import sql, { empty } from "sql-template-tag";
import type { Db } from "../../db/database.ts";
import type { JobFileName } from "./job.ts";

export interface JobFileRow {
  job_no: number;
  name: JobFileName;
  file_name: string;
  content_type: string;
  size_bytes: number;
}

export interface NewJobFile {
  readonly jobNo: number;
  readonly name: JobFileName;
  readonly fileName: string;
  readonly contentType: string;
}

/**
 * On condition that the job is still this run's, and its row locked, so that nobody takes the job over between the look at
 * it and what is written. Not where the end of the run is written by the same transaction, on that very condition: it
 * would keep others waiting for as long as it takes.
 */
function stillOwned(runner: string | null) {
  return runner === null ? empty : sql`and runner = ${runner} for share`;
}

/** Begins a file, which is there for nobody until it is completed. Tells whether the job is still this run's. */
export async function insertFile(db: Db, file: NewJobFile, runner: string | null): Promise<boolean> {
  const { rowCount } = await db.query(sql`
    insert into job_file (job_no, name, file_name, content_type)
    select job_no, ${file.name}, ${file.fileName}, ${file.contentType}
    from job
    where job_no = ${file.jobNo} ${stillOwned(runner)}
  `);
  return rowCount === 1;
}

/** Adds a piece. Tells whether the job is still this run's. */
export async function insertChunk(
  db: Db,
  chunk: { readonly jobNo: number; readonly name: JobFileName; readonly chunkNo: number; readonly bytes: Uint8Array },
  runner: string | null,
): Promise<boolean> {
  const { rowCount } = await db.query(sql`
    insert into job_file_chunk (job_no, name, chunk_no, bytes)
    select job_no, ${chunk.name}, ${chunk.chunkNo}, ${chunk.bytes}
    from job
    where job_no = ${chunk.jobNo} ${stillOwned(runner)}
  `);
  return rowCount === 1;
}

export async function completeFile(db: Db, jobNo: number, name: JobFileName, sizeBytes: number): Promise<void> {
  await db.query(sql`update job_file set size_bytes = ${sizeBytes} where job_no = ${jobNo} and name = ${name}`);
}

/**
 * Deletes what an earlier run has made of a file. A run that the job is not any more, and has been overtaken within this
 * statement, sees nothing of what came after it.
 */
export async function deleteFile(db: Db, jobNo: number, name: JobFileName, runner: string | null): Promise<void> {
  await db.query(sql`
    delete from job_file f
    using job j
    where f.job_no = ${jobNo} and f.name = ${name} and j.job_no = f.job_no
      ${runner === null ? empty : sql`and j.runner = ${runner}`}
  `);
}

/** Deletes what a run or an upload that was ended has left unfinished. */
export async function deletePartialFiles(db: Db, jobNo: number): Promise<void> {
  await db.query(sql`delete from job_file where job_no = ${jobNo} and size_bytes is null`);
}

/** The files of some jobs that are whole. */
export async function selectFiles(db: Db, jobNos: readonly number[]): Promise<JobFileRow[]> {
  const { rows } = await db.query<JobFileRow>(sql`
    select job_no, name, file_name, content_type, size_bytes
    from job_file
    where job_no = any (${jobNos}) and size_bytes is not null
    order by job_no, name
  `);
  return rows;
}

export async function selectChunk(
  db: Db,
  jobNo: number,
  name: JobFileName,
  chunkNo: number,
): Promise<Uint8Array | undefined> {
  const { rows } = await db.query<{ bytes: Buffer }>(sql`
    select bytes from job_file_chunk where job_no = ${jobNo} and name = ${name} and chunk_no = ${chunkNo}
  `);
  return rows[0]?.bytes;
}

/** Deletes the files of jobs that ended so long ago. */
export async function deleteOldFiles(db: Db, keptDays: number): Promise<void> {
  await db.query(sql`
    delete from job_file f
    using job j
    where j.job_no = f.job_no and j.finished_at < now() - make_interval(days => ${keptDays})
  `);
}
