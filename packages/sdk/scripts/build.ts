// Builds the folder that is published: `node scripts/build.ts [folder]`, by default packages/sdk/dist.
//
// The package in the workspace exports its TypeScript source, so that nothing has to be built to work on it; this one
// exports JavaScript and declarations, and has a package.json of its own.
import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import source from "../package.json" with { type: "json" };

const packageFolder = join(import.meta.dirname, "..");
const outFolder = resolve(process.argv[2] ?? join(packageFolder, "dist"));

rmSync(outFolder, { recursive: true, force: true });
mkdirSync(outFolder, { recursive: true });
compile();
rewriteDeclarationImports();
copyFileSync(join(packageFolder, "README.md"), join(outFolder, "README.md"));
copyFileSync(join(packageFolder, "../../LICENSE"), join(outFolder, "LICENSE"));
writeFileSync(join(outFolder, "package.json"), `${JSON.stringify(publishedManifest(), undefined, 2)}\n`);

function compile(): void {
  const tsc = join(dirname(createRequire(import.meta.url).resolve("typescript/package.json")), "bin/tsc");
  execFileSync(process.execPath, [tsc, "-p", join(packageFolder, "tsconfig.build.json"), "--outDir", outFolder], {
    stdio: "inherit",
  });
}

/** The compiler rewrites the imports of the JavaScript only; compilers before 5.0 do not find "./x.ts" as x.d.ts. */
function rewriteDeclarationImports(): void {
  for (const file of readdirSync(outFolder).filter((name) => name.endsWith(".d.ts"))) {
    const path = join(outFolder, file);
    writeFileSync(path, readFileSync(path, "utf8").replaceAll(/(?<= from "\.\/[^"]+)\.ts(?=")/g, ".js"));
  }
}

function publishedManifest(): object {
  const { private: _private, scripts: _scripts, imports, exports, ...published } = source;
  return { ...published, imports: pointToBuilt(imports), exports: pointToBuilt(exports) };
}

/** "./src/x.ts" becomes "./x.js", at any depth; declarations lie beside, where compilers look for them. */
function pointToBuilt(targets: object): unknown {
  return JSON.parse(JSON.stringify(targets).replaceAll(/"\.\/src\/([^"]+)\.ts"/g, '"./$1.js"'));
}
