import { type BoundEndpoint, handle } from "../../web/endpoint.ts";
import { deviceOf, sessionEnd } from "./session-life.ts";
import type { SessionRow } from "./sessions.queries.ts";
import {
  createStaff,
  endOwnSession,
  endStaffSession,
  endStaffSessions,
  listOwnSessions,
  listStaff,
  listStaffSessions,
  resetStaff,
  resumeStaff,
  suspendStaff,
  updateStaff,
  whoAmI,
} from "./staff.endpoints.ts";
import type { ListedStaffRow } from "./staff.queries.ts";
import type { IssuedPassword, StaffService } from "./staff.service.ts";

export function staffConsole(staff: StaffService, { timeZone }: { readonly timeZone: string }): BoundEndpoint[] {
  return [
    handle(whoAmI, async ({ by, sessionId }) => {
      const own = await staff.find(by.id);
      return {
        staff_id: own.staff_id,
        session_id: sessionId,
        name: own.name,
        email: own.email,
        role: own.role,
        must_change_password: own.must_change_password,
        two_factor: own.two_factor_enabled,
        time_zone: timeZone,
      };
    }),
    handle(listOwnSessions, async ({ by, sessionId }) => ({
      list: (await staff.sessions(by.id)).map((row) => presentSession(row, sessionId)),
    })),
    handle(endOwnSession, ({ by, params }) => staff.endSession(by.id, params.sessionId, by)),

    handle(listStaff, async () => ({ list: (await staff.list()).map(presentStaff) })),
    handle(createStaff, async ({ body, by }) => presentPassword(await staff.create(body, by))),
    handle(updateStaff, async ({ params, body, by }) => ({
      version: (await staff.update(params.staffId, body, by)).version,
    })),
    handle(resetStaff, async ({ params, body, by }) =>
      presentPassword(await staff.reset(params.staffId, { keepTotp: body.keep_totp === true }, by)),
    ),
    handle(suspendStaff, async ({ params, by }) => ({ version: (await staff.suspend(params.staffId, by)).version })),
    handle(resumeStaff, async ({ params, by }) => ({ version: (await staff.resume(params.staffId, by)).version })),

    handle(listStaffSessions, async ({ params, sessionId }) => ({
      list: (await staff.sessions(params.staffId)).map((row) => presentSession(row, sessionId)),
    })),
    handle(endStaffSession, ({ params, by }) => staff.endSession(params.staffId, params.sessionId, by)),
    handle(endStaffSessions, async ({ params, by }) => void (await staff.endSessions(params.staffId, by))),
  ];
}

function presentStaff(row: ListedStaffRow) {
  return {
    staff_id: row.staff_id,
    email: row.email,
    name: row.name,
    role: row.role,
    status: row.status,
    must_change_password: row.must_change_password,
    two_factor: row.two_factor_enabled,
    version: row.version,
    last_sign_in_at: row.last_sign_in_at?.toISOString() ?? null,
    locked_until: row.locked_until?.toISOString() ?? null,
    created_at: row.created_at.toISOString(),
  };
}

function presentSession(row: SessionRow, ownSessionId: string) {
  return {
    session_id: row.session_id,
    address: row.ip_address === "" ? null : row.ip_address,
    device: deviceOf(row.user_agent),
    signed_in_at: row.created_at.toISOString(),
    last_seen_at: row.last_seen_at.toISOString(),
    expires_at: sessionEnd(row.last_seen_at, row.expires_at).toISOString(),
    current: row.session_id === ownSessionId,
  };
}

function presentPassword({ staffId, email, password }: IssuedPassword) {
  return { staff_id: staffId, email, password };
}
