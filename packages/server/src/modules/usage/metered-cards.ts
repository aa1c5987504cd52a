/**
 * The cards that records were taken in for, with the day on which their billing months start: of a million cards that
 * report every hour, each is looked up once and not every hour, which is a seventh of what taking a record in costs.
 *
 * What is remembered stays true: a card is never deleted, its number goes before any other card's identifiers, and its day
 * cannot change once it has usage. One that had none yet may have changed while its first record was taken in; so all is
 * forgotten when cards have been imported, and what was looked up before that is not remembered after it.
 */
export interface MeteredCards {
  cycleDayOf(serialNo: string): number | undefined;
  /** How often all was forgotten: to be asked before the cards are looked up. */
  age(): number;
  /** What was looked up at an age; nothing if all was forgotten since. */
  remember(serialNo: string, cycleDay: number, age: number): void;
  forgetAll(): void;
}

/** Some 60 MB of memory. */
const cardsMax = 1_000_000;

export function createMeteredCards(): MeteredCards {
  const cycleDays = new Map<string, number>();
  let timesForgotten = 0;
  return {
    cycleDayOf: (serialNo) => cycleDays.get(serialNo),
    age: () => timesForgotten,
    remember(serialNo, cycleDay, age) {
      // Full: the others are looked up every time. To drop some for others would drop all in turn, as cards report in turn.
      if (age === timesForgotten && cycleDays.size < cardsMax) cycleDays.set(serialNo, cycleDay);
    },
    forgetAll() {
      timesForgotten++;
      cycleDays.clear();
    },
  };
}
