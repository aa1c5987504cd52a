import { Type } from "typebox";
import { endpoint } from "../../web/endpoint.ts";

/** What the audit log may be narrowed to. Times are ISO 8601; `to` is not included. */
const filters = {
  from: Type.Optional(Type.String({ format: "date-time" })),
  to: Type.Optional(Type.String({ format: "date-time" })),
  actor_kind: Type.Optional(Type.Union([Type.Literal("staff"), Type.Literal("cli"), Type.Literal("system")])),
  actor_id: Type.Optional(Type.String({ maxLength: 100 })),
  action: Type.Optional(Type.String({ maxLength: 100 })),
  object_kind: Type.Optional(Type.String({ maxLength: 100 })),
  object_id: Type.Optional(Type.String({ maxLength: 100 })),
};

const auditEvent = Type.Object({
  event_no: Type.Integer(),
  at: Type.String(),
  actor_kind: Type.Union([Type.Literal("staff"), Type.Literal("cli"), Type.Literal("system")]),
  actor_id: Type.String(),
  actor_name: Type.String(),
  address: Type.Union([Type.String(), Type.Null()]),
  request_id: Type.Union([Type.String(), Type.Null()]),
  action: Type.String(),
  object_kind: Type.String(),
  object_id: Type.String(),
  before: Type.Union([Type.Record(Type.String(), Type.Unknown()), Type.Null()]),
  after: Type.Union([Type.Record(Type.String(), Type.Unknown()), Type.Null()]),
});

export const searchAudit = endpoint({
  method: "GET",
  path: "/audit",
  role: "viewer",
  query: Type.Object({
    ...filters,
    /** The `event_no` of the last one already shown. */
    before_event: Type.Optional(Type.Integer({ minimum: 1 })),
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 500 })),
  }),
  answer: Type.Object({ list: Type.Array(auditEvent), more: Type.Boolean() }),
});

export const listAuditActions = endpoint({
  method: "GET",
  path: "/audit/actions",
  role: "viewer",
  answer: Type.Object({ list: Type.Array(Type.String()) }),
});

/** The same as CSV, all of it. */
export const exportAudit = endpoint({
  method: "GET",
  path: "/audit/export",
  role: "viewer",
  query: Type.Object(filters),
});

export const auditEndpoints = [searchAudit, listAuditActions, exportAudit] as const;
