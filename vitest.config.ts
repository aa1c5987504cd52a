import { defineConfig } from "vitest/config";
import { flakyTests } from "./scripts/flaky-tests.ts";

const patient = {
  /** What is waited for comes within milliseconds, but not on a machine that is busy with something else. */
  expect: { poll: { timeout: 30_000 } },
  /** Where changes are checked, on machines that others use too, a test has a second try, and is named if it needs it. */
  retry: process.env["CI"] ? 1 : 0,
};

export default defineConfig({
  test: {
    reporters: ["default", flakyTests()],
    projects: [
      {
        test: {
          name: "sdk",
          include: ["packages/sdk/{src,test}/**/*.test.ts"],
          ...patient,
          testTimeout: 60_000,
        },
      },
      {
        test: {
          name: "server",
          include: ["packages/server/{src,test}/**/*.test.ts"],
          globalSetup: ["packages/server/test/database.setup.ts"],
          ...patient,
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: "examples",
          include: ["examples/*.test.ts"],
          globalSetup: ["packages/server/test/database.setup.ts", "examples/runtimes.setup.ts"],
          ...patient,
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: "console",
          include: ["packages/console/test/**/*.test.ts"],
          globalSetup: ["packages/server/test/database.setup.ts", "packages/console/test/pages.setup.ts"],
          ...patient,
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
