import type pg from "pg";
import { from as copyFrom } from "pg-copy-streams";
import sql, { join, raw } from "sql-template-tag";
import { escapeCopy } from "../../db/copy.ts";
import type { Db } from "../../db/database.ts";
import { type Language, type Text, text } from "../../text.ts";
import { cellProblem, unwrapCell } from "./cell.ts";
import type { CsvLine } from "./csv-lines.ts";
import type { CheckContext, CsvImport } from "./definition.ts";
import { type Header, widthProblem } from "./header.ts";

/** The condition of a live line of `import_line`. */
export const live = raw("l.refusal is null and l.same_as is null");

/** Creates `import_line`, which goes with the transaction. */
export async function createStaging(db: Db, { columns }: CsvImport): Promise<void> {
  const own = columns.map(({ name, sqlType }) => `${name} ${sqlType}${sqlType === "text" ? ' collate "C"' : ""}`);
  await db.query(sql`
    create temporary table import_line (
      line_no integer not null,
      ${raw(own.join(", "))},
      refusal text,
      same_as integer
    ) on commit drop
  `);
}

/** Makes the function that puts a line into the form in which COPY reads it: staged whole, or refused for all its faults. */
export function stager({ columns }: CsvImport, header: Header, language: Language): (line: CsvLine) => string {
  const nothing = columns.map(() => "\\N").join("\t");
  return ({ line, cells }) => {
    const wrongWidth = widthProblem(header, cells);
    const problems: Text[] = wrongWidth === undefined ? [] : [wrongWidth];
    let row = String(line);
    for (const [index, column] of columns.entries()) {
      const place = header.places[index];
      const value = place === undefined ? "" : unwrapCell(cells[place] ?? "");
      const parsed = value === "" ? undefined : column.parse(value);
      if (parsed !== undefined) row += `\t${escapeCopy(parsed)}`;
      else if (value === "" && !column.required) row += "\t\\N";
      // Of a line that is too short, its length is the fault, not the cells it lacks.
      else if (place === undefined || place < cells.length) problems.push(cellProblem(column, value));
    }
    if (problems.length === 0) return `${row}\t\\N\n`;
    const reason = problems.map((problem) => problem[language]).join(language === "zh" ? "；" : "; ");
    return `${line}\t${nothing}\t${escapeCopy(reason)}\n`;
  };
}

/** A COPY into `import_line`, of rows as {@link stager} makes them. */
export interface StagingCopy {
  write(rows: string): Promise<void>;
  end(): Promise<void>;
  /** Makes the server forget the COPY, so that the connection can roll back. */
  abort(reason: Error): Promise<void>;
}

export function openStagingCopy(db: pg.PoolClient, { columns }: CsvImport): StagingCopy {
  const names = columns.map(({ name }) => name).join(", ");
  const copy = db.query(copyFrom(`copy import_line (line_no, ${names}, refusal) from stdin`));
  // The stream emits an error of the server's without being destroyed by it, so nothing that comes later would notice.
  let failure: Error | undefined;
  copy.on("error", (error: Error) => (failure ??= error));

  async function settled(start: (done: (error?: Error | null) => void) => void): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      if (failure !== undefined) return reject(failure);
      copy.once("error", reject);
      start((error) => {
        copy.off("error", reject);
        if (error) reject(error);
        else resolve();
      });
    });
  }
  return {
    write: (rows) => settled((done) => copy.write(rows, done)),
    end: () => settled((done) => copy.once("finish", done).end()),
    async abort(reason) {
      if (failure !== undefined) return;
      await new Promise<void>((resolve) => {
        copy.once("close", resolve);
        copy.destroy(reason);
      });
    },
  };
}

/**
 * Sets repeated lines aside: one that says the same as the first for its key is counted as unchanged, any other refused.
 */
export async function settleRepeatedLines({ db, language }: CheckContext, { columns, key }: CsvImport): Promise<void> {
  const keyList = raw(key.join(", "));
  const { rowCount } = await db.query(sql`
    create temporary table import_repeated on commit drop as
    select ${keyList}, min(line_no) as first_line
    from import_line l
    where ${live}
    group by ${keyList}
    having count(*) > 1
  `);
  if (rowCount === 0) return;
  const content = (alias: string) => raw(columns.map(({ name }) => `${alias}.${name}`).join(", "));
  const reason = text("与第 %s 行是同一条记录，但内容不同", "is for the same row as line %s and says something else");
  await db.query(sql`
    update import_line l
    set same_as = r.first_line,
      refusal = case when (${content("l")}) is distinct from (${content("f")}) then format(${reason[language]}, r.first_line) end
    from import_repeated r
    join import_line f on f.line_no = r.first_line
    where ${live}
      and ${join(
        key.map((name) => raw(`l.${name} = r.${name}`)),
        " and ",
      )}
      and l.line_no <> r.first_line
  `);
}

/** A line that repeats a refused one is refused with it. */
export async function refuseRepeatsOfRefused({ db, language }: CheckContext): Promise<void> {
  const reason = text("与第 %s 行相同：%s", "the same as line %s: %s");
  await db.query(sql`
    update import_line l
    set refusal = format(${reason[language]}, f.line_no, f.refusal)
    from import_line f
    where f.line_no = l.same_as and f.refusal is not null and l.refusal is null
  `);
}

/** Counts the lines and those refused. */
export async function countLines(db: Db): Promise<{ lines: number; refused: number }> {
  const { rows } = await db.query<{ lines: number; refused: number }>(sql`
    select count(*) as lines, count(refusal) as refused from import_line
  `);
  const [row] = rows;
  if (row === undefined) throw new Error("select count(*) returned no row");
  return row;
}

export interface RefusedLine {
  readonly line: number;
  readonly reason: string;
}

/** The refused lines in the file's order, a thousand at a time. */
export async function* selectRefused(db: Db): AsyncGenerator<RefusedLine, void> {
  await db.query(sql`
    declare import_refused no scroll cursor for
    select line_no as line, refusal as reason from import_line where refusal is not null order by line_no
  `);
  try {
    for (;;) {
      const { rows } = await db.query<{ line: number; reason: string }>(sql`fetch 1000 from import_refused`);
      if (rows.length === 0) return;
      yield* rows;
    }
  } finally {
    // Fails only where a failed statement has ended the transaction, and the cursor with it.
    await db.query(sql`close import_refused`).catch(() => {});
  }
}
