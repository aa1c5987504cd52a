import type pg from "pg";
import type { Db } from "../../db/database.ts";
import { completeFile, deleteFile, insertChunk, insertFile, selectChunk } from "./job-files.queries.ts";
import { type JobFileName, SupersededError } from "./job.ts";

/** A piece of a file as it is kept: what is held in memory of one at a time, and a row that PostgreSQL handles with ease. */
const chunkBytes = 1_048_576;

export interface JobFileTarget {
  readonly jobNo: number;
  /** Of the run or the upload that writes it; null where its transaction writes the run's end too. */
  readonly runner: string | null;
  readonly name: JobFileName;
  readonly fileName: string;
  readonly contentType: string;
}

/**
 * Keeps a file of a job as it comes, in place of one of the same name; no more of it is asked for than can be written.
 * Returns its size in bytes. Throws {@link SupersededError} once the job is not this run's any more.
 */
export async function keepFile(db: Db, target: JobFileTarget, parts: AsyncIterable<Uint8Array>): Promise<number> {
  const { jobNo, runner, name } = target;
  await deleteFile(db, jobNo, name, runner);
  if (!(await insertFile(db, target, runner))) throw new SupersededError();
  let sizeBytes = 0;
  let chunkNo = 0;
  for await (const bytes of regrouped(parts)) {
    if (!(await insertChunk(db, { jobNo, name, chunkNo, bytes }, runner))) throw new SupersededError();
    chunkNo++;
    sizeBytes += bytes.length;
  }
  await completeFile(db, jobNo, name, sizeBytes);
  return sizeBytes;
}

/** The same bytes in pieces of one size, the last one excepted. */
async function* regrouped(parts: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let held: Uint8Array[] = [];
  let heldBytes = 0;
  for await (const part of parts) {
    let rest = part;
    while (heldBytes + rest.length >= chunkBytes) {
      const taken = chunkBytes - heldBytes;
      yield Buffer.concat([...held, rest.subarray(0, taken)]);
      rest = rest.subarray(taken);
      held = [];
      heldBytes = 0;
    }
    if (rest.length > 0) held.push(rest);
    heldBytes += rest.length;
  }
  if (heldBytes > 0) yield Buffer.concat(held);
}

/** A file that is whole, a piece at a time. */
export async function* readFile(pool: pg.Pool, jobNo: number, name: JobFileName): AsyncGenerator<Uint8Array> {
  for (let chunkNo = 0; ; chunkNo++) {
    const bytes = await selectChunk(pool, jobNo, name, chunkNo);
    if (bytes === undefined) return;
    yield bytes;
  }
}
