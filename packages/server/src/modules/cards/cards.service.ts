import { type Db } from "../../db/database.ts";
import { gather } from "../../db/gather.ts";
import { AppError } from "../../errors.ts";
import { text } from "../../text.ts";
import { parseMonth } from "../packages/billing-month.ts";
import type { PackageTerm } from "../packages/allowance.ts";
import { type CardRow, selectCardsWithPackages, selectIdentifiers } from "./cards.queries.ts";
import { lookupValues, matchesIccid } from "./identifier.ts";

/** A card as the signed API needs it. */
export interface Card {
  readonly serialNo: string;
  /** Null: in stock. */
  readonly accountNo: number | null;
  readonly customNo: string | null;
  readonly iccid: string | null;
  readonly simStatus: number;
  readonly gprsStatus: number;
  readonly cycleDay: number;
  readonly packages: readonly PackageTerm[];
}

export interface CardService {
  /**
   * The account's card that `identifier` names: its serial_no, or else its custom number, its ICCID, or the last ten
   * digits of that. Throws cardUnknown, for another account's card as for none.
   */
  find(accountNo: number, identifier: string): Promise<Card>;
}

export function createCardService(db: Db, onBatch: (size: number) => void): CardService {
  const bySerialNo = gather(
    async (serialNos: readonly string[]) => cardsOf(await selectCardsWithPackages(db, serialNos)),
    { batchMax: 500, inFlightMax: 2, onBatch },
  );
  const byIdentifier = gather(
    async (givens: readonly string[]) => {
      const rows = await selectIdentifiers(db, [...new Set(givens.flatMap(lookupValues))]);
      const byValue = Map.groupBy(rows, (row) => row.value);
      return new Map(givens.map((given) => [given, lookupValues(given).flatMap((value) => byValue.get(value) ?? [])]));
    },
    { batchMax: 500, inFlightMax: 1 },
  );

  return {
    async find(accountNo, identifier) {
      const card = await bySerialNo(identifier);
      if (card?.accountNo === accountNo) return card;
      const candidates = new Map<string, Card>();
      for (const row of (await byIdentifier(identifier)) ?? []) {
        if (row.kind === "custom_no" && row.qualifier !== String(accountNo)) continue;
        const candidate = await bySerialNo(row.serial_no);
        if (candidate?.accountNo !== accountNo) continue;
        // A custom number was chosen by its account to stand for this one card, so it goes before any ICCID.
        if (row.kind === "custom_no" && candidate.customNo === identifier) return candidate;
        if (candidate.iccid !== null && matchesIccid(identifier, candidate.iccid))
          candidates.set(candidate.serialNo, candidate);
      }
      const [only, another] = candidates.values();
      if (only === undefined)
        throw new AppError("cardUnknown", { hint: "card_unknown", detail: unknownCard(identifier) });
      if (another !== undefined)
        throw new AppError("cardUnknown", {
          hint: "card_ambiguous",
          detail: text(
            `有多张卡的 ICCID 以 ${identifier} 结尾，请使用完整的 ICCID 或卡号`,
            `the ICCIDs of several cards end with ${identifier}; use the full ICCID or the card number`,
          ),
        });
      return only;
    },
  };
}

function unknownCard(identifier: string) {
  return text(
    `您的账户下没有 ${identifier} 对应的卡，可使用卡号、自定义编号、完整 ICCID 或 ICCID 后 10 位`,
    `your account has no card ${identifier}; use the card number, the custom number, the full ICCID or its last ten digits`,
  );
}

/** Puts the rows of each card together. A card's rows need not stand together. */
function cardsOf(rows: readonly CardRow[]): Map<string, Card> {
  const cards = new Map<string, Card & { packages: PackageTerm[] }>();
  for (const row of rows) {
    let card = cards.get(row.serial_no);
    if (card === undefined) {
      card = {
        serialNo: row.serial_no,
        accountNo: row.account_no,
        customNo: row.custom_no,
        iccid: row.iccid,
        simStatus: row.sim_status,
        gprsStatus: row.gprs_status,
        cycleDay: row.cycle_day,
        packages: [],
      };
      cards.set(row.serial_no, card);
    }
    if (row.first_month === null || row.months === null || row.level === null || row.size_bytes === null) continue;
    const firstMonth = parseMonth(row.first_month);
    if (firstMonth === undefined) throw new Error(`card_package.first_month is ${row.first_month}`);
    card.packages.push({ firstMonth, months: row.months, level: row.level, sizeBytes: row.size_bytes });
  }
  return cards;
}
