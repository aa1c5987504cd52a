import { startBareHttp, startPlatform } from "../contenders.ts";
import { show } from "../report.ts";
import { interleave, ratios, spread } from "../rounds.ts";
import { type Section, busyConnections } from "./context.ts";

/** CPU time per call of server and database together, against the least that Node can do it for. */
export const cpu: Section = async ({ scale, load, scratchDir, database, progress }) => {
  const main = await database(scale.cards);
  const platform = await startPlatform(main, scratchDir);
  const bare = await startBareHttp(main.inventory, scratchDir);
  const rounds = await interleave(load, { platform, bare }, { ...scale, connections: busyConnections }, progress);
  await Promise.all([platform.stop(), bare.stop()]);
  const platformUs = rounds.platform.map(({ cpuUsPerCall }) => cpuUsPerCall);
  const bareUs = rounds.bare.map(({ cpuUsPerCall }) => cpuUsPerCall);
  return [
    {
      what: `CPU time per call, server and database together, ${scale.cards.toLocaleString("en")} cards`,
      measured: show(spread(platformUs), "µs", 1),
      comparedWith: `bare node:http, same checks, cards in memory: ${show(spread(bareUs), "µs", 1)}`,
      ratio: show(ratios(platformUs, bareUs), "×", 2),
      goal: "at most 1.5 ×",
      data: rounds,
    },
  ];
};
