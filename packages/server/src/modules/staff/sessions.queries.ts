import sql from "sql-template-tag";
import type { Db } from "../../db/database.ts";
import type { Role } from "./staff.ts";

export interface SignedInRow {
  session_id: string;
  last_seen_at: Date;
  staff_id: string;
  name: string;
  email: string;
  role: Role;
  must_change_password: boolean;
  two_factor_enabled: boolean;
}

/** Whose session a token is of. None for one that has ended, or was last used before `idleSince`, or of the suspended. */
export async function selectSignedIn(
  db: Db,
  token: string,
  { now, idleSince }: { readonly now: Date; readonly idleSince: Date },
): Promise<SignedInRow | undefined> {
  const { rows } = await db.query<SignedInRow>({
    name: "select_signed_in",
    text: `
      select e.id as session_id, e.last_seen_at, s.id as staff_id, s.name, s.email, s.role, s.must_change_password,
        s.two_factor_enabled
      from staff_session e
      join staff s on s.id = e.staff_id
      where e.token = $1 and e.expires_at > $2 and e.last_seen_at > $3 and s.status = 'normal'`,
    values: [token, now, idleSince],
  });
  return rows[0];
}

/** Notes that a session was used. Not before what another process has noted meanwhile. */
export async function updateLastSeen(db: Db, sessionId: string, now: Date): Promise<void> {
  await db.query(sql`
    update staff_session set last_seen_at = ${now} where id = ${sessionId} and last_seen_at < ${now}
  `);
}

/** The e-mail address of whoever has given a right password and still has to give a code. */
export async function selectChallenged(db: Db, identifier: string, now: Date): Promise<string | undefined> {
  const { rows } = await db.query<{ email: string }>(sql`
    select s.email
    from staff_verification v
    join staff s on s.id::text = v.value
    where v.identifier = ${identifier} and v.expires_at > ${now}
  `);
  return rows[0]?.email;
}

export interface SessionRow {
  session_id: string;
  ip_address: string | null;
  user_agent: string | null;
  created_at: Date;
  last_seen_at: Date;
  expires_at: Date;
}

/** A staff member's sessions that have not ended, the last used first. */
export async function selectSessions(
  db: Db,
  staffId: string,
  { now, idleSince }: { readonly now: Date; readonly idleSince: Date },
): Promise<SessionRow[]> {
  const { rows } = await db.query<SessionRow>(sql`
    select id as session_id, ip_address, user_agent, created_at, last_seen_at, expires_at
    from staff_session
    where staff_id = ${staffId} and expires_at > ${now} and last_seen_at > ${idleSince}
    order by last_seen_at desc, id
  `);
  return rows;
}

/** Ends a session of a staff member; tells whether there was one. */
export async function deleteSession(db: Db, staffId: string, sessionId: string): Promise<boolean> {
  const { rowCount } = await db.query(sql`
    delete from staff_session where id = ${sessionId} and staff_id = ${staffId}
  `);
  return rowCount === 1;
}

/** Ends a staff member's sessions; tells how many there were. */
export async function deleteSessions(db: Db, staffId: string): Promise<number> {
  const { rowCount } = await db.query(sql`delete from staff_session where staff_id = ${staffId}`);
  return rowCount ?? 0;
}

/** Ends the sign-ins of a staff member that wait for a code. */
export async function deleteChallenges(db: Db, staffId: string): Promise<void> {
  await db.query(sql`delete from staff_verification where value = ${staffId}`);
}

/** Forgets the sessions of a staff member that cannot be used any more. */
export async function deleteEndedSessions(
  db: Db,
  staffId: string,
  { now, idleSince }: { readonly now: Date; readonly idleSince: Date },
): Promise<void> {
  await db.query(sql`
    delete from staff_session
    where staff_id = ${staffId} and (expires_at <= ${now} or last_seen_at <= ${idleSince})
  `);
}

/**
 * Notes that a code was used, for as long as it could be used again; tells whether it was not noted already. better-auth
 * clears away what has expired.
 */
export async function insertUsedCode(
  db: Db,
  used: { readonly id: string; readonly identifier: string; readonly now: Date; readonly until: Date },
): Promise<boolean> {
  const { rowCount } = await db.query(sql`
    insert into staff_verification as v (id, identifier, value, expires_at)
    values (${used.id}, ${used.identifier}, 'used', ${used.until})
    on conflict on constraint staff_verification_identifier_key do update
    set expires_at = excluded.expires_at
    where v.expires_at <= ${used.now}
  `);
  return rowCount === 1;
}

/** Takes back {@link insertUsedCode}: the code was a wrong one. */
export async function deleteUsedCode(db: Db, identifier: string): Promise<void> {
  await db.query(sql`delete from staff_verification where identifier = ${identifier}`);
}
