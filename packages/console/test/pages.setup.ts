import { spawnSync } from "node:child_process";
import { join } from "node:path";

/** Builds the pages as they are now, so that no test looks at older ones. */
export default function setUp(): void {
  const { status, stderr } = spawnSync(process.execPath, [join(import.meta.dirname, "../scripts/build.js")], {
    encoding: "utf8",
    // Not "test", under which React and the components are others than those that are served.
    env: { ...process.env, NODE_ENV: "production" },
  });
  if (status !== 0) throw new Error(`the pages cannot be built:\n${stderr}`);
}
