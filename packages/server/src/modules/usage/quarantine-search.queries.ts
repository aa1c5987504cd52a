import sql, { type Sql, empty, join } from "sql-template-tag";
import type { Db } from "../../db/database.ts";
import { type EntryFilter, matches } from "./quarantine.queries.ts";
import type { RefusedStatus } from "./usage-record.ts";

/** An entry without its content. */
export interface EntryHeadRow {
  source_no: number;
  record_id: string;
  entry_id: string;
  status: RefusedStatus;
  reason: { hint: string; zh: string; en: string };
  subject: string | null;
  /** In ISO 8601, with all six decimals. */
  received_at: string;
  /** Whether it is what is {@link Sought}. */
  sought: boolean;
}

/** What no index helps to find. */
export interface Sought {
  /** The stable word of its reason. */
  readonly hint?: string;
  /** In its content, in capitals or not. */
  readonly text?: string;
}

/** An entry's place in the order in which they are listed: the newest first. */
export type EntryPosition = Pick<EntryHeadRow, "received_at" | "source_no" | "record_id" | "entry_id">;

const statuses = ["unknown_card", "conflict", "invalid", "too_old", "too_new"] as const satisfies RefusedStatus[];

/**
 * The newest entries, from behind a position on. Each status is read by itself, in the order of its index, so that a page
 * costs the same however many there are.
 */
export async function selectHeads(
  db: Db,
  filter: EntryFilter,
  { sought, after, limit }: { sought: Sought; after: EntryPosition | undefined; limit: number },
): Promise<EntryHeadRow[]> {
  const order = sql`order by q.received_at desc, q.source_no, q.record_id, q.entry_id limit ${limit}`;
  const ofEachStatus = statusesOf(filter).map(
    (status) => sql`(
      select q.source_no, q.record_id, q.entry_id, q.status, q.reason, q.subject, q.received_at, ${isSought(sought)} as sought
      from usage_quarantine q
      where q.status = ${status} and ${matches(filter)} ${isBehind(after)}
      ${order}
    )`,
  );
  const { rows } = await db.query<EntryHeadRow>(sql`
    select q.source_no, q.record_id, q.entry_id, q.status, q.reason, q.subject,
      to_char(q.received_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as received_at, q.sought
    from (${join(ofEachStatus, " union all ")}) as q
    ${order}
  `);
  return rows;
}

function statusesOf({ status, statusNot }: EntryFilter): readonly RefusedStatus[] {
  return statuses.filter((each) => (status === undefined || each === status) && each !== statusNot);
}

function isSought({ hint, text }: Sought): Sql {
  return sql`(true
    ${hint === undefined ? empty : sql`and q.reason->>'hint' = ${hint}`}
    ${text === undefined ? empty : sql`and strpos(lower(q.content), lower(${text})) > 0`})`;
}

function isBehind(after: EntryPosition | undefined): Sql {
  return after === undefined
    ? empty
    : sql`and q.received_at <= ${after.received_at}::timestamptz and (q.received_at < ${after.received_at}::timestamptz
        or (q.source_no, q.record_id, q.entry_id) > (${after.source_no}::integer, ${after.record_id}, ${after.entry_id}))`;
}

export interface StatusCountRow {
  status: RefusedStatus;
  count: number;
}

/** How many entries there are of each status, none counted beyond `countMax`. */
export async function countEachStatus(db: Db, filter: EntryFilter, countMax: number): Promise<StatusCountRow[]> {
  const ofEachStatus = statusesOf(filter).map(
    (status) => sql`(
      select q.status from usage_quarantine q where q.status = ${status} and ${matches(filter)} limit ${countMax}
    )`,
  );
  const { rows } = await db.query<StatusCountRow>(sql`
    select q.status, count(*) as count
    from (${join(ofEachStatus, " union all ")}) as q
    group by q.status
  `);
  return rows;
}
