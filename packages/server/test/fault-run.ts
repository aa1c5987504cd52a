import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type pg from "pg";
import { Choices } from "../scripts/fuzz-cases.ts";
import { createPool } from "../src/db/database.ts";
import { openEmbedded } from "../src/db/embedded.ts";
import { eventually } from "./dks.ts";
import {
  type Batch,
  type FaultCard,
  type FaultSource,
  type History,
  type RecordAnswer,
  createHistory,
  encode,
  timeZone,
} from "./fault-history.ts";
import { type Fault, type FaultPlatform, startFaultPlatform } from "./fault-platform.ts";
import { storedMonths } from "./stored-months.ts";
import { type ModelMonth, modelOf } from "./usage-model.ts";

export interface FaultRunOptions {
  /** The records and the sequence of the faults follow from it; when they meet does not. */
  readonly seed: number;
  /** How often the server or its PostgreSQL is killed; connections that are ended come on top. */
  readonly kills: number;
  /** DKS_WORKERS. */
  readonly workers?: number;
  /** Told what is done, as it is done. */
  readonly onFault?: (fault: Fault) => void;
}

export interface FaultRunReport {
  /** What was not as it must be; empty if all was. */
  readonly problems: readonly string[];
  readonly faults: ReadonlyMap<Fault, number>;
  /** Batches that were answered, requests that were sent for them, and how many of those a client gave up itself. */
  readonly batches: number;
  readonly requests: number;
  readonly givenUp: number;
  /** Records that were answered, and how many different ones of them. */
  readonly records: number;
  readonly distinctRecords: number;
}

const senders = 4;

/** A recovery, twice over, on a machine that does much else. */
const answeredWithinMs = 180_000;

/** What waits is looked at once a minute, if nothing else tells of it. */
const settledWithinMs = 180_000;

/**
 * Runs a platform of its own, sends usage to it from several clients that repeat each batch until it is answered, strikes
 * server and database meanwhile, imports some of the cards only then, and at the end compares what is stored with what was
 * sent. fsync is on, as for every operator.
 */
export async function runFaults(options: FaultRunOptions): Promise<FaultRunReport> {
  const directory = await mkdtemp(join(tmpdir(), "dks-faults-"));
  let platform: FaultPlatform | undefined;
  try {
    // Under root the embedded PostgreSQL runs as another user, who has to get through here.
    await chmod(directory, 0o755);
    platform = await startFaultPlatform({
      DKS_DATA_DIR: directory,
      DKS_TIMEZONE: timeZone,
      DKS_DEMO: "false",
      DKS_WORKERS: String(options.workers ?? 1),
    });
    return await runOn(platform, directory, options);
  } finally {
    await platform?.stop();
    await rm(directory, { recursive: true, force: true });
  }
}

async function runOn(
  platform: FaultPlatform,
  directory: string,
  { seed, kills, onFault = () => {} }: FaultRunOptions,
): Promise<FaultRunReport> {
  const present = makeCards(1, 48);
  const absent = [makeCards(101, 8), makeCards(201, 8)];
  await importCards(platform, directory, "first.csv", present);
  const sources = [
    await createSource(platform, "gateway", "delta"),
    await createSource(platform, "onelink", "reading"),
  ] as const;
  const history = createHistory({ sources: [...sources], present, absent: absent.flat(), nowMs: Date.now() });
  const sending = startSending(platform, history, seed);
  const faults = new Map<Fault, number>();
  const imports: Promise<void>[] = [];
  try {
    const choices = new Choices(seed, 0);
    let struck = 0;
    for (const fault of sequence(choices, kills)) {
      if (sending.problems.length > 0) break;
      await strike(platform, sending, fault, choices);
      onFault(fault);
      faults.set(fault, (faults.get(fault) ?? 0) + 1);
      if (++struck === Math.ceil(kills / 4) || struck === Math.ceil(kills / 2)) {
        const cards = absent[imports.length] ?? [];
        const arrival = importCards(platform, directory, `later-${struck}.csv`, cards).then(() =>
          history.imported(cards),
        );
        // Awaited at the end; the faults go on.
        arrival.catch(() => {});
        imports.push(arrival);
      }
    }
  } catch (error) {
    sending.problems.push(String(error));
  }
  await sending.stop();
  if (sending.problems.length === 0) await Promise.all(imports);
  const problems = [
    ...sending.problems,
    ...(sending.problems.length > 0 ? [] : await problemsAtTheEnd(platform, directory, history, sources)),
    ...platform.problems(),
  ];
  const distinctRecords = sources.reduce((sum, source) => sum + history.recordsOf(source).length, 0);
  return { problems, faults, ...sending.counts(), distinctRecords };
}

/** Cards whose billing months begin on the 1st, the 15th and the 27th, in turn. */
function makeCards(first: number, count: number): FaultCard[] {
  return Array.from({ length: count }, (_, index) => ({
    serialNo: String(87_000_000 + first + index),
    cycleDay: [1, 15, 27][index % 3] ?? 1,
  }));
}

/** Repeats the command until it has succeeded, as an operator would. */
async function importCards(
  platform: FaultPlatform,
  directory: string,
  name: string,
  cards: readonly FaultCard[],
): Promise<void> {
  const file = join(directory, name);
  const lines = cards.map(({ serialNo, cycleDay }) => `${serialNo},cmcc,${cycleDay}\n`);
  await writeFile(file, `serial_no,carrier,cycle_day\n${lines.join("")}`);
  await eventually(
    `${name} is imported`,
    async () => ((await platform.run("card", "import", file)).status === 0 ? true : undefined),
    answeredWithinMs,
  );
}

async function createSource(platform: FaultPlatform, name: string, kind: FaultSource["kind"]): Promise<FaultSource> {
  const { stdout, stderr } = await platform.run("source", "create", "--name", name, "--kind", kind, "--json");
  const token = /"token": *"([^"]+)"/.exec(stdout)?.[1];
  if (token === undefined) throw new Error(`source ${name} was not created: ${stderr}`);
  return { name, kind, token };
}

/** Every kind of kill as often as the others, in an order that is drawn, and connections that are ended in between. */
function* sequence(choices: Choices, kills: number): Generator<Fault> {
  const left: Fault[] = [];
  for (let done = 0; done < kills; done++) {
    if (left.length === 0)
      left.push(
        "server killed",
        "postgres killed",
        "postgres stopped at once",
        "connection killed",
        "server and postgres killed",
      );
    if (choices.chance(30)) yield "connection ended";
    yield* left.splice(choices.below(left.length), 1);
  }
}

/** Strikes at some moment: mostly while records are being taken in again, sometimes while the last fault is being recovered from. */
async function strike(platform: FaultPlatform, sending: Sending, fault: Fault, choices: Choices): Promise<void> {
  const before = sending.counts().batches;
  if (choices.chance(80))
    await eventually(
      "records are taken in again",
      () => Promise.resolve(sending.counts().batches > before || sending.problems.length > 0 ? true : undefined),
      answeredWithinMs,
    );
  await delay(choices.below(1_500));
  await eventually(
    `${fault}: something to strike`,
    async () => ((await platform.strike(fault, choices)) ? true : undefined),
    answeredWithinMs,
  );
}

interface Sending {
  readonly problems: string[];
  counts(): Pick<FaultRunReport, "batches" | "requests" | "givenUp" | "records">;
  /** Ends when every batch that was begun is answered. */
  stop(): Promise<void>;
}

function startSending(platform: FaultPlatform, history: History, seed: number): Sending {
  const problems: string[] = [];
  const counts = { batches: 0, requests: 0, givenUp: 0, records: 0 };
  let stopping = false;

  async function send(batch: Batch, choices: Choices): Promise<void> {
    const encoded = encode(batch, choices.chance(50));
    await eventually(
      `a batch of ${batch.source.name} is answered`,
      async () => {
        // There is nothing more to be learnt.
        if (stopping && problems.length > 0) return true;
        const url = platform.url();
        if (url === undefined) return undefined;
        const check = history.expect(batch);
        counts.requests++;
        // Some do not wait, and send again what is still being taken in.
        const isHasty = choices.chance(3);
        const answer = await post(url, batch.source, encoded, isHasty ? 1 + choices.below(100) : answeredWithinMs);
        if (answer === undefined && isHasty) counts.givenUp++;
        if (typeof answer === "string") {
          problems.push(answer);
          return true;
        }
        if (answer === undefined) return undefined;
        problems.push(...check(answer));
        return true;
      },
      answeredWithinMs,
    );
    counts.batches++;
    counts.records += batch.records.length;
  }

  async function run(number: number): Promise<void> {
    const choices = new Choices(seed, number);
    try {
      while (!stopping && problems.length < 20) await send(history.next(choices), choices);
    } catch (error) {
      problems.push(String(error));
    }
  }

  const running = Array.from({ length: senders }, (_, index) => run(index + 1));
  return {
    problems,
    counts: () => ({ ...counts }),
    async stop() {
      stopping = true;
      await Promise.all(running);
    },
  };
}

/**
 * What the server answered of each record; undefined if it did not answer, or asked to send again; what is wrong with
 * the answer if it was any other.
 */
async function post(
  url: string,
  { token }: FaultSource,
  { body, contentType }: { readonly body: string; readonly contentType: string },
  timeoutMs: number,
): Promise<RecordAnswer[] | string | undefined> {
  let status: number;
  let text: string;
  try {
    const response = await fetch(`${url}/ingest/v1/usage`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": contentType },
      body,
      signal: AbortSignal.timeout(timeoutMs),
    });
    status = response.status;
    text = await response.text();
  } catch {
    return undefined;
  }
  const envelope = JSON.parse(text) as { errcode: number; data?: { results: RecordAnswer[] } }; // As documented.
  if (status === 503 && envelope.errcode === 55050) return undefined;
  return status === 200 && envelope.data !== undefined
    ? envelope.data.results
    : `an answer with status ${status}: ${text.slice(0, 1_000)}`;
}

/** Compares all that is stored with all that was sent, once no record waits for its card any more. */
async function problemsAtTheEnd(
  platform: FaultPlatform,
  directory: string,
  history: History,
  sources: readonly FaultSource[],
): Promise<string[]> {
  const embedded = await openEmbedded(directory);
  const pool = createPool(embedded.address, {
    applicationName: "dks test",
    connectionsMax: 2,
    connectTimeoutMs: 10_000,
    onIdleError: () => {},
  });
  try {
    await eventually(
      "no record waits for a card",
      async () => ((await countWhere(pool, "usage_quarantine where status = 'unknown_card'")) === 0 ? true : undefined),
      settledWithinMs,
    );
    const problems: string[] = [];
    for (const source of sources) problems.push(...(await problemsOf(pool, history, source)));
    const altered = sources.reduce((sum, source) => sum + history.alteredOf(source), 0);
    const kept = await countWhere(pool, "usage_quarantine");
    if (kept !== altered) problems.push(`${kept} records in the quarantine, not the ${altered} that were altered`);
    const undecided = await countWhere(
      pool,
      "(select from usage_month group by serial_no, month having count(*) filter (where counts) <> 1) as months",
    );
    if (undecided > 0) problems.push(`${undecided} months of cards in which not exactly one source counts`);
    const verified = await platform.run("usage", "verify");
    if (verified.status !== 0) problems.push(`dks usage verify: ${verified.stdout}${verified.stderr}`);
    return problems;
  } finally {
    await pool.end();
    await embedded.release();
  }
}

async function countWhere(pool: pg.Pool, from: string): Promise<number> {
  const { rows } = await pool.query<{ count: number }>(`select count(*) from ${from}`);
  return rows[0]?.count ?? 0;
}

async function problemsOf(pool: pg.Pool, history: History, source: FaultSource): Promise<string[]> {
  const sent = history.recordsOf(source);
  const problems: string[] = [];
  for (const table of ["usage_record", "usage_identity"]) {
    const { rows } = await pool.query<{ record_id: string; times: number }>(
      `select record_id, count(*) as times
      from ${table} join usage_source using (source_no)
      where name = $1
      group by record_id`,
      [source.name],
    );
    const times = new Map(rows.map((row) => [row.record_id, row.times]));
    const wrong = sent.filter(({ id }) => times.get(id) !== 1);
    for (const { id } of wrong.slice(0, 10))
      problems.push(`${source.name} ${id} is ${times.get(id) ?? 0} times in ${table}`);
    if (times.size !== sent.length)
      problems.push(`${source.name}: ${sent.length} records sent, ${times.size} in ${table}`);
  }
  const stored = byMonth(source, await storedMonths(pool, source));
  const expected = byMonth(source, modelOf(sent, modelSource(source), timeZone));
  for (const key of new Set([...stored.keys(), ...expected.keys()]))
    if (stored.get(key) !== expected.get(key))
      problems.push(`${source.name} ${key}: ${stored.get(key) ?? "nothing"}, not ${expected.get(key) ?? "nothing"}`);
  return problems;
}

/** As `dks source create` makes one unless told otherwise. */
function modelSource({ name, kind }: FaultSource) {
  return { sourceNo: 0, name, kind, unit: null, graceSeconds: 6 * 3600, closeAfterSeconds: 72 * 3600 };
}

/** Each month in a form that can be compared. Days on which deltas come to nothing are not told from those without any. */
function byMonth({ kind }: FaultSource, months: readonly ModelMonth[]): Map<string, string> {
  return new Map(
    months.map(({ serialNo, month, usedBytes, days }) => [
      `${serialNo} ${month}`,
      JSON.stringify({
        usedBytes,
        days: Object.entries(days)
          .filter(([, bytes]) => kind === "reading" || bytes !== 0)
          .sort(),
      }),
    ]),
  );
}
