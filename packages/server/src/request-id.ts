import { randomBytes } from "node:crypto";

/** From when the seconds in an id are counted: six digits of base 36 reach to 2088. */
const epochSeconds = Date.UTC(2020, 0, 1) / 1000;

/**
 * Names calls: six digits for the second, four for the process, and behind a hyphen the number of the call in that process,
 * all in base 36. Unique among processes and restarts, short enough to be read out on the telephone, and with the time
 * in it, so that the log of the calls needs no index to find one.
 */
export function createRequestIds(): (nowMs: number) => string {
  const process = (randomBytes(4).readUInt32BE() % 36 ** 4).toString(36).padStart(4, "0");
  let prefix = "";
  let prefixSecond = -1;
  let count = 0;
  return (nowMs) => {
    const second = Math.max(0, Math.floor(nowMs / 1000) - epochSeconds);
    if (second !== prefixSecond) {
      prefixSecond = second;
      prefix = `${second.toString(36).padStart(6, "0").slice(-6)}${process}-`;
    }
    return prefix + (++count).toString(36);
  };
}

/** The second in which a call was made, in milliseconds since 1970; undefined for what is no id. */
export function secondOfRequestId(requestId: string): number | undefined {
  if (!/^[0-9a-z]{10}-[0-9a-z]{1,11}$/.test(requestId)) return undefined;
  return (epochSeconds + parseInt(requestId.slice(0, 6), 36)) * 1000;
}
