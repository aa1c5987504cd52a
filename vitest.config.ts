import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: "sdk",
          include: ["packages/sdk/{src,test}/**/*.test.ts"],
          testTimeout: 60_000,
        },
      },
      {
        test: {
          name: "server",
          include: ["packages/server/{src,test}/**/*.test.ts"],
          globalSetup: ["packages/server/test/database.setup.ts"],
          testTimeout: 60_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: "examples",
          include: ["examples/*.test.ts"],
          globalSetup: ["packages/server/test/database.setup.ts", "examples/runtimes.setup.ts"],
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
      {
        test: {
          name: "console",
          include: ["packages/console/test/**/*.test.ts"],
          globalSetup: ["packages/server/test/database.setup.ts", "packages/console/test/pages.setup.ts"],
          testTimeout: 120_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
