import { dks, startPlatform } from "../contenders.ts";
import { show } from "../report.ts";
import { interleave, ratios, spread } from "../rounds.ts";
import { type Section, busyConnections } from "./context.ts";

/** What it costs a call that it is logged: the same server with the log and without, on one PostgreSQL. */
export const callLog: Section = async ({ scale, load, scratchDir, database, progress }) => {
  const main = await database(scale.cards);
  const logging = await startPlatform(main, scratchDir);
  const silent = await startPlatform(main, scratchDir, dks, { DKS_CALL_LOG_DAYS: "0" });
  const rounds = await interleave(load, { logging, silent }, { ...scale, connections: busyConnections }, progress);
  await Promise.all([logging.stop(), silent.stop()]);
  const loggingUs = rounds.logging.map(({ cpuUsPerCall }) => cpuUsPerCall);
  const silentUs = rounds.silent.map(({ cpuUsPerCall }) => cpuUsPerCall);
  return [
    {
      what: "CPU time per call, server and database together, with every call logged",
      measured: show(spread(loggingUs), "µs", 1),
      comparedWith: `DKS_CALL_LOG_DAYS=0: ${show(spread(silentUs), "µs", 1)}`,
      ratio: show(ratios(loggingUs, silentUs), "×", 2),
      goal: "at most 1.10 ×",
      data: rounds,
    },
  ];
};
