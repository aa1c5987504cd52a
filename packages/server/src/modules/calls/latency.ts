/**
 * Durations fall into classes, each of which ends 1.41 times as far up as the one before: the first at 64 µs, the last but
 * one at 67 s. A quantile read from them is at most a fifth off, wherever it lies.
 */
const firstEndUs = 64;
const classesPerDoubling = 2;
const lastClass = 41;

export function latencyClass(durationUs: number): number {
  if (durationUs <= firstEndUs) return 0;
  return Math.min(lastClass, Math.ceil(classesPerDoubling * Math.log2(durationUs / firstEndUs)));
}

/** Where a class ends. */
function endUs(found: number): number {
  return firstEndUs * 2 ** (found / classesPerDoubling);
}

/** The duration that a part of the calls does not exceed; undefined: there are none. `counts` are by class. */
export function latencyQuantile(counts: ReadonlyMap<number, number>, part: number): number | undefined {
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
  let left = part * total;
  for (const [found, count] of [...counts].toSorted(([a], [b]) => a - b)) {
    if (left <= count) {
      const startUs = found === 0 ? 0 : endUs(found - 1);
      return Math.round(startUs + (endUs(found) - startUs) * (left / count));
    }
    left -= count;
  }
  return undefined;
}
