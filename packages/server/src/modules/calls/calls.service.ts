import type pg from "pg";
import type { Clock } from "../../clock.ts";
import { transaction } from "../../db/database.ts";
import { secondOfRequestId } from "../../request-id.ts";
import { OperatorError } from "../../errors.ts";
import { type Text, text } from "../../text.ts";
import { fineStatisticDays, periodMs } from "./call-statistics.ts";
import {
  type CallFilter,
  type CallPosition,
  type CallRow,
  type GapReason,
  limitReading,
  selectCalls,
  selectClientCalls,
  selectGaps,
  selectLatencies,
  selectSteps,
} from "./calls.queries.ts";
import { latencyQuantile } from "./latency.ts";

/** A parameter of a call as far as it was kept. */
export interface LoggedParameter {
  readonly name: string;
  /** Undefined: it was not kept, since it could have been anything. */
  readonly value?: string;
  /** Of what was sent, in UTF-16 units, where the value was not kept. */
  readonly length?: number;
  /** Of what the value was made, where it did not fit its declaration: some of 0-9, a-z, A-Z, space, sign, other. */
  readonly characters?: readonly string[];
}

export interface LoggedCall {
  readonly requestId: string;
  readonly atMs: number;
  /** As it was sent; null where it looked like none. Who sent it had its secret only if the call was not refused before. */
  readonly clientId: string | null;
  readonly accountNo: number | null;
  /** A path; of one that does not exist as much as helps to recognise it; empty: it was no HTTP. */
  readonly operation: string;
  /** 0: it succeeded. */
  readonly errcode: number;
  readonly hint: string | null;
  /** Null: the caller had hung up, and nothing was answered. */
  readonly httpStatus: number | null;
  readonly durationUs: number;
  readonly address: string | null;
  readonly userAgent: string | null;
  /** Null: the body was not read, or is not JSON. Of an upload, its source and how many records ended how. */
  readonly parameters: readonly LoggedParameter[] | null;
  /** What the caller was told is wrong, beyond the errcode's own text. */
  readonly detail: Text | null;
}

/** Calls that were answered and are not in the log. */
export interface CallGap {
  readonly fromMs: number;
  readonly toMs: number;
  readonly reason: GapReason;
  readonly calls: number;
}

export interface CallSearch extends CallFilter {
  /** Not included: calls at this moment or later. */
  readonly toMs: number;
  readonly fromMs: number;
  /** The `nextCursor` of the page before. */
  readonly cursor?: string | undefined;
  readonly limit: number;
}

export interface CallPage {
  /** The newest first. */
  readonly calls: readonly LoggedCall[];
  /** Where to go on; null: nothing older was asked for. There may be one where no call was found, see `searchedToMs`. */
  readonly nextCursor: string | null;
  /** Back to here everything was looked through: with few calls among very many, that takes several pages. */
  readonly searchedToMs: number;
  /** The moment before which this page began to look. */
  readonly searchedFromMs: number;
  /** Those within what was looked through. */
  readonly gaps: readonly CallGap[];
}

export interface CallStep {
  readonly atMs: number;
  readonly calls: number;
  readonly refused: number;
  /** Undefined: there were no calls. */
  readonly meanUs?: number;
  readonly p50Us?: number;
  readonly p95Us?: number;
  readonly p99Us?: number;
}

export interface RefusalStep {
  readonly atMs: number;
  readonly errcode: number;
  readonly hint: string;
  readonly calls: number;
}

export interface OperationCalls {
  /** Empty: paths that do not exist. */
  readonly operation: string;
  readonly calls: number;
  readonly refused: number;
  readonly p50Us?: number;
  readonly p95Us?: number;
  readonly p99Us?: number;
}

export interface ClientCalls {
  /** Empty: callers that are no client. */
  readonly clientId: string;
  readonly calls: number;
  readonly refused: number;
}

export interface CallStatistics {
  readonly fromMs: number;
  /** As long as was asked for, or longer where no shorter periods are kept. */
  readonly stepMs: number;
  /** Of the whole time. */
  readonly totals: Omit<CallStep, "atMs">;
  /** Every one, the oldest first. */
  readonly steps: readonly CallStep[];
  /** Only those that there were. */
  readonly refusals: readonly RefusalStep[];
  readonly operations: readonly OperationCalls[];
  /** Those with the most calls. */
  readonly clients: readonly ClientCalls[];
}

export interface CallService {
  search(search: CallSearch): Promise<CallPage>;
  /** Throws an OperatorError where the database was too slow to say. */
  find(requestId: string): Promise<LoggedCall | undefined>;
  gaps(fromMs: number, toMs: number): Promise<CallGap[]>;
  /** At most {@link stepsMax} steps. */
  statistics(range: {
    readonly fromMs: number;
    readonly toMs: number;
    readonly stepMs: number;
    /** Paths that are left out, but for the list of clients. */
    readonly without?: readonly string[];
  }): Promise<CallStatistics>;
}

const stepsMax = 500;

const hourMs = 3_600_000;
const dayMs = 86_400_000;

/** What one page may take. What has not been looked through by then is left to the next. */
const searchBudgetMs = 2_500;
/** The time looked through at first, and as little as it may become where calls lie dense: one second is some 20,000. */
const windowMsFirst = 60_000;
const windowMsMin = 1_000;
/** Where a window took longer, the next is not larger. */
const windowSlowMs = 300;

const gapsMax = 100;
const clientsMax = 100;

export function createCallService(pool: pg.Pool, clock: Clock): CallService {
  /** One window of a search; undefined: it was not possible in the time. */
  async function look(
    search: CallFilter,
    range: { fromMs: number; before: CallPosition; limit: number },
    timeoutMs: number,
  ): Promise<CallRow[] | undefined> {
    try {
      return await transaction(pool, async (db) => {
        await limitReading(db, Math.max(1, Math.round(timeoutMs)));
        return selectCalls(db, search, range);
      });
    } catch (error) {
      // 57014: the statement's time is over.
      if (error instanceof Error && "code" in error && error.code === "57014") return undefined;
      throw error;
    }
  }

  async function gaps(fromMs: number, toMs: number): Promise<CallGap[]> {
    const rows = await selectGaps(pool, fromMs, toMs, gapsMax);
    return rows.map(({ from_ms, to_ms, reason, calls }) => ({ fromMs: from_ms, toMs: to_ms, reason, calls }));
  }

  return {
    gaps,

    async search({ fromMs, toMs, cursor, limit, ...filter }) {
      const first = cursor === undefined ? { atMs: toMs, requestId: "" } : parseCursor(cursor, toMs);
      const giveUpAt = performance.now() + searchBudgetMs;
      const found: CallRow[] = [];
      let before = first;
      let windowMs = windowMsFirst;
      // Back in time in windows that grow for as long as little is found in them: where the calls are is not known before.
      while ((before.atMs > fromMs || before.requestId !== "") && found.length < limit) {
        const leftMs = giveUpAt - performance.now();
        if (leftMs <= 0) break;
        const lowMs = Math.max(fromMs, before.atMs - windowMs);
        const startedAt = performance.now();
        const rows = await look(filter, { fromMs: lowMs, before, limit: limit - found.length }, leftMs);
        if (rows === undefined) {
          if (windowMs === windowMsMin) break;
          windowMs = Math.max(windowMsMin, Math.round(windowMs / 8));
          continue;
        }
        found.push(...rows);
        const last = rows.at(-1);
        before =
          found.length === limit && last !== undefined
            ? { atMs: last.at_ms, requestId: last.request_id }
            : { atMs: lowMs, requestId: "" };
        if (performance.now() - startedAt < windowSlowMs) windowMs *= 2;
      }
      return {
        calls: found.map(presentCall),
        nextCursor: before.atMs > fromMs || before.requestId !== "" ? formatCursor(before) : null,
        searchedToMs: before.atMs,
        searchedFromMs: first.atMs,
        gaps: await gaps(before.atMs, first.atMs),
      };
    },

    async find(requestId) {
      const wanted = requestId.trim().toLowerCase();
      const fromMs = secondOfRequestId(wanted);
      if (fromMs === undefined) return undefined;
      const before = { atMs: fromMs + 1_000, requestId: "" };
      const rows = await look({ requestId: wanted }, { fromMs, before, limit: 1 }, searchBudgetMs);
      if (rows === undefined) throw tooSlow();
      const [row] = rows;
      return row === undefined ? undefined : presentCall(row);
    },

    async statistics({ fromMs: wantedFromMs, toMs, stepMs: wantedMs, without = [] }) {
      // Older periods are hours; and the chart has so many points.
      const finestMs = wantedFromMs < clock() - fineStatisticDays * dayMs ? hourMs : periodMs;
      const fromMs = wantedFromMs - (wantedFromMs % finestMs);
      const stepMs = Math.max(
        finestMs,
        Math.ceil(wantedMs / finestMs) * finestMs,
        Math.ceil((toMs - fromMs) / stepsMax / finestMs) * finestMs,
      );
      const [allRows, allLatencies, clients] = await Promise.all([
        selectSteps(pool, fromMs, toMs, stepMs),
        selectLatencies(pool, fromMs, toMs, stepMs),
        selectClientCalls(pool, fromMs, toMs, clientsMax),
      ]);
      const rows = allRows.filter(({ operation }) => !without.includes(operation));
      const latencies = allLatencies.filter(({ operation }) => !without.includes(operation));
      const byStep = Map.groupBy(rows, ({ step_ms }) => step_ms);
      const latenciesByStep = Map.groupBy(latencies, ({ step_ms }) => step_ms);
      const byOperation = Map.groupBy(rows, ({ operation }) => operation);
      const latenciesByOperation = Map.groupBy(latencies, ({ operation }) => operation);
      const steps: CallStep[] = [];
      for (let atMs = fromMs; atMs < toMs; atMs += stepMs)
        steps.push({ atMs, ...figuresOf(byStep.get(atMs) ?? [], latenciesByStep.get(atMs) ?? []) });
      return {
        fromMs,
        stepMs,
        totals: figuresOf(rows, latencies),
        steps,
        refusals: steps.flatMap(({ atMs }) => refusalsOf(atMs, byStep.get(atMs) ?? [])),
        operations: [...byOperation].map(([operation, ofOperation]) => ({
          operation,
          ...sumUp(ofOperation),
          ...quantiles(latenciesByOperation.get(operation) ?? []),
        })),
        clients: clients.map(({ client_id, calls, refused }) => ({ clientId: client_id, calls, refused })),
      };
    },
  };
}

function sum<Row>(rows: readonly Row[], value: (row: Row) => number): number {
  return rows.reduce((total, row) => total + value(row), 0);
}

function sumUp(rows: readonly { readonly calls: number; readonly errcode: number }[]): {
  calls: number;
  refused: number;
} {
  return {
    calls: sum(rows, ({ calls }) => calls),
    refused: sum(rows, ({ calls, errcode }) => (errcode === 0 ? 0 : calls)),
  };
}

function figuresOf(
  rows: readonly { readonly calls: number; readonly errcode: number; readonly duration_us: number }[],
  latencies: readonly { readonly class: number; readonly calls: number }[],
): Omit<CallStep, "atMs"> {
  const totals = sumUp(rows);
  return {
    ...totals,
    ...(totals.calls > 0 && { meanUs: Math.round(sum(rows, ({ duration_us }) => duration_us) / totals.calls) }),
    ...quantiles(latencies),
  };
}

function refusalsOf(
  atMs: number,
  rows: readonly { readonly errcode: number; readonly hint: string; readonly calls: number }[],
): RefusalStep[] {
  const refused = rows.filter(({ errcode }) => errcode !== 0);
  return [...Map.groupBy(refused, ({ errcode, hint }) => `${errcode} ${hint}`).values()].flatMap((group) => {
    const [first] = group;
    return first === undefined
      ? []
      : [{ atMs, errcode: first.errcode, hint: first.hint, calls: sum(group, ({ calls }) => calls) }];
  });
}

function quantiles(
  rows: readonly { readonly class: number; readonly calls: number }[],
): { p50Us: number; p95Us: number; p99Us: number } | undefined {
  const counts = new Map<number, number>();
  for (const row of rows) counts.set(row.class, (counts.get(row.class) ?? 0) + row.calls);
  const [p50Us, p95Us, p99Us] = [0.5, 0.95, 0.99].map((part) => latencyQuantile(counts, part));
  return p50Us === undefined || p95Us === undefined || p99Us === undefined ? undefined : { p50Us, p95Us, p99Us };
}

function presentCall(row: CallRow): LoggedCall {
  return {
    requestId: row.request_id,
    atMs: row.at_ms,
    clientId: row.client_id,
    accountNo: row.account_no,
    operation: row.operation,
    errcode: row.errcode,
    hint: row.hint,
    httpStatus: row.http_status,
    durationUs: row.duration_us,
    address: row.address,
    userAgent: row.user_agent,
    parameters: row.parameters === null ? null : presentParameters(row.parameters),
    detail: row.detail_zh === null || row.detail_en === null ? null : { zh: row.detail_zh, en: row.detail_en },
  };
}

/** What call-line.ts wrote. */
function presentParameters(json: string): LoggedParameter[] {
  const parameters = JSON.parse(json) as Record<string, string | number | { length: number; characters?: string }>;
  return Object.entries(parameters).map(([name, value]) => {
    if (typeof value !== "object") return { name, value: String(value) };
    const { length, characters } = value;
    return { name, length, ...(characters !== undefined && { characters: characters.split(" ") }) };
  });
}

function tooSlow(): OperatorError {
  return new OperatorError(
    text("数据库繁忙，没有在限定的时间内查到，请重试。", "The database is busy and did not answer in time; try again."),
  );
}

function formatCursor({ atMs, requestId }: CallPosition): string {
  return `${atMs}.${requestId}`;
}

/** A cursor that is none begins anew. */
function parseCursor(cursor: string, toMs: number): CallPosition {
  const parts = /^(\d{1,15})\.([0-9a-z-]{0,22})$/.exec(cursor);
  return parts === null ? { atMs: toMs, requestId: "" } : { atMs: Number(parts[1]), requestId: parts[2] ?? "" };
}
