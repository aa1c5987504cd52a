import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { Choices } from "../scripts/fuzz-cases.ts";
import { startFaultPlatform } from "./fault-platform.ts";
import { runFaults } from "./fault-run.ts";

/** Fixed, so that the next run does the same, as far as the moments allow; the script takes another one each time. */
const seed = 20_170_301;

test("whatever is killed while clients send again what was not answered, every record counts once", async () => {
  // Each kind of kill once. scripts/faults.ts does this for as long as one likes.
  const report = await runFaults({ seed, kills: 5 });
  expect(report.problems, `seed ${seed}`).toEqual([]);
  expect([...report.faults.keys()]).toEqual(
    expect.arrayContaining([
      "server killed",
      "postgres killed",
      "postgres stopped at once",
      "connection killed",
      "server and postgres killed",
    ]),
  );
  expect(report.distinctRecords).toBeGreaterThan(1_000);
}, 300_000);

test("a server starts although a killed PostgreSQL has left a process that is still at work", async () => {
  const directory = await mkdtemp(join(tmpdir(), "dks-faults-"));
  // Under root the embedded PostgreSQL runs as another user, who has to get through here.
  await chmod(directory, 0o755);
  const platform = await startFaultPlatform({ DKS_DATA_DIR: directory, DKS_DEMO: "false" });
  try {
    const busy = await platform.connect();
    const work = "do $$ begin while clock_timestamp() < now() + interval '3 seconds' loop end loop; end $$";
    const ended = busy.query(work).catch(() => {});
    expect(await platform.strike("server and postgres killed", new Choices(seed, 0))).toBe(true);
    expect((await fetch(`${platform.url()}/readyz`)).status).toBe(200);
    await ended;
  } finally {
    await platform.stop();
    await rm(directory, { recursive: true, force: true });
  }
});
