import type { Microseconds } from "./usage-record.ts";

/** All of RFC 3339's date-time but the lengths of months: no hour 24, no leap second, never without an offset. */
const instantPattern =
  /^[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])[Tt](?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](?:\.[0-9]{1,9})?(?:[Zz]|[+-](?:[01][0-9]|2[0-3]):[0-5][0-9])$/;

const monthDays = [31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] as const;

/**
 * Reads an RFC 3339 date-time of the years 1970 to 9999, such as "2026-11-24T01:02:03.456+08:00"; undefined for anything
 * else, a time without offset among it. Digits behind the microsecond are cut off: rounded up, the last instant of a
 * month would fall into the next. Beyond the year 2255 the microseconds are no longer exact, and no record is that late.
 *
 * Not Date.parse, which takes 24:00:00 and 30 February, and loses what is behind the millisecond.
 */
export function parseInstant(text: string): Microseconds | undefined {
  if (!instantPattern.test(text)) return undefined;
  const year = digits(text, 0, 4);
  const month = digits(text, 5, 7);
  const day = digits(text, 8, 10);
  if (year < 1970 || day > (monthDays[month - 1] ?? 0) || (month === 2 && day === 29 && !isLeap(year)))
    return undefined;
  const ms = Date.UTC(year, month - 1, day, digits(text, 11, 13), digits(text, 14, 16), digits(text, 17, 19));
  const utc = text.endsWith("Z") || text.endsWith("z");
  const zone = text.length - (utc ? 1 : 6);
  const us = ms * 1000 + fractionUs(text, zone);
  if (utc) return us;
  const offsetUs = (digits(text, zone + 1, zone + 3) * 60 + digits(text, zone + 4, zone + 6)) * 60_000_000;
  return text[zone] === "-" ? us + offsetUs : us - offsetUs;
}

/** A moment as ISO 8601 in UTC, "2026-11-24T01:02:03.456Z", with six decimals where three do not say it all. */
export function formatInstant(us: Microseconds): string {
  const ms = Math.floor(us / 1000);
  const day = Math.floor(ms / dayMs);
  // Three instants of each record are written, nearly all of one day: a quarter of what toISOString takes.
  if (day !== latestDay) {
    latestDate = new Date(day * dayMs).toISOString().slice(0, -"00:00:00.000Z".length);
    latestDay = day;
  }
  const time = ms - day * dayMs;
  const seconds = Math.floor(time / 1000);
  const minutes = Math.floor(seconds / 60);
  const rest = us - ms * 1000;
  return (
    `${latestDate}${twoDigits[Math.floor(minutes / 60)]}:${twoDigits[minutes % 60]}:${twoDigits[seconds % 60]}` +
    `.${threeDigits[time % 1000]}${rest === 0 ? "" : threeDigits[rest]}Z`
  );
}

const dayMs = 86_400_000;
let latestDay = Number.NaN;
/** The latest day that was written, "2026-11-24T". */
let latestDate = "";
const twoDigits = Array.from({ length: 60 }, (_, number) => String(number).padStart(2, "0"));
const threeDigits = Array.from({ length: 1000 }, (_, number) => String(number).padStart(3, "0"));

/** The number between two places of a text that has digits there. */
function digits(text: string, from: number, to: number): number {
  let value = 0;
  for (let at = from; at < to; at++) value = value * 10 + text.charCodeAt(at) - 0x30;
  return value;
}

/** What stands between the seconds and the zone. */
function fractionUs(text: string, zone: number): number {
  if (zone === 19) return 0;
  const to = Math.min(zone, 26);
  return digits(text, 20, to) * 10 ** (26 - to);
}

function isLeap(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0);
}
