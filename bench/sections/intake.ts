import { connect } from "../../packages/server/src/db/database.ts";
import { type BaselineOrder, plainTables } from "../baselines/plain-intake.ts";
import { serialNo } from "../cards.ts";
import { type IntakeOrder, intakeFile } from "../intake-order.ts";
import { type FilledDatabase, copyLines, createInventory, timeZone } from "../inventory.ts";
import { type OwnPostgres, openOwnPostgres } from "../own-postgres.ts";
import { type Figure, show } from "../report.ts";
import { ratios, spread } from "../rounds.ts";
import { type Turn, type TurnProcess, interleaveTurns, startTurns } from "../turns.ts";
import { iso, middleOfMonth } from "../usage-records.ts";
import type { Scale, Section } from "./context.ts";
import { importMemory } from "./import-memory.ts";

const copyFile = new URL("../baselines/copy-intake.ts", import.meta.url);
const plainFile = new URL("../baselines/plain-intake.ts", import.meta.url);

/** What docs/operations.md advises for a database that takes much usage in; both databases have it. */
const settings = { max_wal_size: "16GB", checkpoint_timeout: "30min", wal_buffers: "64MB", wal_compression: "pglz" };

/** As many as the platform takes in at once. */
const batchRecords = 5_000;

/** Of the load that is not clean. */
const repeatedShare = 0.5;
const lateShare = 0.1;

/**
 * Taking usage records in, against a bare COPY of as many and against the plain way. The baselines have a PostgreSQL of
 * their own, so that nobody's checkpoints are in another's CPU time.
 */
export const intake: Section = async ({ scale, scratchDir, progress }) => {
  const own = await openOwnPostgres(scratchDir, "intake", settings);
  const others = await openOwnPostgres(scratchDir, "intake-others", settings);
  const processes: TurnProcess[] = [];
  function start(file: URL, order: IntakeOrder | BaselineOrder, { postmasterPid }: OwnPostgres): TurnProcess {
    const started = startTurns(file, order, { records: order.records, postmasterPid });
    processes.push(started);
    return started;
  }
  try {
    progress(`filling two databases with ${scale.cards.toLocaleString("en")} cards`);
    const nowMs = middleOfMonth(timeZone);
    const filled = await createInventory(own.address, "usage", scale.cards);
    await createBaselineTables(others, scale.cards, nowMs);
    const order = intakeOrder(filled, scale, nowMs);
    const baseline = { connectionString: others.address.connectionString, cards: scale.cards, nowMs };
    const before = await readTotals(filled);
    const turns = await interleaveTurns(
      {
        fresh: start(intakeFile, order, own),
        repeated: start(intakeFile, { ...order, repeatedShare, lateShare }, own),
        copy: start(copyFile, { ...baseline, records: scale.intakeRecords }, others),
        plain: start(plainFile, { ...baseline, records: scale.plainRecords }, others),
      },
      scale.rounds,
      progress,
    );
    for (const process of processes) process.stop();
    checkTotals(before, await readTotals(filled));
    return [...figures(turns, scale), await importMemory(filled, { scale, scratchDir, progress })];
  } finally {
    for (const process of processes) process.stop();
    await own.release();
    await others.release();
  }
};

/** Records that nobody has sent before, of the last quarter of an hour. */
export function intakeOrder({ address, source }: FilledDatabase, scale: Scale, nowMs: number): IntakeOrder {
  const { token: _, ...usageSource } = source;
  return {
    connectionString: address.connectionString,
    source: usageSource,
    timeZone,
    cards: scale.cards,
    nowMs,
    records: scale.intakeRecords,
    batchRecords,
    repeatedShare: 0,
    lateShare: 0,
  };
}

/** As the platform's: every card has its month and its day. */
async function createBaselineTables({ address }: OwnPostgres, cards: number, nowMs: number): Promise<void> {
  const db = await connect(address, "bench");
  try {
    await db.query(plainTables);
    const day = iso(nowMs).slice(0, 10);
    await copyLines(db, "plain_day (serial_no, day, bytes)", cards, (index) => `${serialNo(index)}\t${day}\t0\n`);
    const month = `${day.slice(0, 7)}-01`;
    await copyLines(db, "plain_month (serial_no, month, bytes)", cards, (index) => `${serialNo(index)}\t${month}\t0\n`);
    await db.query("vacuum (analyze, freeze)");
    await db.query("checkpoint");
  } finally {
    await db.end();
  }
}

interface Totals {
  readonly recordBytes: number;
  readonly monthBytes: number;
  readonly dayBytes: number;
}

async function readTotals({ address }: FilledDatabase): Promise<Totals> {
  const db = await connect(address, "bench");
  try {
    const { rows } = await db.query<Totals>(`
      select (select coalesce(sum(bytes), 0)::bigint from usage_record) as "recordBytes",
        (select sum(used_bytes)::bigint from usage_month) as "monthBytes",
        (select sum(bytes)::bigint from usage_month, unnest(day_bytes) as bytes) as "dayBytes"`);
    const [totals] = rows;
    if (totals === undefined) throw new Error("sums are always there");
    return totals;
  } finally {
    await db.end();
  }
}

/** A speed is worth nothing where the sums are wrong. */
function checkTotals(before: Totals, after: Totals): void {
  const added = after.recordBytes - before.recordBytes;
  if (after.monthBytes - before.monthBytes !== added || after.dayBytes - before.dayBytes !== added)
    throw new Error(`the sums do not agree: ${JSON.stringify({ before, after })}`);
}

type Turns = Readonly<Record<"fresh" | "repeated" | "copy" | "plain", readonly Turn[]>>;

function figures({ fresh, repeated, copy, plain }: Turns, scale: Scale): Figure[] {
  const cards = scale.cards.toLocaleString("en");
  const records = scale.intakeRecords.toLocaleString("en");
  return [
    figure(
      {
        what: `Usage records a second, exactly once, days and months kept; ${cards} cards in no order, random ids, ${records} records a round in batches of ${batchRecords.toLocaleString("en")}, fsync on, ${stated(settings)}`,
        baseline: "bare COPY of as many into a table without indexes",
        digits: 3,
        goal: "at least 0.125 ×",
      },
      fresh,
      copy,
    ),
    figure(
      {
        what: "The same where half of the records were sent before and a tenth is up to two days late, all of them counted",
        baseline: "the same COPY",
        digits: 3,
        goal: "at least 0.1 ×",
      },
      repeated,
      copy,
    ),
    figure(
      {
        what: "The same as the first",
        baseline: `the plain way, a transaction for each record on one connection, ${scale.plainRecords.toLocaleString("en")} records a round`,
        digits: 1,
        goal: "at least 15 ×",
      },
      fresh,
      plain,
    ),
  ];
}

/** One line: rates, what a record costs, and their ratio round by round. */
export function figure(
  words: { readonly what: string; readonly baseline: string; readonly digits: number; readonly goal: string },
  ours: readonly Turn[],
  theirs: readonly Turn[],
): Figure {
  const rates = (turns: readonly Turn[]): number[] => turns.map(({ recordsPerSecond }) => recordsPerSecond);
  const shown = (turns: readonly Turn[]): string => {
    const cpuUs = spread(turns.map(({ cpuUsPerRecord }) => cpuUsPerRecord));
    return `${show(spread(rates(turns)), "/s")}, CPU ${show(cpuUs, "µs", 1)} each`;
  };
  return {
    what: words.what,
    measured: shown(ours),
    comparedWith: `${words.baseline}: ${shown(theirs)}`,
    ratio: show(ratios(rates(ours), rates(theirs)), "×", words.digits),
    goal: words.goal,
    data: { ours, theirs },
  };
}

function stated(named: Readonly<Record<string, string>>): string {
  return Object.entries(named)
    .map(([name, value]) => `${name} ${value}`)
    .join(", ");
}
