import sql from "sql-template-tag";
import type { Db } from "../../db/database.ts";
import type { UsageKind } from "../usage/usage-record.ts";

export interface SourceRow {
  source_no: number;
  name: string;
  kind: UsageKind;
  unit: string | null;
  grace_seconds: number;
  close_after_seconds: number;
  status: "normal" | "suspended";
}

/** Adds a source; tells whether it did, its name not being another's. */
export async function insertSource(
  db: Db,
  source: {
    name: string;
    kind: UsageKind;
    unit: string | null;
    graceSeconds: number;
    closeAfterSeconds: number;
    tokenHash: Buffer;
  },
): Promise<boolean> {
  const { rowCount } = await db.query(sql`
    insert into usage_source (name, kind, unit, grace_seconds, close_after_seconds, token_hash)
    values (${source.name}, ${source.kind}, ${source.unit}, ${source.graceSeconds}, ${source.closeAfterSeconds},
      ${source.tokenHash})
    on conflict on constraint usage_source_name_key do nothing
  `);
  return rowCount === 1;
}

/**
 * Gives a source another token and lets the one so far be valid until `oldExpiresAt`; tells whether there is such a
 * source. Of two at once, the second finds the first's token as the one so far.
 */
export async function updateToken(db: Db, name: string, tokenHash: Buffer, oldExpiresAt: Date): Promise<boolean> {
  const { rowCount } = await db.query(sql`
    update usage_source
    set token_hash = ${tokenHash}, old_token_hash = token_hash, old_token_expires_at = ${oldExpiresAt}
    where name = ${name}
  `);
  return rowCount === 1;
}

/** Sets a source's status; tells whether there is such a source. */
export async function updateStatus(db: Db, name: string, status: "normal" | "suspended"): Promise<boolean> {
  const { rowCount } = await db.query(sql`update usage_source set status = ${status} where name = ${name}`);
  return rowCount === 1;
}

export async function selectSourceNo(db: Db, name: string): Promise<number | undefined> {
  const { rows } = await db.query<{ source_no: number }>(sql`select source_no from usage_source where name = ${name}`);
  return rows[0]?.source_no;
}

/** The source with this token, or whose token this was until a rotation whose overlap has not ended at `now`. */
export async function selectSourceByToken(db: Db, tokenHash: Buffer, now: Date): Promise<SourceRow | undefined> {
  const { rows } = await db.query<SourceRow>({
    name: "select_source_by_token",
    text: `
      select source_no, name, kind, unit, grace_seconds, close_after_seconds, status
      from usage_source
      where token_hash = $1 or (old_token_hash = $1 and old_token_expires_at > $2)`,
    values: [tokenHash, now],
  });
  return rows[0];
}

/** Every source, in the order of their names. */
export async function selectSources(db: Db): Promise<(SourceRow & { created_at: Date })[]> {
  const { rows } = await db.query<SourceRow & { created_at: Date }>(sql`
    select source_no, name, kind, unit, grace_seconds, close_after_seconds, status, created_at
    from usage_source
    order by name
  `);
  return rows;
}

/**
 * The day on which a card's billing months start; undefined if there is no such card. Locks the card so that neither
 * another assignment nor a first record of a month, whose row refers to the card, comes in between.
 */
export async function lockCard(db: Db, serialNo: string): Promise<number | undefined> {
  const { rows } = await db.query<{ cycle_day: number }>(sql`
    select cycle_day from card where serial_no = ${serialNo} for update
  `);
  return rows[0]?.cycle_day;
}

/** The first day of the last billing month in which a card has usage, by whatever source; null without any. */
export async function selectLastUsedMonth(db: Db, serialNo: string): Promise<string | null> {
  const { rows } = await db.query<{ month: string | null }>(sql`
    select max(month) as month from usage_month where serial_no = ${serialNo}
  `);
  return rows[0]?.month ?? null;
}

export interface AssignmentRow {
  from_month: string;
  source_no: number;
  name: string;
}

/** What sources a card is assigned to from a month (a date, its first day) or a later one on, in that order. */
export async function selectAssignments(db: Db, serialNo: string, fromMonth: string): Promise<AssignmentRow[]> {
  const { rows } = await db.query<AssignmentRow>(sql`
    select a.from_month, a.source_no, s.name
    from card_source a
    join usage_source s on s.source_no = a.source_no
    where a.serial_no = ${serialNo} and a.from_month >= ${fromMonth}::date
    order by a.from_month
  `);
  return rows;
}

/** Assigns a card to a source from a month on, in place of another that was assigned from the same month on. */
export async function upsertAssignment(
  db: Db,
  assignment: { serialNo: string; fromMonth: string; sourceNo: number },
): Promise<void> {
  await db.query(sql`
    insert into card_source (serial_no, from_month, source_no)
    values (${assignment.serialNo}, ${assignment.fromMonth}::date, ${assignment.sourceNo})
    on conflict on constraint card_source_pkey do update
    set source_no = excluded.source_no, created_at = excluded.created_at
  `);
}
