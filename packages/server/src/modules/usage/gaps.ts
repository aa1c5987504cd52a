import type pg from "pg";
import { type BillingMonth, parseMonth } from "../packages/billing-month.ts";
import { invariant } from "../../errors.ts";
import { selectGapTotals, selectGaps } from "./gaps.queries.ts";
import { type ListSources } from "./rebuild.ts";
import { snapshot } from "./snapshot.ts";
import type { Microseconds } from "./usage-record.ts";

/** What one source says of a month. */
export interface Figure {
  readonly source: string;
  readonly usedBytes: number;
  readonly asOf: Microseconds | null;
}

/** Two sources that do not say the same of a card's billing month. */
export interface Gap {
  readonly serialNo: string;
  readonly month: BillingMonth;
  /** Whether the first figure is the card's; otherwise none is, since the source that is assigned has not reported. */
  readonly counts: boolean;
  readonly figure: Figure;
  readonly other: Figure;
  /** The other figure less the first. */
  readonly gapBytes: number;
}

export interface GapReport {
  /** Figures of sources that do not count, each compared with that of the one that does. */
  readonly compared: number;
  readonly differing: number;
  /** Of all gaps, whatever their sign: digits, since it may be too large for a number. */
  readonly gapBytes: string;
  /** The largest. */
  readonly gaps: readonly Gap[];
}

/** Compares what several sources have reported of the same card and billing month; undefined: of all months. */
export async function findGaps(
  pool: pg.Pool,
  listSources: ListSources,
  month: BillingMonth | undefined,
  limit: number,
): Promise<GapReport> {
  const { rows, totals } = await snapshot(pool, async (db) => ({
    rows: await selectGaps(db, month, limit),
    totals: await selectGapTotals(db, month),
  }));
  const names = new Map((await listSources()).map(({ sourceNo, name }) => [sourceNo, name]));
  return {
    compared: totals.compared,
    differing: totals.differing,
    gapBytes: totals.gap_bytes,
    gaps: rows.map((row) => {
      const found = parseMonth(row.month);
      invariant(found !== undefined, "a month is a date");
      return {
        serialNo: row.serial_no,
        month: found,
        counts: row.counts,
        figure: { source: names.get(row.source_no) ?? "", usedBytes: row.used_bytes, asOf: row.as_of },
        other: { source: names.get(row.other_source_no) ?? "", usedBytes: row.other_used_bytes, asOf: row.other_as_of },
        gapBytes: row.gap_bytes,
      };
    }),
  };
}
