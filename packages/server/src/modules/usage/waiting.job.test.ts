import { Writable } from "node:stream";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type TestDatabase, createTestDatabase } from "../../../test/database.ts";
import { eventually } from "../../../test/dks.ts";
import { type LoggedApp, startLoggedApp } from "../../../test/logged-app.ts";
import { delta, importCards, insertSource } from "../../../test/usage.ts";
import { createLogger } from "../../log.ts";
import type { UsageSource } from "../sources/source.ts";
import { createSourceService } from "../sources/sources.service.ts";
import { createIntake } from "./intake.ts";
import { startWaitingJob } from "./waiting.job.ts";
import { type WaitingRelease, createWaitingRelease } from "./waiting.ts";

const options = { clock: Date.now, timeZone: "Asia/Shanghai" };

let database: TestDatabase;
let source: UsageSource;
const apps: LoggedApp[] = [];

beforeEach(async () => {
  database = await createTestDatabase();
  source = await insertSource(database.pool, { name: "d", kind: "delta" });
});
afterEach(async () => {
  for (const app of apps.splice(0)) await app.stop();
  await database.drop();
});

async function startServer(): Promise<LoggedApp> {
  const app = await startLoggedApp({ database: database.address, clock: Date.now, environment: {} });
  apps.push(app);
  return app;
}

/** A record of so many bytes for a card that is not there. */
async function keep(id: string, subject: string, bytes: number): Promise<void> {
  const intake = createIntake(database.pool, options);
  const end = new Date(Date.now() - 1_000).toISOString();
  const [result] = await intake.takeIn(source, [delta(source, id, subject, end, bytes)]);
  expect(result?.status).toBe("unknown_card");
}

function metered(serialNo: string): Promise<number> {
  return eventually(`card ${serialNo} has usage`, async () => {
    const { rows } = await database.pool.query<{ used: number | null }>(
      "select sum(used_bytes)::bigint as used from usage_month where serial_no = $1",
      [serialNo],
    );
    return rows[0]?.used ?? undefined;
  });
}

async function stillKept(): Promise<number | undefined> {
  const { rows } = await database.pool.query<{ count: number }>("select count(*) from usage_quarantine");
  return rows[0]?.count;
}

test("a server that starts meters what was imported while none ran", async () => {
  await keep("a", "1001", 100);
  await importCards(database.pool, [{ serialNo: "1001" }]);
  const app = await startServer();
  expect(await metered("1001")).toBe(100);
  expect(await stillKept()).toBe(0);
  await eventually("it is logged", () => Promise.resolve(app.logged().includes('"accepted":1') ? true : undefined));
});

test("servers that run hear of an import at once, and meter once", async () => {
  await Promise.all([startServer(), startServer()]);
  for (let round = 1; round <= 5; round++) {
    for (let each = 0; each < 20; each++) await keep(`${round}-${each}`, `100${round}`, 1);
    await importCards(database.pool, [{ serialNo: `100${round}` }]);
    expect(await metered(`100${round}`)).toBe(20);
  }
  expect(await stillKept()).toBe(0);
});

test("what nobody told of is found when its time comes round", async () => {
  const log = createLogger("silent");
  const waiting = createWaitingRelease(database.pool, {
    intake: createIntake(database.pool, options),
    listSources: () => createSourceService(database.pool, options).list(),
  });
  const job = startWaitingJob(waiting, log, 10);
  await keep("a", "1001", 100);
  await database.pool.query("insert into card (serial_no, carrier) values ('1001', 'cmcc')");
  expect(await metered("1001")).toBe(100);
  await job.stop();
});

test("a look that fails is repeated in whole, and told of in the log", async () => {
  const logged: string[] = [];
  const sink = new Writable({
    write(chunk: Buffer, _encoding, done) {
      logged.push(chunk.toString());
      done();
    },
  });
  const starts: (string | undefined)[] = [];
  const failing: WaitingRelease = {
    run(pass) {
      starts.push(pass?.after);
      return starts.length < 3
        ? Promise.reject(new Error("no database"))
        : Promise.resolve({ counts: new Map(), after: "x" });
    },
  };
  const job = startWaitingJob(failing, createLogger("warn", sink), 5);
  await eventually("a look goes on where the last ended", () => Promise.resolve(starts.length > 3 ? true : undefined));
  await job.stop();
  expect(starts.slice(0, 4)).toEqual([undefined, undefined, undefined, "x"]);
  expect(logged).toHaveLength(2);
  expect(logged[0]).toContain("could not look for usage records");
  const looks = starts.length;
  job.wake();
  expect(starts).toHaveLength(looks);
});
