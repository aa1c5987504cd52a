import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { type AddressInfo, type Socket, connect, createServer } from "node:net";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { loggedCalls } from "../../../test/call-log.ts";
import { type TestDatabase, createTestDatabase } from "../../../test/database.ts";
import { eventually } from "../../../test/dks.ts";
import { type SecondServer, startSecondServer } from "../../../test/second-server.ts";
import { type TestServer, startTestServer } from "../../../test/server.ts";
import { startTcpProxy } from "../../../test/tcp-proxy.ts";
import { createPool } from "../../db/database.ts";
import { createLogger } from "../../log.ts";
import { type CallWriter, type Batch, createCallWriter } from "./call-writer.ts";
import { createCallPartitions, dayMs, dayOf, partitionName } from "./call-partitions.ts";
import { keepCallLog, startCallLogJob } from "./calls.job.ts";
import { createCallService } from "./calls.service.ts";

const operation = "/v1/member/info";

function line(atMs: number, requestId: string): string {
  return `${atMs}\t${requestId}\t\\N\t\\N\t${operation}\t0\t\\N\t200\t10\t\\N\t\\N\t\\N\t\\N\t\\N\n`;
}

/** One call at each moment, with its sums. */
function batch(batchNo: number, ...moments: readonly number[]): Batch {
  const figures = moments.map((atMs) => ({ at_ms: atMs - (atMs % 300_000), operation, calls: 1 }));
  return {
    batchNo,
    lines: Buffer.from(moments.map((atMs, index) => line(atMs, `b${batchNo}-${index}`)).join("")),
    calls: moments.length,
    fromMs: Math.min(...moments),
    toMs: Math.max(...moments),
    days: new Set(moments.map(dayOf)),
    figures: {
      statistics: sums(figures.map((figure) => ({ ...figure, client_id: "", errcode: 0, hint: "", duration_us: 10 }))),
      latencies: sums(figures.map((figure) => ({ ...figure, class: 0, duration_us: 0 }))),
    },
    gaps: [],
  };
}

function sums<Figure extends { at_ms: number; calls: number; duration_us: number }>(
  figures: readonly Figure[],
): Figure[] {
  return [...Map.groupBy(figures, ({ at_ms }) => at_ms).values()].flatMap(([first, ...others]) =>
    first === undefined
      ? []
      : [{ ...first, calls: 1 + others.length, duration_us: first.duration_us * (1 + others.length) }],
  );
}

describe("writing a batch", () => {
  let database: TestDatabase;
  let writer: CallWriter;

  beforeEach(async () => {
    database = await createTestDatabase();
    writer = createCallWriter(database.pool);
  });
  afterEach(() => database.drop());

  async function count(table: string): Promise<number> {
    const { rows } = await database.pool.query<{ n: number }>(
      `select ${table === "call_log" ? "count(*)" : "coalesce(sum(calls), 0)::bigint"} as n from ${table}`,
    );
    return rows[0]?.n ?? -1;
  }

  async function counts(): Promise<number[]> {
    return [await count("call_log"), await count("call_statistic"), await count("call_latency")];
  }

  async function partitions(): Promise<string[]> {
    const { rows } = await database.pool.query<{ name: string }>(
      "select inhrelid::regclass::text as name from pg_inherits where inhparent = 'call_log'::regclass order by 1",
    );
    return rows.map(({ name }) => name);
  }

  it("writes none twice that was committed without the answer arriving", async () => {
    const breaker = await startCommitBreaker(database.address.connectionString);
    const pool = createPool(
      { connectionString: breaker.connectionString },
      { applicationName: "dks call log", connectionsMax: 2, connectTimeoutMs: 3_000, onIdleError: () => {} },
    );
    try {
      const broken = createCallWriter(pool);
      const now = Date.now();
      await broken.write(batch(1, now));
      breaker.breakNextCommit();
      await expect(broken.write(batch(2, now, now))).rejects.toThrow();
      expect(await counts()).toEqual([3, 3, 3]);
      await broken.write(batch(2, now, now));
      await broken.write(batch(3, now));
      expect(await counts()).toEqual([4, 4, 4]);
    } finally {
      await pool.end();
      await breaker.close();
    }
  });

  it("is done by several processes at once, each counting its own", async () => {
    const now = Date.now();
    const writers = [writer, createCallWriter(database.pool), createCallWriter(database.pool)];
    await Promise.all(
      writers.map(async (each) => {
        for (let no = 1; no <= 5; no++) await each.write(batch(no, now, now, now + dayMs));
      }),
    );
    expect(await counts()).toEqual([45, 45, 45]);
  });

  it("puts each call into its UTC day, whatever the clock says next", async () => {
    const midnight = Date.UTC(2026, 10, 25);
    await writer.write(batch(1, midnight - 1, midnight, midnight + dayMs * 400));
    // The clock is set back.
    await writer.write(batch(2, midnight - dayMs * 3));
    expect(await partitions()).toEqual([
      "call_log_2026_11_22",
      "call_log_2026_11_24",
      "call_log_2026_11_25",
      "call_log_2027_12_30",
    ]);
    const page = await createCallService(database.pool, Date.now).search({
      fromMs: midnight - dayMs * 10,
      toMs: midnight + 1,
      limit: 10,
    });
    expect(page.calls.map(({ atMs }) => atMs)).toEqual([midnight, midnight - 1, midnight - dayMs * 3]);
    expect(page.nextCursor).toBeNull();
  });

  it("makes a partition again that was dropped meanwhile", async () => {
    const now = Date.now();
    await writer.write(batch(1, now));
    await database.pool.query(`drop table ${partitionName(dayOf(now))}`);
    await expect(writer.write(batch(2, now))).rejects.toThrow("no partition");
    await writer.write(batch(2, now));
    expect(await count("call_log")).toBe(1);
  });

  it("leaves a page's worth of calls of one millisecond to be paged through", async () => {
    const atMs = Date.now();
    await writer.write(batch(1, ...Array.from({ length: 25 }, () => atMs)));
    const calls = createCallService(database.pool, Date.now);
    const found: string[] = [];
    let cursor: string | undefined;
    let pages = 0;
    do {
      const page = await calls.search({ fromMs: atMs, toMs: atMs + 1, limit: 10, cursor });
      found.push(...page.calls.map(({ requestId }) => requestId));
      cursor = page.nextCursor ?? undefined;
    } while (cursor !== undefined && ++pages < 10);
    expect(new Set(found).size).toBe(25);
    expect(found).toHaveLength(25);
  });

  it("is looked after: old days go, today and tomorrow are there, sums become hours and stay the same", async () => {
    const now = Date.UTC(2026, 10, 25, 12);
    const clock = () => now;
    const hour = 3_600_000;
    const old = now - 5 * dayMs - (now % hour);
    await writer.write(batch(1, now - 31 * dayMs, now - 29 * dayMs, old + 1, old + 600_000, old + hour - 1, now));
    await keepCallLog(database.pool, { days: 30, clock });
    expect(await partitions()).toEqual([29, 5, 0, -1].map((days) => partitionName(dayOf(now) - days)).toSorted());
    expect(await counts()).toEqual([5, 6, 6]);
    const { rows } = await database.pool.query(
      "select at_ms, calls from call_statistic where at_ms between $1 and $2",
      [old, old + hour],
    );
    expect(rows).toEqual([{ at_ms: old, calls: 3 }]);
    await keepCallLog(database.pool, { days: 30, clock });
    expect(await counts()).toEqual([5, 6, 6]);
    // Switched off: what there is goes as its days end.
    await keepCallLog(database.pool, { days: 0, clock: () => now + 2 * dayMs });
    expect(await partitions()).toEqual([]);
    expect(await count("call_statistic")).toBe(6);
  });

  it("is kept in order by one process at a time, beside readers", async () => {
    const now = Date.now();
    await createCallPartitions(database.pool).ensure([dayOf(now) - 40]);
    const reader = await database.pool.connect();
    try {
      await reader.query("begin");
      await reader.query("select count(*) from call_log");
      await expect(keepCallLog(database.pool, { days: 30, clock: Date.now })).rejects.toThrow("lock timeout");
    } finally {
      await reader.query("rollback");
      reader.release();
    }
    const jobs = [1, 2, 3].map(() =>
      startCallLogJob(database.pool, { days: 30, clock: Date.now, log: createLogger("silent") }),
    );
    await eventually("the old day is gone", async () =>
      (await partitions()).includes(partitionName(dayOf(now) - 40)) ? undefined : true,
    );
    for (const job of jobs) await job.stop();
  });
});

describe("while the database is away", () => {
  const masterKey = randomBytes(32).toString("base64");
  let owner: TestServer;
  let server: SecondServer;
  let proxy: Awaited<ReturnType<typeof startTcpProxy>>;

  beforeEach(async () => {
    owner = await startTestServer({ environment: { DKS_MASTER_KEY: masterKey } });
    proxy = await startTcpProxy(owner.database.address.connectionString);
    server = await startSecondServer({
      database: { connectionString: proxy.connectionString },
      environment: { DKS_MASTER_KEY: masterKey },
    });
  });
  afterEach(async () => {
    await server.close();
    await proxy.close();
    await owner.close();
  });

  it("calls are kept, and written once when it is back; those of strangers beyond a limit are counted", async () => {
    const client = await owner.createClient();
    expect((await server.memberInfo(client, "1")).body.errcode).toBe(55005);
    await proxy.cut();
    const refused = await Promise.all(Array.from({ length: 20 }, () => server.memberInfo(client, "1")));
    const strangers = 1_500;
    for (let sent = 0; sent < strangers; sent += 50)
      await Promise.all(
        Array.from({ length: 50 }, async () => {
          const response = await fetch(`${server.url}/v1/nothing`, { method: "POST" });
          await response.text();
        }),
      );
    await proxy.restore();
    await loggedCalls(owner.pool, 21, `client_id = '${client.client_id}'`);
    const { rows } = await eventually(
      "all are accounted for",
      async () => {
        const found = await owner.pool.query<{ logged: number; left: number; counted: number }>(`
          select (select count(*) from call_log where operation = '/v1/nothing') as logged,
            (select coalesce(sum(calls), 0)::bigint from call_log_gap where reason = 'strangers') as left,
            (select coalesce(sum(calls), 0)::bigint from call_statistic where errcode = 55032) as counted`);
        const [row] = found.rows;
        return row !== undefined && row.logged + row.left === strangers && row.counted === strangers
          ? found
          : undefined;
      },
      60_000,
    );
    expect(rows[0]?.logged).toBeGreaterThanOrEqual(950);
    expect(rows[0]?.left).toBeGreaterThan(0);
    const ids = refused.map(({ body }) => `'${body.request_id}'`).join(",");
    const written = await owner.pool.query<{ n: number }>(
      `select count(*) as n from call_log where request_id in (${ids})`,
    );
    expect(written.rows).toEqual([{ n: 20 }]);
  });
});

/** Between a server and its database: lets a commit through, and breaks the connection before its answer. */
async function startCommitBreaker(connectionString: string) {
  const target = new URL(connectionString);
  const sockets = new Set<Socket>();
  let breaking = false;
  const server = createServer((inner) => {
    const outer = connect(Number(target.port || "5432"), target.hostname);
    let isCommitting = false;
    for (const socket of [inner, outer]) {
      sockets.add(socket);
      socket.on("error", () => {});
    }
    inner.on("data", (chunk) => {
      if (breaking && chunk.includes("commit")) isCommitting = true;
      outer.write(chunk);
    });
    outer.on("data", (chunk) => {
      if (!isCommitting) {
        inner.write(chunk);
        return;
      }
      breaking = false;
      inner.destroy();
      outer.destroy();
    });
    inner.on("close", () => outer.destroy());
    outer.on("close", () => inner.destroy());
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const own = new URL(connectionString);
  own.hostname = "127.0.0.1";
  // A TCP server that listens has an address object.
  own.port = String((server.address() as AddressInfo).port);
  return {
    connectionString: own.href,
    breakNextCommit() {
      breaking = true;
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}
