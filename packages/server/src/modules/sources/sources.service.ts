import type pg from "pg";
import type { Actor } from "../../actor.ts";
import type { Clock } from "../../clock.ts";
import { type Db, transaction } from "../../db/database.ts";
import { retryingTransaction } from "../../db/retry.ts";
import { ConflictError, FieldError, MissingError, OperatorError, invariant } from "../../errors.ts";
import { text } from "../../text.ts";
import { recordAudit } from "../audit/audit.service.ts";
import { type BillingMonth, currentMonths, formatMonth } from "../packages/billing-month.ts";
import { createCalendar } from "../usage/calendar.ts";
import type { UsageKind } from "../usage/usage-record.ts";
import { addFigures, noFigures } from "./activity.ts";
import { type StatusFigures, selectActivity } from "./activity.queries.ts";
import { type CardAssignment, assignCards, previewAssignments } from "./assignments.ts";
import type { UsageSource } from "./source.ts";
import {
  type ListedSourceRow,
  type LockedSourceRow,
  type SourceRow,
  insertSource,
  lockSource,
  selectSourceByToken,
  selectSourceNo,
  selectSources,
  updateSource,
  updateToken,
} from "./sources.queries.ts";
import { hashToken, isToken, newToken } from "./token.ts";

/** What a source may be called. */
export const sourceNamePattern = /^[a-z0-9][a-z0-9._-]{0,63}$/;

/** The units a source's values may have. 1,024 of one make the next, of those with -SI 1,000. */
export const usageUnits = ["B", "KB", "MB", "GB", "TB", "KB-SI", "MB-SI", "GB-SI", "TB-SI"] as const;

/** The longest that a month may be told to wait for late counters, and for late records. */
export const graceSecondsMax = 48 * 3600;
export const closeAfterSecondsMax = 30 * 86_400;

/** Between what a source may be watched for: a minute and 31 days. */
export const expectedEverySecondsMin = 60;
export const expectedEverySecondsMax = 31 * 86_400;

export interface NewSource {
  /** As {@link sourceNamePattern} has it. */
  readonly name: string;
  readonly kind: UsageKind;
  /** Of values that name none; null: every value must name its own. */
  readonly unit: (typeof usageUnits)[number] | null;
  readonly graceSeconds: number;
  readonly closeAfterSeconds: number;
  /** Without records for so long it is late; null or left out: nobody watches. */
  readonly expectedEverySeconds?: number | null;
}

/** A source's name and its token, in the clear: given out once. */
export interface IssuedToken {
  readonly name: string;
  readonly token: string;
}

/** A source, as the operator is shown it. */
export interface ListedSource extends UsageSource {
  readonly status: "normal" | "suspended";
  readonly createdAt: Date;
  /** Changes with every change; whoever has read another one is refused. */
  readonly version: number;
  readonly expectedEverySeconds: number | null;
  /** Until when the token before is taken; null: it is not. */
  readonly oldTokenExpiresAt: Date | null;
  /** When it last sent anything; null: never. */
  readonly receivedAt: Date | null;
  /** The latest moment that its records are about, and how long ago that is. */
  readonly newestAt: Date | null;
  readonly lagSeconds: number | null;
  /** Has sent nothing for longer than expected of it. A suspended one is not expected to. */
  readonly isLate: boolean;
}

/** What of a source may be changed. What its figures rest on may not: they would not come out the same again. */
export interface SourceChange {
  readonly status?: "normal" | "suspended";
  readonly expectedEverySeconds?: number | null;
  /** As it was read; left out: whatever it is by now. */
  readonly version?: number;
}

/** What was sent from a moment on, until the next one of the list or until now. */
export interface ActivityPoint {
  readonly from: Date;
  readonly figures: StatusFigures;
}

export interface Assignment {
  readonly name: string;
  readonly serialNo: string;
  readonly fromMonth: BillingMonth;
  /** The next source that the card is assigned to already, and the month from which it takes over. */
  readonly next?: { readonly name: string; readonly fromMonth: BillingMonth };
}

/**
 * Everything here throws a MissingError for a source that is not there, and a ConflictError where another version of it was
 * read than there is now.
 */
export interface SourceService {
  create(source: NewSource, by: Actor): Promise<IssuedToken>;
  /**
   * Gives a source a new token; the one so far is taken until the overlap ends. There is no third: one that an earlier
   * rotation left valid ends at once.
   */
  rotate(
    name: string,
    rotation: { readonly overlapSeconds: number; readonly version?: number },
    by: Actor,
  ): Promise<IssuedToken>;
  /** Of a suspended one, what it sends from now on is refused. What it has sent still counts. */
  change(name: string, change: SourceChange, by: Actor): Promise<void>;
  /** Every source, in the order of their names. */
  list(): Promise<ListedSource[]>;
  find(name: string): Promise<ListedSource>;
  /** What each source, by its number, has sent in the last 24 hours, hour by hour; those that sent nothing are missing. */
  lastDay(): Promise<Map<number, ActivityPoint[]>>;
  /** What a source has sent in the last 24 hours, or the last 30 days in the platform's time zone. */
  activity(name: string, each: "hour" | "day"): Promise<ActivityPoint[]>;
  /**
   * Makes a source the one whose figures count for a card, from a billing month on. Without a month, from the first
   * that may be chosen: neither past nor one that has usage already, whose figure would change under whoever has read
   * it. Does nothing if that is what is assigned already.
   */
  assign(name: string, serialNo: string, fromMonth: BillingMonth | undefined, by: Actor): Promise<Assignment>;
  /** The same for many: those that may be are assigned together, and each says what became of it. */
  assignAll(
    name: string,
    serialNos: readonly string[],
    fromMonth: BillingMonth | undefined,
    by: Actor,
  ): Promise<CardAssignment[]>;
  /** What {@link assignAll} would come to now. */
  previewAssignments(
    name: string,
    serialNos: readonly string[],
    fromMonth: BillingMonth | undefined,
  ): Promise<CardAssignment[]>;
  /** The source of that name, which must not be suspended. */
  findNormal(name: string): Promise<UsageSource>;
  /** The source that a token is of, read anew for each call, so that a suspension or rotation holds at once. */
  findByToken(token: string): Promise<{ source: UsageSource; suspended: boolean } | undefined>;
}

const hourMs = 3_600_000;

export function createSourceService(
  pool: pg.Pool,
  { clock, timeZone }: { readonly clock: Clock; readonly timeZone: string },
): SourceService {
  const currentMonth = currentMonths(clock, timeZone);
  const calendar = createCalendar(timeZone);

  /** Sources are few: the statement that lists them will do. */
  async function findRow(name: string): Promise<ListedSourceRow> {
    const row = (await selectSources(pool)).find((candidate) => candidate.name === name);
    if (row === undefined) throw noSuchSource(name);
    return row;
  }

  async function sourceNoOf(db: Db, name: string): Promise<number> {
    const sourceNo = await selectSourceNo(db, name);
    if (sourceNo === undefined) throw noSuchSource(name);
    return sourceNo;
  }

  /** The beginnings of the last 24 hours, the one that is not over included. */
  function hours(): number[] {
    const last = Math.floor(clock() / hourMs);
    return Array.from({ length: 24 }, (_, index) => (last - 23 + index) * hourMs);
  }

  /** The same of the last 30 days. */
  function days(): number[] {
    // A moment at midnight is about the day before, and this is not.
    const today = calendar.dayOf(clock() * 1000 + 1).number;
    return Array.from({ length: 30 }, (_, index) => calendar.day(today - 29 + index).startUs / 1000);
  }

  return {
    async create(source, by) {
      const token = newToken();
      const { name, kind, unit, graceSeconds, closeAfterSeconds, expectedEverySeconds = null } = source;
      await transaction(pool, async (db) => {
        if (!(await insertSource(db, { ...source, expectedEverySeconds, tokenHash: hashToken(token) })))
          throw nameTaken(name);
        await recordAudit(db, by, {
          action: "source.create",
          object: { kind: "source", id: name },
          after: {
            kind,
            unit,
            grace_seconds: graceSeconds,
            close_after_seconds: closeAfterSeconds,
            expected_every_seconds: expectedEverySeconds,
          },
        });
      });
      return { name, token };
    },

    async rotate(name, { overlapSeconds, version }, by) {
      const token = newToken();
      const oldExpiresAt = new Date(clock() + overlapSeconds * 1000);
      await transaction(pool, async (db) => {
        const { source_no } = await lockToChange(db, name, version);
        await updateToken(db, source_no, hashToken(token), oldExpiresAt);
        await recordAudit(db, by, {
          action: "source.rotate",
          object: { kind: "source", id: name },
          after: { old_token_expires_at: oldExpiresAt.toISOString() },
        });
      });
      return { name, token };
    },

    async change(name, change, by) {
      await transaction(pool, async (db) => {
        const row = await lockToChange(db, name, change.version);
        const before = { status: row.status, expected_every_seconds: row.expected_every_seconds };
        const after = {
          status: change.status ?? before.status,
          expected_every_seconds:
            change.expectedEverySeconds === undefined ? before.expected_every_seconds : change.expectedEverySeconds,
        };
        if (after.status === before.status && after.expected_every_seconds === before.expected_every_seconds) return;
        await updateSource(db, row.source_no, {
          status: after.status,
          expectedEverySeconds: after.expected_every_seconds,
        });
        await recordAudit(db, by, { action: "source.change", object: { kind: "source", id: name }, before, after });
      });
    },

    async list() {
      const rows = await selectSources(pool);
      return rows.map((row) => listedSource(row, clock()));
    },

    find: async (name) => listedSource(await findRow(name), clock()),

    async lastDay() {
      const starts = hours();
      const rows = await selectActivity(pool, new Date(starts[0] ?? 0));
      return new Map(
        [...Map.groupBy(rows, ({ source_no }) => source_no)].map(([sourceNo, ofSource]) => [
          sourceNo,
          pointsOf(starts, ofSource),
        ]),
      );
    },

    async activity(name, each) {
      const starts = each === "hour" ? hours() : days();
      const rows = await selectActivity(pool, new Date(starts[0] ?? 0), await sourceNoOf(pool, name));
      return pointsOf(starts, rows);
    },

    assign: (name, serialNo, fromMonth, by) =>
      retryingTransaction(pool, async (db) => {
        const sourceNo = await sourceNoOf(db, name);
        const [assigned] = await assignCards(db, currentMonth, { sourceNo, serialNos: [serialNo], fromMonth });
        invariant(assigned !== undefined, "every card has its outcome");
        if (assigned.problem !== undefined) throw assigned.problem;
        invariant(assigned.fromMonth !== null, "what is not refused has its month");
        if (assigned.outcome === "assigned")
          await recordAudit(db, by, {
            action: "card.assign_source",
            object: { kind: "card", id: serialNo },
            before: { source: assigned.before },
            after: { source: name, from_month: formatMonth(assigned.fromMonth) },
          });
        const { next } = assigned;
        return { name, serialNo, fromMonth: assigned.fromMonth, ...(next === undefined ? {} : { next }) };
      }),

    assignAll: (name, serialNos, fromMonth, by) =>
      retryingTransaction(pool, async (db) => {
        const sourceNo = await sourceNoOf(db, name);
        const outcomes = await assignCards(db, currentMonth, { sourceNo, serialNos, fromMonth });
        const assigned = outcomes.filter(({ outcome }) => outcome === "assigned");
        if (assigned.length > 0)
          await recordAudit(db, by, {
            action: "source.assign_cards",
            object: { kind: "source", id: name },
            after: {
              from_month: fromMonth === undefined ? null : formatMonth(fromMonth),
              cards: assigned.length,
              serial_nos: assigned.map(({ serialNo }) => serialNo),
            },
          });
        return outcomes;
      }),

    async previewAssignments(name, serialNos, fromMonth) {
      const sourceNo = await sourceNoOf(pool, name);
      return previewAssignments(pool, currentMonth, { sourceNo, serialNos, fromMonth });
    },

    async findNormal(name) {
      const row = await findRow(name);
      if (row.status === "suspended") throw isSuspended(name);
      return sourceOf(row);
    },

    async findByToken(token) {
      if (!isToken(token)) return undefined;
      const row = await selectSourceByToken(pool, hashToken(token), new Date(clock()));
      return row === undefined ? undefined : { source: sourceOf(row), suspended: row.status === "suspended" };
    },
  };
}

async function lockToChange(db: Db, name: string, version: number | undefined): Promise<LockedSourceRow> {
  const row = await lockSource(db, name);
  if (row === undefined) throw noSuchSource(name);
  if (version !== undefined && version !== row.version) throw changedMeanwhile(name);
  return row;
}

/** Sums rows up by the last of the moments that is not behind their hour's beginning. */
function pointsOf(starts: readonly number[], rows: readonly (StatusFigures & { hour: Date })[]): ActivityPoint[] {
  const points = starts.map((start) => ({ from: new Date(start), figures: noFigures() }));
  for (const row of rows) {
    const point = points.findLast(({ from }) => from <= row.hour);
    if (point !== undefined) addFigures(point.figures, row);
  }
  return points;
}

function listedSource(row: ListedSourceRow, now: number): ListedSource {
  const { received_at, newest_at, old_token_expires_at, expected_every_seconds } = row;
  const silentMs = now - (received_at ?? row.created_at).getTime();
  return {
    ...sourceOf(row),
    status: row.status,
    createdAt: row.created_at,
    version: row.version,
    expectedEverySeconds: expected_every_seconds,
    oldTokenExpiresAt:
      old_token_expires_at !== null && old_token_expires_at.getTime() > now ? old_token_expires_at : null,
    receivedAt: received_at,
    newestAt: newest_at,
    lagSeconds: newest_at === null ? null : Math.max(0, Math.round((now - newest_at.getTime()) / 1000)),
    isLate: row.status === "normal" && expected_every_seconds !== null && silentMs > expected_every_seconds * 1000,
  };
}

function sourceOf(row: SourceRow): UsageSource {
  return {
    sourceNo: row.source_no,
    name: row.name,
    kind: row.kind,
    unit: row.unit,
    graceSeconds: row.grace_seconds,
    closeAfterSeconds: row.close_after_seconds,
  };
}

function nameTaken(name: string): FieldError {
  return new FieldError(
    "name",
    text(
      `已有名为 ${name} 的来源。请换一个名称；如需新的令牌，请为该来源更换令牌。`,
      `There is a source ${name} already. Choose another name, or give that one a new token.`,
    ),
  );
}

function noSuchSource(name: string): MissingError {
  return new MissingError(
    text(
      `没有来源 ${name}。dks source list 列出所有来源，dks source create 创建来源。`,
      `There is no source ${name}; dks source list shows those there are, dks source create makes one.`,
    ),
  );
}

function changedMeanwhile(name: string): ConflictError {
  return new ConflictError(
    text(
      `来源 ${name} 已被他人修改，你的更改没有保存。`,
      `Somebody else has changed the source ${name}; your change was not saved.`,
    ),
  );
}

function isSuspended(name: string): OperatorError {
  return new OperatorError(
    text(
      `来源 ${name} 已停用，不接收用量记录。确认无误后请先用 dks source resume ${name} 恢复。`,
      `The source ${name} is suspended, so its records are not taken in; dks source resume ${name} ends that.`,
    ),
  );
}
