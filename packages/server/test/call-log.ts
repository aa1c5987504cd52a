import { expect } from "vitest";
import type pg from "pg";
import type { CallRow } from "../src/modules/calls/calls.queries.ts";
import { eventually } from "./dks.ts";

/** What the call log has, the oldest first, once it has so many entries that fit. */
export function loggedCalls(pool: pg.Pool, count: number, where = "true"): Promise<CallRow[]> {
  return eventually(
    `${count} calls where ${where} are in the log`,
    async () => {
      const { rows } = await pool.query<CallRow>(`select * from call_log where ${where} order by at_ms, request_id`);
      return rows.length >= count ? rows : undefined;
    },
    60_000,
  );
}

/** The one entry of a call. */
export async function loggedCall(pool: pg.Pool, requestId: string): Promise<CallRow> {
  const rows = await loggedCalls(pool, 1, `request_id = '${requestId}'`);
  expect(rows).toHaveLength(1);
  const [row] = rows;
  if (row === undefined) throw new Error("there is a row");
  return row;
}

/** Everything that any table of the database holds, as text. */
export async function wholeDatabase(pool: pg.Pool): Promise<string> {
  const { rows } = await pool.query<{ name: string }>(
    "select oid::regclass::text as name from pg_class where relkind in ('r', 'p') and relnamespace = 'public'::regnamespace",
  );
  const texts: string[] = [];
  for (const { name } of rows) {
    const found = await pool.query<{ text: string | null }>(
      `select string_agg(t::text, E'\\n') as text from ${name} t`,
    );
    texts.push(found.rows[0]?.text ?? "");
  }
  return texts.join("\n");
}
