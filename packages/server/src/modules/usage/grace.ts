import type { Microseconds } from "./usage-record.ts";

/** A reading shortly after a month's start. */
export interface GraceReading {
  readonly at: Microseconds;
  readonly bytes: number;
}

/**
 * How many of a month's first readings were taken before the carrier reset its counter, and so count in the month before.
 *
 * `readings` are those of the hours of grace, by time; `before` is the counter at the last reading of the month before,
 * undefined if there was none. A counter that has not fallen has not been reset: each reading that is not below the one
 * before it belongs to the month before, up to the first that is. (One that was reset and has already passed the old
 * month's figure within the hours of grace cannot be told from one that was not; a shorter grace makes that rarer.)
 */
export function countCarried(before: number | undefined, readings: readonly GraceReading[]): number {
  // A counter that stood at zero had nothing to be reset: whatever it shows now was used since.
  if (before === undefined || before === 0) return 0;
  let last = before;
  let carried = 0;
  for (const { bytes } of readings) {
    if (bytes < last) break;
    last = bytes;
    carried++;
  }
  return carried;
}
