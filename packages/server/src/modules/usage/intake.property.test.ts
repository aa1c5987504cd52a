import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type TestDatabase, createTestDatabase } from "../../../test/database.ts";
import { type HistoryRecord, type ModelMonth, modelOf, placeOf } from "../../../test/usage-model.ts";
import { createPool } from "../../db/database.ts";
import { delta, importCards, insertSource, reading } from "../../../test/usage.ts";
import type { UsageSource } from "../sources/source.ts";
import { createCalendar } from "./calendar.ts";
import { createIntake } from "./intake.ts";
import type { SubmittedRecord } from "./usage-record.ts";
import { verifyUsage } from "./verify.ts";

let database: TestDatabase;
const sources = new Map<string, UsageSource>();
/** Its counters are reset at midnight sharp, so that none is taken for one that was not yet. */
let promptReadings: UsageSource;

beforeAll(async () => {
  database = await createTestDatabase();
  for (const kind of ["delta", "reading"] as const)
    sources.set(kind, await insertSource(database.pool, { name: kind, kind }));
  promptReadings = await insertSource(database.pool, { name: "prompt", kind: "reading", graceSeconds: 0 });
});
afterAll(async () => database.drop());

function sourceOf(kind: "delta" | "reading"): UsageSource {
  const source = sources.get(kind);
  if (source === undefined) throw new Error(`no source ${kind}`);
  return source;
}

/** What is stored of some cards, in the model's terms. */
async function storedMonths(source: UsageSource, serialNos: readonly string[]): Promise<ModelMonth[]> {
  const { rows } = await database.pool.query<{
    serial_no: string;
    month: string;
    cycle_day: number;
    used_bytes: number;
    day_bytes: string;
  }>(
    `select m.serial_no, m.month, c.cycle_day, m.used_bytes, to_json(m.day_bytes)::text as day_bytes
    from usage_month m join card c using (serial_no)
    where m.source_no = $1 and m.serial_no = any($2) and m.as_of <> '-infinity'
    order by m.serial_no, m.month`,
    [source.sourceNo, serialNos],
  );
  return rows.map((row) => ({
    serialNo: row.serial_no,
    month: row.month.slice(0, 7),
    usedBytes: row.used_bytes,
    days: daysOf(source, row.month, row.cycle_day, JSON.parse(row.day_bytes) as (number | null)[]),
  }));
}

function daysOf(
  source: UsageSource,
  month: string,
  cycleDay: number,
  values: (number | null)[],
): Record<string, number> {
  const days: Record<string, number> = {};
  let last = 0;
  const [year = 0, number = 0] = month.split("-").map(Number);
  for (let offset = 0; offset < 31; offset++) {
    const date = new Date(Date.UTC(year, number - 1, cycleDay + offset));
    if (date >= new Date(Date.UTC(year, number, cycleDay))) break;
    const value = values[date.getUTCDate() - 1] ?? null;
    if (value === null || (source.kind === "delta" && value === 0)) continue;
    days[date.toISOString().slice(0, 10)] = source.kind === "delta" ? value : value - last;
    last = value;
  }
  return days;
}

/** The model's days without usage are not told from those without records. */
function withoutIdleDays(months: readonly ModelMonth[], source: UsageSource): ModelMonth[] {
  return months.map((month) => ({
    ...month,
    days:
      source.kind === "delta"
        ? Object.fromEntries(Object.entries(month.days).filter(([, bytes]) => bytes !== 0))
        : month.days,
  }));
}

const hourMs = 3_600_000;

/** Moments that matter: about midnights, where months begin on the 1st or the 27th, and any others. */
function moments(timeZone: string): fc.Arbitrary<number> {
  const offset = timeZone === "Asia/Shanghai" ? 8 * hourMs : 0;
  const midnights = ["2026-10-01", "2026-10-25", "2026-10-27", "2026-11-01", "2026-11-27", "2026-12-01"].map(
    (date) => Date.parse(`${date}T00:00:00Z`) - offset,
  );
  return fc.oneof(
    fc
      .tuple(
        fc.constantFrom(...midnights),
        fc.constantFrom(
          -hourMs,
          -2,
          -1,
          0,
          1,
          2,
          hourMs,
          2 * hourMs,
          5 * hourMs,
          6 * hourMs,
          6 * hourMs + 1,
          7 * hourMs,
        ),
      )
      .map(([midnight, distance]) => midnight + distance),
    fc.integer({ min: Date.parse("2026-09-20T00:00:00Z"), max: Date.parse("2026-12-05T00:00:00Z") }),
  );
}

let runs = 0;

/** Histories of three cards, whose billing months start on the 1st, 27th and 15th. */
function histories(timeZone: string): fc.Arbitrary<HistoryRecord[]> {
  return fc
    .array(
      fc.record({
        card: fc.constantFrom(0, 1, 2),
        atMs: moments(timeZone),
        bytes: fc.oneof(fc.integer({ min: 0, max: 5 }), fc.integer({ min: 0, max: 2 ** 40 })),
      }),
      { minLength: 1, maxLength: 40 },
    )
    .map((records) => {
      const run = ++runs;
      return records.map(({ card, atMs, bytes }, index) => ({
        id: `${run}-${index}`,
        serialNo: `${run}C${card}`,
        cycleDay: [1, 27, 15][card] ?? 1,
        atMs,
        bytes,
      }));
    });
}

/** Some way in which a history may arrive: in any order, with repetitions, in batches of any size. */
function arrivals(history: readonly HistoryRecord[]): fc.Arbitrary<HistoryRecord[][]> {
  return fc
    .tuple(
      fc.shuffledSubarray([...history], { minLength: history.length }),
      fc.array(fc.nat(), { maxLength: 20 }),
      fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1, maxLength: 5 }),
    )
    .map(([order, repeats, sizes]) => {
      const all = [...order];
      for (const repeat of repeats) all.splice(repeat % (all.length + 1), 0, all[repeat % all.length] as HistoryRecord);
      const batches: HistoryRecord[][] = [];
      for (let from = 0, turn = 0; from < all.length; turn++) {
        const size = sizes[turn % sizes.length] ?? 1;
        batches.push(all.slice(from, from + size));
        from += size;
      }
      return batches;
    });
}

function submitted(source: UsageSource, { id, serialNo, atMs, bytes }: HistoryRecord): SubmittedRecord {
  return (source.kind === "delta" ? delta : reading)(source, id, serialNo, new Date(atMs).toISOString(), bytes);
}

async function importCardsOf(history: readonly HistoryRecord[]): Promise<string[]> {
  const cards = new Map(history.map(({ serialNo, cycleDay }) => [serialNo, { serialNo, cycleDay }]));
  await importCards(database.pool, [...cards.values()]);
  return [...cards.keys()];
}

describe.each(["Asia/Shanghai", "Europe/London"])("in %s", (timeZone) => {
  describe.each(["delta", "reading"] as const)("a history of %ss", (kind) => {
    test("comes to what the rules say, in whatever order, repetition and batches it arrives", async () => {
      const source = sourceOf(kind);
      const intake = createIntake(database.pool, { clock: () => Date.parse("2026-12-06T00:00:00Z"), timeZone });
      await fc.assert(
        fc.asyncProperty(
          histories(timeZone).chain((history) => fc.tuple(fc.constant(history), arrivals(history))),
          async ([history, batches]) => {
            // Shrinking comes back to a history under the same numbers.
            const run = ++runs;
            const renamed = (record: HistoryRecord): HistoryRecord => ({
              ...record,
              id: `${run}:${record.id}`,
              serialNo: `${run}R${record.serialNo}`,
            });
            const serialNos = await importCardsOf(history.map(renamed));
            const answered = [];
            for (const batch of batches)
              answered.push(
                ...(await intake.takeIn(
                  source,
                  batch.map((record) => submitted(source, renamed(record))),
                )),
              );
            expect(answered.filter(({ status }) => status === "accepted").length).toBe(history.length);
            expect(await storedMonths(source, serialNos)).toEqual(
              withoutIdleDays(modelOf(history.map(renamed), source, timeZone), source),
            );
          },
        ),
        { numRuns: 25 },
      );
    }, 120_000);
  });

  test("the same usage comes to the same days and months as deltas and as readings, each in an order of its own", async () => {
    const intake = createIntake(database.pool, { clock: () => Date.parse("2026-12-06T00:00:00Z"), timeZone });
    await fc.assert(
      fc.asyncProperty(
        histories(timeZone).chain((history) => fc.tuple(arrivals(history), arrivals(asReadings(history, timeZone)))),
        async ([deltaBatches, readingBatches]) => {
          const run = ++runs;
          const renamed = (record: HistoryRecord): HistoryRecord => ({
            ...record,
            id: `${run}:${record.id}`,
            serialNo: `${run}R${record.serialNo}`,
          });
          const serialNos = await importCardsOf(deltaBatches.flat().map(renamed));
          for (const [source, batches] of [
            [sourceOf("delta"), deltaBatches],
            [promptReadings, readingBatches],
          ] as const)
            for (const batch of batches)
              await intake.takeIn(
                source,
                batch.map((record) => submitted(source, renamed(record))),
              );
          const byDeltas = await storedMonths(sourceOf("delta"), serialNos);
          // A day on which the counter stood still is there of readings only.
          expect(withoutDaysOfNothing(await storedMonths(promptReadings, serialNos))).toEqual(byDeltas);
        },
      ),
      { numRuns: 25 },
    );
  }, 120_000);
});

/** The counter that a carrier would keep of the same usage: it begins anew with each billing month. */
function asReadings(history: readonly HistoryRecord[], timeZone: string): HistoryRecord[] {
  const counters = new Map<string, number>();
  return history
    .toSorted((a, b) => a.atMs - b.atMs)
    .map((record) => {
      const counter = `${record.serialNo} ${placeOf(record, timeZone).month}`;
      const bytes = (counters.get(counter) ?? 0) + record.bytes;
      counters.set(counter, bytes);
      return { ...record, bytes };
    });
}

function withoutDaysOfNothing(months: readonly ModelMonth[]): ModelMonth[] {
  return months.map((month) => ({
    ...month,
    days: Object.fromEntries(Object.entries(month.days).filter(([, bytes]) => bytes !== 0)),
  }));
}

/**
 * October's end by the hour: readings of its last day and of November's first, when they are received, and how long their
 * batch waits until it is its turn to be written.
 */
const octoberEnds = fc.array(
  fc.record({
    atHours: fc.integer({ min: -6, max: 8 }),
    receivedHours: fc.integer({ min: 8, max: 20 }),
    waitsHours: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 10 })),
    bytes: fc.integer({ min: 0, max: 6 }),
  }),
  { minLength: 2, maxLength: 10 },
);

/** Receives a batch now, and writes it when it is told to: the one connection that it can have is not given before. */
async function receive(
  source: UsageSource,
  clock: () => number,
  batch: readonly SubmittedRecord[],
): Promise<() => Promise<void>> {
  const pool = createPool(database.address, {
    applicationName: "dks test",
    connectionsMax: 1,
    connectTimeoutMs: 60_000,
    onIdleError: () => {},
  });
  const connection = await pool.connect();
  const taken = createIntake(pool, { clock, timeZone: "Asia/Shanghai" }).takeIn(source, batch);
  async function write(): Promise<void> {
    connection.release();
    try {
      await taken;
    } finally {
      await pool.end();
    }
  }
  let written: Promise<void> | undefined;
  return () => (written ??= write());
}

test("a closed month whose figure changes has a higher version, and its figure as closed is what it was", async () => {
  const end = Date.parse("2026-11-01T00:00:00+08:00");
  const closesAfterHours = 14;
  const source = await insertSource(database.pool, {
    name: "closing",
    kind: "reading",
    closeAfterSeconds: closesAfterHours * 3600,
  });
  const definitions = { listSources: () => Promise.resolve([source]), calendar: createCalendar("Asia/Shanghai") };
  await fc.assert(
    fc.asyncProperty(octoberEnds, async (records) => {
      const serialNo = `closing${++runs}`;
      await importCards(database.pool, [{ serialNo }]);
      let before = { used: 0, version: 1, closed: null as number | null };
      let atClosing = 0;
      let now = end;
      const arrivals = Map.groupBy(records, ({ receivedHours }) => receivedHours);
      const writes = new Map<number, (() => Promise<void>)[]>();
      try {
        for (let hours = 0; arrivals.size + writes.size > 0; hours++) {
          now = end + hours * hourMs;
          const [first, ...others] = arrivals.get(hours) ?? [];
          arrivals.delete(hours);
          if (first !== undefined) {
            const batch = [first, ...others].map(({ atHours, bytes }, index) => {
              const readAt = new Date(end + atHours * hourMs).toISOString();
              return reading(source, `${serialNo}-${hours}-${index}`, serialNo, readAt, bytes);
            });
            const due = hours + first.waitsHours;
            writes.set(due, [...(writes.get(due) ?? []), await receive(source, () => now, batch)]);
          }
          for (const write of writes.get(hours) ?? []) {
            // Each has the lock to itself for more than a millisecond.
            now++;
            await write();
            const { rows } = await database.pool.query<typeof before>(
              `select used_bytes as used, version, closed_bytes as closed
              from usage_month where serial_no = $1 and month = '2026-10-01'`,
              [serialNo],
            );
            const [after = before] = rows;
            if (hours < closesAfterHours) atClosing = after.used;
            else if (after.used !== before.used) expect(after.version).toBeGreaterThan(before.version);
            expect(after.version).toBeGreaterThanOrEqual(before.version);
            expect(after.closed).toBe(after.version === 1 ? null : atClosing);
            before = after;
          }
          writes.delete(hours);
        }
      } finally {
        await Promise.allSettled([...writes.values()].flat().map((write) => write()));
      }
      const findings: unknown[] = [];
      const onFinding = (finding: unknown): void => void findings.push(finding);
      await verifyUsage(database.pool, definitions, { serialNo, month: undefined }, { onFinding });
      expect(findings).toEqual([]);
    }),
    { numRuns: 60 },
  );
}, 120_000);
