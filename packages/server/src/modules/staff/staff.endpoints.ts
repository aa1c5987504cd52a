import { Type } from "typebox";
import { endpoint } from "../../web/endpoint.ts";
import { nameLengthMax } from "./staff.ts";

const role = Type.Union([Type.Literal("admin"), Type.Literal("operator"), Type.Literal("viewer")]);
const name = Type.String({ minLength: 1, maxLength: nameLengthMax });
const id = Type.String({ pattern: "^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$" });
const moment = Type.String();
const orNull = <T extends typeof moment>(schema: T) => Type.Union([schema, Type.Null()]);

const ofStaff = Type.Object({ staffId: id });

/** Times are ISO 8601. */
const staffMember = Type.Object({
  staff_id: id,
  email: Type.String(),
  name: Type.String(),
  role,
  status: Type.Union([Type.Literal("normal"), Type.Literal("suspended")]),
  /** Has a first password, which was not changed yet. */
  must_change_password: Type.Boolean(),
  two_factor: Type.Boolean(),
  /** Goes with a change, which is refused when someone else has changed the same meanwhile. */
  version: Type.Integer(),
  last_sign_in_at: orNull(moment),
  /** Too many wrong passwords or codes; a reset ends it. */
  locked_until: orNull(moment),
  created_at: moment,
});

const session = Type.Object({
  session_id: id,
  address: orNull(Type.String()),
  /** "Chrome, Windows"; null if the browser did not say. */
  device: orNull(Type.String()),
  signed_in_at: moment,
  /** To the minute. */
  last_seen_at: moment,
  /** If it is not used any more. */
  expires_at: moment,
  /** It is the one that asks. */
  current: Type.Boolean(),
});

/** A password that is shown once. */
const issuedPassword = Type.Object({ staff_id: id, email: Type.String(), password: Type.String() });

export const whoAmI = endpoint({
  method: "GET",
  path: "/session",
  role: "viewer",
  beforePasswordChange: true,
  answer: Type.Object({
    staff_id: id,
    session_id: id,
    name: Type.String(),
    email: Type.String(),
    role,
    must_change_password: Type.Boolean(),
    two_factor: Type.Boolean(),
    /** IANA, of billing months and days. */
    time_zone: Type.String(),
  }),
});

export const listOwnSessions = endpoint({
  method: "GET",
  path: "/sessions",
  role: "viewer",
  answer: Type.Object({ list: Type.Array(session) }),
});

export const endOwnSession = endpoint({
  method: "DELETE",
  path: "/sessions/:sessionId",
  role: "viewer",
  params: Type.Object({ sessionId: id }),
});

export const listStaff = endpoint({
  method: "GET",
  path: "/staff",
  role: "admin",
  answer: Type.Object({ list: Type.Array(staffMember) }),
});

export const createStaff = endpoint({
  method: "POST",
  path: "/staff",
  role: "admin",
  body: Type.Object({ email: Type.String({ minLength: 3, maxLength: 254 }), name, role }),
  answer: issuedPassword,
});

export const updateStaff = endpoint({
  method: "PATCH",
  path: "/staff/:staffId",
  role: "admin",
  params: ofStaff,
  body: Type.Object({ version: Type.Integer({ minimum: 1 }), name: Type.Optional(name), role: Type.Optional(role) }),
  answer: Type.Object({ version: Type.Integer() }),
});

/** Gives a new first password, ends all sessions and the lock, and does away with TOTP unless it is kept. */
export const resetStaff = endpoint({
  method: "POST",
  path: "/staff/:staffId/reset",
  role: "admin",
  params: ofStaff,
  body: Type.Object({ keep_totp: Type.Optional(Type.Boolean()) }),
  answer: issuedPassword,
});

export const suspendStaff = endpoint({
  method: "POST",
  path: "/staff/:staffId/suspend",
  role: "admin",
  params: ofStaff,
  answer: Type.Object({ version: Type.Integer() }),
});

export const resumeStaff = endpoint({
  method: "POST",
  path: "/staff/:staffId/resume",
  role: "admin",
  params: ofStaff,
  answer: Type.Object({ version: Type.Integer() }),
});

export const listStaffSessions = endpoint({
  method: "GET",
  path: "/staff/:staffId/sessions",
  role: "admin",
  params: ofStaff,
  answer: Type.Object({ list: Type.Array(session) }),
});

export const endStaffSession = endpoint({
  method: "DELETE",
  path: "/staff/:staffId/sessions/:sessionId",
  role: "admin",
  params: Type.Object({ staffId: id, sessionId: id }),
});

/** All of them. */
export const endStaffSessions = endpoint({
  method: "DELETE",
  path: "/staff/:staffId/sessions",
  role: "admin",
  params: ofStaff,
});

export const staffEndpoints = [
  whoAmI,
  listOwnSessions,
  endOwnSession,
  listStaff,
  createStaff,
  updateStaff,
  resetStaff,
  suspendStaff,
  resumeStaff,
  listStaffSessions,
  endStaffSession,
  endStaffSessions,
] as const;
