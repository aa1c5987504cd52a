/**
 * Lines of aligned columns, the first line being the header. Figures are aligned right, but not in the first column: numbers
 * that name something are no figures.
 */
export function tableLines(rows: readonly (readonly string[])[]): string[] {
  const [header = [], ...body] = rows;
  const columns = header.map((name, index) => {
    const cells = body.map((row) => row[index] ?? "");
    return {
      // There may be more lines than a function takes arguments.
      width: cells.reduce((width, cell) => Math.max(width, cell.length), name.length),
      right: index > 0 && cells.some((cell) => /\d/.test(cell)) && cells.every((cell) => /^([-+]?\d+|-?)$/.test(cell)),
    };
  });
  return rows.map((row) =>
    columns
      .map(({ width, right }, index) => {
        const cell = row[index] ?? "";
        return right ? cell.padStart(width) : cell.padEnd(width);
      })
      .join("  ")
      .trimEnd(),
  );
}
