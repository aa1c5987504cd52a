import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient } from "@dakashi/sdk";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { signRequest } from "../src/cli/sign.ts";
import { findPostmaster } from "../src/db/embedded-postmaster.ts";
import { type RunningDks, eventually, runDks, startDks } from "./dks.ts";

/** The server as it is started by hand: its own process, its own embedded PostgreSQL, signals and kills. */

let directory: string;
const running: RunningDks[] = [];

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "dks-serve-"));
  // Under root the embedded PostgreSQL runs as another user, who has to get through here.
  await chmod(directory, 0o755);
});

afterEach(async () => {
  for (const server of running.splice(0)) if (server.process.exitCode === null) await server.stop("SIGTERM");
  await stopPostgres();
  await rm(directory, { recursive: true, force: true });
});

async function start(environment: Readonly<Record<string, string>> = {}): Promise<RunningDks> {
  const server = await startDks({ DKS_DATA_DIR: directory, ...environment });
  running.push(server);
  return server;
}

const cluster = (): string => join(directory, "postgres", "cluster");

/** What a killed server leaves running is stopped by the next one; where a test has no next one, here. */
async function stopPostgres(): Promise<void> {
  const postmaster = await findPostmaster(cluster());
  if (postmaster === undefined) return;
  process.kill(postmaster.pid, "SIGQUIT");
  await eventually("PostgreSQL ends", async () => ((await findPostmaster(cluster())) === undefined ? true : undefined));
}

/**
 * The command that the server offers to paste, carried out. Its words are taken as a shell takes them; curl itself is
 * not asked for, since a machine that runs the tests may not have it.
 */
async function pasteCurl(server: RunningDks): Promise<unknown> {
  const command = await eventually("the curl command is printed", () =>
    Promise.resolve(/^curl .*$/m.exec(server.stderr())?.[0]),
  );
  const words = [...command.matchAll(/'([^']*)'|(\S+)/g)].map(([, quoted, bare]) => quoted ?? bare ?? "");
  const [curl, silent, url = "", header, contentType, data, body = ""] = words;
  expect([curl, silent, header, contentType, data, words.length]).toEqual([
    "curl",
    "-s",
    "-H",
    "Content-Type: application/json",
    "-d",
    7,
  ]);
  const response = await fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body });
  return response.json();
}

const documentedAnswer = {
  errcode: 0,
  errmsg: "success",
  data: { total_data_value: "10", used_data_value: "0", left_data_value: "10", serial_no: "87000001" },
};

describe("dks serve on the embedded database", () => {
  it("answers the founding document's example to the command it prints, on the first start and on the second", async () => {
    const first = await start();
    expect(await pasteCurl(first)).toMatchObject(documentedAnswer);
    expect(await first.stop()).toMatchObject({ status: 0 });
    expect(await findPostmaster(cluster())).toBeUndefined();
    const second = await start();
    expect(await pasteCurl(second)).toMatchObject(documentedAnswer);
  });

  it("says where its pages are, and how the first one gets into the console as long as nobody can", async () => {
    const first = await start();
    await pasteCurl(first);
    const url = /^Ready at (\S+) /m.exec(first.stderr())?.[1] ?? "";
    expect(first.stderr()).toContain(`\nConsole ${url}/console  Developer documentation ${url}/docs/\n`);
    const [, command = ""] = /To add the first: npx dks (staff create .*)$/m.exec(first.stderr()) ?? [];
    const created = await runDks(command.split(" "), { DKS_DATA_DIR: directory });
    expect(created).toMatchObject({ status: 0 });
    expect(created.stdout).toMatch(/^email {5}you@example\.com\npassword {2}\S+\n$/);
    await first.stop();
    const second = await start({ DKS_PUBLIC_URL: "https://iot.example.com" });
    await pasteCurl(second);
    expect(second.stderr()).toContain("\nConsole https://iot.example.com/console  Developer documentation ");
    expect(second.stderr()).not.toContain("staff create");
  });

  it("goes on after kill -9 with the PostgreSQL that was left running", async () => {
    const first = await start();
    const left = await findPostmaster(cluster());
    await first.stop("SIGKILL");
    expect(await findPostmaster(cluster())).toEqual(left);
    const second = await start();
    expect(await findPostmaster(cluster())).toEqual(left);
    expect(await pasteCurl(second)).toMatchObject(documentedAnswer);
    await second.stop();
    expect(await findPostmaster(cluster())).toBeUndefined();
  });

  it("starts although a pid file names a process that is something else", async () => {
    const first = await start();
    await first.stop();
    await writeFile(join(cluster(), "postmaster.pid"), `${process.pid}\n${cluster()}\n0\n1\n\n127.0.0.1\n`);
    const second = await start();
    expect(await pasteCurl(second)).toMatchObject(documentedAnswer);
  });

  it("starts twice at once on one data directory, and the one that stops last stops PostgreSQL", async () => {
    const [one, other] = await Promise.all([start(), start()]);
    expect(await pasteCurl(one)).toMatchObject(documentedAnswer);
    expect(await pasteCurl(other)).toMatchObject(documentedAnswer);
    await one.stop();
    expect(await findPostmaster(cluster())).toBeDefined();
    expect(await pasteCurl(other)).toMatchObject(documentedAnswer);
    await other.stop();
    expect(await findPostmaster(cluster())).toBeUndefined();
  });

  it("starts PostgreSQL again when it was killed, and answers again without a restart of its own", async () => {
    const server = await start();
    const killed = await findPostmaster(cluster());
    if (killed === undefined) throw new Error("no PostgreSQL");
    process.kill(killed.pid, "SIGKILL");
    await eventually("another PostgreSQL runs", async () => {
      const now = await findPostmaster(cluster());
      return now !== undefined && now.pid !== killed.pid ? true : undefined;
    });
    const answer = await eventually("the card is answered again", async () => {
      const body = await pasteCurl(server);
      return typeof body === "object" && body !== null && "errcode" in body && body.errcode === 0 ? body : undefined;
    });
    expect(answer).toMatchObject(documentedAnswer);
  });

  it("works beside the command line: accounts, clients, rotation, suspension, another master key", async () => {
    const server = await start();
    const environment = { DKS_DATA_DIR: directory };
    async function json(...args: string[]): Promise<Record<string, string>> {
      const { status, stdout, stderr } = await runDks([...args, "--json"], environment);
      expect({ status, stderr }).toMatchObject({ status: 0 });
      return JSON.parse(stdout) as Record<string, string>; // Compared below.
    }
    const { account_no = "" } = await json("account", "create", "--name", "集成商甲", "--balance", "100.00");
    const created = await json(
      "client",
      "create",
      "--account",
      account_no,
      "--allow-ip",
      "127.0.0.0/8",
      "--rate",
      "50",
    );
    const client = (secret: string | undefined) =>
      createClient({
        baseUrl: server.url,
        clientId: created["client_id"] ?? "",
        clientSecret: secret ?? "",
        retriesMax: 0,
      });
    const unknownCard = { serial_no: "1" };
    await expect(client(created["client_secret"]).memberInfo(unknownCard)).rejects.toMatchObject({ errcode: 55005 });

    const rotated = await json("client", "rotate", created["client_id"] ?? "", "--overlap", "1h");
    expect(rotated["client_secret"]).not.toBe(created["client_secret"]);
    for (const secret of [created["client_secret"], rotated["client_secret"]])
      await expect(client(secret).memberInfo(unknownCard)).rejects.toMatchObject({ errcode: 55005 });

    const { resealed } = await json("key", "rotate");
    expect(Number(resealed)).toBeGreaterThanOrEqual(3);
    expect((await readFile(join(directory, "master.key"), "utf8")).trim().split("\n")).toHaveLength(2);
    expect((await stat(join(directory, "master.key"))).mode & 0o777).toBe(0o600);
    // Another client's credentials are read anew and open under the new key, in the server that knew only the old one.
    await json("client", "suspend", created["client_id"] ?? "");
    await expect(client(rotated["client_secret"]).memberInfo(unknownCard)).rejects.toMatchObject({ errcode: 55002 });
    await json("client", "resume", created["client_id"] ?? "");
    await expect(client(rotated["client_secret"]).memberInfo(unknownCard)).rejects.toMatchObject({ errcode: 55005 });
  });

  it("says which port is taken and what to do", async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
    const address = taken.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    try {
      const outcome = await runDks(["serve"], { DKS_DATA_DIR: directory, PORT: String(port), DKS_METRICS_PORT: "0" });
      expect(outcome.status).toBe(1);
      expect(outcome.stderr).toBe(
        `Port ${port} is in use. Stop the program that has it, or choose another, as in PORT=${port + 1} npm start.\n`,
      );
    } finally {
      taken.close();
    }
    expect(await findPostmaster(cluster())).toBeUndefined();
  });

  it("says that the data directory cannot be written and what to do", async () => {
    const file = join(directory, "a-file");
    await writeFile(file, "");
    const outcome = await runDks(["serve"], { DKS_DATA_DIR: join(file, "data"), PORT: "0" });
    expect(outcome.status).toBe(1);
    expect(outcome.stderr).toMatch(
      /^The data directory .*a-file\/data is not writable \(ENOTDIR\)\. .*DKS_DATA_DIR\.\n$/,
    );
  });

  it("names every wrong variable at once, in the language of the terminal, and no secret", async () => {
    const outcome = await runDks(["serve"], {
      PORT: "http",
      DKS_TIMEZONE: "Mars/Olympus",
      DATABASE_URL: "mysql://root:geheim@db/x",
      LC_ALL: "zh_CN.UTF-8",
    });
    expect(outcome.status).toBe(1);
    expect(outcome.stderr).toContain("PORT=http");
    expect(outcome.stderr).toContain("DKS_TIMEZONE=Mars/Olympus：应为 IANA 时区名");
    expect(outcome.stderr).toContain("DATABASE_URL");
    expect(outcome.stderr).not.toContain("geheim");
  });

  it("exits with 2 for misuse and with 0 for help", async () => {
    expect(await runDks(["serve", "--nonsense"], {})).toMatchObject({ status: 2 });
    expect(await runDks(["client", "create"], {})).toMatchObject({ status: 2 });
    expect(await runDks(["account", "create", "--help"], {})).toMatchObject({ status: 0 });
  });

  it("explains misuse in Chinese to a Chinese terminal, without a word of English", async () => {
    const chinese = { LC_ALL: "zh_CN.UTF-8" };
    for (const [args, message] of [
      [["client", "create"], "错误：缺少必需的选项 '--account <account_no>'"],
      [["card", "import"], "错误：缺少必需的参数 'file.csv'"],
      [["client", "creat"], "错误：没有命令 'creat'"],
      [["account", "create", "--rank", "9"], "错误：选项 '--rank <n>' 的值 '9' 无效，应为 1 到 5 之间的整数"],
      [["migrate", "--nonsense"], "错误：没有选项 '--nonsense'"],
    ] as const) {
      const { status, stderr } = await runDks(args, chinese);
      expect([status, stderr.split("\n")[0]]).toEqual([2, message]);
    }
    const { stdout } = await runDks(["account", "create", "--help"], chinese);
    expect(stdout).toContain("用法：dks account create [选项]");
    expect(stdout).not.toMatch(/Usage|Options|default|display/);
  });

  it("needs no more than the data directory when that one is read through a path with spaces and Chinese", async () => {
    const odd = join(directory, "数据 目录");
    await mkdir(odd);
    const server = await startDks({ DKS_DATA_DIR: odd });
    try {
      expect(await pasteCurl(server)).toMatchObject(documentedAnswer);
    } finally {
      await server.stop();
    }
  });
});

/** What Prometheus would collect, from the address that the log names. */
async function metricsOf(server: RunningDks): Promise<string> {
  const url = await eventually("the log names the metrics' address", () =>
    Promise.resolve(/"metrics_url":"([^"]+)"/.exec(server.stdout())?.[1]),
  );
  return (await fetch(url)).text();
}

describe("the metrics of dks serve", () => {
  it.each(["1", "2"])("count calls, batches, connections and the event loop, with %s worker(s)", async (workers) => {
    const server = await start({ DKS_WORKERS: workers });
    expect(await pasteCurl(server)).toMatchObject(documentedAnswer);
    expect(await pasteCurl(server)).toMatchObject(documentedAnswer);
    await (await fetch(`${server.url}/nowhere`)).text();
    const metrics = await metricsOf(server);
    expect(metrics).toMatch(/^dks_requests_total\{operation="\/v1\/member\/info",errcode="0"\} 2$/m);
    expect(metrics).toMatch(/^dks_requests_total\{operation="",errcode="55032"\} 1$/m);
    expect(metrics).toMatch(/^dks_request_duration_seconds_count\{operation="\/v1\/member\/info"\} 2$/m);
    expect(metrics).toMatch(/^dks_lookup_batch_size_sum 2$/m);
    expect(metrics).toMatch(/^dks_db_connections\{state="idle"\} \d+$/m);
    expect(metrics).toMatch(/^nodejs_eventloop_lag_seconds /m);
    expect((await fetch(`${server.url}/metrics`)).status).toBe(404);
  });
});

describe("dks serve with several processes", () => {
  it("holds a client to its rate over all of them together", async () => {
    const server = await start({ DKS_WORKERS: "2" });
    const ratePerSecond = 40;
    const environment = { DKS_DATA_DIR: directory };
    const account = await runDks(["account", "create", "--name", "x", "--json"], environment);
    const { account_no } = JSON.parse(account.stdout) as { account_no: string }; // As documented.
    const issued = await runDks(
      ["client", "create", "--account", account_no, "--rate", String(ratePerSecond), "--json"],
      environment,
    );
    const { client_id, client_secret } = JSON.parse(issued.stdout) as { client_id: string; client_secret: string };

    /** Calls without a pause on several connections, which the workers share out, and counts what got through. */
    async function passedWithin(seconds: number): Promise<{ passed: number; elapsedSeconds: number }> {
      const startedAt = performance.now();
      let passed = 0;
      async function call(): Promise<void> {
        while (performance.now() - startedAt < seconds * 1000) {
          const { body } = signRequest({ client_id, serial_no: "1" }, client_secret);
          const response = await fetch(`${server.url}/v1/member/info`, {
            method: "POST",
            headers: { "content-type": "application/json", connection: "close" },
            body,
          });
          await response.text();
          if (response.status === 200) passed++;
        }
      }
      await Promise.all(Array.from({ length: 6 }, call));
      return { passed, elapsedSeconds: (performance.now() - startedAt) / 1000 };
    }

    // A full bucket in each process lets a first burst through; what is held is the rate from then on.
    await passedWithin(1);
    const { passed, elapsedSeconds } = await passedWithin(3);
    expect(passed).toBeGreaterThan(0.5 * ratePerSecond * elapsedSeconds);
    expect(passed).toBeLessThan(1.5 * ratePerSecond * elapsedSeconds);
  });

  it("answers from all of them, replaces one that dies, and stops them all", async () => {
    const server = await start({ DKS_WORKERS: "2" });
    expect(await pasteCurl(server)).toMatchObject(documentedAnswer);
    const pids = workerPids(server);
    expect(pids).toHaveLength(2);
    process.kill(pids[0] ?? 0, "SIGKILL");
    await eventually("another worker runs", () => {
      const now = workerPids(server);
      return Promise.resolve(now.length === 2 && !now.includes(pids[0] ?? 0) ? true : undefined);
    });
    expect(await pasteCurl(server)).toMatchObject(documentedAnswer);
    const after = workerPids(server);
    expect(await server.stop()).toMatchObject({ status: 0 });
    for (const pid of after) expect(() => process.kill(pid, 0)).toThrow();
    expect(await findPostmaster(cluster())).toBeUndefined();
  });
});

/** The processes that have said they answer, but for those that have ended. */
function workerPids(server: RunningDks): number[] {
  const said = [...server.stdout().matchAll(/"pid":(\d+).*"msg":"answering"/g)].map((match) => Number(match[1]));
  return said.filter((pid) => {
    try {
      return process.kill(pid, 0);
    } catch {
      return false;
    }
  });
}
