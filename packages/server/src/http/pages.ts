import { readFileSync } from "node:fs";
import type { ServerResponse } from "node:http";
import type pg from "pg";

type Page = (response: ServerResponse) => void;

function json(response: ServerResponse, status: number, body: string): void {
  response.writeHead(status, {
    "content-type": "application/json; charset=utf-8",
    "content-length": Buffer.byteLength(body),
    "cache-control": "no-store",
  });
  response.end(body);
}

/** `/healthz`: the process answers. `/readyz`: and the database answers it. */
export function probePages(pool: pg.Pool): Record<string, Page> {
  return {
    "/healthz": (response) => json(response, 200, '{"status":"ok"}'),
    "/readyz": (response) => {
      pool.query("select 1").then(
        () => json(response, 200, '{"status":"ok"}'),
        () => json(response, 503, '{"status":"database not available"}'),
      );
    },
  };
}

/** The committed OpenAPI document, which a test holds to the operations. */
export function openApiPage(): Page {
  const body = readFileSync(new URL("../../../../docs/openapi.json", import.meta.url), "utf8");
  return (response) => json(response, 200, body);
}
