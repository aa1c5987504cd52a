/** A number from 0 up to, not including, 1. The same row of them in every run, so that pictures differ only where pages do. */
export type Random = () => number;

/** mulberry32. */
export function createRandom(seed: number): Random {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export function pick<T>(random: Random, from: readonly [T, ...T[]]): T {
  return from[Math.floor(random() * from.length)] ?? from[0];
}

/** How busy devices are at an hour of the day, from 0 to 23: by day three times as busy as by night. */
export function busyness(hour: number): number {
  return 0.35 + 0.65 * Math.max(0, Math.sin(((hour - 6) / 17) * Math.PI));
}

/** How much of its package a card has used by the end of a month: most about half, some nearly all, few more. */
export function partUsed(random: Random): number {
  const kind = random();
  if (kind < 0.1) return 0;
  if (kind < 0.93) return 0.25 + 0.6 * random() ** 0.8;
  if (kind < 0.985) return 0.95 + 0.16 * random();
  return 1.1 + 0.6 * random();
}
