import type pg from "pg";
import type { Clock } from "../../clock.ts";
import type { SubjectCard } from "../cards/subjects.ts";
import { type BillingMonth, currentMonths } from "../packages/billing-month.ts";
import { createCalendar } from "./calendar.ts";
import { type MonthExplanation, explainCardMonth, explainMonth } from "./explain.ts";
import { type GapReport, findGaps } from "./gaps.ts";
import { keepingRecords } from "./keeping-records.ts";
import { type ListSources, type RebuildReport, rebuildUsage } from "./rebuild.ts";
import { type VerifyOptions, type VerifyReport, verifyUsage } from "./verify.ts";
import type { WalkOptions, WalkScope } from "./walk.ts";

/** What the figures rest on: for the operator and for whoever audits them. */
export interface AuditService {
  /** See {@link rebuildUsage}. */
  rebuild(scope: WalkScope, options?: WalkOptions): Promise<RebuildReport>;
  /** See {@link verifyUsage}. */
  verify(scope: WalkScope, options: VerifyOptions): Promise<VerifyReport>;
  /** See {@link explainMonth}. */
  explain(subject: string, month?: BillingMonth): Promise<MonthExplanation>;
  /** See {@link explainCardMonth}. */
  explainCard(card: SubjectCard, month: BillingMonth): Promise<MonthExplanation>;
  /** See {@link findGaps}. */
  gaps(month: BillingMonth | undefined, limit: number): Promise<GapReport>;
}

export function createAuditService(
  pool: pg.Pool,
  {
    listSources,
    clock,
    timeZone,
  }: { readonly listSources: ListSources; readonly clock: Clock; readonly timeZone: string },
): AuditService {
  const views = { listSources, calendar: createCalendar(timeZone), currentMonth: currentMonths(clock, timeZone) };
  return {
    rebuild: (scope, options) => keepingRecords(pool, () => rebuildUsage(pool, views, scope, options)),
    verify: (scope, options) => keepingRecords(pool, () => verifyUsage(pool, views, scope, options)),
    explain: (subject, month) => explainMonth(pool, views, subject, month),
    explainCard: (card, month) => explainCardMonth(pool, views, card, month),
    gaps: (month, limit) => findGaps(pool, listSources, month, limit),
  };
}
