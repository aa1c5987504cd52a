import sql, { empty, join } from "sql-template-tag";
import type { Actor } from "../../actor.ts";
import type { Db } from "../../db/database.ts";

/** A change as it is recorded. */
export interface AuditEntry {
  /** What was done to which kind of thing: `client.rotate`. */
  readonly action: string;
  readonly object: { readonly kind: string; readonly id: string };
  /** What the change replaced, without any secret; left out where there was nothing before. */
  readonly before?: object;
  readonly after?: object;
  /** A number that was reserved before, where rows were written that name it. */
  readonly eventNo?: number;
}

export async function selectNextEventNo(db: Db): Promise<number> {
  const { rows } = await db.query<{ event_no: number }>(sql`
    select nextval(pg_get_serial_sequence('audit_event', 'event_no')) as event_no
  `);
  const [reserved] = rows;
  if (reserved === undefined) throw new Error("a sequence has a next value");
  return reserved.event_no;
}

export async function insertAuditEvent(db: Db, by: Actor, entry: AuditEntry): Promise<void> {
  const { action, object, before, after, eventNo } = entry;
  await db.query(sql`
    insert into audit_event (${eventNo === undefined ? empty : sql`event_no, `}actor_kind, actor_id, actor_name, address,
      request_id, action, object_kind, object_id, before, after)
    overriding system value
    values (${eventNo === undefined ? empty : sql`${eventNo}, `}${by.kind}, ${by.id}, ${by.name}, ${by.address}, ${by.requestId}, ${action}, ${object.kind}, ${object.id},
      ${before === undefined ? null : JSON.stringify(before)}::jsonb,
      ${after === undefined ? null : JSON.stringify(after)}::jsonb)
  `);
}

export interface AuditRow {
  event_no: number;
  at: Date;
  actor_kind: Actor["kind"];
  actor_id: string;
  actor_name: string;
  address: string | null;
  request_id: string | null;
  action: string;
  object_kind: string;
  object_id: string;
  before: Record<string, unknown> | null;
  after: Record<string, unknown> | null;
}

/** What a search of the audit log may be narrowed to. */
export interface AuditFilter {
  readonly from?: Date | undefined;
  /** Not included itself. */
  readonly to?: Date | undefined;
  readonly actorKind?: Actor["kind"] | undefined;
  readonly actorId?: string | undefined;
  readonly action?: string | undefined;
  readonly objectKind?: string | undefined;
  readonly objectId?: string | undefined;
  /** Only what is older than this event. */
  readonly beforeEvent?: number | undefined;
}

/** The newest first. */
export async function selectAuditEvents(db: Db, filter: AuditFilter, limit: number): Promise<AuditRow[]> {
  const conditions = [
    ...(filter.from === undefined ? [] : [sql`at >= ${filter.from}`]),
    ...(filter.to === undefined ? [] : [sql`at < ${filter.to}`]),
    ...(filter.actorKind === undefined ? [] : [sql`actor_kind = ${filter.actorKind}`]),
    ...(filter.actorId === undefined ? [] : [sql`actor_id = ${filter.actorId}`]),
    ...(filter.action === undefined ? [] : [sql`action = ${filter.action}`]),
    ...(filter.objectKind === undefined ? [] : [sql`object_kind = ${filter.objectKind}`]),
    ...(filter.objectId === undefined ? [] : [sql`object_id = ${filter.objectId}`]),
    ...(filter.beforeEvent === undefined ? [] : [sql`event_no < ${filter.beforeEvent}`]),
  ];
  const { rows } = await db.query<AuditRow>(sql`
    select event_no, at, actor_kind, actor_id, actor_name, address, request_id, action, object_kind, object_id, before, after
    from audit_event
    ${conditions.length === 0 ? empty : sql`where ${join(conditions, " and ")}`}
    order by event_no desc
    limit ${limit}
  `);
  return rows;
}

/** These events, as far as there are such, in no order. */
export async function selectEvents(db: Db, eventNos: readonly number[]): Promise<AuditRow[]> {
  const { rows } = await db.query<AuditRow>(sql`
    select event_no, at, actor_kind, actor_id, actor_name, address, request_id, action, object_kind, object_id, before, after
    from audit_event
    where event_no = any(${eventNos}::bigint[])
  `);
  return rows;
}

/** Every action that was ever recorded, for the filter to offer. Walks the index from value to value. */
export async function selectAuditActions(db: Db): Promise<string[]> {
  const { rows } = await db.query<{ action: string }>(sql`
    with recursive actions (action) as (
      (select action from audit_event order by action limit 1)
      union all
      select (select e.action from audit_event e where e.action > a.action order by e.action limit 1)
      from actions a
      where a.action is not null
    )
    select action from actions where action is not null
  `);
  return rows.map(({ action }) => action);
}
