import { unwrapCell } from "../imports/cell.ts";
import type { UsageSource } from "../sources/source.ts";
import { eventType } from "./members.ts";
import { checkEvent } from "./record.ts";
import type { SubmittedRecord } from "./usage-record.ts";

/** What a record's `data` may say in a CSV. */
const dataColumns = [
  "start",
  "end",
  "read_at",
  "bytes_total",
  "bytes_up",
  "bytes_down",
  "value",
  "unit",
  "apn",
  "mcc",
  "mnc",
  "rat",
  "session_id",
  "corrects",
] as const;

/**
 * The columns of usage records as CSV, in any order. `id` and `subject` must be there, and one of {@link timeColumns};
 * without `type`, a record is of its source's kind. The rest is as in JSON.
 */
export const recordColumns = ["id", "subject", "type", ...dataColumns] as const;

/** The columns of which one says when: a delta's end or a reading's time. */
export const timeColumns = ["end", "read_at"] as const;

/**
 * Reads a usage record from a line's cells by their columns' names; cells of other columns are let be. An empty cell is
 * as good as none, but for a `value` without which there is no figure: the carrier had none.
 */
export function recordOfCsv(cells: Readonly<Record<string, string>>, source: UsageSource): SubmittedRecord {
  const data: Record<string, string> = {};
  for (const column of dataColumns) {
    const cell = unwrapCell(cells[column] ?? "");
    if (cell !== "") data[column] = cell;
  }
  if (cells.value !== undefined && data.bytes_total === undefined) data.value ??= "";
  const type = unwrapCell(cells.type ?? "");
  const event = {
    specversion: "1.0",
    id: unwrapCell(cells.id ?? "") || undefined,
    subject: unwrapCell(cells.subject ?? ""),
    type: type === "" ? eventType(source.kind) : type,
    data,
  };
  // Kept as the event that it stands for, which can be read again.
  return checkEvent(event, JSON.stringify(event), source);
}
