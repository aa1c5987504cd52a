/** 1 MB of the API; 1 G is 1024 of them. */
export const bytesPerMb = 1_048_576;

/**
 * Bytes in hundredths of a megabyte, rounded to the nearest, a half away from zero: the precision the API prints. So what
 * was counted and then taken back prints as the same figure with and without a minus.
 */
export function toHundredths(bytes: number): number {
  // 0 - x, since -x would make a -0 of what rounds to nothing.
  if (bytes < 0) return 0 - toHundredths(-bytes);
  // Exact: below 2^46 bytes (70 TB) the product stays a safe integer, and beyond it a hundredth does not matter.
  return Math.floor((bytes * 100 + bytesPerMb / 2) / bytesPerMb);
}

/** Hundredths of a megabyte as the API prints them: "10", "1536.5", "0.01", "-1.5". */
export function formatHundredths(hundredths: number): string {
  if (hundredths < 0) return `-${formatHundredths(-hundredths)}`;
  const fraction = hundredths % 100;
  const whole = String((hundredths - fraction) / 100);
  if (fraction === 0) return whole;
  return fraction % 10 === 0 ? `${whole}.${fraction / 10}` : `${whole}.${String(fraction).padStart(2, "0")}`;
}

/** An allowance and what was used of it, rounded so that the printed total, used and left add up. */
export function printAllowance(allowanceBytes: number, usedBytes: number) {
  const total = toHundredths(allowanceBytes);
  const used = toHundredths(usedBytes);
  return {
    total_data_value: formatHundredths(total),
    used_data_value: formatHundredths(used),
    left_data_value: formatHundredths(Math.max(0, total - used)),
  };
}

/**
 * Reads megabytes as a product's size is written, with at most two decimals, into whole bytes. Undefined for anything
 * else. 0.01 MB is 10485.76 bytes and becomes 10486, which prints as 0.01 again.
 */
export function parseMb(value: string): number | undefined {
  if (!/^\d{1,10}(\.\d{1,2})?$/.test(value)) return undefined;
  const [whole = "", fraction = ""] = value.split(".");
  const hundredths = Number(whole) * 100 + Number(fraction.padEnd(2, "0"));
  return Math.round((hundredths * bytesPerMb) / 100);
}
