/**
 * The cards of a benchmark, each a function of its index, so that the database, the baseline's map and the load
 * generator agree on them without handing a list of millions around.
 */

/** Sizes of packages; a card's is chosen by its number. */
export const sizesMb = [10, 30, 100, 500, 1024, 10_240] as const;

/** Every package runs this long, beginning two months ago. */
export const packageMonths = 24;

/** A number below 2^40, different for every index below 2^40 and in no order: four rounds of a Feistel cipher. */
export function cardNumber(index: number): number {
  let left = Math.floor(index / 2 ** 20);
  let right = index % 2 ** 20;
  for (let round = 1; round <= 4; round++) {
    const mixed = Math.imul(right ^ (round * 0x45d9f3b), 0x9e3779b1) >>> 12;
    [left, right] = [right, left ^ mixed];
  }
  return left * 2 ** 20 + right;
}

/** 13 digits. */
export function serialNo(index: number): string {
  return String(8_000_000_000_000 + cardNumber(index));
}

/** 20 digits, of which 7 to 19 are the card's number. */
export function iccid(index: number): string {
  return `898604${String(cardNumber(index)).padStart(13, "0")}0`;
}

/** The size of the card's package. */
export function totalMb(index: number): number {
  return sizesMb[cardNumber(index) % sizesMb.length] ?? 0;
}

/** What the card has used of it in the current month, before anything else arrives. */
export function usedMb(index: number): number {
  return Math.floor((totalMb(index) * (cardNumber(index) % 101)) / 100);
}
