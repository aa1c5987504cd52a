/** The most that a column of money holds, numeric(12, 2), in hundredths. */
export const moneyMax = 999_999_999_999;

/** Reads an amount of money, with at most two decimals, into whole hundredths; undefined for anything else. */
export function parseMoney(value: string): number | undefined {
  const [, minus, whole = "", fraction = ""] = /^(-?)(\d{1,10})(?:\.(\d{1,2}))?$/.exec(value) ?? [];
  if (minus === undefined) return undefined;
  const hundredths = Number(whole) * 100 + Number(fraction.padEnd(2, "0"));
  // 0 - x, since -x would make a -0 of nothing.
  return minus === "" ? hundredths : 0 - hundredths;
}

/** Hundredths as money is written everywhere: "3.00", "-0.50". */
export function formatMoney(hundredths: number): string {
  if (hundredths < 0) return `-${formatMoney(-hundredths)}`;
  return `${Math.floor(hundredths / 100)}.${String(hundredths % 100).padStart(2, "0")}`;
}
