import sql from "sql-template-tag";
import type { Db } from "../../db/database.ts";
import type { AttemptKind, Attempts } from "./attempts.ts";

interface AttemptRow {
  tried_at: Date[];
  locked_until: Date | null;
}

/** What is remembered under a key, locked until the transaction ends; makes the row if there is none. */
export async function lockAttempts(db: Db, kind: AttemptKind, key: string, now: Date): Promise<Attempts> {
  const { rows } = await db.query<AttemptRow>(sql`
    insert into staff_sign_in_attempt (kind, key, tried_at, locked_until, last_at)
    values (${kind}, ${key}, '{}', null, ${now})
    on conflict on constraint staff_sign_in_attempt_pkey do update
    set last_at = excluded.last_at
    returning tried_at, locked_until
  `);
  const [row] = rows;
  return { triedAt: row?.tried_at ?? [], lockedUntil: row?.locked_until ?? null };
}

export async function updateAttempts(
  db: Db,
  kind: AttemptKind,
  key: string,
  { triedAt, lockedUntil }: Attempts,
): Promise<void> {
  await db.query(sql`
    update staff_sign_in_attempt
    set tried_at = ${triedAt}::timestamptz[], locked_until = ${lockedUntil}
    where kind = ${kind} and key = ${key}
  `);
}

/** Forgets what was tried under a key, and ends its lock. */
export async function deleteAttempts(db: Db, kind: AttemptKind, key: string): Promise<void> {
  await db.query(sql`delete from staff_sign_in_attempt where kind = ${kind} and key = ${key}`);
}

/** Forgets some of what was last tried before a moment. Leaves alone what another process has its hands on. */
export async function deleteOldAttempts(db: Db, before: Date): Promise<void> {
  await db.query(sql`
    delete from staff_sign_in_attempt
    where (kind, key) in (
      select kind, key from staff_sign_in_attempt where last_at < ${before} limit 100 for update skip locked
    )
  `);
}
