import type pg from "pg";
import type { Actor } from "../../actor.ts";
import type { Db } from "../../db/database.ts";
import { type Text, text } from "../../text.ts";
import { recordAudit } from "../audit/audit.service.ts";
import type { UsageSource } from "../sources/source.ts";
import type { ReleaseIntake } from "./intake.ts";
import { deleteEntries, selectKept } from "./quarantine.queries.ts";
import { releaseEntries, releasedAtOnceMax } from "./release.ts";
import type { RecordStatus } from "./usage-record.ts";

/** What an entry of the quarantine is found by. */
export interface EntryKeyOfSource {
  readonly sourceNo: number;
  readonly recordId: string;
  readonly entryId: string;
}

/** What became of an entry. */
export interface ActResult extends EntryKeyOfSource {
  /** `gone`: somebody else has released or discarded it meanwhile, or its card has come. */
  readonly outcome: RecordStatus | "discarded" | "gone";
  /** Why it stays; null where it does not. */
  readonly reason: Text | null;
}

/** Which entries, as the audit log has it. */
export interface ActedOn {
  /** One entry's source and record, or the source of many; "*": several. */
  readonly id: string;
  /** How many, and by which filter or which ids. */
  readonly said: object;
}

export interface ReleaseParts {
  readonly pool: pg.Pool;
  readonly intake: ReleaseIntake;
  readonly sources: ReadonlyMap<number, UsageSource>;
}

/**
 * Gives entries to the intake once more, but for conflicts, and says of each what became of it. That it was asked for is
 * recorded before: what is taken in is so in transactions of its own, and a process that is killed among them leaves no
 * change without its record.
 */
export async function releaseByKeys(
  { pool, intake, sources }: ReleaseParts,
  keys: readonly EntryKeyOfSource[],
  actedOn: ActedOn,
  by: Actor,
): Promise<ActResult[]> {
  if (keys.length === 0) return [];
  await recordAudit(pool, by, {
    action: "quarantine.release",
    object: { kind: "quarantine", id: actedOn.id },
    after: actedOn.said,
  });
  const results = new Map<string, Pick<ActResult, "outcome" | "reason">>();
  const failures: unknown[] = [];
  for (const [sourceNo, ofSource] of Map.groupBy(keys, (key) => key.sourceNo))
    for (let at = 0; at < ofSource.length; at += releasedAtOnceMax) {
      const rows = await selectKept(pool, sourceNo, ofSource.slice(at, at + releasedAtOnceMax));
      const conflicts = rows.filter(({ status }) => status === "conflict");
      for (const { record_id, entry_id } of conflicts)
        results.set(nameOf({ sourceNo, recordId: record_id, entryId: entry_id }), {
          outcome: "conflict",
          reason: conflictsStay,
        });
      await releaseEntries(
        {
          pool,
          intake,
          sources,
          counts: new Map(),
          failures,
          onResult: ({ recordId, entryId }, { status, refusal }) =>
            results.set(nameOf({ sourceNo, recordId, entryId }), {
              outcome: status,
              reason: refusal?.reason ?? null,
            }),
        },
        rows.filter(({ status }) => status !== "conflict"),
      );
    }
  if (failures.length > 0) throw failures[0];
  return keys.map((key) => ({ ...key, ...(results.get(nameOf(key)) ?? { outcome: "gone", reason: null }) }));
}

/** Deletes entries for good, in a transaction that holds the right to, and says of each whether it was there. */
export async function discardByKeys(
  db: Db,
  keys: readonly EntryKeyOfSource[],
  actedOn: ActedOn,
  by: Actor,
): Promise<ActResult[]> {
  const deleted = new Set<string>();
  for (const [sourceNo, ofSource] of Map.groupBy(keys, (key) => key.sourceNo))
    for (const { record_id, entry_id } of await deleteEntries(db, sourceNo, ofSource))
      deleted.add(nameOf({ sourceNo, recordId: record_id, entryId: entry_id }));
  if (deleted.size > 0)
    await recordAudit(db, by, {
      action: "quarantine.discard",
      object: { kind: "quarantine", id: actedOn.id },
      before: actedOn.said,
    });
  return keys.map((key) => ({ ...key, outcome: deleted.has(nameOf(key)) ? "discarded" : "gone", reason: null }));
}

function nameOf({ sourceNo, recordId, entryId }: EntryKeyOfSource): string {
  return `${sourceNo} ${entryId} ${recordId}`;
}

/** Why a conflict is not released, and what to do instead. */
export const conflictsStay = text(
  "冲突的记录不能重新计入：它的 id 已用于另一条记录，已计入的用量不会被悄悄改动。请让运营商以新的 id 补发更正记录（用 corrects 指明被更正的 id），再删除该条目。",
  "A conflict cannot be released: its id was used for another record, whose usage is counted and is not changed silently. Have the carrier send a correction, under an id of its own that names this one in corrects; then discard the entry.",
);
