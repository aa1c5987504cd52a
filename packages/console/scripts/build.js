// Builds both applications into dist/. Run by npm after an install, hence plain JavaScript. Where the development
// dependencies were left out (npm ci --omit=dev) there is nothing to build with, and the image brings dist/ itself.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

const { resolve } = createRequire(import.meta.url);
let vite;
try {
  // Vite itself may be there for others, without what builds these pages.
  resolve("@vitejs/plugin-react");
  vite = join(dirname(resolve("vite/package.json")), "bin/vite.js");
} catch {
  if (!existsSync(join(root, "dist"))) console.error("The web pages are not built: Vite is not installed.");
  process.exit(0);
}
// `node` of the path is the one the project brings, when npm runs this.
const { status } = spawnSync("node", [vite, "build", "--logLevel", "warn"], {
  cwd: root,
  stdio: "inherit",
  // With any other, such as that of the test runner, React would be its larger and slower variant for developers.
  env: { ...process.env, NODE_ENV: "production" },
});
process.exitCode = status ?? 1;
