import { formatInstant } from "./instant.ts";
import { type MonthState, monthStateOf } from "./month-state.ts";
import type { MonthRow } from "./rebuild.queries.ts";
import type { Microseconds, UsageKind } from "./usage-record.ts";

/** A value that is stored and is not what it should be; null: none. */
export interface Difference {
  /** The column of `usage_month`, with the day of an array's element: "day_bytes[24]". */
  readonly field: string;
  readonly stored: string | null;
  readonly expected: string | null;
}

/** Where a stored month is not what its records come to. */
export function differencesOf(stored: MonthRow, expected: MonthState): Difference[] {
  const differences = [
    differenceOf("used_bytes", stored.used_bytes, expected.usedBytes, String),
    differenceOf("version", stored.version, expected.version, String),
    differenceOf("closed_bytes", stored.closed_bytes, expected.closedBytes, String),
    differenceOf("as_of", stored.as_of, expected.asOf, formatInstant),
    ...daysOf("day_bytes", stored.day_bytes, expected.dayBytes, String),
  ];
  // The array as a whole is null for a source of deltas.
  if (stored.day_at === null || expected.dayAt === null) {
    if (stored.day_at !== expected.dayAt)
      differences.push({ field: "day_at", stored: shape(stored.day_at), expected: shape(expected.dayAt) });
  } else differences.push(...daysOf("day_at", stored.day_at, expected.dayAt, formatInstant));
  return differences.filter((difference) => difference !== undefined);
}

/**
 * Whether a stored month's days add up to its figure, whatever the records say: the sum of deltas, the counter at the last
 * reading. Undefined if they do.
 */
export function daysNotAddingUp(stored: MonthRow, kind: UsageKind): Difference | undefined {
  const days = stored.day_bytes.flatMap((bytes, index) => {
    const at = kind === "delta" ? 0 : (stored.day_at?.[index] ?? null);
    if (bytes === null || at === null) return [];
    return {
      serialNo: stored.serial_no,
      month: 0,
      dayOfMonth: index + 1,
      bytes,
      at,
      closedBytes: null,
      closedAt: null,
      adjustments: 0,
    };
  });
  return differenceOf("used_bytes", stored.used_bytes, monthStateOf(stored.serial_no, 0, kind, days).usedBytes, String);
}

function differenceOf<Value extends number | bigint>(
  field: string,
  stored: Value | null,
  expected: Value | null,
  print: (value: Value) => string,
): Difference | undefined {
  if (stored === expected) return undefined;
  return {
    field,
    stored: stored === null ? null : print(stored),
    expected: expected === null ? null : print(expected),
  };
}

function daysOf<Value extends number | bigint>(
  field: string,
  stored: readonly (Value | null)[],
  expected: readonly (Value | null)[],
  print: (value: Value) => string,
): (Difference | undefined)[] {
  return Array.from({ length: Math.max(stored.length, expected.length) }, (_, index) =>
    differenceOf(`${field}[${index + 1}]`, stored[index] ?? null, expected[index] ?? null, print),
  );
}

function shape(days: readonly (Microseconds | null)[] | null): string | null {
  return days === null ? null : `{${days.length}}`;
}
