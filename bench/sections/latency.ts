import { type Contender, startPlatform } from "../contenders.ts";
import { warm } from "../inventory.ts";
import { show } from "../report.ts";
import { type Round, interleave, ratios, spread } from "../rounds.ts";
import { type Section, busyConnections } from "./context.ts";

const cardsFew = 10_000;
/** Enough for calls to meet, and far from what the server can do. */
const connections = 8;

/** What many cards cost in latency: databases of one PostgreSQL, a server for each. */
export const latency: Section = async ({ scale, load, scratchDir, database, progress }) => {
  const contenders: Record<string, Contender> = {};

  /**
   * Calls without counting them. Each connection's process maps a page of PostgreSQL's shared memory when it first touches
   * it, which costs microseconds: a share of every call in the first minutes over gigabytes, and nothing after.
   */
  async function mapPages(cards: number): Promise<void> {
    const contender = contenders[cards];
    if (contender === undefined) return;
    const callsMax = Math.round(cards / 10);
    await load.run({
      url: contender.url,
      inventory: (await database(cards)).inventory,
      connections: busyConnections,
      durationMs: 600_000,
      callsMax,
    });
    progress(`${cards.toLocaleString("en")} cards warmed by ${callsMax.toLocaleString("en")} calls`);
  }

  const numbers = [cardsFew, ...scale.cardsMany];
  for (const cards of numbers) contenders[cards] = await startPlatform(await database(cards), scratchDir);
  // The largest first, so that it does not push the others out again.
  for (const cards of numbers.toReversed()) await warm((await database(cards)).address);
  for (const cards of numbers) await mapPages(cards);
  const rounds = await interleave(load, contenders, { ...scale, connections }, progress);
  await Promise.all(Object.values(contenders).map((contender) => contender.stop()));
  const of = (cards: number, quantile: "p50" | "p99"): number[] =>
    (rounds[cards] ?? []).map(({ latencyUs }: Round) => latencyUs[quantile]);
  return scale.cardsMany.flatMap((cards) =>
    (["p50", "p99"] as const).map((quantile) => ({
      what: `Latency at ${cards.toLocaleString("en")} cards, ${connections} connections, ${quantile}`,
      measured: show(spread(of(cards, quantile)), "µs"),
      comparedWith: `${cardsFew.toLocaleString("en")} cards: ${show(spread(of(cardsFew, quantile)), "µs")}`,
      ratio: show(ratios(of(cards, quantile), of(cardsFew, quantile)), "×", 2),
      goal: "at most 1.15 ×",
      data: { many: of(cards, quantile), few: of(cardsFew, quantile) },
    })),
  );
};
