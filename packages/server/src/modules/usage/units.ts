/** The most that one record may say, 1 PiB: far above any card's month, far below what a sum in a bigint or a number holds. */
export const bytesMax = 2 ** 50;

/** Why an amount is not so many bytes. */
export type AmountProblem =
  | "value_wrong"
  | "unit_missing"
  | "unit_unknown"
  | "unit_contradicts"
  | "byte_fraction"
  | "bytes_too_large";

/** A unit's size in bytes, by its name in upper case: what a carrier means by it, and what SI does. */
const unitBytes = new Map<string, { readonly binary: bigint; readonly decimal: bigint }>([
  ["B", { binary: 1n, decimal: 1n }],
  ...["K", "M", "G", "T"].flatMap((prefix, index) => {
    const binary = 1024n ** BigInt(index + 1);
    const decimal = 1000n ** BigInt(index + 1);
    return [
      [`${prefix}B`, { binary, decimal }],
      [`${prefix}IB`, { binary, decimal: binary }],
      [`${prefix}B-SI`, { binary: decimal, decimal }],
    ] as const;
  }),
]);

/** An amount as it is written: a sign, digits, decimals, and perhaps the unit behind it, as China Telecom prints it. */
const amountPattern = /^(-?)([0-9]{1,20})(?:\.([0-9]{1,9}))? ?([A-Za-z]+(?:-[A-Za-z]+)?)?$/;

/**
 * An amount such as "12.34" with its unit, or "12.34MB", in whole bytes, or why it is none.
 *
 * `unit` is what the record names, undefined if it names none; a unit within the value must be the same. Where neither
 * is, `sourceUnit` holds. KB, MB, GB and TB are 1,024-based, as the Chinese carriers mean them, unless written with -SI
 * or `sourceUnit` is: then all that this source sends is 1,000-based. KiB, MiB, GiB and TiB are always 1,024-based.
 *
 * Exact, in integers, and rounded once at the end: half a byte away from zero, so that a correction which takes an amount
 * back takes back what that amount became.
 */
export function toBytes(value: string, unit: string | undefined, sourceUnit: string | null): number | AmountProblem {
  const match = amountPattern.exec(value);
  if (match === null) return "value_wrong";
  const [, sign, whole = "", fraction = "", suffix] = match;
  const named = unit ?? suffix ?? sourceUnit;
  if (named === null) return "unit_missing";
  const decimal = sourceUnit?.endsWith("-SI") === true;
  const size = sizeOf(named, decimal);
  if (size === undefined) return "unit_unknown";
  if (suffix !== undefined && sizeOf(suffix, decimal) !== size) return "unit_contradicts";
  if (size === 1n && /[1-9]/.test(fraction)) return "byte_fraction";
  const scale = 10n ** BigInt(fraction.length);
  const bytes = Number((2n * BigInt(whole + fraction) * size + scale) / (2n * scale));
  if (bytes > bytesMax) return "bytes_too_large";
  return sign === "-" && bytes !== 0 ? -bytes : bytes;
}

/** A unit's size in bytes; undefined if there is no such unit. */
function sizeOf(unit: string, decimal: boolean): bigint | undefined {
  const sizes = unitBytes.get(unit.toUpperCase());
  return decimal ? sizes?.decimal : sizes?.binary;
}
