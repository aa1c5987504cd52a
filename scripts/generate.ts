/**
 * Writes the files that are made from the code, or with `--check` fails if any of them is not what it would write:
 * docs/openapi.json, the SDK's operations, the samples of all operations but the first, schema.sql, the tables of
 * variables and error codes in docs/, and the last benchmark's results in the READMEs.
 */
import { execFileSync } from "node:child_process";
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { languages } from "../examples/languages.ts";
import { type OpenApiPaths, languageFor, sampleFor, sampledOperations } from "../examples/operations.ts";
import { variables } from "../packages/server/src/config.ts";
import { createPool } from "../packages/server/src/db/database.ts";
import { dumpSchema } from "../packages/server/src/db/dump-schema.ts";
import { openEmbedded } from "../packages/server/src/db/embedded.ts";
import { migrate } from "../packages/server/src/db/migrate.ts";
import { refusals } from "../packages/server/src/errors.ts";
import { openApiDocument } from "../packages/server/src/http/openapi.ts";
import { sdkOperationsSource } from "../packages/server/src/http/sdk-source.ts";
import { operations } from "../packages/server/src/operations.ts";

const root = join(import.meta.dirname, "..");

async function schema(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), "dks-generate-"));
  // Under root the embedded PostgreSQL runs as another user, who has to get through here.
  await chmod(directory, 0o755);
  const embedded = await openEmbedded(directory, { settings: { fsync: "off" } });
  try {
    await migrate(embedded.address);
    const pool = createPool(embedded.address, {
      applicationName: "dks generate",
      connectionsMax: 1,
      connectTimeoutMs: 10_000,
      onIdleError: () => {},
    });
    try {
      return await dumpSchema(pool);
    } finally {
      await pool.end();
    }
  } finally {
    await embedded.release();
    await rm(directory, { recursive: true, force: true });
  }
}

/** Replaces what stands between the two markers of a name in a document. */
function between(document: string, name: string, content: string): string {
  const begin = `<!-- ${name}: generated -->`;
  const end = `<!-- ${name}: end -->`;
  const from = document.indexOf(begin);
  const to = document.indexOf(end);
  if (from === -1 || to < from) throw new Error(`no markers for ${name}`);
  return `${document.slice(0, from + begin.length)}\n${content}\n${document.slice(to)}`;
}

function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |`;
  return [line(heads), line(heads.map(() => "---")), ...rows.map(line)].join("\n");
}

function variablesTable(language: "zh" | "en"): string {
  return table(
    language === "zh" ? ["变量", "默认值", "含义"] : ["variable", "default", "meaning"],
    Object.values(variables).map(({ name, default: value, doc }) => [
      `\`${name}\``,
      value === "" ? (language === "zh" ? "（不设）" : "(not set)") : `\`${value}\``,
      doc[language],
    ]),
  );
}

function errcodesTable(): string {
  const rows = Object.values(refusals).map(({ errcode, http, text: { zh, en } }) => ({ errcode, http, zh, en }));
  return table(
    ["errcode", "HTTP", "errmsg", ""],
    [
      ["0", "200", "success", "success"],
      ...rows
        .toSorted((a, b) => a.errcode - b.errcode || a.http - b.http)
        .map(({ errcode, http, zh, en }) => [String(errcode), String(http), zh, en]),
    ],
  );
}

/** Formatted like everything else, so that formatting the tree does not make it stale. */
function formatted(path: string, source: string): string {
  return execFileSync(join(root, "node_modules/.bin/oxfmt"), [`--stdin-filepath=${join(root, path)}`], {
    cwd: root,
    input: source,
    encoding: "utf8",
  });
}

/** The samples of `examples/` in each language, for each operation but the one they are written for. */
async function samples(openApi: object): Promise<[path: string, source: string][]> {
  const [, ...others] = sampledOperations(openApi as OpenApiPaths); // The document is made of operations alone.
  return Promise.all(
    languages.flatMap((language) =>
      others.map(async (operation): Promise<[string, string]> => {
        const source = await readFile(join(root, "examples", language.file), "utf8");
        return [`examples/${languageFor(language, operation).file}`, sampleFor(language, source, operation)];
      }),
    ),
  );
}

async function files(): Promise<Map<string, string>> {
  const openApi = openApiDocument(operations);
  const operationsDoc = await readFile(join(root, "docs/operations.md"), "utf8");
  const signingDoc = await readFile(join(root, "docs/signing.md"), "utf8");
  const readme = await readFile(join(root, "README.md"), "utf8");
  const readmeZh = await readFile(join(root, "README.zh-CN.md"), "utf8");
  // Without its title, as a part of another page.
  const benchResults = (await readFile(join(root, "bench/results/latest.md"), "utf8")).replace(/^# .*\n+/, "").trim();
  return new Map([
    ["docs/openapi.json", `${JSON.stringify(openApi, null, 2)}\n`],
    ...(await samples(openApi)),
    ["packages/sdk/src/operations.ts", formatted("packages/sdk/src/operations.ts", sdkOperationsSource(operations))],
    ["packages/server/schema.sql", await schema()],
    [
      "docs/operations.md",
      between(between(operationsDoc, "variables", variablesTable("en")), "variables-zh", variablesTable("zh")),
    ],
    ["README.md", between(readme, "bench", benchResults)],
    ["README.zh-CN.md", between(readmeZh, "bench", benchResults)],
    ["docs/signing.md", between(signingDoc, "errcodes", errcodesTable())],
  ]);
}

const check = process.argv.includes("--check");
let stale = false;
for (const [path, content] of await files()) {
  const file = join(root, path);
  const current = await readFile(file, "utf8").catch(() => "");
  if (current === content) continue;
  if (check) {
    stale = true;
    console.error(`${path} is stale: run npm run generate`);
  } else {
    await writeFile(file, content);
    console.log(`wrote ${path}`);
  }
}
process.exitCode = stale ? 1 : 0;
