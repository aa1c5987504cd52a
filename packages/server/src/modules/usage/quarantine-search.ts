import type { Db } from "../../db/database.ts";
import type { EntryFilter } from "./quarantine.queries.ts";
import { type EntryHeadRow, type EntryPosition, type Sought, selectHeads } from "./quarantine-search.queries.ts";

export interface EntryPage {
  readonly rows: readonly EntryHeadRow[];
  /** Behind which to go on; undefined: there is no more. */
  readonly next: EntryPosition | undefined;
}

/** How many entries are read at once where most of them may not be what is sought. */
const readAtOnce = 2_000;

/**
 * The newest entries of a filter, as many as are wanted, of which those count that are sought. Gives up when so many have
 * been looked at, so that a search for what is rare costs no more than that; the page has fewer entries then, or none, and
 * says where to go on.
 */
export async function searchEntries(
  db: Db,
  filter: EntryFilter,
  options: {
    readonly sought: Sought;
    readonly after?: EntryPosition | undefined;
    readonly wanted: number;
    readonly lookedAtMax: number;
  },
): Promise<EntryPage> {
  const { sought, wanted, lookedAtMax } = options;
  const isAnything = sought.hint === undefined && sought.text === undefined;
  const found: EntryHeadRow[] = [];
  let position = options.after;
  for (let lookedAt = 0; lookedAt < lookedAtMax;) {
    // One more than is wanted tells whether there is a next page.
    const limit = isAnything ? wanted + 1 : Math.min(readAtOnce, lookedAtMax - lookedAt);
    const rows = await selectHeads(db, filter, { sought, after: position, limit });
    for (const row of rows) {
      if (!row.sought) continue;
      if (found.length === wanted) return { rows: found, next: found.at(-1) };
      found.push(row);
    }
    if (rows.length < limit) return { rows: found, next: undefined };
    lookedAt += rows.length;
    position = rows.at(-1);
  }
  return { rows: found, next: position };
}
