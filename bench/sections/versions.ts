import { dks, startPlatform } from "../contenders.ts";
import { show } from "../report.ts";
import { interleave, ratios, spread } from "../rounds.ts";
import { type Context, type Section, busyConnections } from "./context.ts";

/** CPU time per call against another checkout's server: whether a change pays. */
export function versions(otherDks: string): Section {
  return async ({ scale, load, scratchDir, database, progress }: Context) => {
    const main = await database(scale.cards);
    const here = await startPlatform(main, scratchDir, dks);
    const there = await startPlatform(main, scratchDir, otherDks);
    const rounds = await interleave(load, { here, there }, { ...scale, connections: busyConnections }, progress);
    await Promise.all([here.stop(), there.stop()]);
    const figure = (
      what: string,
      unit: string,
      digits: number,
      of: (round: (typeof rounds.here)[number]) => number,
    ) => ({
      what,
      measured: show(spread(rounds.here.map(of)), unit, digits),
      comparedWith: `${otherDks}: ${show(spread(rounds.there.map(of)), unit, digits)}`,
      ratio: show(ratios(rounds.here.map(of), rounds.there.map(of)), "×", 3),
      goal: "",
      data: undefined,
    });
    return [
      figure("CPU time per call, server and database together", "µs", 1, ({ cpuUsPerCall }) => cpuUsPerCall),
      figure("CPU time per call, server alone", "µs", 1, ({ serverCpuUsPerCall }) => serverCpuUsPerCall),
      figure("Calls per second", "/s", 0, ({ callsPerSecond }) => callsPerSecond),
    ];
  };
}
