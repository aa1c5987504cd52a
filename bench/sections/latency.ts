import { startPlatform } from "../contenders.ts";
import { show } from "../report.ts";
import { interleave, ratios, spread } from "../rounds.ts";
import type { Section } from "./context.ts";

const cardsSmall = 10_000;
/** Enough for calls to meet, and far from what the server can do. */
const connections = 8;

/** What many cards cost in latency: two databases of one PostgreSQL, a server for each. */
export const latency: Section = async ({ scale, load, scratchDir, database, progress }) => {
  const large = await startPlatform(await database(scale.cardsLarge), scratchDir);
  const small = await startPlatform(await database(cardsSmall), scratchDir);
  const rounds = await interleave(load, { large, small }, { ...scale, connections }, progress);
  await Promise.all([large.stop(), small.stop()]);
  return (["p50", "p99"] as const).map((quantile) => {
    const largeUs = rounds.large.map(({ latencyUs }) => latencyUs[quantile]);
    const smallUs = rounds.small.map(({ latencyUs }) => latencyUs[quantile]);
    return {
      what: `Latency at ${scale.cardsLarge.toLocaleString("en")} cards, ${connections} connections, ${quantile}`,
      measured: show(spread(largeUs), "µs"),
      comparedWith: `${cardsSmall.toLocaleString("en")} cards: ${show(spread(smallUs), "µs")}`,
      ratio: show(ratios(largeUs, smallUs), "×", 2),
      goal: "at most 1.15 ×",
      data: quantile === "p50" ? rounds : undefined,
    };
  });
};
