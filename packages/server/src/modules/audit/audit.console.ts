import { type BoundEndpoint, handle } from "../../web/endpoint.ts";
import { csvStream } from "../exports/csv.ts";
import { exportAudit, listAuditActions, searchAudit } from "./audit.endpoints.ts";
import type { AuditFilter, AuditRow } from "./audit.queries.ts";
import type { AuditLog } from "./audit.service.ts";

export function auditConsole(audit: AuditLog): BoundEndpoint[] {
  return [
    handle(searchAudit, async ({ query }) => {
      const limit = query.limit ?? 50;
      const rows = await audit.search({ ...filterOf(query), beforeEvent: query.before_event }, limit + 1);
      return { list: rows.slice(0, limit).map(present), more: rows.length > limit };
    }),
    handle(listAuditActions, async () => ({ list: await audit.actions() })),
    handle(exportAudit, ({ query }) =>
      Promise.resolve({
        fileName: "audit.csv",
        contentType: "text/csv; charset=utf-8",
        stream: csvStream(exportedColumns, exported(audit.walk(filterOf(query)))),
      }),
    ),
  ];
}

const exportedColumns = [
  "event_no",
  "at",
  "actor_kind",
  "actor_id",
  "actor_name",
  "address",
  "request_id",
  "action",
  "object_kind",
  "object_id",
  "before",
  "after",
];

async function* exported(rows: AsyncIterable<AuditRow>) {
  for await (const row of rows)
    yield [
      row.event_no,
      row.at.toISOString(),
      row.actor_kind,
      row.actor_id,
      row.actor_name,
      row.address,
      row.request_id,
      row.action,
      row.object_kind,
      row.object_id,
      row.before === null ? null : JSON.stringify(row.before),
      row.after === null ? null : JSON.stringify(row.after),
    ];
}

interface Filters {
  readonly from?: string;
  readonly to?: string;
  readonly actor_kind?: AuditRow["actor_kind"];
  readonly actor_id?: string;
  readonly action?: string;
  readonly object_kind?: string;
  readonly object_id?: string;
}

function filterOf(query: Filters): AuditFilter {
  return {
    from: query.from === undefined ? undefined : new Date(query.from),
    to: query.to === undefined ? undefined : new Date(query.to),
    actorKind: query.actor_kind,
    actorId: query.actor_id,
    action: query.action,
    objectKind: query.object_kind,
    objectId: query.object_id,
  };
}

function present(row: AuditRow) {
  return { ...row, at: row.at.toISOString() };
}
