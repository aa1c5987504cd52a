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
    expectedEverySeconds: number | null;
    tokenHash: Buffer;
  },
): Promise<boolean> {
  const { rowCount } = await db.query(sql`
    insert into usage_source (name, kind, unit, grace_seconds, close_after_seconds, expected_every_seconds, token_hash)
    values (${source.name}, ${source.kind}, ${source.unit}, ${source.graceSeconds}, ${source.closeAfterSeconds},
      ${source.expectedEverySeconds}, ${source.tokenHash})
    on conflict on constraint usage_source_name_key do nothing
  `);
  return rowCount === 1;
}

/** Gives a source another token and lets the one so far be valid until `oldExpiresAt`. */
export async function updateToken(db: Db, sourceNo: number, tokenHash: Buffer, oldExpiresAt: Date): Promise<void> {
  await db.query(sql`
    update usage_source
    set token_hash = ${tokenHash}, old_token_hash = token_hash, old_token_expires_at = ${oldExpiresAt},
      version = version + 1
    where source_no = ${sourceNo}
  `);
}

/** Sets what of a source may be set. */
export async function updateSource(
  db: Db,
  sourceNo: number,
  { status, expectedEverySeconds }: { status: SourceRow["status"]; expectedEverySeconds: number | null },
): Promise<void> {
  await db.query(sql`
    update usage_source
    set status = ${status}, expected_every_seconds = ${expectedEverySeconds}, version = version + 1
    where source_no = ${sourceNo}
  `);
}

export async function selectSourceNo(db: Db, name: string): Promise<number | undefined> {
  const { rows } = await db.query<{ source_no: number }>(sql`select source_no from usage_source where name = ${name}`);
  return rows[0]?.source_no;
}

/** The version and what may be set of a source, which whoever holds the transaction alone may change. */
export interface LockedSourceRow {
  source_no: number;
  status: SourceRow["status"];
  expected_every_seconds: number | null;
  version: number;
}

/** Locks a source until the transaction ends: of two who change it, the second sees what the first has made of it. */
export async function lockSource(db: Db, name: string): Promise<LockedSourceRow | undefined> {
  const { rows } = await db.query<LockedSourceRow>(sql`
    select source_no, status, expected_every_seconds, version
    from usage_source
    where name = ${name}
    for no key update
  `);
  return rows[0];
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

/** A source with all that the operator is shown of it. */
export interface ListedSourceRow extends SourceRow {
  created_at: Date;
  version: number;
  expected_every_seconds: number | null;
  old_token_expires_at: Date | null;
  /** When it was last heard of, and the latest moment that a record of it is about. */
  received_at: Date | null;
  newest_at: Date | null;
}

/** Every source, in the order of their names. */
export async function selectSources(db: Db): Promise<ListedSourceRow[]> {
  const { rows } = await db.query<ListedSourceRow>(sql`
    select s.source_no, s.name, s.kind, s.unit, s.grace_seconds, s.close_after_seconds, s.status, s.created_at, s.version,
      s.expected_every_seconds, s.old_token_expires_at, e.received_at, e.newest_at
    from usage_source s
    left join usage_source_seen e on e.source_no = s.source_no
    order by s.name
  `);
  return rows;
}
