import { Choices } from "../scripts/fuzz-cases.ts";
import type { UsageKind } from "../src/modules/usage/usage-record.ts";
import type { HistoryRecord } from "./usage-model.ts";

/** The days of the run are counted in it. It has no summer time, so that a month's start is found by arithmetic. */
export const timeZone = "Asia/Shanghai";
const offsetMs = 8 * 3_600_000;

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

export interface FaultSource {
  readonly name: string;
  readonly kind: UsageKind;
  readonly token: string;
}

export interface FaultCard {
  readonly serialNo: string;
  readonly cycleDay: number;
}

/** A record as it is sent. */
interface SentRecord extends HistoryRecord {
  /** Whether it has the id of another record, and other content. */
  readonly isAltered: boolean;
}

/** What one request sends. */
export interface Batch {
  readonly source: FaultSource;
  readonly records: readonly SentRecord[];
}

export interface RecordAnswer {
  readonly id: string;
  readonly status: string;
}

/** What the sources send, and what they have been told of it. */
export interface History {
  /** The next batch that is to be sent: new records, some sent before or being sent by others, some altered. */
  next(choices: Choices): Batch;
  /** Notes what must be answered if the batch is sent now. What it returns looks at the answer, and says what is wrong. */
  expect(batch: Batch): (answers: readonly RecordAnswer[]) => string[];
  /** These cards are there from now on. */
  imported(cards: readonly FaultCard[]): void;
  /** Every record of a source once, as it was sent first. */
  recordsOf(source: FaultSource): readonly HistoryRecord[];
  /** How many ids of a source were sent again with other content. */
  alteredOf(source: FaultSource): number;
}

interface SourceHistory {
  readonly source: FaultSource;
  readonly records: HistoryRecord[];
  /** Those answered "accepted" or "duplicate", each once. */
  readonly stored: HistoryRecord[];
  readonly storedIds: Set<string>;
  readonly acceptedIds: Set<string>;
  readonly alteredIds: Set<string>;
}

/** Usage of the weeks before `nowMs`; of the `absent` cards too, which are imported while it is sent. */
export function createHistory({
  sources,
  present,
  absent,
  nowMs,
}: {
  readonly sources: readonly [FaultSource, ...FaultSource[]];
  readonly present: readonly FaultCard[];
  readonly absent: readonly FaultCard[];
  readonly nowMs: number;
}): History {
  const cards = [...present, ...absent];
  const waiting = new Set(absent.map(({ serialNo }) => serialNo));
  const histories = new Map(sources.map((source) => [source, emptyHistory(source)]));
  const twins: Batch[] = [];

  function historyOf(source: FaultSource): SourceHistory {
    const history = histories.get(source);
    if (history === undefined) throw new Error(`no source ${source.name}`);
    return history;
  }

  function next(choices: Choices): Batch {
    const twin = choices.chance(50) ? twins.shift() : undefined;
    if (twin !== undefined) return twin;
    const [first, ...rest] = sources;
    const source = choices.oneOf(first, ...rest);
    const history = historyOf(source);
    const records = Array.from({ length: 1 + choices.below(300) }, () => nextRecord(choices, history));
    const batch = { source, records };
    // Soon sent by another as well, most often while this one is under way.
    if (choices.chance(25)) twins.push({ source, records: records.toReversed() });
    return batch;
  }

  function nextRecord(choices: Choices, history: SourceHistory): SentRecord {
    const { records, stored, alteredIds } = history;
    if (choices.chance(1)) {
      const known = stored[choices.below(stored.length)];
      if (known !== undefined) {
        alteredIds.add(known.id);
        return { ...known, bytes: known.bytes + 1, isAltered: true };
      }
    }
    if (choices.chance(25)) {
      // Half of them from those that may be under way at this moment.
      const from = choices.chance(50) ? Math.max(0, records.length - 1_000) : 0;
      const known = records[from + choices.below(records.length - from)];
      if (known !== undefined) return { ...known, isAltered: false };
    }
    const made = makeRecord(choices, String(records.length), cards, nowMs);
    records.push(made);
    return { ...made, isAltered: false };
  }

  function expect({ source, records }: Batch): (answers: readonly RecordAnswer[]) => string[] {
    const history = historyOf(source);
    const storedBefore = new Set(records.map(({ id }) => id).filter((id) => history.storedIds.has(id)));
    const mayWait = new Set(records.map(({ serialNo }) => serialNo).filter((serialNo) => waiting.has(serialNo)));
    return (answers) => {
      if (answers.length !== records.length) return [`${answers.length} answers to ${records.length} records`];
      return records.flatMap((record, index) => {
        const status = answers[index]?.id === record.id ? answers[index].status : "missing";
        const problem = problemWith(record, status, {
          isStored: storedBefore.has(record.id),
          mayWait: mayWait.has(record.serialNo),
          wasAccepted: history.acceptedIds.has(record.id),
        });
        noteAnswer(history, record, status);
        return problem === undefined ? [] : [`${source.name} ${record.id} of ${record.serialNo}: ${problem}`];
      });
    };
  }

  return {
    next,
    expect,
    imported(arrived) {
      for (const { serialNo } of arrived) waiting.delete(serialNo);
    },
    recordsOf: (source) => historyOf(source).records,
    alteredOf: (source) => historyOf(source).alteredIds.size,
  };
}

function emptyHistory(source: FaultSource): SourceHistory {
  return {
    source,
    records: [],
    stored: [],
    storedIds: new Set(),
    acceptedIds: new Set(),
    alteredIds: new Set(),
  };
}

/** Uses about a month's start, where readings may move into the month before, and at any other time. */
function makeRecord(choices: Choices, id: string, cards: readonly FaultCard[], nowMs: number): HistoryRecord {
  const card = cards[choices.below(cards.length)];
  if (card === undefined) throw new Error("no cards");
  const latestMs = nowMs - hourMs;
  const local = new Date(nowMs + offsetMs);
  const startMs = Date.UTC(local.getUTCFullYear(), local.getUTCMonth() - choices.below(3), card.cycleDay) - offsetMs;
  const aboutStartMs = startMs + (choices.below(14 * 60) - 7 * 60) * 60_000;
  const anyMs = latestMs - choices.below(75 * dayMs);
  return {
    id,
    ...card,
    atMs: choices.chance(30) && aboutStartMs < latestMs ? aboutStartMs : anyMs,
    bytes: choices.below(choices.oneOf(5, 2 ** 31)),
  };
}

function problemWith(
  { isAltered }: SentRecord,
  status: string,
  { isStored, mayWait, wasAccepted }: { isStored: boolean; mayWait: boolean; wasAccepted: boolean },
): string | undefined {
  if (isAltered) return status === "conflict" ? undefined : `${status}, although it was stored with other content`;
  if (status === "duplicate") return undefined;
  if (isStored) return `${status}, although it had been answered as stored`;
  // Of two requests that both carry it.
  if (status === "accepted") return wasAccepted ? "accepted a second time" : undefined;
  if (status === "unknown_card") return mayWait ? undefined : "unknown_card, although the card is there";
  return status;
}

function noteAnswer(history: SourceHistory, record: SentRecord, status: string): void {
  if (record.isAltered || (status !== "accepted" && status !== "duplicate")) return;
  if (status === "accepted") history.acceptedIds.add(record.id);
  if (history.storedIds.has(record.id)) return;
  history.storedIds.add(record.id);
  history.stored.push(record);
}

const linesType = "application/x-ndjson";

/** The batch on the wire: CloudEvents, one on each line or as an array. */
export function encode({ source, records }: Batch, asLines: boolean): { body: string; contentType: string } {
  const events = records.map((record) => JSON.stringify(eventOf(source, record)));
  return asLines
    ? { body: `${events.join("\n")}\n`, contentType: linesType }
    : { body: `[${events.join(",")}]`, contentType: "application/cloudevents-batch+json" };
}

function eventOf({ name, kind }: FaultSource, { id, serialNo, atMs, bytes }: HistoryRecord) {
  const at = new Date(atMs).toISOString();
  const times = kind === "delta" ? { start: new Date(atMs - hourMs).toISOString(), end: at } : { read_at: at };
  return {
    specversion: "1.0",
    type: `usage.data.${kind}`,
    source: name,
    id,
    subject: serialNo,
    data: { ...times, bytes_total: bytes },
  };
}
