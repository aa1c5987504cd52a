import type pg from "pg";
import { from as copyFrom } from "pg-copy-streams";

const escapes: Readonly<Record<string, string>> = { "\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r" };

/** A value as COPY's text format has it. */
export function escapeCopy(value: string): string {
  return /[\\\t\n\r]/.test(value)
    ? value.replaceAll(/[\\\t\n\r]/g, (character) => escapes[character] ?? character)
    : value;
}

/** A value that may be missing. */
export function escapeCopyNullable(value: string | null): string {
  return value === null ? "\\N" : escapeCopy(value);
}

/** Copies rows, each ended by a line break, into `target`: a table with its columns, such as "card (serial_no)". Bytes are UTF-8. */
export async function copyRows(db: pg.PoolClient, target: string, rows: string | Uint8Array): Promise<void> {
  const copy = db.query(copyFrom(`copy ${target} from stdin`));
  await new Promise<void>((resolve, reject) => {
    copy.once("error", reject);
    copy.once("finish", resolve);
    copy.end(rows);
  });
}
