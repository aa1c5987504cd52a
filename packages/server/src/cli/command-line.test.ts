import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it, test } from "vitest";
import { runDks } from "../../test/dks.ts";

const dks = fileURLToPath(new URL("../../bin/dks.js", import.meta.url));
const sign = ["sign", "--client-id", "iot3355e802d44ay95yeev2", "--secret", "9f2c4e8a1b7d3f60"];

describe("a command", () => {
  it("ends as it would have when who reads its result has left", async () => {
    const child = spawn(process.execPath, [dks, ...sign], { stdio: ["ignore", "pipe", "pipe"] });
    child.stdout.destroy();
    let stderr = "";
    child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
    expect([await once(child, "close"), stderr]).toEqual([[0, null], ""]);
  });

  it("says that its result could not be written, and fails", async () => {
    const shell = spawn("sh", ["-c", '"$0" "$@" > /dev/full', process.execPath, dks, ...sign], {
      env: { ...process.env, LC_ALL: "zh_CN.UTF-8" },
      stdio: ["ignore", "ignore", "pipe"],
    });
    let stderr = "";
    shell.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
    const [status] = (await once(shell, "close")) as [number]; // As the event is documented.
    expect([status, stderr]).toEqual([1, "无法输出结果：ENOSPC: no space left on device, write\n"]);
  });

  it("has its help aligned in Chinese, whose letters are wider", async () => {
    const { stdout } = await runDks(["account", "--help"], { LC_ALL: "zh_CN.UTF-8" });
    expect(stdout).toContain("\n  create [选项]     创建账户\n");
    expect(stdout).toContain("\n  help [命令]       显示帮助\n");
  });
});

test("a DATABASE_URL whose password is not encoded is told of with what to write, and not shown", async () => {
  const DATABASE_URL = "postgresql://dakashi:hunter#2@127.0.0.1:5432/dakashi";
  const { status, stdout, stderr } = await runDks(["migrate"], { DATABASE_URL });
  expect([status, stdout]).toEqual([1, ""]);
  expect(stderr).toContain("DATABASE_URL is not a valid URL. Check its port, and percent-encode");
  expect(stderr).not.toContain("hunter");
});

describe("a file .env", () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "dks-env-"));
  });
  afterEach(() => rm(directory, { recursive: true, force: true }));

  async function runThere(): Promise<{ status: unknown; stdout: string; stderr: string }> {
    const child = spawn(process.execPath, [dks, ...sign], {
      cwd: directory,
      env: { LC_ALL: "C", DKS_WORKERS: "2" },
      stdio: ["ignore", "pipe", "pipe"],
    });
    let stdout = "";
    let stderr = "";
    child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
    const [status]: unknown[] = await once(child, "close");
    return { status, stdout, stderr };
  }

  it("is read as Windows writes it, with a byte order mark and CRLF, and never overrides the environment", async () => {
    await writeFile(join(directory, ".env"), "\u{feff}PORT=8599\r\nDKS_WORKERS=none\r\n");
    expect((await runThere()).stdout).toContain("curl -s http://127.0.0.1:8599/");
  });

  it("that cannot be read is named, and no command runs without it", async () => {
    await mkdir(join(directory, ".env"));
    expect(await runThere()).toEqual({
      status: 1,
      stdout: "",
      stderr:
        "The file .env in the working directory cannot be read (EISDIR). Change its permissions, or run as a user who may read it.\n",
    });
  });

  it("in UTF-16 is refused", async () => {
    await writeFile(join(directory, ".env"), Buffer.from("\u{feff}PORT=8599\r\n", "utf16le"));
    const { status, stderr } = await runThere();
    expect([status, stderr]).toEqual([
      1,
      "The file .env in the working directory is not UTF-8 text: save it as UTF-8.\n",
    ]);
  });
});

describe("dks sign", () => {
  test.each([
    ["zh_CN.UTF-8", "错误：参数 'name=value' 的值 '87000001' 无效，应为 name=value\n"],
    ["C", "error: command-argument value '87000001' is invalid for argument 'name=value'. must be name=value\n"],
  ])("says, in %s, which of its parameters has no name", async (locale, said) => {
    const outcome = await runDks([...sign, "87000001"], { LC_ALL: locale });
    expect([outcome.status, outcome.stdout]).toEqual([2, ""]);
    expect(outcome.stderr).toContain(said);
  });

  it("prints a call of the server that runs under the same configuration", async () => {
    const { stdout } = await runDks([...sign, "serial_no=87000001"], { PORT: "8599" });
    expect(stdout).toContain("curl -s http://127.0.0.1:8599/v1/member/info ");
  });
});
