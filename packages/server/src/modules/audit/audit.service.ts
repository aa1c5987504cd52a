import type pg from "pg";
import type { Actor } from "../../actor.ts";
import type { Db } from "../../db/database.ts";
import {
  type AuditEntry,
  type AuditFilter,
  type AuditRow,
  insertAuditEvent,
  selectAuditActions,
  selectAuditEvents,
  selectEvents,
  selectNextEventNo,
} from "./audit.queries.ts";

export type { AuditRow };

/** Records a change in the caller's transaction, so that there is neither a change without its record nor the reverse. */
export function recordAudit(db: Db, by: Actor, entry: AuditEntry): Promise<void> {
  return insertAuditEvent(db, by, entry);
}

/** The number of an event that is recorded at the end of its transaction. One that never is leaves a gap, like any other. */
export function reserveEvent(db: Db): Promise<number> {
  return selectNextEventNo(db);
}

export interface AuditLog {
  /** The newest first. */
  search(filter: AuditFilter, limit: number): Promise<AuditRow[]>;
  /** Everything that fits, the newest first, a piece at a time: for an export. */
  walk(filter: AuditFilter): AsyncIterable<AuditRow>;
  /** These events, as far as there are such, in no order. */
  find(eventNos: readonly number[]): Promise<AuditRow[]>;
  /** Every action that was ever recorded. */
  actions(): Promise<string[]>;
}

/** How many events an export reads at a time. */
const walkedAtOnce = 1_000;

export function createAuditLog(pool: pg.Pool): AuditLog {
  return {
    search: (filter, limit) => selectAuditEvents(pool, filter, limit),
    async *walk(filter) {
      let { beforeEvent } = filter;
      for (;;) {
        const rows = await selectAuditEvents(pool, { ...filter, beforeEvent }, walkedAtOnce);
        yield* rows;
        if (rows.length < walkedAtOnce) return;
        beforeEvent = rows.at(-1)?.event_no;
      }
    },
    find: (eventNos) => selectEvents(pool, eventNos),
    actions: () => selectAuditActions(pool),
  };
}
