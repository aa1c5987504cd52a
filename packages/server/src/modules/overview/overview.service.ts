import type pg from "pg";
import type { Clock } from "../../clock.ts";
import type { CallService, CallStatistics } from "../calls/calls.service.ts";
import type { InventorySummaries, InventorySummary } from "./inventory-summary.ts";
import type { InventoryJob } from "./overview.job.ts";
import { type SetUpRow, selectAccountNames, selectSetUp } from "./overview.queries.ts";

/** A time up to now that calls are told of, and in what steps. */
export const callRanges = {
  day: { hours: 24, stepMinutes: 30 },
  week: { hours: 7 * 24, stepMinutes: 180 },
  month: { hours: 30 * 24, stepMinutes: 720 },
} as const;

export type CallRange = keyof typeof callRanges;

export interface Overview {
  /** Undefined: the cards have not been counted yet. */
  readonly summary: InventorySummary | undefined;
  /** Newer figures are under way. */
  readonly isCounting: boolean;
  /** By number, the names of the accounts in the summary. */
  readonly accountNames: ReadonlyMap<number, string>;
  readonly setUp: SetUpRow;
}

export interface OverviewService {
  read(): Promise<Overview>;
  /** Those of the signed API. */
  calls(range: CallRange): Promise<CallStatistics>;
}

/** How long a page waits for figures that are about to be there: so with some ten thousand cards it always has the newest. */
const worthWaitingMs = 1_000;

const minuteMs = 60_000;

export function createOverviewService(
  pool: pg.Pool,
  parts: {
    readonly summaries: InventorySummaries;
    readonly job: Pick<InventoryJob, "wanted" | "isCounting">;
    readonly calls: Pick<CallService, "statistics">;
    /** What is logged beside the signed calls: uploads take as long as they are large. */
    readonly uploadPaths: readonly string[];
    readonly clock: Clock;
  },
): OverviewService {
  const { summaries, job, calls, uploadPaths, clock } = parts;
  return {
    async read() {
      await within(job.wanted(), worthWaitingMs);
      const [summary, setUp] = await Promise.all([summaries.read(), selectSetUp(pool)]);
      const accountNames = new Map(
        (await selectAccountNames(pool, accountsOf(summary))).map(({ account_no, name }) => [account_no, name]),
      );
      return { summary, isCounting: summary === undefined || job.isCounting, accountNames, setUp };
    },
    calls(range) {
      const { hours, stepMinutes } = callRanges[range];
      const stepMs = stepMinutes * minuteMs;
      // The step that is not over is the last, so that a later look shows the same steps.
      const toMs = Math.ceil(clock() / stepMs) * stepMs;
      return calls.statistics({ fromMs: toMs - hours * 60 * minuteMs, toMs, stepMs, without: uploadPaths });
    },
  };
}

function accountsOf(summary: InventorySummary | undefined): number[] {
  if (summary === undefined) return [];
  const { byAccount, near, over } = summary.figures;
  return [
    ...byAccount.largest.map(({ key }) => key),
    ...[...near.top, ...over.top].flatMap(({ accountNo }) => accountNo ?? []),
  ];
}

/** Waits for something, but not for longer. */
async function within(work: Promise<void>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  await Promise.race([work, new Promise<void>((resolve) => (timer = setTimeout(resolve, ms)))]);
  clearTimeout(timer);
}
