import { hasUsedPercent } from "../cards/cards.service.ts";
import type { HeavyCard, HeavyCards, InventoryFigures } from "./inventory-figures.ts";

/** How many of each kind are told by name. */
const topMax = 20;

/** Counts cards that have used so much, and remembers those that have used the largest part. */
export interface Heaviest {
  /** A card, which counts if it is near its allowance or over it. */
  add(card: HeavyCard): void;
  found(): Pick<InventoryFigures, "near" | "over" | "overWithoutAllowance">;
}

export function createHeaviest(nearPercent: number): Heaviest {
  const near = createTop();
  const over = createTop();
  let withoutAllowance = 0;
  return {
    add(card) {
      const figures = { ...card, asOf: null };
      if (card.usedBytes === 0 || !hasUsedPercent(figures, nearPercent)) return;
      (hasUsedPercent(figures, 100) ? over : near).add(card);
      if (card.allowanceBytes === 0) withoutAllowance++;
    },
    found: () => ({ near: near.found(), over: over.found(), overWithoutAllowance: withoutAllowance }),
  };
}

function createTop() {
  let cards = 0;
  const top: HeavyCard[] = [];
  return {
    add(card: HeavyCard): void {
      cards++;
      const last = top.at(-1);
      if (top.length === topMax && last !== undefined && byPart(card, last) >= 0) return;
      const at = top.findIndex((other) => byPart(card, other) < 0);
      top.splice(at < 0 ? top.length : at, 0, card);
      top.length = Math.min(top.length, topMax);
    },
    found: (): HeavyCards => ({ cards, top: [...top] }),
  };
}

/** Those that have used the largest part of their allowance first; without any that is more than every part. */
function byPart(one: HeavyCard, other: HeavyCard): number {
  const [a, b] = [one, other].map(({ usedBytes, allowanceBytes }) =>
    allowanceBytes === 0 ? Infinity : usedBytes / allowanceBytes,
  ) as [number, number];
  if (a !== b) return a > b ? -1 : 1;
  return other.usedBytes - one.usedBytes || (one.serialNo < other.serialNo ? -1 : 1);
}
