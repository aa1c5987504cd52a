import type pg from "pg";
import { transaction } from "../../db/database.ts";
import { OperatorError } from "../../errors.ts";
import { type Text, text } from "../../text.ts";
import { iccidPattern } from "../cards/identifier.ts";
import type { UsageSource } from "../sources/source.ts";
import { formatInstant } from "./instant.ts";
import type { ReleaseIntake } from "./intake.ts";
import {
  type EntryFilter,
  type EntryRow,
  type TakenRow,
  allowIdle,
  countEntries,
  deleteMatching,
  lockEntries,
  selectMatching,
  selectNewest,
  selectTaken,
} from "./quarantine.queries.ts";
import { type StatusCounts, releaseEntries, releasedAtOnceMax } from "./release.ts";
import type { RefusedStatus } from "./usage-record.ts";

/** Which of the records that were not taken in; what is left out does not matter. */
export interface QuarantineFilter {
  /** A source's name. */
  readonly source?: string;
  readonly status?: RefusedStatus;
  /** What names the card in the record; an ICCID with or without its check digit. */
  readonly subject?: string;
  readonly entryIds?: readonly string[];
}

/** A record that was not taken in. */
export interface QuarantinedRecord {
  readonly entryId: string;
  readonly source: string;
  readonly recordId: string;
  readonly status: RefusedStatus;
  readonly hint: string;
  readonly reason: Text;
  readonly subject: string | null;
  /** ISO 8601. */
  readonly receivedAt: string;
  /** As it was sent; of a record that came in a CSV, the event that its line stands for. */
  readonly content: string;
  /** Of a conflict: the record that was taken in under the same id, while it is kept. */
  readonly first?: TakenRecord;
}

export interface TakenRecord {
  readonly serialNo: string;
  /** A delta's period; for a reading `start` is null, and `at` its time. ISO 8601. */
  readonly start: string | null;
  readonly at: string;
  readonly bytes: number;
  readonly corrects: string | null;
  /** What else it says, by the names of its members. */
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly receivedAt: Date;
}

export interface QuarantineList {
  /** Of all that match, by source and status. */
  readonly counts: readonly { readonly source: string; readonly status: RefusedStatus; readonly count: number }[];
  /** The newest first. */
  readonly entries: readonly QuarantinedRecord[];
}

export interface Released {
  /** What became of the records that were tried again. */
  readonly counts: StatusCounts;
  /** How many match and were not tried, since a conflict is not released. */
  readonly conflicts: number;
}

/** Everything here throws an OperatorError for a source that is not there. */
export interface QuarantineService {
  list(filter: QuarantineFilter, limit: number): Promise<QuarantineList>;
  /**
   * Reads the records again and gives them to the intake, as if they arrived now. Those that are taken in, or were before,
   * leave the quarantine; the others stay, with what is wrong with them now.
   *
   * A conflict is not released: its id stands for another record, and taking it in under a second one would count the same
   * usage twice. Asking for conflicts alone throws an OperatorError that says what to do instead.
   */
  release(filter: QuarantineFilter): Promise<Released>;
  /** Deletes records for good and returns how many; more than one only if told so. Needs a filter. Throws OperatorError. */
  discard(filter: QuarantineFilter, options: { readonly many: boolean }): Promise<number>;
}

export function createQuarantineService(
  pool: pg.Pool,
  {
    intake,
    listSources,
  }: { readonly intake: ReleaseIntake; readonly listSources: () => Promise<readonly UsageSource[]> },
): QuarantineService {
  return {
    async list(filter, limit) {
      const sources = sourcesByNo(await listSources());
      const wanted = entryFilter(filter, sources);
      const rows = await selectNewest(pool, wanted, limit);
      const conflicts = rows.filter(({ status }) => status === "conflict");
      const taken = await selectTaken(
        pool,
        conflicts.map(({ source_no, record_id }) => ({ sourceNo: source_no, recordId: record_id })),
      );
      const firsts = new Map(taken.map((row) => [identity(row), takenRecord(row)]));
      const counts = await countEntries(pool, wanted);
      return {
        counts: counts.map(({ source_no, status, count }) => ({ source: nameOf(source_no, sources), status, count })),
        entries: rows.map((row) => quarantinedRecord(row, nameOf(row.source_no, sources), firsts.get(identity(row)))),
      };
    },

    async release(filter) {
      if (filter.status === "conflict") throw conflictsStay();
      const sources = sourcesByNo(await listSources());
      const wanted = entryFilter(filter, sources);
      const conflicts = await countEntries(pool, { ...wanted, status: "conflict" });
      const counts: StatusCounts = new Map();
      const failures: unknown[] = [];
      await transaction(pool, async (db) => {
        await allowIdle(db);
        for await (const rows of selectMatching(db, { ...wanted, statusNot: "conflict" }, releasedAtOnceMax))
          await releaseEntries({ pool, intake, sources, counts, failures }, rows);
      });
      if (failures.length > 0) throw failures[0];
      return {
        counts,
        conflicts: filter.status === undefined ? conflicts.reduce((sum, { count }) => sum + count, 0) : 0,
      };
    },

    async discard(filter, { many }) {
      if (Object.values(filter).every((value) => value === undefined)) throw nothingSaid();
      const wanted = entryFilter(filter, sourcesByNo(await listSources()));
      return transaction(pool, async (db) => {
        await lockEntries(db);
        const deleted = await deleteMatching(db, wanted);
        // Rolls back.
        if (deleted > 1 && !many) throw severalMatch(deleted);
        return deleted;
      });
    },
  };
}

type Sources = ReadonlyMap<number, UsageSource>;

function sourcesByNo(sources: readonly UsageSource[]): Sources {
  return new Map(sources.map((source) => [source.sourceNo, source]));
}

/** A source that was created a moment ago, after the sources were read, has its number only. */
function nameOf(sourceNo: number, sources: Sources): string {
  return sources.get(sourceNo)?.name ?? String(sourceNo);
}

function entryFilter({ source, status, subject, entryIds }: QuarantineFilter, sources: Sources): EntryFilter {
  return {
    ...(source === undefined ? {} : { sourceNo: sourceNoOf(source, sources) }),
    ...(status === undefined ? {} : { status }),
    ...(subject === undefined ? {} : subjectFilter(subject)),
    ...(entryIds === undefined ? {} : { entryIds }),
  };
}

function sourceNoOf(name: string, sources: Sources): number {
  for (const source of sources.values()) if (source.name === name) return source.sourceNo;
  throw new OperatorError(
    text(
      `没有来源 ${name}。dks source list 列出所有来源。`,
      `There is no source ${name}; dks source list shows those there are.`,
    ),
  );
}

function subjectFilter(subject: string): EntryFilter {
  const upper = subject.toUpperCase();
  return iccidPattern.test(upper) ? { subjectStart: upper.slice(0, 19) } : { subject };
}

function identity(row: { source_no: number; record_id: string }): string {
  return `${row.source_no} ${row.record_id}`;
}

function quarantinedRecord(row: EntryRow, source: string, first: TakenRecord | undefined): QuarantinedRecord {
  const { hint, zh, en } = row.reason;
  return {
    entryId: row.entry_id,
    source,
    recordId: row.record_id,
    status: row.status,
    hint,
    reason: text(zh, en),
    subject: row.subject,
    receivedAt: row.received_at,
    content: row.content,
    ...(first === undefined || row.status !== "conflict" ? {} : { first }),
  };
}

function takenRecord(row: TakenRow): TakenRecord {
  return {
    serialNo: row.serial_no,
    start: row.start_us === null ? null : formatInstant(row.start_us),
    at: formatInstant(row.at_us),
    bytes: row.bytes,
    corrects: row.corrects,
    attributes: row.attributes ?? {},
    receivedAt: row.received_at,
  };
}

function conflictsStay(): OperatorError {
  return new OperatorError(
    text(
      "冲突的记录不能重新计入：它的 id 已用于另一条记录，已计入的用量不会被悄悄改动。请让运营商以新的 id 补发更正记录（用 corrects 指明被更正的 id），再用 dks usage quarantine discard 删除该条目。",
      "A conflict cannot be released: its id was used for another record, whose usage is counted and is not changed silently. Have the carrier send a correction, under an id of its own that names this one in corrects; then discard the entry with dks usage quarantine discard.",
    ),
  );
}

function nothingSaid(): OperatorError {
  return new OperatorError(
    text(
      "请说明要删除哪些条目：--entry、--source、--status、--subject 至少给出一个。",
      "Say which entries to discard: at least one of --entry, --source, --status and --subject.",
    ),
  );
}

function severalMatch(count: number): OperatorError {
  return new OperatorError(
    text(
      `有 ${count} 条符合，未删除任何条目。删除后无法恢复；确认全部删除请加 --yes。`,
      `${count} entries match, and nothing was discarded. What is discarded is gone for good; to discard all of them add --yes.`,
    ),
  );
}
