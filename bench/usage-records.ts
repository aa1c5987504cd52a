/** Usage records of the benchmark's cards, and the forms in which contenders are given them. */
import { randomUUID } from "node:crypto";
import { systemClock } from "../packages/server/src/clock.ts";
import { currentMonths, formatMonth } from "../packages/server/src/modules/packages/billing-month.ts";
import { serialNo } from "./cards.ts";
import { sourceName } from "./inventory.ts";

/** The bytes that a card has used in a quarter of an hour. */
export interface BenchRecord {
  /** Random: nothing that an index could be in the order of. */
  readonly id: string;
  readonly serialNo: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly bytes: number;
}

const periodMs = 15 * 60_000;
const lateByMaxMs = 48 * 3_600_000;

/**
 * A record of any of the first `cards` cards. It ended within the quarter of an hour before `nowMs`; a share `lateShare`
 * of them did up to two days earlier.
 */
export function randomRecord(cards: number, nowMs: number, lateShare = 0): BenchRecord {
  const agoMs = Math.random() < lateShare ? Math.random() * lateByMaxMs : Math.random() * periodMs;
  const endMs = Math.floor(nowMs - agoMs);
  return {
    id: randomUUID(),
    serialNo: serialNo(Math.floor(Math.random() * cards)),
    startMs: endMs - periodMs,
    endMs,
    bytes: Math.floor(Math.random() * 10_000_000),
  };
}

/** As a CloudEvent on a line, with its line break. */
export function eventLine({ id, serialNo, startMs, endMs, bytes }: BenchRecord): string {
  return `{"specversion":"1.0","type":"usage.data.delta","source":"${sourceName}","id":"${id}","subject":"${serialNo}","data":{"start":"${iso(startMs)}","end":"${iso(endMs)}","bytes_total":${bytes}}}\n`;
}

export const csvHeader = "id,subject,start,end,bytes_total\n";

export function csvLine({ id, serialNo, startMs, endMs, bytes }: BenchRecord): string {
  return `${id},${serialNo},${iso(startMs)},${iso(endMs)},${bytes}\n`;
}

/** The row that the platform keeps of it in `usage_record`, as COPY's text format has it. */
export function copyLine({ id, serialNo, startMs, endMs, bytes }: BenchRecord, nowMs: number): string {
  const month = iso(nowMs).slice(0, 7);
  const day = iso(endMs).slice(0, 10);
  return `${serialNo}\t${iso(endMs)}\t1\t${id}\t${month}-01\t${day}\t${iso(startMs)}\t${bytes}\t${iso(nowMs)}\tf\tf\t\\N\t\\N\n`;
}

export function iso(ms: number): string {
  return new Date(ms).toISOString();
}

/**
 * The moment that all intake in a benchmark's own process happens at: noon of the current month's 15th, so that records of
 * two days before are of the same month on whichever day the benchmark runs.
 */
export function middleOfMonth(timeZone: string): number {
  return Date.parse(`${formatMonth(currentMonths(systemClock, timeZone)(1))}-15T12:00:00Z`);
}
