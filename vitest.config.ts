import { defineConfig } from "vitest/config";

/** What is waited for comes within milliseconds, but not on a machine that is busy with something else. */
const eventually = { poll: { timeout: 30_000 } };

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "sdk",
          include: ["packages/sdk/{src,test}/**/*.test.ts"],
          expect: eventually,
          testTimeout: 60_000,
        },
      },
      {
        test: {
          name: "server",
          include: ["packages/server/{src,test}/**/*.test.ts"],
          globalSetup: ["packages/server/test/database.setup.ts"],
          expect: eventually,
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: "examples",
          include: ["examples/*.test.ts"],
          globalSetup: ["packages/server/test/database.setup.ts", "examples/runtimes.setup.ts"],
          expect: eventually,
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: "console",
          include: ["packages/console/test/**/*.test.ts"],
          globalSetup: ["packages/server/test/database.setup.ts", "packages/console/test/pages.setup.ts"],
          expect: eventually,
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
