/** Every language sample reproduces the published signatures and is answered by a live server, run as its README says. */
import { execFile } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it, type TestContext } from "vitest";
import { signParameters } from "@dakashi/sdk/signature";
import { asciiJson, snippetLanguages } from "../packages/console/src/portal/debugger/snippets.ts";
import { startTestServer } from "../packages/server/test/server.ts";
import { type Command, languages, missingRuntime } from "./languages.ts";
import { type OpenApiPaths, languageFor, sampleArguments, sampleFor, sampledOperations } from "./operations.ts";

interface LiveServer {
  url: string;
  clientId: string;
  clientSecret: string;
  /** A card of the client's account. */
  serialNo: string;
  close(): Promise<void>;
}

async function liveServer(): Promise<LiveServer> {
  const server = await startTestServer();
  const client = await server.createClient();
  const serialNo = "87000001";
  await server.importCards([{ serial_no: serialNo, account_no: client.account_no }]);
  return {
    url: server.url,
    clientId: client.client_id,
    clientSecret: client.client_secret,
    serialNo,
    close: () => server.close(),
  };
}

interface Vector {
  name: string;
  secret: string;
  params: Record<string, string | number>;
  sign: string;
}

const examples = import.meta.dirname;
const vectors = JSON.parse(readFileSync(join(examples, "../docs/signature-vectors.json"), "utf8")) as Vector[]; // of another shape, it would not compare equal below

const operations = sampledOperations(
  JSON.parse(readFileSync(join(examples, "../docs/openapi.json"), "utf8")) as OpenApiPaths, // as the server's own tests hold it
);

/** The samples are run from a copy, as an integrator would, so that nothing is compiled into the checkout. */
const copy = mkdtempSync(join(tmpdir(), "dks-examples-"));
let server: LiveServer;

beforeAll(async () => {
  for (const { folder } of languages) cpSync(join(examples, folder), join(copy, folder), { recursive: true });
  server = await liveServer();
});

afterAll(async () => {
  rmSync(copy, { recursive: true, force: true });
  await server?.close();
});

interface Outcome {
  exitCode: number;
  stdout: string;
  stderr: string;
}

/**
 * Nothing of the caller's environment but where programs and their caches are: a proxy or a locale set there must not
 * decide. Command lines go through sh: bash -c, started by Node, takes itself for a remote shell and reads ~/.bashrc.
 */
function run([program, ...args]: Command, environment: Record<string, string> = {}): Promise<Outcome> {
  const { PATH = "", HOME = copy } = process.env;
  const env = {
    PATH,
    HOME,
    LC_ALL: "C.UTF-8",
    GOTOOLCHAIN: "local",
    GOPROXY: "off",
    ...environment,
  };
  return new Promise((resolve, reject) => {
    execFile(program, args, { cwd: copy, env, timeout: 100_000 }, (error, stdout, stderr) => {
      if (error && typeof error.code !== "number") reject(error);
      else resolve({ exitCode: error ? Number(error.code) : 0, stdout, stderr });
    });
  });
}

async function signed(command: Command, secret: string, params: Vector["params"]): Promise<string> {
  const pairs = Object.entries(params).map(([name, value]) => `${name}=${value}`);
  // Reversed, so that a sample that forgets to sort is found out.
  const outcome = await run([...command, "--sign", ...pairs.reverse()], {
    DKS_CLIENT_SECRET: secret,
  });
  expect(outcome).toMatchObject({ exitCode: 0, stderr: "" });
  return outcome.stdout.trimEnd();
}

async function called(command: Command, environment: Record<string, string> = {}) {
  const { exitCode, stdout, stderr } = await run(command, {
    DKS_URL: server.url,
    DKS_CLIENT_ID: server.clientId,
    DKS_CLIENT_SECRET: server.clientSecret,
    ...environment,
  });
  expect(stdout, stderr).toMatch(/^\{.*\}\n$/);
  return { exitCode, answer: JSON.parse(stdout) };
}

/** The file that a ready request is saved as, and what runs it. */
const readyRequests: Record<string, [file: string, commandLine: string]> = {
  php: ["call.php", "php call.php"],
  python: ["call.py", "python3 call.py"],
  java: ["SignedCall.java", "java SignedCall.java"],
  go: ["call.go", "go run call.go"],
  csharp: ["SignedCall.cs", "mcs -r:System.Net.Http SignedCall.cs && mono SignedCall.exe"],
  node: ["call.mjs", "node call.mjs"],
  curl: ["call.sh", "sh call.sh"],
};

describe.each(languages)("the $language sample", (language) => {
  const { command, prepare, documented } = language;
  const missing = missingRuntime(language);

  // Where the runtime is missing, CI fails; a developer's machine skips, and runtimes.setup.ts names it at the end.
  beforeAll(async () => {
    if (missing && process.env.CI) throw new Error(`in CI every sample must run: ${missing}`);
    if (missing || !prepare) return;
    expect(await run(prepare)).toMatchObject({ exitCode: 0 });
  }, 300_000);

  function needsRuntime(context: TestContext): void {
    if (missing) context.skip(missing);
  }

  it("reproduces every published signature", async (context) => {
    needsRuntime(context);
    const signs: Record<string, string> = {};
    for (const { name, secret, params } of vectors) signs[name] = await signed(command, secret, params);
    expect(signs).toEqual(Object.fromEntries(vectors.map(({ name, sign }) => [name, sign])));
  });

  it("leaves sign out and sorts by name, not by whole line", async (context) => {
    needsRuntime(context);
    const params = { serial: "a", serial1: "b", timestamp: 1487560009 };
    const sign = await signed(command, "9f2c4e8a1b7d3f60", params);
    expect(sign).toBe("1A678B896F9C04E6C9D600814A0751345B48084E");
    expect(await signed(command, "9f2c4e8a1b7d3f60", { ...params, sign })).toBe(sign);
  });

  it("is answered by the server, run as documented", async (context) => {
    needsRuntime(context);
    const { exitCode, answer } = await called(["sh", "-c", `${documented} ${server.serialNo}`]);
    expect(answer).toMatchObject({ errcode: 0, data: { serial_no: server.serialNo } });
    expect(answer.data.total_data_value).toEqual(expect.any(String));
    expect(exitCode).toBe(0);
  });

  it("sends a card number with quotes, spaces and Chinese as it was signed", async (context) => {
    needsRuntime(context);
    const { exitCode, answer } = await called([...command, `流量卡 "8700\\0001" a=b`]);
    // Neither 55004 nor 55031: the body was JSON and signed as it is; it is just no card number.
    expect(answer).toMatchObject({ errcode: 55030 });
    expect(exitCode).toBe(1);
  });

  it("prints a refusal and exits with 1", async (context) => {
    needsRuntime(context);
    const refused = await called([...command, server.serialNo], { DKS_CLIENT_SECRET: "wrong" });
    expect(refused).toMatchObject({ exitCode: 1, answer: { errcode: 55004 } });
  });

  it.each(operations)("is there for $path, made from that of the first, and answered", async (operation) => {
    const own = languageFor(language, operation);
    const source = readFileSync(join(examples, language.file), "utf8");
    expect(readFileSync(join(examples, own.file), "utf8")).toBe(sampleFor(language, source, operation));
    if (missing) return;
    if (own.prepare) expect(await run(own.prepare)).toMatchObject({ exitCode: 0 });
    const { exitCode, answer } = await called([...own.command, ...sampleArguments(operation)]);
    expect(answer).toMatchObject({ errcode: 0, data: expect.any(Object) });
    expect(exitCode).toBe(0);
  });

  it("is beside a ready request of the signature debugger, which runs as it is copied", async (context) => {
    needsRuntime(context);
    const params = {
      client_id: server.clientId,
      // What any of the languages, or a shell, might take for something of its own.
      remark: "流量 '卡' \"\\\\u0041\" `$HOME` %s {0} @\n\u200b😀",
      serial_no: server.serialNo,
      timestamp: Math.floor(Date.now() / 1000),
    };
    const body = asciiJson(JSON.stringify({ ...params, sign: signParameters(params, server.clientSecret) }));
    const snippet = snippetLanguages.find(({ id }) => id === language.language);
    if (snippet === undefined) throw new Error(`the debugger does not write ${language.language}`);
    const [file, commandLine] = readyRequests[language.language] ?? ["", ""];
    mkdirSync(join(copy, "ready"), { recursive: true });
    writeFileSync(join(copy, "ready", file), snippet.write({ url: `${server.url}/v1/member/info`, body }));
    const { stdout, stderr } = await run(["sh", "-c", `cd ready && ${commandLine}`]);
    expect(JSON.parse(stdout), stderr).toMatchObject({ errcode: 0, data: { serial_no: server.serialNo } });
  });

  it("prints the answer whatever its HTTP status", async (context) => {
    needsRuntime(context);
    const notFound = await called([...command, server.serialNo], {
      DKS_URL: `${server.url}/nowhere`,
    });
    expect(notFound).toMatchObject({ exitCode: 1, answer: { errcode: 55032 } });
  });
});

describe.each(["README.md", "README.zh-CN.md"])("%s", (name) => {
  const readme = readFileSync(join(examples, name), "utf8");

  it.each(languages)("gives the command and the Debian packages of $language", (language) => {
    expect(readme).toContain(`\n${language.documented} 87000001\n`);
    for (const debianPackage of language.debianPackages) expect(readme).toContain(`\`${debianPackage}\``);
  });

  it("shows a signature that its own command prints", async () => {
    const [, line, sign] = /^(DKS_CLIENT_SECRET=.* --sign .*)\n# ([0-9A-F]{40})$/m.exec(readme) ?? [];
    expect(line && (await run(["sh", "-c", line])).stdout).toBe(`${sign}\n`);
  });
});

describe.each(["quick-start.md", "quick-start.zh-CN.md"])("docs/%s", (name) => {
  const quickStart = readFileSync(join(examples, "../docs", name), "utf8");

  it("makes a first call that is accepted, pasted as it stands with one's own client", async () => {
    const [, pasted = ""] = /```sh\n(client_id=[\s\S]*?)```/.exec(quickStart) ?? [];
    const own = pasted
      .replace(/^client_id=.*$/m, `client_id=${server.clientId}`)
      .replace(/^client_secret=.*$/m, `client_secret=${server.clientSecret}`)
      .replace(/^serial_no=.*$/m, `serial_no=${server.serialNo}`)
      .replace("http://127.0.0.1:8080", server.url);
    const { stdout, exitCode } = await run(["sh", "-c", own]);
    expect(exitCode).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ errcode: 0, data: { serial_no: server.serialNo } });
  });
});
