import type pg from "pg";
import type { Actor } from "../../actor.ts";
import { type Db, transaction } from "../../db/database.ts";
import { ConflictError, MissingError, OperatorError } from "../../errors.ts";
import { type Text, text } from "../../text.ts";
import { recordAudit } from "../audit/audit.service.ts";
import { iccidPattern } from "../cards/identifier.ts";
import type { UsageSource } from "../sources/source.ts";
import type { UsageCalendar } from "./calendar.ts";
import type { ReleaseIntake } from "./intake.ts";
import {
  type ActResult,
  type EntryKeyOfSource,
  conflictsStay,
  discardByKeys,
  releaseByKeys,
} from "./quarantine-acts.ts";
import { type Conflict, type TakenRecord, compareConflict, takenRecord } from "./quarantine-conflict.ts";
import { type EntryPage, searchEntries } from "./quarantine-search.ts";
import { type EntryPosition, type Sought, countEachStatus } from "./quarantine-search.queries.ts";
import {
  type EntryFilter,
  type EntryRow,
  allowIdle,
  countEntries,
  deleteMatching,
  lockEntries,
  selectKept,
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

/** The same, and what no index helps to find. */
export interface QuarantineSearch extends Omit<QuarantineFilter, "entryIds">, Sought {
  /** When it was received: not before the first, and before the second. */
  readonly from?: Date;
  readonly before?: Date;
}

/** What a search found, for whoever wants to release or discard all of it. */
export interface Matching {
  readonly count: number;
  /** Whether there are more, or may be, than are released or discarded in one go. */
  readonly more: boolean;
  /** When the newest of them was received, exactly: later ones are not meant. Null without any. */
  readonly until: string | null;
}

/** How many entries are released or discarded in one go, and how many are looked at for them. */
const actedOnAtOnceMax = 10_000;
const lookedAtForActMax = 100_000;

/** How many entries are looked at for a page, where no index helps: some tens of milliseconds. */
const lookedAtForPageMax = 20_000;

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
  release(filter: QuarantineFilter, by: Actor): Promise<Released>;
  /** Deletes records for good and returns how many; more than one only if told so. Needs a filter. Throws OperatorError. */
  discard(filter: QuarantineFilter, options: { readonly many: boolean }, by: Actor): Promise<number>;

  /** A page of them, the newest first; see {@link searchEntries}. */
  search(filter: QuarantineSearch, page: { after: EntryPosition | undefined; limit: number }): Promise<EntryPage>;
  /** How many there are of each status, none counted beyond `countMax`. What no index helps to find is not looked at. */
  counts(filter: QuarantineSearch, countMax: number): Promise<ReadonlyMap<RefusedStatus, number>>;
  /** One of them; of a conflict also the record that was taken in. Throws a MissingError if it is not there any more. */
  find(key: EntryKeyOfSource): Promise<QuarantinedRecord & { readonly conflict: Conflict | null }>;
  /** What there is to release or discard. Conflicts are not released. */
  matching(filter: QuarantineSearch, act: "release" | "discard"): Promise<Matching>;
  /** As {@link release}. */
  releaseEach(keys: readonly EntryKeyOfSource[], by: Actor): Promise<ActResult[]>;
  discardEach(keys: readonly EntryKeyOfSource[], by: Actor): Promise<ActResult[]>;
  /** All that {@link matching} has found. Throws a ConflictError, and does nothing, if it is another number by now. */
  releaseMatching(filter: QuarantineSearch, found: FoundMatching, by: Actor): Promise<ActResult[]>;
  discardMatching(filter: QuarantineSearch, found: FoundMatching, by: Actor): Promise<ActResult[]>;
}

export type FoundMatching = Pick<Matching, "count"> & { readonly until: string };

export function createQuarantineService(
  pool: pg.Pool,
  {
    intake,
    listSources,
    calendar,
  }: {
    readonly intake: ReleaseIntake;
    readonly listSources: () => Promise<readonly UsageSource[]>;
    readonly calendar: UsageCalendar;
  },
): QuarantineService {
  async function matchingRows(db: Db, filter: QuarantineSearch, act: "release" | "discard", until?: string) {
    if (act === "release" && filter.status === "conflict") throw new OperatorError(conflictsStay);
    const wanted: EntryFilter = {
      ...entryFilter(filter, sourcesByNo(await listSources())),
      ...(act === "release" ? { statusNot: "conflict" } : {}),
      ...(until === undefined ? {} : { until }),
    };
    const found = { sought: soughtOf(filter), wanted: actedOnAtOnceMax, lookedAtMax: lookedAtForActMax };
    return searchEntries(db, wanted, found);
  }

  /** The entries that were found, if these are as many as whoever asks has been told. */
  async function foundKeys(db: Db, filter: QuarantineSearch, act: "release" | "discard", found: FoundMatching) {
    const { rows } = await matchingRows(db, filter, act, found.until);
    if (rows.length !== found.count) throw otherNumber(found.count, rows.length);
    // The oldest first: of two with one identity the one that arrived first is taken in.
    return rows.map(keyOf).toReversed();
  }

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

    async release(filter, by) {
      if (filter.status === "conflict") throw new OperatorError(conflictsStay);
      const sources = sourcesByNo(await listSources());
      const wanted = entryFilter(filter, sources);
      const there = await countEntries(pool, wanted);
      const conflicts = sumOf(there.filter(({ status }) => status === "conflict"));
      const entries = sumOf(there) - conflicts;
      if (entries > 0)
        await recordAudit(pool, by, {
          action: "quarantine.release",
          object: { kind: "quarantine", id: filter.source ?? "*" },
          after: { entries, filter: saidFilter(filter) },
        });
      const counts: StatusCounts = new Map();
      const failures: unknown[] = [];
      await transaction(pool, async (db) => {
        await allowIdle(db);
        for await (const rows of selectMatching(db, { ...wanted, statusNot: "conflict" }, releasedAtOnceMax))
          await releaseEntries({ pool, intake, sources, counts, failures }, rows);
      });
      if (failures.length > 0) throw failures[0];
      return { counts, conflicts };
    },

    async discard(filter, { many }, by) {
      if (Object.values(filter).every((value) => value === undefined)) throw nothingSaid();
      const wanted = entryFilter(filter, sourcesByNo(await listSources()));
      return transaction(pool, async (db) => {
        await lockEntries(db);
        const deleted = await deleteMatching(db, wanted);
        // Rolls back.
        if (deleted > 1 && !many) throw severalMatch(deleted);
        if (deleted > 0)
          await recordAudit(db, by, {
            action: "quarantine.discard",
            object: { kind: "quarantine", id: filter.source ?? "*" },
            before: { entries: deleted, filter: saidFilter(filter) },
          });
        return deleted;
      });
    },

    async search(filter, { after, limit }) {
      const wanted = entryFilter(filter, sourcesByNo(await listSources()));
      return searchEntries(pool, wanted, {
        sought: soughtOf(filter),
        after,
        wanted: limit,
        lookedAtMax: lookedAtForPageMax,
      });
    },

    async counts(filter, countMax) {
      const wanted = entryFilter(filter, sourcesByNo(await listSources()));
      const rows = await countEachStatus(pool, wanted, countMax);
      return new Map(rows.map(({ status, count }) => [status, count]));
    },

    async find(key) {
      const sources = sourcesByNo(await listSources());
      const [row] = await selectKept(pool, key.sourceNo, [key]);
      const source = sources.get(key.sourceNo);
      if (row === undefined || source === undefined) throw entryGone();
      return {
        ...quarantinedRecord(row, source.name, undefined),
        conflict: row.status === "conflict" ? await compareConflict(pool, calendar, source, row) : null,
      };
    },

    async matching(filter, act) {
      const { rows, next } = await matchingRows(pool, filter, act);
      return { count: rows.length, more: next !== undefined, until: rows[0]?.received_at ?? null };
    },

    async releaseEach(keys, by) {
      const sources = sourcesByNo(await listSources());
      return releaseByKeys({ pool, intake, sources }, keys, actedOnKeys(keys, sources), by);
    },

    async discardEach(keys, by) {
      const sources = sourcesByNo(await listSources());
      return transaction(pool, async (db) => {
        await lockEntries(db);
        return discardByKeys(db, keys, actedOnKeys(keys, sources), by);
      });
    },

    async releaseMatching(filter, found, by) {
      const sources = sourcesByNo(await listSources());
      const keys = await foundKeys(pool, filter, "release", found);
      return releaseByKeys({ pool, intake, sources }, keys, actedOnMatching(filter, found), by);
    },

    discardMatching: (filter, found, by) =>
      transaction(pool, async (db) => {
        await lockEntries(db);
        const keys = await foundKeys(db, filter, "discard", found);
        return discardByKeys(db, keys, actedOnMatching(filter, found), by);
      }),
  };
}

function keyOf(row: { source_no: number; record_id: string; entry_id: string }): EntryKeyOfSource {
  return { sourceNo: row.source_no, recordId: row.record_id, entryId: row.entry_id };
}

function sumOf(rows: readonly { readonly count: number }[]): number {
  return rows.reduce((sum, { count }) => sum + count, 0);
}

function soughtOf({ hint, text: sought }: QuarantineSearch): Sought {
  return { ...(hint === undefined ? {} : { hint }), ...(sought === undefined ? {} : { text: sought }) };
}

/** A filter as the audit log has it. */
function saidFilter(filter: QuarantineFilter & QuarantineSearch): object {
  const { source, status, subject, entryIds, hint, text: sought, from, before } = filter;
  return { source, status, subject, entry_ids: entryIds, hint, text: sought, from, before };
}

function actedOnKeys(keys: readonly EntryKeyOfSource[], sources: Sources) {
  const records = keys.map(({ sourceNo, recordId }) => `${nameOf(sourceNo, sources)}/${recordId}`);
  return { id: records.length === 1 ? (records[0] ?? "*") : "*", said: { entries: keys.length, records } };
}

function actedOnMatching(filter: QuarantineSearch, { count, until }: FoundMatching) {
  return { id: filter.source ?? "*", said: { entries: count, until, filter: saidFilter(filter) } };
}

type Sources = ReadonlyMap<number, UsageSource>;

function sourcesByNo(sources: readonly UsageSource[]): Sources {
  return new Map(sources.map((source) => [source.sourceNo, source]));
}

/** A source that was created a moment ago, after the sources were read, has its number only. */
function nameOf(sourceNo: number, sources: Sources): string {
  return sources.get(sourceNo)?.name ?? String(sourceNo);
}

function entryFilter(filter: QuarantineFilter & QuarantineSearch, sources: Sources): EntryFilter {
  const { source, status, subject, entryIds, from, before } = filter;
  return {
    ...(source === undefined ? {} : { sourceNo: sourceNoOf(source, sources) }),
    ...(status === undefined ? {} : { status }),
    ...(subject === undefined ? {} : subjectFilter(subject)),
    ...(entryIds === undefined ? {} : { entryIds }),
    ...(from === undefined ? {} : { from }),
    ...(before === undefined ? {} : { before }),
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

function entryGone(): MissingError {
  return new MissingError(
    text(
      "该条目已不在隔离区：可能已被处理，或所属的卡已导入并计入。",
      "The entry is not in the quarantine any more: it was dealt with, or its card has come and it counts now.",
    ),
  );
}

function otherNumber(told: number, count: number): ConflictError {
  return new ConflictError(
    text(
      `符合条件的条目已由 ${told} 条变为 ${count} 条，未做任何更改。请核对后重试。`,
      `There were ${told} entries that match and are ${count} now, so nothing was changed. Look again and repeat it.`,
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
