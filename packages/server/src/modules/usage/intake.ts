import { hash } from "node:crypto";
import type pg from "pg";
import type { Clock } from "../../clock.ts";
import { retryingTransaction, violates } from "../../db/retry.ts";
import { text } from "../../text.ts";
import { type SubjectCard, findCardsBySubject } from "../cards/subjects.ts";
import type { UsageSource } from "../sources/source.ts";
import { lockBoundaries } from "./boundary.queries.ts";
import { createCalendar } from "./calendar.ts";
import { type Figures, addToFigures, touchesBoundary } from "./figures.ts";
import { byKey } from "./increments.ts";
import {
  type KnownIdentityRow,
  type QuarantineRow,
  type RecordRow,
  insertIdentities,
  insertQuarantined,
  insertRecords,
  selectIdentities,
} from "./intake.queries.ts";
import type { MeteredCards } from "./metered-cards.ts";
import { createRecordPartitions } from "./partitions.ts";
import { type Placed, type SortedOut, sortOut } from "./place.ts";
import { countKept, deleteEntries, lockEntries } from "./quarantine.queries.ts";
import { type KeptRecord, type RecordResult, type SubmittedRecord, isRecord } from "./usage-record.ts";

/** Takes usage records in. */
export interface Intake {
  /**
   * Takes in at most 10,000 records of a source and says of each, in their order, what became of it. Everything that
   * this answers is durable: identities, records, figures and what was refused are one transaction. Whoever does not get
   * the answer sends the same again, and what was taken in before is a duplicate. Throws if the database is not available.
   */
  takeIn(source: UsageSource, batch: readonly SubmittedRecord[]): Promise<RecordResult[]>;
}

/** Takes usage records in that were refused before. */
export interface ReleaseIntake {
  /**
   * As {@link Intake.takeIn}, with records from the quarantine, as if they arrived now: what goes into a month that is
   * closed is an adjustment, however early it was first sent, since the closed figure may have been read. Those that are
   * taken in, or were before, leave the quarantine in the same transaction; those refused for something else change there;
   * the others stay as they are. Undefined, and nothing happened, if some were released or discarded by somebody else
   * meanwhile.
   */
  release(source: UsageSource, kept: readonly KeptRecord[]): Promise<RecordResult[] | undefined>;
}

export interface IntakeOptions {
  readonly clock: Clock;
  readonly timeZone: string;
  /** For a process that goes on taking in: whoever gives it forgets all when cards are imported. */
  readonly metered?: MeteredCards;
}

export function createIntake(pool: pg.Pool, { clock, timeZone, metered }: IntakeOptions): Intake & ReleaseIntake {
  const calendar = createCalendar(timeZone);
  const partitions = createRecordPartitions(pool);
  const repeats = new Set<number>();

  async function prepare(source: UsageSource, batch: readonly SubmittedRecord[]): Promise<Omit<Write, "db">> {
    const receivedAtMs = clock();
    const cards = await findCards(pool, batch, metered);
    const sorted = sortOut(batch, { source, cards, calendar, receivedAtMs });
    await partitions.ensure(new Set(sorted.placed.map(({ row }) => row.month)));
    return { source, calendar, clock, receivedAtMs, batch, sorted, repeats };
  }

  return {
    async takeIn(source, batch) {
      const age = metered?.age() ?? 0;
      const parts = await prepare(source, batch);
      const results = await retryingTransaction(pool, (db) => write({ ...parts, db }));
      if (metered !== undefined) rememberCards(metered, age, parts.sorted, results);
      return results;
    },
    async release(source, kept) {
      const parts = await prepare(source, kept);
      return retryingTransaction(pool, (db) => writeReleased({ ...parts, db }, kept));
    },
  };
}

/** Finds the cards that the records name, those that are not remembered in the database. */
async function findCards(
  pool: pg.Pool,
  batch: readonly SubmittedRecord[],
  metered: MeteredCards | undefined,
): Promise<Map<string, SubjectCard | "ambiguous">> {
  const remembered = new Map<string, SubjectCard>();
  const others = new Set<string>();
  for (const { parsed } of batch) {
    if (!isRecord(parsed)) continue;
    const cycleDay = metered?.cycleDayOf(parsed.subject);
    if (cycleDay === undefined) others.add(parsed.subject);
    else remembered.set(parsed.subject, { serialNo: parsed.subject, cycleDay });
  }
  if (others.size === 0) return remembered;
  const found = await findCardsBySubject(pool, others);
  for (const [subject, card] of remembered) found.set(subject, card);
  return found;
}

/** Those that have usage by now, and only under their own numbers, which nothing goes before. */
function rememberCards(
  metered: MeteredCards,
  age: number,
  { placed }: SortedOut,
  results: readonly RecordResult[],
): void {
  for (const { index, row } of placed)
    if (row.record.subject === row.serialNo && results[index]?.status === "accepted")
      metered.remember(row.serialNo, row.cycleDay, age);
}

interface Write extends Figures {
  readonly clock: Clock;
  readonly batch: readonly SubmittedRecord[];
  readonly sorted: SortedOut;
  /** The sources, by number, whose latest batches had records in them that were taken in before. */
  readonly repeats: Set<number>;
}

/** The one transaction of a batch. */
async function write(parts: Write): Promise<RecordResult[]> {
  const { db, source, batch } = parts;
  const results = await writeRecords(parts);
  const quarantined = quarantineRows(batch, results);
  if (quarantined.length > 0) await insertQuarantined(db, source.sourceNo, quarantined);
  return results;
}

/** The one transaction of records from the quarantine. */
async function writeReleased(parts: Write, kept: readonly KeptRecord[]): Promise<RecordResult[] | undefined> {
  const { db, source } = parts;
  await lockEntries(db);
  if ((await countKept(db, source.sourceNo, kept)) < kept.length) return undefined;
  const results = await writeRecords(parts);
  const moved = kept.flatMap((record, index) => {
    const result = results[index];
    return result === undefined || staysKept(record, result) ? [] : [{ record, result }];
  });
  if (moved.length === 0) return results;
  const records = moved.map(({ record }) => record);
  await deleteEntries(db, source.sourceNo, records);
  const refusedAgain = quarantineRows(
    records,
    moved.map(({ result }) => result),
  );
  if (refusedAgain.length > 0) await insertQuarantined(db, source.sourceNo, refusedAgain);
  return results;
}

/**
 * Whether a record stays in the quarantine as it is. What is invalid keeps its first reason, since what is kept of it may
 * be its beginning only.
 */
function staysKept({ status, hint }: KeptRecord, { status: now, refusal }: RecordResult): boolean {
  return now === status && (status !== "unknown_card" || refusal?.hint === hint);
}

/** Writes the records that are new, and says of all what became of them. */
async function writeRecords(parts: Write): Promise<RecordResult[]> {
  const { db, source, clock, batch, sorted } = parts;
  const placedRows = sorted.placed.map(({ row }) => row);
  let { receivedAtMs } = parts;
  if (touchesBoundary(parts, placedRows)) {
    await lockBoundaries(db, source.sourceNo);
    // What others have decided while this one waited came first: by these moments it is found out what was known when. Several
    // machines' clocks keep that order as far as they agree.
    receivedAtMs = Math.max(receivedAtMs, clock());
  }
  const { fresh, repeated } = await claimIdentities(parts);
  if (fresh.length > 0) {
    fresh.sort(byKey);
    await insertRecords(db, source.sourceNo, receivedAtMs, fresh);
    await addToFigures({ ...parts, receivedAtMs }, fresh);
  }
  return batch.map(({ id }, index) => sorted.refused.get(index) ?? repeated.get(index) ?? { id, status: "accepted" });
}

/** Which of a batch's records are new, and what became of the others, by their places in the batch. */
interface Claimed {
  readonly fresh: RecordRow[];
  readonly repeated: ReadonlyMap<number, RecordResult>;
}

/**
 * Claims the identities of the records that are new. A source seldom sends a batch again, so they are claimed at once, which
 * fails if any has been taken in before; only from then on is it asked first which these are, until none is found.
 */
async function claimIdentities({ db, source, sorted: { placed }, repeats }: Write): Promise<Claimed> {
  if (placed.length === 0) return { fresh: [], repeated: new Map() };
  const ids = placed.map(({ row: { record } }) => record.id);
  for (;;) {
    const known = repeats.has(source.sourceNo) ? await selectIdentities(db, source.sourceNo, ids) : [];
    if (known.length === 0) repeats.delete(source.sourceNo);
    const claimed = settle(placed, known);
    if (claimed.fresh.length === 0) return claimed;
    await db.query("savepoint before_claim");
    try {
      // In one order everywhere, so that two batches with the same ids wait for each other in turn and not in a circle.
      const inOrder = claimed.fresh.toSorted((a, b) => (a.record.id < b.record.id ? -1 : 1));
      await insertIdentities(db, source.sourceNo, inOrder);
      return claimed;
    } catch (error) {
      if (!violates(error, "usage_identity_pkey")) throw error;
      await db.query("rollback to savepoint before_claim");
      repeats.add(source.sourceNo);
    }
  }
}

/** Tells new records from those that were taken in before or stand earlier in the batch, and whether these say the same. */
function settle(placed: readonly Placed[], knownBefore: readonly KnownIdentityRow[]): Claimed {
  const known = new Map(knownBefore.map((row) => [row.record_id, row.fingerprint]));
  const fresh: RecordRow[] = [];
  const repeated = new Map<number, RecordResult>();
  for (const { index, row } of placed) {
    const { id } = row.record;
    const fingerprint = known.get(id);
    if (fingerprint === undefined) {
      known.set(id, row.fingerprint);
      fresh.push(row);
    } else repeated.set(index, fingerprint === row.fingerprint ? { id, status: "duplicate" } : { id, ...conflict });
  }
  return { fresh, repeated };
}

const conflict: Pick<RecordResult, "status" | "refusal"> = {
  status: "conflict",
  refusal: {
    hint: "id_reused",
    reason: text(
      "该 id 已用于内容不同的记录；两份内容均已留存，计量未改变",
      "the id was used for a record with other content; both are kept, and no figure has changed",
    ),
  },
};

/** What was not taken in, as it is kept. */
function quarantineRows(
  batch: readonly (SubmittedRecord & { readonly receivedAt?: string })[],
  results: readonly RecordResult[],
): QuarantineRow[] {
  const rows: QuarantineRow[] = [];
  for (const [index, { id, status, refusal }] of results.entries()) {
    const submitted = batch[index];
    if (refusal === undefined || submitted === undefined) continue;
    const { content, parsed, receivedAt } = submitted;
    const { zh, en } = refusal.reason;
    rows.push({
      recordId: id,
      entryId: hash("sha256", `${status}\n${content}`, "hex").slice(0, 16),
      status,
      // PostgreSQL's jsonb takes no half a character, which may have been quoted.
      reason: JSON.stringify({ hint: refusal.hint, zh: zh.toWellFormed(), en: en.toWellFormed() }),
      subject: isRecord(parsed) ? parsed.subject : null,
      // Nor has its text a NUL.
      content: content.replaceAll("\0", "\uFFFD"),
      receivedAt: receivedAt ?? null,
    });
  }
  return rows.sort((a, b) => (a.recordId + a.entryId < b.recordId + b.entryId ? -1 : 1));
}
