import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { answer, cardData, clientId, clientSecret, startPeer } from "./peer.ts";

const run = promisify(execFile);
const packageFolder = join(import.meta.dirname, "..");
const require = createRequire(import.meta.url);

/** A project that has installed the packed package, as an integrator's has. */
let consumer: string;
let temporary: string;

beforeAll(async () => {
  temporary = await mkdtemp(join(tmpdir(), "dakashi-sdk-"));
  consumer = join(temporary, "consumer");
  const built = join(temporary, "built");
  await run(process.execPath, [join(packageFolder, "scripts/build.ts"), built]);
  await run("npm", ["pack", "--pack-destination", temporary], { cwd: built });
  const tarball = (await readdir(temporary)).find((name) => name.endsWith(".tgz"));
  await mkdir(consumer);
  await writeFile(join(consumer, "package.json"), '{"name":"consumer","private":true,"type":"module"}');
  await run("npm", ["install", "--offline", "--no-audit", "--no-fund", `../${tarball}`], {
    cwd: consumer,
  });
}, 120_000);

afterAll(() => rm(temporary, { recursive: true, force: true }));

test("the package holds JavaScript, declarations, manifest, README and licence, and no sources or tests", async () => {
  const files = await readdir(join(consumer, "node_modules/@dakashi/sdk"));
  expect(files).toEqual(expect.arrayContaining(["package.json", "README.md", "LICENSE", "index.js", "index.d.ts"]));
  const others = files.filter((name) => !/^(package\.json|README\.md|LICENSE|[a-z0-9.-]+\.(js|d\.ts))$/.test(name));
  expect(others).toEqual([]);
  expect(files.join()).not.toContain("test");
});

test("the manifest may be published, depends on nothing and points to files that exist", async () => {
  const folder = join(consumer, "node_modules/@dakashi/sdk");
  const manifest: unknown = JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
  expect(manifest).toMatchObject({
    name: "@dakashi/sdk",
    license: "MIT",
    type: "module",
    sideEffects: false,
    engines: { node: ">=20" },
    exports: { ".": "./index.js", "./signature": "./signature.js" },
  });
  for (const field of ["private", "scripts", "dependencies", "peerDependencies"]) {
    expect(manifest).not.toHaveProperty(field);
  }
  const targets = JSON.stringify(manifest).match(/\.\/[^"]+\.js/g) ?? [];
  expect(targets.filter((target) => !existsSync(join(folder, target)))).toEqual([]);
});

test("plain Node calls the platform with the installed package", async () => {
  const peer = await startPeer();
  const script = `
    import { createClient } from "@dakashi/sdk";
    const client = createClient(${JSON.stringify({ baseUrl: peer.url, clientId, clientSecret })});
    console.log(JSON.stringify(await client.memberInfo({ serial_no: "87000001" })));`;
  expect(JSON.parse(await runScript(script))).toEqual(cardData);
});

test("in Node the signature is node:crypto's", async () => {
  expect(await runScript('console.log(import.meta.resolve("#sha1"))', "node_modules/@dakashi/sdk/probe.js")).toMatch(
    /sha1\.node\.js$/,
  );
});

// Node's own resolver, told that it is a browser's; a built-in module is then an error, as it would be there.
const browserHooks = `
  import { registerHooks } from "node:module";
  delete globalThis.crypto;
  registerHooks({
    resolve(specifier, context, next) {
      if (!specifier.startsWith("#") && !specifier.startsWith(".") && !specifier.startsWith("@dakashi/")) {
        if (context.parentURL?.includes("@dakashi")) throw new Error(specifier + " is not for browsers");
      }
      return next(specifier, { ...context, conditions: __CONDITIONS__ });
    },
  });`;

test.each([
  ["as bundlers do", ["browser", "module", "import"]],
  ["as import maps and CDNs do", ["import", "default"]],
])("a browser, resolving %s, signs without node:crypto and without crypto.subtle", async (_case, conditions) => {
  await writeFile(join(consumer, "hooks.js"), browserHooks.replace("__CONDITIONS__", JSON.stringify(conditions)));
  const script = `
    const { signParameters } = await import("@dakashi/sdk/signature");
    await import("@dakashi/sdk");
    console.log(signParameters({ client_id: "${clientId}", serial_no: "87000001", timestamp: 1487560009 }, "${clientSecret}"));`;
  expect(await runScript(`import "./hooks.js";${script}`)).toBe("485C49516A7799D6179656BAF681231E86071364");
});

describe.each([
  ["nodenext", "nodenext"],
  ["bundler", "esnext"],
])("types resolve under moduleResolution %s", (moduleResolution, module) => {
  const options = ["--moduleResolution", moduleResolution, "--module", module];

  test("in a browser's project", async () => {
    await expect(compile([...options, "--lib", "es2022,dom", "--types", ""], consumerSource)).resolves.toBe("");
  });

  test("in Node's project, where the README's samples compile", async () => {
    const typeRoots = dirname(dirname(require.resolve("@types/node/package.json")));
    const nodeTypes = ["--lib", "es2022", "--typeRoots", typeRoots, "--types", "node"];
    for (const sample of await readmeSamples()) {
      await expect(compile([...options, ...nodeTypes], sample)).resolves.toBe("");
    }
  });

  test("and a misuse does not compile", async () => {
    const misuse = `${consumerSource}\nawait client.memberInfo({ serial_number: "87000001" });`;
    await expect(compile([...options, "--lib", "es2022,dom", "--types", ""], misuse)).resolves.toContain(
      "'serial_number' does not exist",
    );
  });
});

test("the README's samples run and print what they say", async () => {
  const peer = await startPeer(
    answer(cardData),
    answer({ list: [cardData], next_cursor: "ODcwMDAwMDE" }),
    answer({ list: [], next_cursor: null }),
    answer({
      list: [
        { errcode: 0, ...cardData },
        { errcode: 55005, errmsg: "卡号不存在", serial_no: "87009999" },
      ],
    }),
    answer({
      list: [
        { date: "2017-02-01", used_data_value: "1", is_final: true, data_as_of: "2017-02-01T16:00:00Z" },
        { date: "2017-02-02", used_data_value: "-0.5", is_final: false, data_as_of: null },
      ],
    }),
  );
  const outputs = [];
  for (const sample of await readmeSamples()) {
    const script = sample.replace("https://api.example.com", peer.url);
    outputs.push(await runScript(script, "sample.ts"));
  }
  expect(outputs).toEqual([
    "7.5 of 10 MB left in 2017-02",
    [
      "87000001 7.5",
      "87000001 2.5",
      "87009999 卡号不存在",
      "2017-02-01 1 final",
      "2017-02-02 -0.5 may still change",
    ].join("\n"),
    "req-1 1",
    [
      "client_id=iot3355e802d44ay95yeev2&serial_no=87000001&timestamp=1487560009",
      "485C49516A7799D6179656BAF681231E86071364",
    ].join("\n"),
    "本月总量 10 MB，剩余 7.5 MB",
  ]);
  // The second page was asked for by the first one's cursor.
  expect(peer.received.slice(1, 3).map(({ parameters }) => parameters["cursor"])).toEqual([undefined, "ODcwMDAwMDE"]);
});

const consumerSource = `
  import { createClient, DakashiError, type DakashiClient, type MemberInfoData } from "@dakashi/sdk";
  import { canonicalString, signParameters } from "@dakashi/sdk/signature";
  export const client: DakashiClient = createClient({ baseUrl: "https://example.com", clientId: "", clientSecret: "" });
  export const card: MemberInfoData = await client.memberInfo({ serial_no: 87000001 });
  export const stopped = await client.memberList({ sim_status: 0, page_size: "500" });
  export const requestId: string | undefined = (await client.memberInfo.withResponse({ serial_no: "1" })).requestId;
  export const sign: string = signParameters({ a: 1 }, canonicalString({ a: "1" }));
  export const errcode = (error: unknown): number => (error instanceof DakashiError ? error.errcode : 0);`;

async function readmeSamples(): Promise<string[]> {
  const readme = await readFile(join(packageFolder, "README.md"), "utf8");
  return Array.from(readme.matchAll(/```ts\n([\s\S]*?)```/g), ([, sample = ""]) => sample);
}

async function runScript(script: string, file = "script.js"): Promise<string> {
  await writeFile(join(consumer, file), script);
  const { stdout } = await run(process.execPath, [file.split("/").at(-1) ?? file], {
    cwd: dirname(join(consumer, file)),
    env: { ...process.env, DAKASHI_CLIENT_SECRET: clientSecret },
  });
  return stdout.trim();
}

/** What the compiler says: nothing if the file is right. Declarations are checked too. */
async function compile(options: string[], source: string): Promise<string> {
  await writeFile(join(consumer, "consumer.ts"), source);
  const tsc = join(dirname(require.resolve("typescript/package.json")), "bin/tsc");
  const strict = ["--strict", "--exactOptionalPropertyTypes", "--skipLibCheck", "false", "--noEmit"];
  const compiled = run(process.execPath, [tsc, "--target", "es2022", ...strict, ...options, "consumer.ts"], {
    cwd: consumer,
  });
  return compiled.then(
    ({ stdout }) => stdout,
    (error: { stdout: string; message: string }) => error.stdout || error.message,
  );
}
