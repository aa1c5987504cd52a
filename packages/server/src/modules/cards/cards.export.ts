import type pg from "pg";
import { OperatorError } from "../../errors.ts";
import { text } from "../../text.ts";
import type { ExportDefinition } from "../jobs/export-job.ts";
import { type ExportedCardRow, selectExportedCards } from "./cards.queries.ts";

/** As many as are read at once: a statement of some milliseconds. */
const pageCards = 2_000;

const columns = [
  "serial_no",
  "iccid",
  "carrier",
  "account_no",
  "custom_no",
] as const satisfies (keyof ExportedCardRow)[];

/** All cards, in the order of their numbers. */
export function cardExport(pool: pg.Pool): ExportDefinition {
  return {
    title: text("卡清单", "cards"),
    begin(parameters) {
      const header = parameters.columns.map((name) => {
        const column = columns.find((one) => one === name);
        if (column === undefined)
          throw new OperatorError(text(`没有 “${name}” 这一列`, `there is no column "${name}"`));
        return column;
      });
      async function* rows() {
        let after = "";
        for (;;) {
          const page = await selectExportedCards(pool, after, pageCards);
          for (const row of page) yield header.map((column) => row[column]);
          const last = page.at(-1);
          if (last === undefined) return;
          after = last.serial_no;
        }
      }
      return { header, total: () => Promise.resolve(null), rows: rows() };
    },
  };
}
