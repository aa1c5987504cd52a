import { rm } from "node:fs/promises";
import { join } from "node:path";
import { findPostmaster } from "../packages/server/src/db/embedded-postmaster.ts";
import { type Embedded, openEmbedded } from "../packages/server/src/db/embedded.ts";

/** A PostgreSQL of a section's own; whoever releases it has no more use for its data. */
export interface OwnPostgres extends Embedded {
  readonly postmasterPid: number;
}

/**
 * Starts a PostgreSQL as `dks serve` does, where nothing else is asked for: what it has confirmed is on the disk, and it
 * vacuums and writes checkpoints when it sees fit. In a folder of `scratchDir`, from which it is stopped in the end
 * whatever happens.
 */
export async function openOwnPostgres(
  scratchDir: string,
  name: string,
  settings: Readonly<Record<string, string>> = {},
): Promise<OwnPostgres> {
  const dataDir = join(scratchDir, name);
  const embedded = await openEmbedded(dataDir, { settings });
  const postmaster = await findPostmaster(join(dataDir, "postgres", "cluster"));
  if (postmaster === undefined) throw new Error("the PostgreSQL that was just started is gone");
  return {
    ...embedded,
    postmasterPid: postmaster.pid,
    async release() {
      await embedded.release();
      // The next section may need the space.
      await rm(dataDir, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}
