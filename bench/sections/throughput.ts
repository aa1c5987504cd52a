import { startExpress, startPlatform } from "../contenders.ts";
import { show } from "../report.ts";
import { interleave, ratios, spread } from "../rounds.ts";
import { type Section, busyConnections } from "./context.ts";

/** Calls a second, against the plain way on the same machine and the same database. */
export const throughput: Section = async ({ scale, load, scratchDir, database, progress }) => {
  const main = await database(scale.cards);
  const platform = await startPlatform(main, scratchDir);
  const express = await startExpress(main);
  const rounds = await interleave(load, { platform, express }, { ...scale, connections: busyConnections }, progress);
  await Promise.all([platform.stop(), express.stop()]);
  const platformRate = rounds.platform.map(({ callsPerSecond }) => callsPerSecond);
  const expressRate = rounds.express.map(({ callsPerSecond }) => callsPerSecond);
  return [
    {
      what: `Calls per second, ${busyConnections} connections, ${scale.cards.toLocaleString("en")} cards`,
      measured: show(spread(platformRate), "/s"),
      comparedWith: `Express 5 with two queries a call: ${show(spread(expressRate), "/s")}`,
      ratio: show(ratios(platformRate, expressRate), "×", 2),
      goal: "at least 4 ×",
      data: rounds,
    },
  ];
};
