import { type Db, finiteMoment } from "../../db/database.ts";
import { gather } from "../../db/gather.ts";
import { AppError } from "../../errors.ts";
import { text } from "../../text.ts";
import { type PackageTerm, allowanceBytes, usageMattersSince } from "../packages/allowance.ts";
import {
  type BillingMonth,
  type LocalDay,
  billingMonthOf,
  monthToDate,
  parseMonth,
} from "../packages/billing-month.ts";
import {
  type CardRow,
  type CurrentDates,
  selectCardsAfter,
  selectCardsWithPackages,
  selectIdentifiers,
  selectLatestAsOf,
  selectUsedSince,
} from "./cards.queries.ts";
import { identifierPattern, lookupValues, matchesIccid } from "./identifier.ts";

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
  /** The billing month that it was in when it was looked up. */
  readonly month: BillingMonth;
  /** What it has used in that month, in bytes; below zero when corrections took back more than was counted. */
  readonly usedBytes: number;
  /** Up to when that is known; null without a record in this month. */
  readonly asOf: Date | null;
}

/** A card's current billing month, in bytes. */
export interface CardFigures {
  readonly allowanceBytes: number;
  /** Never below zero. */
  readonly usedBytes: number;
  /** Up to when usage is known, be it since an earlier month; null without any record. */
  readonly asOf: Date | null;
}

export interface CardWithFigures {
  readonly card: Card;
  readonly figures: CardFigures;
}

/** Which of an account's cards are asked for. */
export interface CardListing {
  readonly accountNo: number;
  /** The serial_no behind which to begin; empty for the first page. */
  readonly after: string;
  readonly cardsMax: number;
  /** Null: whatever it is. */
  readonly simStatus: number | null;
  /** At least so much of its allowance has been used, in percent; null: whatever it is. */
  readonly usedPercentMin: number | null;
}

export interface CardPage {
  readonly cards: readonly CardWithFigures[];
  /** The serial_no behind which the next page begins; null: there is none. */
  readonly next: string | null;
}

export interface CardService {
  /**
   * The account's card that `identifier` names: its serial_no, or else its custom number, its ICCID, or the last ten
   * digits of that. Throws cardUnknown, for another account's card as for none.
   */
  find(accountNo: number, identifier: string): Promise<Card>;
  /** The card of that serial_no, whoever's it is: for the operator's staff. */
  get(serialNo: string): Promise<Card | undefined>;
  /** Its allowance and usage now. Asks the database again only for what earlier months decide. */
  figures(card: Card): Promise<CardFigures>;
  /**
   * The cards that the identifiers name, in their order, by a few statements whatever their number. Where one names
   * none, the cardUnknown or parameterWrong that it would be refused with alone stands in its place.
   */
  findEach(accountNo: number, identifiers: readonly string[]): Promise<(CardWithFigures | AppError)[]>;
  /**
   * An account's cards by serial_no. A page is full unless it is the last, or so few cards are as asked for that looking
   * further would have kept the caller, and everyone else, waiting.
   */
  list(listing: CardListing): Promise<CardPage>;
  /** For the platform itself, the cards of these serial_nos, whosesoever they are, by a few statements; without those that there are not. */
  look(serialNos: readonly string[]): Promise<ReadonlyMap<string, CardWithFigures>>;
}

/** How many cards one call looks at for those that have used so much: about a fifth of a second's work. */
const lookedAtMax = 20_000;

/** How many of them at a time, so that other calls are answered in between. */
const chunkMax = 1_000;

export function createCardService(db: Db, today: () => LocalDay, onBatch: (size: number) => void): CardService {
  const bySerialNo = gather(
    async (serialNos: readonly string[]) => {
      const day = today();
      return cardsOf(await selectCardsWithPackages(db, serialNos, currentDates(day)), day);
    },
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
  // By the card itself: those that were looked up together are one object for each serial_no.
  const earlierUsage = gather(
    async (cards: readonly Card[]) => {
      const rows = await selectUsedSince(
        db,
        cards.map(({ serialNo }) => serialNo),
        cards.map(({ packages, month }) => monthToDate(usageMattersSince(packages, month) ?? month)),
      );
      const bySerial = Map.groupBy(rows, (row) => row.serial_no);
      return new Map(
        cards.map((card) => [
          card,
          new Map((bySerial.get(card.serialNo) ?? []).map((row) => [monthOf(row.month), row.used_bytes])),
        ]),
      );
    },
    { batchMax: 500, inFlightMax: 1 },
  );
  const latestAsOf = gather(
    async (serialNos: readonly string[]) => {
      const rows = await selectLatestAsOf(db, serialNos);
      return new Map(rows.map((row) => [row.serial_no, finiteMoment(row.as_of)]));
    },
    { batchMax: 500, inFlightMax: 1 },
  );

  async function find(accountNo: number, identifier: string): Promise<Card> {
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
  }

  async function figures(card: Card): Promise<CardFigures> {
    const earlierMatters = usageMattersSince(card.packages, card.month) !== undefined;
    if (!earlierMatters && card.asOf !== null) return figuresOf(card, undefined, card.asOf);
    const [used, asOf] = await Promise.all([
      earlierMatters ? earlierUsage(card) : undefined,
      card.asOf ?? latestAsOf(card.serialNo),
    ]);
    return figuresOf(card, used, asOf ?? null);
  }

  async function withFigures(card: Card): Promise<CardWithFigures> {
    return { card, figures: await figures(card) };
  }

  async function findOne(accountNo: number, identifier: string): Promise<CardWithFigures | AppError> {
    if (!identifierPattern.test(identifier)) return malformedIdentifier(identifier);
    try {
      return await withFigures(await find(accountNo, identifier));
    } catch (error) {
      if (error instanceof AppError && error.refusal === "cardUnknown") return error;
      throw error;
    }
  }

  async function cardsAfter(listing: CardListing, after: string, cardsMax: number): Promise<CardWithFigures[]> {
    const day = today();
    const { accountNo, simStatus } = listing;
    const rows = await selectCardsAfter(db, { accountNo, after, simStatus, cardsMax }, currentDates(day));
    return Promise.all([...cardsOf(rows, day).values()].map(withFigures));
  }

  return {
    find,
    get: bySerialNo,
    figures,
    findEach: (accountNo, identifiers) => Promise.all(identifiers.map((given) => findOne(accountNo, given))),
    async look(serialNos) {
      const found = await Promise.all(
        serialNos.map(async (serialNo) => {
          const card = await bySerialNo(serialNo);
          return card === undefined ? [] : [[serialNo, await withFigures(card)] as const];
        }),
      );
      return new Map(found.flat());
    },
    async list(listing) {
      const { cardsMax, usedPercentMin } = listing;
      // One more than the page has, to know whether there is another.
      const askedMax = usedPercentMin === null ? cardsMax + 1 : chunkMax;
      const page: CardWithFigures[] = [];
      let lookedAt = 0;
      let { after } = listing;
      for (;;) {
        const found = await cardsAfter(listing, after, askedMax);
        for (const each of found) {
          const asked = usedPercentMin === null || hasUsedPercent(each.figures, usedPercentMin);
          if (asked && page.length === cardsMax) return { cards: page, next: after };
          if (asked) page.push(each);
          after = each.card.serialNo;
        }
        if (found.length < askedMax) return { cards: page, next: null };
        lookedAt += found.length;
        if (lookedAt >= lookedAtMax) return { cards: page, next: after };
      }
    },
  };
}

function currentDates({ month, day }: LocalDay): CurrentDates {
  return { dayOfMonth: day, month: monthToDate(month), previousMonth: monthToDate(month - 1) };
}

function figuresOf(card: Card, earlier: ReadonlyMap<BillingMonth, number> | undefined, asOf: Date | null): CardFigures {
  return {
    allowanceBytes: allowanceBytes(card.packages, (month) => earlier?.get(month) ?? 0, card.month),
    usedBytes: Math.max(0, card.usedBytes),
    asOf,
  };
}

/** Of an allowance of nothing, any usage is more than any percentage, and none is 0 %. */
/** Whether at least so much has been used, in percent of the allowance. */
export function hasUsedPercent({ allowanceBytes, usedBytes }: CardFigures, percent: number): boolean {
  return allowanceBytes === 0 ? usedBytes > 0 || percent === 0 : usedBytes * 100 >= allowanceBytes * percent;
}

/** Whole percent of its allowance that a card has used, rounded down, so that 80 means at least 80; null without one. */
export function usedPercent({ allowanceBytes, usedBytes }: CardFigures): number | null {
  return allowanceBytes === 0 ? null : Math.floor((usedBytes * 100) / allowanceBytes);
}

function unknownCard(identifier: string) {
  return text(
    `您的账户下没有 ${identifier} 对应的卡，可使用卡号、自定义编号、完整 ICCID 或 ICCID 后 10 位`,
    `your account has no card ${identifier}; use the card number, the custom number, the full ICCID or its last ten digits`,
  );
}

function malformedIdentifier(identifier: string): AppError {
  return new AppError("parameterWrong", {
    hint: "parameter_malformed",
    detail:
      identifier === ""
        ? text(
            "卡号为空，请检查 serial_nos 中是否多写了逗号",
            "the card number is empty; look for a comma too many in serial_nos",
          )
        : text(
            "卡号应为 1 到 32 位数字或字母，卡号之间用英文逗号分隔，逗号前后不能有空格",
            "a card number must be 1 to 32 digits or letters; a comma (,) stands between two, without spaces beside the commas",
          ),
  });
}

/** Puts the rows of each card together, in the order of the first of each. A card's rows need not stand together. */
function cardsOf(rows: readonly CardRow[], day: LocalDay): Map<string, Card> {
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
        month: billingMonthOf(day, row.cycle_day),
        usedBytes: row.used_bytes ?? 0,
        asOf: row.as_of === null ? null : finiteMoment(row.as_of),
      };
      cards.set(row.serial_no, card);
    }
    if (row.first_month === null || row.months === null || row.level === null || row.size_bytes === null) continue;
    const firstMonth = monthOf(row.first_month);
    card.packages.push({ firstMonth, months: row.months, level: row.level, sizeBytes: row.size_bytes });
  }
  return cards;
}

function monthOf(date: string): BillingMonth {
  const month = parseMonth(date);
  if (month === undefined) throw new Error(`the first of a month is ${date}`);
  return month;
}
