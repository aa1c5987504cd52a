import sql from "sql-template-tag";
import type { Db } from "../../db/database.ts";
import type { RecordStatus } from "../usage/usage-record.ts";

/** How many records ended how. */
export type StatusFigures = Record<RecordStatus, number>;

/** What a source has sent in an hour. */
export interface ActivityRow extends StatusFigures {
  source_no: number;
  hour: Date;
}

/** Adds to hours. In one order everywhere, so that two processes wait for each other in turn and not in a circle. */
export async function addActivity(db: Db, rows: readonly ActivityRow[]): Promise<void> {
  const figures = (status: RecordStatus) => rows.map((row) => row[status]);
  await db.query(sql`
    insert into usage_source_activity as a
      (source_no, hour, accepted, duplicate, conflict, unknown_card, invalid, too_old, too_new)
    select i.source_no, i.hour, i.accepted, i.duplicate, i.conflict, i.unknown_card, i.invalid, i.too_old, i.too_new
    from unnest(${rows.map(({ source_no }) => source_no)}::integer[], ${rows.map(({ hour }) => hour)}::timestamptz[],
      ${figures("accepted")}::bigint[], ${figures("duplicate")}::bigint[], ${figures("conflict")}::bigint[],
      ${figures("unknown_card")}::bigint[], ${figures("invalid")}::bigint[], ${figures("too_old")}::bigint[],
      ${figures("too_new")}::bigint[])
      as i (source_no, hour, accepted, duplicate, conflict, unknown_card, invalid, too_old, too_new)
    order by i.source_no, i.hour
    on conflict on constraint usage_source_activity_pkey do update
    set accepted = a.accepted + excluded.accepted, duplicate = a.duplicate + excluded.duplicate,
      conflict = a.conflict + excluded.conflict, unknown_card = a.unknown_card + excluded.unknown_card,
      invalid = a.invalid + excluded.invalid, too_old = a.too_old + excluded.too_old,
      too_new = a.too_new + excluded.too_new
  `);
}

/** When a source was last heard of. */
export interface SeenRow {
  source_no: number;
  received_at: Date;
  /** ISO 8601; null if it has never sent a record with a time that can be. */
  newest_at: string | null;
}

/** Notes when sources were heard of, unless they were heard of later. In one order, as {@link addActivity}. */
export async function raiseSeen(db: Db, rows: readonly SeenRow[]): Promise<void> {
  await db.query(sql`
    insert into usage_source_seen as s (source_no, received_at, newest_at)
    select i.source_no, i.received_at, i.newest_at
    from unnest(${rows.map(({ source_no }) => source_no)}::integer[],
      ${rows.map(({ received_at }) => received_at)}::timestamptz[],
      ${rows.map(({ newest_at }) => newest_at)}::timestamptz[]) as i (source_no, received_at, newest_at)
    order by i.source_no
    on conflict on constraint usage_source_seen_pkey do update
    set received_at = greatest(s.received_at, excluded.received_at),
      newest_at = greatest(s.newest_at, excluded.newest_at)
  `);
}

/** What sources have sent since the beginning of an hour; of one source only if it is given. */
export async function selectActivity(db: Db, since: Date, sourceNo?: number): Promise<ActivityRow[]> {
  const { rows } = await db.query<ActivityRow>(sql`
    select source_no, hour, accepted, duplicate, conflict, unknown_card, invalid, too_old, too_new
    from usage_source_activity
    where hour >= ${since} and (${sourceNo ?? null}::integer is null or source_no = ${sourceNo ?? null})
    order by source_no, hour
  `);
  return rows;
}

/** Forgets what was sent before. */
export async function deleteActivityBefore(db: Db, before: Date): Promise<void> {
  await db.query(sql`delete from usage_source_activity where hour < ${before}`);
}
