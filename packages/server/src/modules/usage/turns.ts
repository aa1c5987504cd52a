/** Lets so many in at once and the others wait, the first that came being the next. */
export interface Turns {
  /** Waits for a turn; what it resolves to is called once, when the turn is over. */
  take(): Promise<() => void>;
}

export function createTurns(countMax: number): Turns {
  const waiting: (() => void)[] = [];
  let free = countMax;
  function giveBack(): void {
    const next = waiting.shift();
    if (next === undefined) free++;
    else next();
  }
  return {
    take() {
      if (free > 0) {
        free--;
        return Promise.resolve(giveBack);
      }
      return new Promise((resolve) => waiting.push(() => resolve(giveBack)));
    },
  };
}
