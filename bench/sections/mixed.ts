import { type Contender, startPlatform } from "../contenders.ts";
import { cpuTimeUs } from "../cpu-time.ts";
import { type IngestLoad, type IngestResult, recordsPerBody, startIngestLoad } from "../ingest-load.ts";
import { type BenchSource, createInventory } from "../inventory.ts";
import type { Load } from "../load.ts";
import { openOwnPostgres } from "../own-postgres.ts";
import { show } from "../report.ts";
import { ratios, spread } from "../rounds.ts";
import { type Section, busyConnections } from "./context.ts";

/** Long enough for the bodies of a round to be many. */
const roundsLonger = 2;

/** What calls cost while usage is taken in at half of what the server can, against when there is none. */
export const mixed: Section = async ({ scale, load, scratchDir, progress }) => {
  const postgres = await openOwnPostgres(scratchDir, "mixed");
  const ingest = startIngestLoad();
  try {
    progress(`filling a database with ${scale.cards.toLocaleString("en")} cards`);
    const filled = await createInventory(postgres.address, "mixed", scale.cards);
    const platform = await startPlatform({ ...filled, postmasterPid: postgres.postmasterPid }, scratchDir);
    const durationMs = scale.roundMs * roundsLonger;
    const site: Site = { platform, load, ingest, source: filled.source, durationMs };
    const most = await findMost(site);
    progress(`at most ${Math.round(most).toLocaleString("en")} records a second by HTTP`);
    const rounds = await takeRounds(site, most / 2, scale.rounds, progress);
    await platform.stop();
    const idleUs = rounds.map(({ idleUsPerCall }) => idleUsPerCall);
    const busyUs = rounds.map(({ busyUsPerCall }) => busyUsPerCall);
    const achieved = spread(rounds.map(({ achievedPerSecond }) => achievedPerSecond));
    const alone = spread(rounds.map(({ intakeUsPerRecord }) => intakeUsPerRecord));
    return [
      {
        what: `CPU time per call while usage arrives by HTTP, ${recordsPerBody.toLocaleString("en")} records a request: of everything, less what the same records cost alone`,
        measured: `${show(spread(busyUs), "µs", 1)}, with ${show(achieved, "records/s")} of ${Math.round(most).toLocaleString("en")} possible, ${show(alone, "µs", 1)} each alone`,
        comparedWith: `without usage arriving: ${show(spread(idleUs), "µs", 1)}`,
        ratio: show(ratios(busyUs, idleUs), "×", 2),
        goal: "at most 1.3 ×",
        data: { mostPerSecond: most, rounds },
      },
    ];
  } finally {
    ingest.stop();
    await postgres.release();
  }
};

interface Site {
  readonly platform: Contender;
  readonly load: Load;
  readonly ingest: IngestLoad;
  readonly source: BenchSource;
  readonly durationMs: number;
}

interface MixedRound {
  readonly idleUsPerCall: number;
  readonly intakeUsPerRecord: number;
  readonly busyUsPerCall: number;
  /** Calls in as long a time each. */
  readonly idleCalls: number;
  readonly busyCalls: number;
  /** The records a second that were taken in beside the calls. */
  readonly achievedPerSecond: number;
}

function send({ platform, ingest, source, durationMs }: Site, recordsPerSecond?: number): Promise<IngestResult> {
  const { url, inventory } = platform;
  return ingest.run({ url, token: source.token, cards: inventory.cardCount, durationMs, recordsPerSecond });
}

async function call({ platform, load, durationMs }: Site): Promise<number> {
  const { url, inventory } = platform;
  const callsMax = Number.MAX_SAFE_INTEGER;
  const order = { url, inventory, connections: busyConnections, durationMs, callsMax, usageArrives: true };
  return (await load.run(order)).calls;
}

/** The CPU time of server and database while something is done. */
async function measured<T>({ platform }: Site, work: () => Promise<T>): Promise<{ result: T; cpuUs: number }> {
  const pids = [platform.serverPid, platform.postmasterPid ?? platform.serverPid];
  const before = cpuTimeUs(pids);
  const result = await work();
  return { result, cpuUs: cpuTimeUs(pids) - before };
}

/** How many records a second are taken in when nothing else is asked; the first time warms up. */
async function findMost(site: Site): Promise<number> {
  await send(site);
  const { records, elapsedMs } = await send(site);
  return records / (elapsedMs / 1000);
}

async function takeRounds(
  site: Site,
  recordsPerSecond: number,
  rounds: number,
  progress: (done: string) => void,
): Promise<MixedRound[]> {
  const idle = () => measured(site, () => call(site));
  const alone = () => measured(site, () => send(site, recordsPerSecond));
  const both = () => measured(site, () => Promise.all([call(site), send(site, recordsPerSecond)]));
  await idle();
  await both();
  const taken: MixedRound[] = [];
  for (let round = 0; round < rounds; round++) {
    // Each follows the others in every other round.
    const idleBefore = round % 2 === 0 ? await idle() : undefined;
    const bothBefore = round % 2 === 0 ? undefined : await both();
    const intake = await alone();
    const busy = bothBefore ?? (await both());
    const quiet = idleBefore ?? (await idle());
    const intakeUsPerRecord = intake.cpuUs / intake.result.records;
    const [calls, { records, elapsedMs }] = busy.result;
    taken.push({
      idleUsPerCall: quiet.cpuUs / quiet.result,
      intakeUsPerRecord,
      busyUsPerCall: (busy.cpuUs - intakeUsPerRecord * records) / calls,
      idleCalls: quiet.result,
      busyCalls: calls,
      achievedPerSecond: records / (elapsedMs / 1000),
    });
    progress(`round ${round + 1} of ${rounds}`);
  }
  return taken;
}
