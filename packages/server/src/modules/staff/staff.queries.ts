import sql from "sql-template-tag";
import type { Db } from "../../db/database.ts";
import type { Role } from "./staff.ts";

export type StaffStatus = "normal" | "suspended";

export interface StaffRow {
  staff_id: string;
  email: string;
  name: string;
  role: Role;
  status: StaffStatus;
  must_change_password: boolean;
  two_factor_enabled: boolean;
  version: number;
}

/** Adds a staff member; tells whether it did, the e-mail address not being another's. */
export async function insertStaff(
  db: Db,
  staff: { staffId: string; email: string; name: string; role: Role },
): Promise<boolean> {
  const { rowCount } = await db.query(sql`
    insert into staff (id, email, name, role)
    values (${staff.staffId}, ${staff.email}, ${staff.name}, ${staff.role})
    on conflict on constraint staff_email_key do nothing
  `);
  return rowCount === 1;
}

/** Sets a staff member's password, which is the only one there is. */
export async function upsertPassword(
  db: Db,
  credential: { id: string; staffId: string; passwordHash: string; now: Date },
): Promise<void> {
  await db.query(sql`
    insert into staff_credential (id, staff_id, account_id, password)
    values (${credential.id}, ${credential.staffId}, ${credential.staffId}, ${credential.passwordHash})
    on conflict on constraint staff_credential_staff_id_key do update
    set password = excluded.password, updated_at = ${credential.now}
  `);
}

export async function selectStaffMember(db: Db, staffId: string): Promise<StaffRow | undefined> {
  const { rows } = await db.query<StaffRow>(sql`
    select id as staff_id, email, name, role, status, must_change_password, two_factor_enabled, version
    from staff
    where id = ${staffId}
  `);
  return rows[0];
}

/** Whether there is anybody who could sign in. */
export async function existsStaff(db: Db): Promise<boolean> {
  const { rows } = await db.query<{ found: boolean }>(sql`select exists (select from staff) as found`);
  return rows[0]?.found === true;
}

/** Locks a staff member against changes by others; undefined if there is none. */
export async function lockStaff(db: Db, staffId: string): Promise<StaffRow | undefined> {
  const { rows } = await db.query<StaffRow>(sql`
    select id as staff_id, email, name, role, status, must_change_password, two_factor_enabled, version
    from staff
    where id = ${staffId}
    for no key update
  `);
  return rows[0];
}

/** The same by the e-mail address. */
export async function lockStaffByEmail(db: Db, email: string): Promise<StaffRow | undefined> {
  const { rows } = await db.query<StaffRow>(sql`
    select id as staff_id, email, name, role, status, must_change_password, two_factor_enabled, version
    from staff
    where email = ${email}
    for no key update
  `);
  return rows[0];
}

/**
 * Locks everyone who is an admin and may sign in, always in the same order: of two changes that would take away the last
 * two admins the second waits for the first, and then finds one admin only.
 */
export async function lockAdmins(db: Db): Promise<string[]> {
  const { rows } = await db.query<{ staff_id: string }>(sql`
    select id as staff_id from staff where role = 'admin' and status = 'normal' order by id for no key update
  `);
  return rows.map(({ staff_id }) => staff_id);
}

export async function selectStaffId(db: Db, email: string): Promise<string | undefined> {
  const { rows } = await db.query<{ staff_id: string }>(sql`
    select id as staff_id from staff where email = ${email}
  `);
  return rows[0]?.staff_id;
}

export interface ListedStaffRow extends StaffRow {
  last_sign_in_at: Date | null;
  created_at: Date;
  locked_until: Date | null;
}

/** Everyone, in the order of their names. */
export async function selectStaff(db: Db): Promise<ListedStaffRow[]> {
  const { rows } = await db.query<ListedStaffRow>(sql`
    select s.id as staff_id, s.email, s.name, s.role, s.status, s.must_change_password, s.two_factor_enabled, s.version,
      s.last_sign_in_at, s.created_at, a.locked_until
    from staff s
    left join staff_sign_in_attempt a on a.kind = 'login' and a.key = s.email
    order by s.name, s.email
  `);
  return rows;
}

/** Changes a staff member that {@link lockStaff} has locked. */
export async function updateStaff(
  db: Db,
  staff: { staffId: string; name: string; role: Role; status: StaffStatus; now: Date },
): Promise<void> {
  await db.query(sql`
    update staff
    set name = ${staff.name}, role = ${staff.role}, status = ${staff.status}, version = version + 1, updated_at = ${staff.now}
    where id = ${staff.staffId}
  `);
}

export async function updateMustChangePassword(db: Db, staffId: string, must: boolean): Promise<void> {
  await db.query(sql`update staff set must_change_password = ${must} where id = ${staffId}`);
}

export async function updateLastSignIn(db: Db, staffId: string, now: Date): Promise<void> {
  await db.query(sql`update staff set last_sign_in_at = ${now} where id = ${staffId}`);
}

/** Does away with a staff member's second factor, set up or half set up. */
export async function deleteTwoFactor(db: Db, staffId: string): Promise<void> {
  await db.query(sql`delete from staff_two_factor where staff_id = ${staffId}`);
}

export async function updateTwoFactorOff(db: Db, staffId: string): Promise<void> {
  await db.query(sql`update staff set two_factor_enabled = false where id = ${staffId}`);
}

export interface TwoFactorRow {
  id: string;
  secret: string;
  backup_codes: string;
}

/** Locks every second factor that is set up. */
export async function lockTwoFactors(db: Db): Promise<TwoFactorRow[]> {
  const { rows } = await db.query<TwoFactorRow>(sql`
    select id, secret, backup_codes from staff_two_factor order by id for update
  `);
  return rows;
}

export async function updateTwoFactorSecrets(db: Db, row: TwoFactorRow): Promise<void> {
  await db.query(sql`
    update staff_two_factor set secret = ${row.secret}, backup_codes = ${row.backup_codes} where id = ${row.id}
  `);
}
