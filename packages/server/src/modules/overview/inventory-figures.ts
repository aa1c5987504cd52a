/** A card that has used most of its allowance, or more. Sizes in bytes. */
export interface HeavyCard {
  readonly serialNo: string;
  /** Null: in stock. */
  readonly accountNo: number | null;
  readonly usedBytes: number;
  readonly allowanceBytes: number;
}

/** So many cards, and those of them that have used the largest part of their allowance. */
export interface HeavyCards {
  readonly cards: number;
  readonly top: readonly HeavyCard[];
}

/**
 * The cards whose billing months start on the same day of the month, in the month that they are in. All cards together
 * exceed what a number holds exactly, so sums of bytes are decimal strings.
 */
export interface CycleFigures {
  readonly cycleDay: number;
  /** As "2026-11". */
  readonly month: string;
  /** The month's first day and the one behind its last, as dates. */
  readonly from: string;
  readonly to: string;
  readonly cards: number;
  readonly allowanceBytes: string;
  /** The sum of its days. */
  readonly usedBytes: string;
  /** What was used on each day from the first on, up to today. */
  readonly days: readonly string[];
}

/** So many cards have something in common. */
export interface Share<Key> {
  readonly key: Key;
  readonly cards: number;
}

/** The largest shares, and how many others there are with how many cards. */
export interface Shares<Key> {
  readonly largest: readonly Share<Key>[];
  readonly others: { readonly keys: number; readonly cards: number };
}

/** What there is of cards at a moment. */
export interface InventoryFigures {
  readonly cards: number;
  /** Cards that belong to no account yet. */
  readonly inStock: number;
  readonly bySimStatus: readonly Share<number>[];
  readonly byCarrier: Shares<string>;
  readonly byAccount: Shares<number>;
  /** The one with the most cards first. */
  readonly cycles: readonly CycleFigures[];
  /** Up to when any of this usage is known, in ISO 8601; null: there is none. */
  readonly usageAsOf: string | null;
  /** Have used 90 % of their allowance and not all of it. */
  readonly near: HeavyCards;
  /** Have used all of it. */
  readonly over: HeavyCards;
  /** How many of those over have no allowance at all. */
  readonly overWithoutAllowance: number;
}

/** Of {@link InventoryFigures}, one more with every change of it. */
export const inventoryFormat = 1;
