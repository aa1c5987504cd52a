#!/usr/bin/env node
// The command line, in plain JavaScript that any Node can run: it hands over to the Node that the project brings,
// unless it was started by that one already.
import { spawn } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const nodeMajor = 24;
const main = fileURLToPath(new URL("../src/main.ts", import.meta.url));

if (Number(process.versions.node.split(".")[0]) >= nodeMajor) {
  await import(main);
} else {
  const child = spawn(findNode(), ["--disable-warning=ExperimentalWarning", main, ...process.argv.slice(2)], {
    stdio: "inherit",
  });
  // A signal from the terminal reaches the child by itself; one sent to this process is passed on.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
  child.once("close", (status, signal) => {
    if (signal !== null) process.exitCode = 1;
    else process.exitCode = status ?? 1;
  });
}

/** The binary in the package that npm chose for this platform; ends the process if there is none. */
function findNode() {
  const platform = process.platform === "win32" ? "win" : process.platform;
  const require = createRequire(import.meta.url);
  for (const name of [`node-${platform}-${process.arch}`, `node-bin-${platform}-${process.arch}`]) {
    try {
      const manifest = require.resolve(`${name}/package.json`);
      return join(dirname(manifest), require(manifest).bin.node);
    } catch {
      // Not the one for this platform.
    }
  }
  console.error(
    `需要 Node ${nodeMajor} 或更新版本（当前为 ${process.version}）。请重新运行 npm ci。\n` +
      `Node ${nodeMajor} or newer is needed, and this is ${process.version}. Run npm ci again.`,
  );
  return process.exit(1);
}
