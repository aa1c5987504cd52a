import type pg from "pg";
import type { Clock } from "../../clock.ts";
import { type Db, transaction } from "../../db/database.ts";
import { OperatorError, invariant } from "../../errors.ts";
import { text } from "../../text.ts";
import {
  type BillingMonth,
  type CurrentMonth,
  currentMonths,
  formatMonth,
  monthToDate,
  parseMonth,
} from "../packages/billing-month.ts";
import type { UsageKind } from "../usage/usage-record.ts";
import type { UsageSource } from "./source.ts";
import {
  type SourceRow,
  insertSource,
  lockCard,
  selectAssignments,
  selectLastUsedMonth,
  selectSourceByToken,
  selectSourceNo,
  selectSources,
  updateStatus,
  updateToken,
  upsertAssignment,
} from "./sources.queries.ts";
import { hashToken, isToken, newToken } from "./token.ts";

/** What a source may be called. */
export const sourceNamePattern = /^[a-z0-9][a-z0-9._-]{0,63}$/;

/** The units a source's values may have. 1,024 of one make the next, of those with -SI 1,000. */
export const usageUnits = ["B", "KB", "MB", "GB", "TB", "KB-SI", "MB-SI", "GB-SI", "TB-SI"] as const;

/** The longest that a month may be told to wait for late counters, and for late records. */
export const graceSecondsMax = 48 * 3600;
export const closeAfterSecondsMax = 30 * 86_400;

export interface NewSource {
  /** As {@link sourceNamePattern} has it. */
  readonly name: string;
  readonly kind: UsageKind;
  /** Of values that name none; null: every value must name its own. */
  readonly unit: (typeof usageUnits)[number] | null;
  readonly graceSeconds: number;
  readonly closeAfterSeconds: number;
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
}

export interface Assignment {
  readonly name: string;
  readonly serialNo: string;
  readonly fromMonth: BillingMonth;
  /** The next source that the card is assigned to already, and the month from which it takes over. */
  readonly next?: { readonly name: string; readonly fromMonth: BillingMonth };
}

/** Everything here throws an OperatorError for a source that is not there. */
export interface SourceService {
  create(source: NewSource): Promise<IssuedToken>;
  /**
   * Gives a source a new token; the one so far is taken until the overlap ends. There is no third: one that an earlier
   * rotation left valid ends at once.
   */
  rotate(name: string, overlapSeconds: number): Promise<IssuedToken>;
  /** What the source sends from now on is refused. What it has sent still counts. */
  suspend(name: string): Promise<void>;
  resume(name: string): Promise<void>;
  /** Every source, in the order of their names. */
  list(): Promise<ListedSource[]>;
  /**
   * Makes a source the one whose figures count for a card, from a billing month on. Without a month, from the first
   * that may be chosen: neither past nor one that has usage already, whose figure would change under whoever has read
   * it. Does nothing if that is what is assigned already.
   */
  assign(name: string, serialNo: string, fromMonth?: BillingMonth): Promise<Assignment>;
  /** The source of that name, which must not be suspended. */
  findNormal(name: string): Promise<UsageSource>;
  /** The source that a token is of, read anew for each call, so that a suspension or rotation holds at once. */
  findByToken(token: string): Promise<{ source: UsageSource; suspended: boolean } | undefined>;
}

export function createSourceService(
  pool: pg.Pool,
  { clock, timeZone }: { readonly clock: Clock; readonly timeZone: string },
): SourceService {
  const currentMonth = currentMonths(clock, timeZone);

  async function setStatus(name: string, status: "normal" | "suspended"): Promise<void> {
    if (!(await updateStatus(pool, name, status))) throw noSuchSource(name);
  }

  return {
    async create(source) {
      const token = newToken();
      if (!(await insertSource(pool, { ...source, tokenHash: hashToken(token) }))) throw nameTaken(source.name);
      return { name: source.name, token };
    },

    async rotate(name, overlapSeconds) {
      const token = newToken();
      const oldExpiresAt = new Date(clock() + overlapSeconds * 1000);
      if (!(await updateToken(pool, name, hashToken(token), oldExpiresAt))) throw noSuchSource(name);
      return { name, token };
    },

    suspend: (name) => setStatus(name, "suspended"),
    resume: (name) => setStatus(name, "normal"),

    async list() {
      const rows = await selectSources(pool);
      return rows.map((row) => ({ ...sourceOf(row), status: row.status, createdAt: row.created_at }));
    },

    assign: (name, serialNo, fromMonth) =>
      transaction(pool, (db) => assignCard(db, currentMonth, { name, serialNo, fromMonth })),

    async findNormal(name) {
      // Sources are few: the statement that lists them will do.
      const row = (await selectSources(pool)).find((candidate) => candidate.name === name);
      if (row === undefined) throw noSuchSource(name);
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

/** {@link SourceService.assign}, within a transaction. */
async function assignCard(
  db: Db,
  currentMonth: CurrentMonth,
  given: { name: string; serialNo: string; fromMonth: BillingMonth | undefined },
): Promise<Assignment> {
  const { name, serialNo } = given;
  const sourceNo = await selectSourceNo(db, name);
  if (sourceNo === undefined) throw noSuchSource(name);
  const cycleDay = await lockCard(db, serialNo);
  if (cycleDay === undefined) throw noSuchCard(serialNo);

  const current = currentMonth(cycleDay);
  const lastUsed = await selectLastUsedMonth(db, serialNo);
  const earliest = lastUsed === null ? current : Math.max(current, monthOf(lastUsed) + 1);
  const fromMonth = given.fromMonth ?? earliest;
  const assigned = await selectAssignments(db, serialNo, monthToDate(fromMonth));
  const replaced = assigned.find((row) => monthOf(row.from_month) === fromMonth);
  if (replaced?.source_no !== sourceNo) {
    if (fromMonth < current) throw monthPast(serialNo, fromMonth, earliest);
    if (fromMonth < earliest) throw monthUsed(serialNo, fromMonth, earliest);
    await upsertAssignment(db, { serialNo, fromMonth: monthToDate(fromMonth), sourceNo });
  }
  const next = assigned.find((row) => row !== replaced && row.source_no !== sourceNo);
  return {
    name,
    serialNo,
    fromMonth,
    ...(next === undefined ? {} : { next: { name: next.name, fromMonth: monthOf(next.from_month) } }),
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

function monthOf(date: string): BillingMonth {
  const month = parseMonth(date);
  invariant(month !== undefined, `${date} is a date`);
  return month;
}

function nameTaken(name: string): OperatorError {
  return new OperatorError(
    text(
      `已有名为 ${name} 的来源。请换一个名称；如需为它更换令牌，请用 dks source rotate ${name}。`,
      `There is a source ${name} already. Choose another name, or give it a new token with dks source rotate ${name}.`,
    ),
  );
}

function noSuchSource(name: string): OperatorError {
  return new OperatorError(
    text(
      `没有来源 ${name}。dks source list 列出所有来源，dks source create 创建来源。`,
      `There is no source ${name}; dks source list shows those there are, dks source create makes one.`,
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

function noSuchCard(serialNo: string): OperatorError {
  return new OperatorError(
    text(
      `没有卡号为 ${serialNo} 的卡。请填写卡号（serial_no），而不是 ICCID 等；尚未导入的卡请用 dks card import 导入。`,
      `There is no card with the serial_no ${serialNo}. Give its serial_no, not its ICCID or another number; dks card import adds cards.`,
    ),
  );
}

function monthPast(serialNo: string, month: BillingMonth, earliest: BillingMonth): OperatorError {
  const [given, first] = [formatMonth(month), formatMonth(earliest)];
  return new OperatorError(
    text(
      `卡 ${serialNo} 的 ${given} 账期已经结束，不能再更换来源；最早可从 ${first} 起。`,
      `The billing month ${given} of card ${serialNo} is over, so its source stays; the earliest possible is --from ${first}.`,
    ),
  );
}

function monthUsed(serialNo: string, month: BillingMonth, earliest: BillingMonth): OperatorError {
  const [given, first] = [formatMonth(month), formatMonth(earliest)];
  return new OperatorError(
    text(
      `卡 ${serialNo} 的 ${given} 账期已有用量，不能再更换来源；最早可从 ${first} 起。`,
      `Card ${serialNo} has usage in the billing month ${given} already, so its source stays; the earliest possible is --from ${first}.`,
    ),
  );
}
