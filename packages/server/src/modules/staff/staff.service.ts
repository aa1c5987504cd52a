import { randomUUID } from "node:crypto";
import type pg from "pg";
import type { Actor } from "../../actor.ts";
import { type Clock, systemClock } from "../../clock.ts";
import { type Db, transaction } from "../../db/database.ts";
import { ConflictError, MissingError, OperatorError } from "../../errors.ts";
import { text } from "../../text.ts";
import { recordAudit } from "../audit/audit.service.ts";
import { changedValues } from "../audit/changed-values.ts";
import type { MasterKeys } from "../clients/master-key.ts";
import { deleteAttempts } from "./attempts.queries.ts";
import { newPassword } from "./password.ts";
import { type SessionMoments, sessionMoments } from "./session-life.ts";
import {
  type SessionRow,
  deleteChallenges,
  deleteSession,
  deleteSessions,
  selectSessions,
} from "./sessions.queries.ts";
import { isEncryptedUnderCurrent, secretConfig, signInSecrets } from "./sign-in-secrets.ts";
import {
  type ListedStaffRow,
  type StaffRow,
  type StaffStatus,
  deleteTwoFactor,
  existsStaff,
  insertStaff,
  lockAdmins,
  lockStaff,
  lockTwoFactors,
  selectStaff,
  selectStaffId,
  selectStaffMember,
  updateMustChangePassword,
  updateStaff,
  updateTwoFactorOff,
  updateTwoFactorSecrets,
  upsertPassword,
} from "./staff.queries.ts";
import { type Role, emailPattern, nameLengthMax, normalEmail } from "./staff.ts";

export interface NewStaff {
  readonly email: string;
  readonly name: string;
  readonly role: Role;
}

/** A password in the clear: given out once, and good for nothing but being changed. */
export interface IssuedPassword {
  readonly staffId: string;
  readonly email: string;
  readonly password: string;
}

export interface StaffChange {
  /** The version that was changed: someone else's change in between is not overwritten. */
  readonly version: number;
  readonly name?: string | undefined;
  readonly role?: Role | undefined;
}

/**
 * The administration of staff. Throws a MissingError for someone who is not there, a ConflictError where someone else has
 * changed the same meanwhile, and an OperatorError for what cannot be.
 */
export interface StaffService {
  create(staff: NewStaff, by: Actor): Promise<IssuedPassword>;
  /** Whether there is anybody yet. */
  any(): Promise<boolean>;
  /** Everyone, in the order of their names. */
  list(): Promise<ListedStaffRow[]>;
  find(staffId: string): Promise<StaffRow>;
  update(staffId: string, change: StaffChange, by: Actor): Promise<StaffRow>;
  /** A new password, no second factor unless it is kept, no session left, and no lock. */
  reset(staffId: string, options: { readonly keepTotp: boolean }, by: Actor): Promise<IssuedPassword>;
  /** Ends all sessions and lets nobody sign in; what the person has done stays. */
  suspend(staffId: string, by: Actor): Promise<StaffRow>;
  resume(staffId: string, by: Actor): Promise<StaffRow>;
  sessions(staffId: string): Promise<SessionRow[]>;
  endSession(staffId: string, sessionId: string, by: Actor): Promise<void>;
  /** Ends every session of someone; tells how many there were. */
  endSessions(staffId: string, by: Actor): Promise<number>;
  /** The id of whoever has an e-mail address. */
  idOf(email: string): Promise<string>;
  /** Encrypts every second factor under the current master key that is under another; returns how many were. */
  resealSecrets(): Promise<number>;
}

export function createStaffService(pool: pg.Pool, keys: MasterKeys, clock: Clock = systemClock): StaffService {
  async function setStatus(staffId: string, status: StaffStatus, by: Actor): Promise<StaffRow> {
    return transaction(pool, async (db) => {
      const admins = await lockAdmins(db);
      const before = await lockStaff(db, staffId);
      if (before === undefined) throw noSuchStaff(staffId);
      if (before.status === status) return before;
      if (status === "suspended") refuseLastAdmin(admins, before);
      const after = await change(db, before, { status }, clock());
      // On both: a sign-in that was under way when the other was suspended must not come to life again.
      await endAll(db, staffId);
      await recordAudit(db, by, {
        action: status === "suspended" ? "staff.suspend" : "staff.resume",
        object: { kind: "staff", id: staffId },
        before: { status: before.status },
        after: { status },
      });
      return after;
    });
  }

  return {
    async create({ email: given, name: givenName, role }, by) {
      const email = normalEmail(given);
      if (!emailPattern.test(email)) throw noEmail(given);
      const name = checkedName(givenName);
      const issued = { staffId: randomUUID(), email, password: newPassword() };
      const passwordHash = await hashed(issued.password);
      await transaction(pool, async (db) => {
        if (!(await insertStaff(db, { staffId: issued.staffId, email, name, role }))) throw emailTaken(email);
        await upsertPassword(db, { id: randomUUID(), staffId: issued.staffId, passwordHash, now: new Date(clock()) });
        // Who has tried to sign in before there was an account is not kept from it.
        await deleteAttempts(db, "login", email);
        await recordAudit(db, by, {
          action: "staff.create",
          object: { kind: "staff", id: issued.staffId },
          after: { email, name, role },
        });
      });
      return issued;
    },

    any: () => existsStaff(pool),
    list: () => selectStaff(pool),

    async find(staffId) {
      const staff = await selectStaffMember(pool, staffId);
      if (staff === undefined) throw noSuchStaff(staffId);
      return staff;
    },

    async update(staffId, { version, name, role }, by) {
      return transaction(pool, async (db) => {
        const admins = await lockAdmins(db);
        const before = await lockStaff(db, staffId);
        if (before === undefined) throw noSuchStaff(staffId);
        if (before.version !== version) throw changedMeanwhile(before);
        if (role !== undefined && role !== "admin") refuseLastAdmin(admins, before);
        const wanted = {
          name: name === undefined ? before.name : checkedName(name),
          role: role ?? before.role,
        };
        const changed = changedValues({ ...before }, wanted);
        if (changed === undefined) return before;
        const after = await change(db, before, wanted, clock());
        await recordAudit(db, by, { action: "staff.update", object: { kind: "staff", id: staffId }, ...changed });
        return after;
      });
    },

    async reset(staffId, { keepTotp }, by) {
      const password = newPassword();
      const passwordHash = await hashed(password);
      return transaction(pool, async (db) => {
        const staff = await lockStaff(db, staffId);
        if (staff === undefined) throw noSuchStaff(staffId);
        await upsertPassword(db, { id: randomUUID(), staffId, passwordHash, now: new Date(clock()) });
        await updateMustChangePassword(db, staffId, true);
        if (!keepTotp) {
          await deleteTwoFactor(db, staffId);
          await updateTwoFactorOff(db, staffId);
        }
        await endAll(db, staffId);
        await deleteAttempts(db, "login", staff.email);
        await recordAudit(db, by, {
          action: "staff.reset",
          object: { kind: "staff", id: staffId },
          before: { two_factor: staff.two_factor_enabled },
          after: { two_factor: keepTotp && staff.two_factor_enabled },
        });
        return { staffId, email: staff.email, password };
      });
    },

    suspend: (staffId, by) => setStatus(staffId, "suspended", by),
    resume: (staffId, by) => setStatus(staffId, "normal", by),

    sessions: (staffId) => selectSessions(pool, staffId, moments()),

    async endSession(staffId, sessionId, by) {
      await transaction(pool, async (db) => {
        if (!(await deleteSession(db, staffId, sessionId))) throw noSuchSession();
        await recordAudit(db, by, {
          action: "staff.end_session",
          object: { kind: "staff", id: staffId },
          before: { sessions: 1 },
        });
      });
    },

    async endSessions(staffId, by) {
      return transaction(pool, async (db) => {
        if ((await lockStaff(db, staffId)) === undefined) throw noSuchStaff(staffId);
        const sessions = await endAll(db, staffId);
        await recordAudit(db, by, {
          action: "staff.end_sessions",
          object: { kind: "staff", id: staffId },
          before: { sessions },
        });
        return sessions;
      });
    },

    async idOf(email) {
      const staffId = await selectStaffId(pool, normalEmail(email));
      if (staffId === undefined) throw noSuchStaff(email);
      return staffId;
    },

    async resealSecrets() {
      const secrets = signInSecrets(keys);
      const { symmetricDecrypt, symmetricEncrypt } = await import("better-auth/crypto");
      const key = secretConfig(secrets);
      const reseal = async (data: string) => symmetricEncrypt({ key, data: await symmetricDecrypt({ key, data }) });
      // Staff are few: all in one transaction.
      return transaction(pool, async (db) => {
        const rows = (await lockTwoFactors(db)).filter(
          (row) => !isEncryptedUnderCurrent(row.secret, secrets) || !isEncryptedUnderCurrent(row.backup_codes, secrets),
        );
        for (const row of rows)
          await updateTwoFactorSecrets(db, {
            id: row.id,
            secret: await reseal(row.secret),
            backup_codes: await reseal(row.backup_codes),
          });
        return rows.length;
      });
    },
  };

  function moments(): SessionMoments {
    return sessionMoments(clock());
  }
}

/** As better-auth hashes them, which is to verify them. Loaded when needed: it takes a tenth of a second. */
async function hashed(password: string): Promise<string> {
  const { hashPassword } = await import("better-auth/crypto");
  return hashPassword(password);
}

async function change(
  db: Db,
  before: StaffRow,
  changed: Partial<Pick<StaffRow, "name" | "role" | "status">>,
  nowMs: number,
): Promise<StaffRow> {
  const after = { ...before, ...changed, version: before.version + 1 };
  await updateStaff(db, { ...after, staffId: after.staff_id, now: new Date(nowMs) });
  return after;
}

/** Ends a staff member's sessions, and sign-ins that wait for a code. */
async function endAll(db: Db, staffId: string): Promise<number> {
  await deleteChallenges(db, staffId);
  return deleteSessions(db, staffId);
}

function refuseLastAdmin(admins: readonly string[], { staff_id: staffId, email }: StaffRow): void {
  if (admins.length === 1 && admins[0] === staffId)
    throw new OperatorError(
      text(
        `${email} 是最后一个未停用的管理员，不能停用，也不能改为其他角色；请先让另一位员工成为管理员。`,
        `${email} is the last admin who is not suspended and has to stay one; make someone else an admin first.`,
      ),
    );
}

function checkedName(given: string): string {
  const name = given.trim();
  if (name.length >= 1 && name.length <= nameLengthMax) return name;
  throw new OperatorError(
    text(`姓名应为 1 到 ${nameLengthMax} 个字符。`, `A name must have 1 to ${nameLengthMax} characters.`),
  );
}

function noEmail(given: string): OperatorError {
  return new OperatorError(text(`“${given}” 不是邮箱地址。`, `"${given}" is not an e-mail address.`));
}

function emailTaken(email: string): OperatorError {
  return new OperatorError(
    text(
      `已有邮箱为 ${email} 的员工。如需新密码，请重置其密码（dks staff reset ${email}）。`,
      `There is a staff member ${email} already; to give them a new password, reset it (dks staff reset ${email}).`,
    ),
  );
}

function noSuchStaff(wanted: string): MissingError {
  return new MissingError(text(`没有员工 ${wanted}。`, `There is no staff member ${wanted}.`));
}

function noSuchSession(): MissingError {
  return new MissingError(text("该登录会话不存在或已结束。", "There is no such session, or it has ended."));
}

function changedMeanwhile({ name }: StaffRow): ConflictError {
  return new ConflictError(
    text(
      `员工“${name}”的资料已被他人修改，本次修改未保存。`,
      `Someone else has changed ${name} meanwhile, so nothing was saved.`,
    ),
  );
}
