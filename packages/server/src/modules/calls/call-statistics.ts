import { latencyClass } from "./latency.ts";

/** How often something ended somehow within a period. */
export interface StatisticFigure {
  readonly at_ms: number;
  readonly operation: string;
  readonly client_id: string;
  readonly errcode: number;
  readonly hint: string;
  calls: number;
  duration_us: number;
}

/** How many calls took how long within a period. */
export interface LatencyFigure {
  readonly at_ms: number;
  readonly operation: string;
  readonly class: number;
  calls: number;
}

export interface CallFigures {
  readonly statistics: readonly StatisticFigure[];
  readonly latencies: readonly LatencyFigure[];
}

/** Sums calls up in memory until they are written. */
export interface CallStatistics {
  count(call: Omit<StatisticFigure, "calls">): void;
  /** What has been counted since it was last taken; undefined: nothing. */
  take(): CallFigures | undefined;
  readonly isEmpty: boolean;
}

/** The length of a period, and for how many days periods are kept before they are summed up by hours. */
export const periodMs = 5 * 60_000;
export const fineStatisticDays = 3;

/**
 * How many sums are kept at once. There are as many as clients × operations × ways to end, of those that were seen within
 * seconds: it takes a database that is away for hours to get there. Then what is new is not counted.
 */
const figuresMax = 20_000;

interface Period {
  readonly statistics: Map<string, StatisticFigure>;
  readonly latencies: Map<string, number[]>;
}

export function createCallStatistics(): CallStatistics {
  let periods = new Map<number, Period>();
  let figures = 0;

  function periodAt(atMs: number): Period {
    let period = periods.get(atMs);
    if (period === undefined) {
      period = { statistics: new Map(), latencies: new Map() };
      periods.set(atMs, period);
    }
    return period;
  }

  return {
    count({ at_ms, operation, client_id, errcode, hint, duration_us }) {
      const startMs = at_ms - (at_ms % periodMs);
      if (figures >= figuresMax && !periods.has(startMs)) return;
      const { statistics, latencies } = periodAt(startMs);
      const key = `${client_id} ${errcode} ${hint} ${operation}`;
      const figure = statistics.get(key);
      if (figure !== undefined) {
        figure.calls++;
        figure.duration_us += duration_us;
      } else {
        if (figures >= figuresMax) return;
        figures++;
        statistics.set(key, { at_ms: startMs, operation, client_id, errcode, hint, calls: 1, duration_us });
      }
      let classes = latencies.get(operation);
      if (classes === undefined) latencies.set(operation, (classes = []));
      const found = latencyClass(duration_us);
      classes[found] = (classes[found] ?? 0) + 1;
    },
    take() {
      if (figures === 0) return undefined;
      const taken = periods;
      periods = new Map();
      figures = 0;
      return {
        statistics: [...taken.values()].flatMap(({ statistics }) => [...statistics.values()]),
        latencies: [...taken].flatMap(([at_ms, { latencies }]) =>
          [...latencies].flatMap(([operation, classes]) =>
            Object.entries(classes).map(([found, calls]) => ({ at_ms, operation, class: Number(found), calls })),
          ),
        ),
      };
    },
    get isEmpty() {
      return figures === 0;
    },
  };
}
