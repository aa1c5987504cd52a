/** The current moment in milliseconds since the epoch. A parameter wherever the time decides something, so that a test can stand at a boundary. */
export type Clock = () => number;

export const systemClock: Clock = () => Date.now();

/** A moment as the API prints it: in UTC, to the second that has begun, "2026-11-24T01:02:03Z". */
export function formatMoment(moment: Date): string {
  return `${moment.toISOString().slice(0, 19)}Z`;
}
