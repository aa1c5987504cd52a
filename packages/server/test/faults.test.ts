import { expect, test } from "vitest";
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
