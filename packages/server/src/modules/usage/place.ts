import { text } from "../../text.ts";
import type { SubjectCard } from "../cards/subjects.ts";
import type { UsageSource } from "../sources/source.ts";
import { type UsageCalendar, usageMonth } from "./calendar.ts";
import type { RecordRow } from "./intake.queries.ts";
import { contentFingerprint } from "./record.ts";
import {
  type RecordRefusal,
  type RecordResult,
  type RecordStatus,
  type SubmittedRecord,
  type UsageRecord,
  isRecord,
} from "./usage-record.ts";

/** How far a carrier's clock may be ahead of ours. */
const aheadMaxMs = 3_600_000;

/**
 * How many months back a record may belong. Identities are kept for that long, so that whatever is still taken in can
 * still be known as a duplicate.
 */
export const monthsBackMax = 12;

/** A record that may be taken in, and its place in the batch. */
export interface Placed {
  readonly index: number;
  readonly row: RecordRow;
}

export interface SortedOut {
  readonly placed: readonly Placed[];
  /** By the records' places in the batch; those that are placed are missing. */
  readonly refused: ReadonlyMap<number, RecordResult>;
}

export interface View {
  readonly source: UsageSource;
  readonly cards: ReadonlyMap<string, SubjectCard | "ambiguous">;
  readonly calendar: UsageCalendar;
  readonly receivedAtMs: number;
}

/** Tells what can be told of records before the database has been asked whether they are new. */
export function sortOut(batch: readonly SubmittedRecord[], view: View): SortedOut {
  const placed: Placed[] = [];
  const refused = new Map<number, RecordResult>();
  for (const [index, { id, parsed }] of batch.entries()) {
    if (!isRecord(parsed)) {
      refused.set(index, { id, status: "invalid", refusal: parsed });
      continue;
    }
    const outcome = place(parsed, view);
    if ("row" in outcome) placed.push({ index, row: outcome.row });
    else refused.set(index, { id, ...outcome });
  }
  return { placed, refused };
}

type Refusal = { readonly status: RecordStatus; readonly refusal: RecordRefusal };

function place(record: UsageRecord, { source, cards, calendar, receivedAtMs }: View): { row: RecordRow } | Refusal {
  if (record.atUs > (receivedAtMs + aheadMaxMs) * 1000) return tooNew(receivedAtMs);
  // Before the calendar is asked, which remembers every day that it is asked for.
  if (record.atUs < (receivedAtMs - (monthsBackMax + 2) * 31 * 86_400_000) * 1000) return tooOld;
  const card = cards.get(record.subject);
  if (card === undefined) return unknownCard(record.subject);
  if (card === "ambiguous") return ambiguousCard(record.subject);
  const day = calendar.dayOf(record.atUs);
  const month = usageMonth(day, card.cycleDay);
  if (month < usageMonth(calendar.dayOf(receivedAtMs * 1000), card.cycleDay) - monthsBackMax) return tooOld;
  return {
    row: {
      record,
      serialNo: card.serialNo,
      cycleDay: card.cycleDay,
      month,
      dayOfMonth: day.day,
      date: day.date,
      closesAtUs: calendar.startOf(month + 1, card.cycleDay) + source.closeAfterSeconds * 1_000_000,
      fingerprint: String(contentFingerprint(record, card.serialNo)),
    },
  };
}

const tooOld: Refusal = {
  status: "too_old",
  refusal: {
    hint: "too_old",
    reason: text(
      `属于 ${monthsBackMax} 个月以前的账期，不再接收`,
      `belongs to a billing month more than ${monthsBackMax} months back, which is no longer taken in`,
    ),
  },
};

function tooNew(nowMs: number): Refusal {
  const now = new Date(nowMs).toISOString();
  return {
    status: "too_new",
    refusal: {
      hint: "too_new",
      reason: text(
        `时间晚于服务器当前时间 ${now} 一小时以上，请校准时钟`,
        `its time is more than an hour after the server's, which is ${now}: set the clock`,
      ),
    },
  };
}

function unknownCard(subject: string): Refusal {
  return {
    status: "unknown_card",
    refusal: {
      hint: "card_unknown",
      reason: text(
        `没有卡号、ICCID、IMSI 或 MSISDN 为 ${subject} 的卡；记录已留存，导入该卡后自动计入`,
        `no card has the number, ICCID, IMSI or MSISDN ${subject}; the record is kept and counts once the card is imported`,
      ),
    },
  };
}

function ambiguousCard(subject: string): Refusal {
  return {
    status: "unknown_card",
    refusal: {
      hint: "card_ambiguous",
      reason: text(
        `有多张卡的号码为 ${subject}，请改用卡号或 ICCID；记录已留存`,
        `several cards have the number ${subject}: use the card number or the ICCID; the record is kept`,
      ),
    },
  };
}
