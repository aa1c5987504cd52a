import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { eventually } from "../../test/dks.ts";
import { findPostmaster } from "./embedded-postmaster.ts";
import { openEmbedded } from "./embedded.ts";

test("who leaves while a killed PostgreSQL is being started again leaves nothing behind", async () => {
  const directory = await mkdtemp(join(tmpdir(), "dks-embedded-"));
  // Under root the embedded PostgreSQL runs as another user, who has to get through here.
  await chmod(directory, 0o755);
  const cluster = join(directory, "postgres", "cluster");
  try {
    const embedded = await openEmbedded(directory);
    const first = await findPostmaster(cluster);
    if (first === undefined) throw new Error("it was just started");
    process.kill(first.pid, "SIGKILL");
    await eventually("it is started again", async () => {
      const another = await findPostmaster(cluster);
      return another !== undefined && another.pid !== first.pid ? true : undefined;
    });
    await embedded.release();
    expect(await findPostmaster(cluster)).toBeUndefined();
  } finally {
    const left = await findPostmaster(cluster);
    if (left !== undefined) process.kill(left.pid, "SIGQUIT");
    await rm(directory, { recursive: true, force: true, maxRetries: 20, retryDelay: 250 });
  }
});
