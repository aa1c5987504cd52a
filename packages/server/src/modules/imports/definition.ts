import type { Db } from "../../db/database.ts";
import type { Language, Text } from "../../text.ts";

/** One column of a file. */
export interface Column {
  readonly name: string;
  /** The type it is staged as. Every text that `parse` returns must be one that PostgreSQL reads as this type. */
  readonly sqlType: string;
  /** Whether the column must be there and every line must fill it. */
  readonly required: boolean;
  /** What a cell must be, to complete "must be …". */
  readonly expected: Text;
  /** The cell's value as it is stored; undefined if it is not what it must be. Never given an empty cell. */
  parse(cell: string): string | undefined;
}

/** What the check of a definition works with. */
export interface CheckContext {
  readonly db: Db;
  /** Of the reasons it writes. */
  readonly language: Language;
}

/**
 * What can be imported. The lines are staged in the temporary table `import_line`: `line_no`, the definition's columns
 * (null where a cell is empty or the column absent), `refusal` (why the line is refused) and `same_as` (the earlier line
 * it repeats). A line is live while both are null; the statements below read live lines only.
 *
 * Statements also run on Citus, where `import_line` is local to the coordinator and cards are sharded: they join sharded
 * tables by inner joins on the shard key only, into temporary tables, and everything else happens among those. A temporary
 * table is updated from temporary ones only, which holds for subqueries too.
 */
export interface CsvImport {
  /** The thing imported, in the singular: imports of one kind wait for each other. */
  readonly name: string;
  readonly columns: readonly Column[];
  /** The columns that name a row. A second line for the same row is refused unless it says the same. */
  readonly key: readonly string[];
  /** Refuses lines that are wrong by themselves, in view of the database. */
  checkLines(context: CheckContext): Promise<void>;
  /** Refuses lines that are wrong in view of each other, when repeated ones have been set aside. */
  checkTogether(context: CheckContext): Promise<void>;
  /** Writes the live lines, those that change something, and that it was this event of the audit log which did. */
  apply(db: Db, eventNo: number): Promise<Written>;
}

export interface Written {
  readonly inserted: number;
  readonly updated: number;
}
