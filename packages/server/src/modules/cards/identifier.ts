/**
 * How a card is found by something else than its serial_no.
 *
 * An ICCID has 19 digits and usually a check digit behind them; it is given whole, with or without that digit, or as
 * its last ten. Digits 11 to 19 are in all of these at a known place, so they are what `card_identifier` is keyed by.
 */

/** What may be given for a card at all. */
export const identifierPattern = /^[0-9A-Za-z]{1,32}$/;

/** A full ICCID, with or without its check digit. Some carriers' hold hexadecimal letters. */
export const iccidPattern = /^[0-9]{5}[0-9A-F]{14,15}$/;

/** The part of an ICCID that is looked up, and the part that makes it unique together with it. */
export function iccidKey(iccid: string): { value: string; qualifier: string } {
  return { value: iccid.slice(10, 19), qualifier: iccid.slice(0, 10) };
}

/** The last ten digits, as answers carry them; empty for a card whose ICCID is not on file. */
export function iccidSuffix(iccid: string | null): string {
  return iccid === null ? "" : iccid.slice(-10);
}

/** The values under which a given text may stand in `card_identifier`. */
export function lookupValues(given: string): string[] {
  const upper = given.toUpperCase();
  if (iccidPattern.test(upper)) return [given, iccidKey(upper).value];
  // The last ten of 20 digits begin with the key; the last ten of 19, on a card without check digit, end with it.
  if (/^[0-9A-F]{10}$/.test(upper)) return [given, upper.slice(0, 9), upper.slice(1)];
  return [given];
}

/** Whether a given text names the card with this ICCID. */
export function matchesIccid(given: string, iccid: string): boolean {
  const upper = given.toUpperCase();
  return upper.length === 10
    ? iccid.endsWith(upper)
    : iccidPattern.test(upper) && iccid.slice(0, 19) === upper.slice(0, 19);
}
