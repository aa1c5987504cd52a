import { type FileHandle, open, rm } from "node:fs/promises";
import { OperatorError } from "../../errors.ts";
import { text } from "../../text.ts";
import { csvRow } from "../imports/rejected-file.ts";

/** The CSV of the lines that were not taken in, written as they are found. */
export interface RejectedLines {
  /** Appends rows; `columns` are their names. Throws an OperatorError if they cannot be written. */
  add(columns: readonly string[], rows: readonly (readonly string[])[]): Promise<void>;
  /** Whether it has any rows. */
  readonly isThere: boolean;
  /** Makes what was added durable. */
  close(): Promise<void>;
  /** Removes the one of an earlier import, if this one has had nothing to add. */
  removeStale(): Promise<void>;
}

/**
 * Nothing is there until the first row. Written in place: those of an import that ends in the middle are right as far as
 * they go, and the import that goes on from there starts the file anew.
 */
export function rejectedLines(path: string): RejectedLines {
  let file: FileHandle | undefined;
  return {
    get isThere() {
      return file !== undefined;
    },
    async add(columns, rows) {
      if (rows.length === 0) return;
      try {
        if (file === undefined) {
          await rm(path, { force: true });
          // Not shared with an import of the same file that has just begun, too: the two would write into each other's lines.
          file = await open(path, "wx");
          // The byte order mark is what makes Excel read the file as UTF-8.
          await file.appendFile(`\u{feff}${csvRow(columns)}`);
        }
        await file.appendFile(rows.map(csvRow).join(""));
      } catch (cause) {
        throw unwritable(path, cause);
      }
    },
    async close() {
      try {
        await file?.sync();
      } catch (cause) {
        throw unwritable(path, cause);
      } finally {
        await file?.close();
      }
    },
    async removeStale() {
      if (file !== undefined) return;
      await rm(path, { force: true }).catch((cause: unknown) => {
        throw unwritable(path, cause);
      });
    },
  };
}

function unwritable(path: string, cause: unknown): OperatorError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new OperatorError(
    text(
      `无法写入 ${path}（未入库的行会写在这里）：${reason}。`,
      `${path}, where the lines that are not taken in are reported, cannot be written: ${reason}.`,
    ),
    cause,
  );
}
