import type { Text } from "../../text.ts";

/** What a source sends: deltas, the bytes used in a period; or readings, a carrier's cumulative counter at a moment. */
export type UsageKind = "delta" | "reading";

/** A moment, in microseconds since the epoch: what PostgreSQL keeps, exact in a number until the year 2255. */
export type Microseconds = number;

/** A usage record, right by itself; whether there is such a card is not known yet. */
export interface UsageRecord {
  /** With the source, its identity. */
  readonly id: string;
  /** What names the card, as it is looked up: a serial_no, IMSI or MSISDN as given, an ICCID in upper case. */
  readonly subject: string;
  /** When a delta's period began; null for a reading. */
  readonly startUs: Microseconds | null;
  /** A delta's end, a reading's time. */
  readonly atUs: Microseconds;
  /** A delta's bytes, negative only in a correction; a reading's counter. */
  readonly bytes: number;
  /** The id of the record that it corrects. */
  readonly corrects: string | null;
  /** What else the record says, as JSON with its members in the order of their names; null if nothing. */
  readonly attributes: string | null;
}

/** Why a record is not taken in: a stable word, and a sentence that says what to change. */
export interface RecordRefusal {
  readonly hint: string;
  readonly reason: Text;
}

/** A record as it arrived, and what it was found to be. */
export interface SubmittedRecord {
  /** Its id, as far as it could be read; otherwise empty. */
  readonly id: string;
  /** As it was sent, for the quarantine. */
  readonly content: string;
  readonly parsed: UsageRecord | RecordRefusal;
}

/** What a record can be refused as. */
export type RefusedStatus = "conflict" | "unknown_card" | "invalid" | "too_old" | "too_new";

export type RecordStatus = "accepted" | "duplicate" | RefusedStatus;

/** A record that was refused before and is kept in the quarantine, read again. */
export interface KeptRecord extends SubmittedRecord {
  /** With the source, what it is found by there. */
  readonly recordId: string;
  readonly entryId: string;
  /** What it was refused as, and the hint of the reason. */
  readonly status: RefusedStatus;
  readonly hint: string;
  /** When it arrived, in ISO 8601. */
  readonly receivedAt: string;
}

/** What became of a record. */
export interface RecordResult {
  readonly id: string;
  readonly status: RecordStatus;
  /** For whatever is neither accepted nor a duplicate. */
  readonly refusal?: RecordRefusal;
}

/** Whether a record was found right by itself. */
export function isRecord(parsed: UsageRecord | RecordRefusal): parsed is UsageRecord {
  return "atUs" in parsed;
}
