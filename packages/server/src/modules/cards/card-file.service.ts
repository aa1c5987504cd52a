import type pg from "pg";
import { MissingError } from "../../errors.ts";
import { text } from "../../text.ts";
import type { AuditLog, AuditRow } from "../audit/audit.service.ts";
import { type BillingMonth, parseMonth } from "../packages/billing-month.ts";
import type { PackageTerm } from "../packages/allowance.ts";
import {
  type CardChangeRow,
  type CardFileRow,
  type CardPackageRow,
  selectCardChanges,
  selectCardFile,
  selectCardPackages,
} from "./card.queries.ts";

/** A package that can be told from a card's others. */
export interface CardPackage extends PackageTerm {
  readonly productNo: string;
  readonly orderNo: string;
  readonly name: string;
  readonly createdAt: Date;
}

/** Something that has happened to a card; `event` is who did it, as far as that is known. */
export type HistoryEntry = { readonly at: Date; readonly event: AuditRow | undefined } & (
  | { readonly kind: "created" }
  | { readonly kind: "changed"; readonly change: Pick<CardChangeRow, "before" | "after"> }
  | { readonly kind: "package"; readonly package: CardPackage }
  /** An act on the card that the audit log has by itself, such as assigning it a source. */
  | { readonly kind: "act"; readonly event: AuditRow }
);

export interface CardHistory {
  /** The newest first. */
  readonly entries: readonly HistoryEntry[];
  /** Whether there are older ones that are left out. */
  readonly more: boolean;
}

/** What there is on file about a single card, whoever's it is. All throw a MissingError if there is no such card. */
export interface CardFileService {
  get(serialNo: string): Promise<CardFileRow>;
  packages(serialNo: string): Promise<CardPackage[]>;
  history(serialNo: string): Promise<CardHistory>;
}

/** More than any card is known to have: an import each day for more than a year. */
const entriesMax = 500;

export function createCardFileService(pool: pg.Pool, audit: AuditLog): CardFileService {
  async function get(serialNo: string): Promise<CardFileRow> {
    const card = await selectCardFile(pool, serialNo);
    if (card === undefined) throw noSuchCard(serialNo);
    return card;
  }

  return {
    get,
    async packages(serialNo) {
      await get(serialNo);
      return (await selectCardPackages(pool, serialNo)).map(packageOf);
    },
    async history(serialNo) {
      const card = await get(serialNo);
      const [changes, packages, acts] = await Promise.all([
        selectCardChanges(pool, serialNo, entriesMax + 1),
        selectCardPackages(pool, serialNo),
        audit.search({ objectKind: "card", objectId: serialNo }, entriesMax + 1),
      ]);
      const numbers = [card, ...changes, ...packages].flatMap(({ event_no }) => event_no ?? []);
      const events = new Map((await audit.find([...new Set(numbers)])).map((event) => [event.event_no, event]));
      const eventOf = (eventNo: number | null) => (eventNo === null ? undefined : events.get(eventNo));
      const changedBy = new Set(changes.map(({ event_no }) => event_no));
      const entries: HistoryEntry[] = [
        ...changes.map(
          (change) => ({ kind: "changed", at: change.at, event: eventOf(change.event_no), change }) as const,
        ),
        ...packages.map((row) => {
          return {
            kind: "package",
            at: row.created_at,
            event: eventOf(row.event_no),
            package: packageOf(row),
          } as const;
        }),
        ...acts
          .filter(({ event_no }) => !changedBy.has(event_no))
          .map((event) => ({ kind: "act", at: event.at, event }) as const),
        { kind: "created", at: card.created_at, event: eventOf(card.event_no) },
      ];
      // Sorting keeps what is of one moment as it stands here: that the card came is the oldest.
      entries.sort((a, b) => b.at.getTime() - a.at.getTime());
      return { entries: entries.slice(0, entriesMax), more: entries.length > entriesMax };
    },
  };
}

function packageOf(row: CardPackageRow): CardPackage {
  return {
    productNo: row.product_no,
    orderNo: row.order_no,
    name: row.name,
    firstMonth: monthOf(row.first_month),
    months: row.months,
    level: row.level,
    sizeBytes: row.size_bytes,
    createdAt: row.created_at,
  };
}

function monthOf(date: string): BillingMonth {
  const month = parseMonth(date);
  if (month === undefined) throw new Error(`the first of a month is ${date}`);
  return month;
}

export function noSuchCard(serialNo: string): MissingError {
  return new MissingError(text(`没有卡号为 ${serialNo} 的卡`, `there is no card ${serialNo}`));
}
