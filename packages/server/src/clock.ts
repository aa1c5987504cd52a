/** The current moment in milliseconds since the epoch. A parameter wherever the time decides something, so that a test can stand at a boundary. */
export type Clock = () => number;

export const systemClock: Clock = () => Date.now();
