import { startPlatform } from "../contenders.ts";
import { residentBytes } from "../cpu-time.ts";
import { type Section, busyConnections } from "./context.ts";

/** Parts of all calls after which memory is read; the first is the end of the warm-up. */
const readAfter = [0.1, 0.25, 0.5, 0.75, 1] as const;

/** Resident memory of the server's process over many calls. */
export const memory: Section = async ({ scale, load, scratchDir, database, progress }) => {
  const main = await database(scale.cards);
  const platform = await startPlatform(main, scratchDir);
  const readings: { calls: number; megabytes: number }[] = [];
  let calls = 0;
  for (const part of readAfter) {
    const result = await load.run({
      url: platform.url,
      inventory: main.inventory,
      connections: busyConnections,
      durationMs: 600_000,
      callsMax: Math.round(scale.memoryCalls * part) - calls,
    });
    calls += result.calls;
    readings.push({ calls, megabytes: residentBytes(platform.serverPid) / 2 ** 20 });
    progress(`${calls.toLocaleString("en")} calls`);
  }
  await platform.stop();
  const shown = readings.map(
    (reading) => `${Math.round(reading.megabytes)} MB after ${reading.calls.toLocaleString("en")}`,
  );
  const [first, last] = [readings[0]?.megabytes ?? Number.NaN, readings.at(-1)?.megabytes ?? Number.NaN];
  return [
    {
      what: `Resident memory of the server's process after ${calls.toLocaleString("en")} calls`,
      measured: `${Math.round(last)} MB`,
      comparedWith: shown.slice(0, -1).join(", "),
      ratio: `${(last / first).toFixed(2)} ×`,
      goal: "flat",
      data: readings,
    },
  ];
};
