import type pg from "pg";
import { isUnavailable } from "../../db/database.ts";
import type { UsageSource } from "../sources/source.ts";
import type { ReleaseIntake } from "./intake.ts";
import { type EntryRow, selectKept } from "./quarantine.queries.ts";
import { parseRecord } from "./record.ts";
import type { KeptRecord, RecordResult, RecordStatus } from "./usage-record.ts";

/** How many records were found to be what. */
export type StatusCounts = Map<RecordStatus, number>;

/** How many entries are read at once. Each may be 64 KB: as much as a process can always hold. */
export const releasedAtOnceMax = 1_000;

/** So many records may fail before all of it is given up: then it is not they that are wrong. */
const failuresMax = 10;

export interface Release {
  readonly pool: pg.Pool;
  readonly intake: ReleaseIntake;
  readonly sources: ReadonlyMap<number, UsageSource>;
  /** What became of the records is added here. */
  readonly counts: StatusCounts;
  /** What single records have failed with: for whoever calls to throw when the others are done. */
  readonly failures: unknown[];
  /** Told what became of each. */
  readonly onResult?: (kept: KeptRecord, result: RecordResult) => void;
}

/**
 * Gives entries of the quarantine to the intake once more, each if it is still there. Of those with one identity, the one
 * that arrived first is taken in first. One that fails stays and holds up no other, since it would do so for ever.
 */
export async function releaseEntries(release: Release, rows: readonly EntryRow[]): Promise<void> {
  for (const [sourceNo, ofSource] of Map.groupBy(rows, (row) => row.source_no)) {
    const source = release.sources.get(sourceNo);
    // Unknown is one that was created after the sources were read.
    if (source !== undefined) await releaseOrHalve(release, source, ofSource);
  }
}

async function releaseOrHalve(release: Release, source: UsageSource, rows: readonly EntryRow[]): Promise<void> {
  try {
    await releaseOfSource(release, source, rows);
  } catch (error) {
    if (isUnavailable(error) || release.failures.length >= failuresMax) throw error;
    if (rows.length === 1) {
      release.failures.push(error);
      return;
    }
    const half = rows.length >> 1;
    await releaseOrHalve(release, source, rows.slice(0, half));
    await releaseOrHalve(release, source, rows.slice(half));
  }
}

async function releaseOfSource(
  { pool, intake, counts, onResult }: Release,
  source: UsageSource,
  rows: readonly EntryRow[],
): Promise<void> {
  let left = rows;
  while (left.length > 0) {
    const kept = left.map((row) => keptRecord(row, source));
    const results = await intake.release(source, kept);
    for (const [index, result] of (results ?? []).entries()) {
      counts.set(result.status, (counts.get(result.status) ?? 0) + 1);
      const record = kept[index];
      if (record !== undefined) onResult?.(record, result);
    }
    left = results === undefined ? await selectKept(pool, source.sourceNo, kept) : [];
  }
}

/** What the stored content has where something could not be stored: it is not what was sent. */
const replacement = "\uFFFD";

function keptRecord(row: EntryRow, source: UsageSource): KeptRecord {
  const { hint, ...reason } = row.reason;
  // A line whose id a spreadsheet has mangled can be read, and would count a second time beside the same with its right id.
  const isNotWhatWasSent = hint === "id_mangled" || row.content.includes(replacement);
  const read =
    row.status === "invalid" && isNotWhatWasSent
      ? { id: row.record_id, content: row.content, parsed: { hint, reason } }
      : parseRecord(row.content, source);
  return {
    ...read,
    recordId: row.record_id,
    entryId: row.entry_id,
    status: row.status,
    hint,
    receivedAt: row.received_at,
  };
}
