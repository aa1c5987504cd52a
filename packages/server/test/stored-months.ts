import type pg from "pg";
import type { UsageKind } from "../src/modules/usage/usage-record.ts";
import type { ModelMonth } from "./usage-model.ts";

/**
 * What the figures say of a source's months, by card and month, as the model says it. Days without usage are missing; a
 * day with readings is there although the counter stood still.
 */
export async function storedMonths(
  pool: pg.Pool,
  source: { readonly name: string; readonly kind: UsageKind },
): Promise<ModelMonth[]> {
  const { rows } = await pool.query<{
    serial_no: string;
    month: string;
    cycle_day: number;
    used_bytes: number;
    day_bytes: (number | null)[];
  }>(
    `select m.serial_no, m.month, c.cycle_day, m.used_bytes, to_json(m.day_bytes) as day_bytes
    from usage_month m
      join card c using (serial_no)
      join usage_source s using (source_no)
    where s.name = $1 and m.as_of <> '-infinity'
    order by m.serial_no, m.month`,
    [source.name],
  );
  return rows.map((row) => ({
    serialNo: row.serial_no,
    month: row.month.slice(0, 7),
    usedBytes: row.used_bytes,
    days: daysOf(source.kind, row),
  }));
}

/** The days of a billing month in their order, which is not that of the array unless the month begins on the 1st. */
function daysOf(
  kind: UsageKind,
  row: { readonly month: string; readonly cycle_day: number; readonly day_bytes: readonly (number | null)[] },
): Record<string, number> {
  const [year = 0, month = 0] = row.month.split("-").map(Number);
  const end = Date.UTC(year, month, row.cycle_day);
  const days: Record<string, number> = {};
  let last = 0;
  for (let ms = Date.UTC(year, month - 1, row.cycle_day); ms < end; ms += 86_400_000) {
    const date = new Date(ms);
    const bytes = row.day_bytes[date.getUTCDate() - 1] ?? null;
    if (bytes === null || (kind === "delta" && bytes === 0)) continue;
    days[date.toISOString().slice(0, 10)] = kind === "delta" ? bytes : bytes - last;
    last = bytes;
  }
  return days;
}
