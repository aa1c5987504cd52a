import type { UsageKind } from "../usage/usage-record.ts";

/** A source of usage records, as taking them in needs it. */
export interface UsageSource {
  readonly sourceNo: number;
  readonly name: string;
  readonly kind: UsageKind;
  /** Of a value that names no unit: B, KB, MB, GB, TB, or these with -SI but B. With -SI all that it sends is decimal. */
  readonly unit: string | null;
  /** How long after a month's start its counters may not have been reset yet. */
  readonly graceSeconds: number;
  /** How long after a month's end the month is closed. */
  readonly closeAfterSeconds: number;
}
