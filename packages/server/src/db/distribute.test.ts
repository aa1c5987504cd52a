import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { failCall, rowsInShards, standInForCitus } from "../../test/citus-stand-in.ts";
import { type TestDatabase, createTestDatabase } from "../../test/database.ts";
import { runDks } from "../../test/dks.ts";
import { delta, importCards, insertSource } from "../../test/usage.ts";
import { OperatorError } from "../errors.ts";
import { createIntake } from "../modules/usage/intake.ts";
import { connect } from "./database.ts";
import { type DistributeStep, distribute, spreadPlacements } from "./distribute.ts";
import { dumpSchema } from "./dump-schema.ts";
import { migrate } from "./migrate.ts";

// Citus itself cannot be had everywhere: what is distributed here is held to its documented rules by a stand-in.

let database: TestDatabase;

beforeEach(async () => {
  database = await createTestDatabase({ empty: true });
  await migrate(database.address);
});
afterEach(() => database.drop());

/** Fills every kind of table: shared, sharded, and sharded in partitions. */
async function fill(): Promise<void> {
  const { pool } = database;
  await pool.query("insert into account (name) values ('one'), ('two')");
  await pool.query(
    `insert into client (client_id, account_no) select 'iot' || lpad(account_no::text, 20, '0'), account_no from account`,
  );
  await importCards(pool, [{ serialNo: "87000001" }, { serialNo: "87000002", cycleDay: 27 }]);
  const source = await insertSource(pool, { name: "onelink", kind: "delta" });
  const intake = createIntake(pool, { clock: () => Date.parse("2026-11-24T00:00:00Z"), timeZone: "Asia/Shanghai" });
  const results = await intake.takeIn(source, [
    delta(source, "a", "87000001", "2026-11-20T00:00:00Z", 100),
    delta(source, "b", "87000002", "2026-10-20T00:00:00Z", 200),
    delta(source, "c", "87000009", "2026-11-20T00:00:00Z", 300),
  ]);
  expect(results.map(({ status }) => status)).toEqual(["accepted", "accepted", "unknown_card"]);
}

/** Every row of every table, where it lies now. */
async function contents(read: (table: string) => Promise<unknown[]>): Promise<Record<string, string[]>> {
  const entries = await Promise.all(
    spreadPlacements.map(
      async ({ table }) => [table, (await read(table)).map((row) => JSON.stringify(row)).sort()] as const,
    ),
  );
  return Object.fromEntries(entries);
}

async function localRows(table: string): Promise<unknown[]> {
  const { rows } = await database.pool.query<{ row: unknown }>(`select to_jsonb(t) as row from ${table} t`);
  return rows.map(({ row }) => row);
}

async function foreignKeys(): Promise<string[]> {
  const { rows } = await database.pool.query<{ key: string }>(
    `select conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid) as key
    from pg_constraint where contype = 'f' order by 1`,
  );
  return rows.map(({ key }) => key);
}

/** Whether a foreign key is of a table that is spread over the nodes. */
function isSpread(key: string): boolean {
  return spreadPlacements.some(({ table }) => key.startsWith(`${table} `));
}

async function distributed(): Promise<{ table: string; key: string | null; group: number }[]> {
  const { rows } = await database.pool.query<{ table: string; key: string | null; group: number }>(
    `select logicalrelid::text as table, partkey as key, colocationid as group from pg_dist_partition order by 1`,
  );
  return rows;
}

describe("distributing a database with rows in it", () => {
  test("moves every row to the shards, keeps every foreign key, and lays tables beside each other that belong together", async () => {
    await fill();
    await standInForCitus(database.pool);
    const before = await contents(localRows);
    const keys = await foreignKeys();
    const spread = keys.filter(isSpread);
    const steps: DistributeStep[] = [];
    const report = await distribute(database.address, { shardCount: 4, onStep: (step) => steps.push(step) });

    expect(await contents((table) => rowsInShards(database.pool, table))).toEqual(before);
    expect(await contents(localRows)).toEqual(Object.fromEntries(spreadPlacements.map(({ table }) => [table, []])));
    expect(await foreignKeys()).toEqual(keys);
    expect(spread.length).toBeGreaterThan(12);
    expect(report).toMatchObject({
      distributed: spreadPlacements.map(({ table }) => table),
      foreignKeys: spread.length,
      tables: spreadPlacements.length,
    });
    expect(report.cleared).toContain("usage_record");
    expect(steps.map(({ done }) => done)).toEqual(steps.map((_, index) => index));
    expect(new Set(steps.map(({ total }) => total))).toEqual(new Set([steps.length]));

    const byTable = new Map((await distributed()).map((row) => [row.table, row]));
    for (const { table, shardKey, beside } of spreadPlacements) {
      expect(byTable.get(table)?.key ?? null, table).toBe(shardKey);
      if (beside !== null) expect(byTable.get(table)?.group, table).toBe(byTable.get(beside)?.group);
    }
    const { rows } = await database.pool.query("select distinct shard_count from citus_colocation");
    expect(rows).toEqual([{ shard_count: 4 }]);
  });

  test("does nothing a second time", async () => {
    await fill();
    await standInForCitus(database.pool);
    await distribute(database.address, { shardCount: 4 });
    const before = await distributed();
    const report = await distribute(database.address, { shardCount: 8 });
    expect(report).toEqual({ distributed: [], cleared: [], foreignKeys: 0, tables: spreadPlacements.length });
    expect(await distributed()).toEqual(before);
  });

  test("is finished by the next run, wherever it was broken off, and no server starts before", async () => {
    await fill();
    await standInForCitus(database.pool);
    const before = await contents(localRows);
    const keys = await foreignKeys();
    let failures = 0;
    for (let nth = 1; ; nth++) {
      await failCall(database.pool, nth);
      try {
        await distribute(database.address, { shardCount: 4 });
        break;
      } catch (error) {
        expect(error).toMatchObject({ code: "08006" });
        failures++;
        if (nth > keys.filter(isSpread).length)
          await expect(migrate(database.address)).rejects.toThrow("is not finished");
      }
    }
    // Among the keys that are dropped together, the tables, their local rows, and the keys that come back.
    expect(failures).toBeGreaterThan(keys.filter(isSpread).length + 2);
    expect(await contents((table) => rowsInShards(database.pool, table))).toEqual(before);
    expect(await foreignKeys()).toEqual(keys);
    await migrate(database.address);
  });

  test("leaves the schema as it was", async () => {
    const { pool } = database;
    const before = await dumpSchema(pool);
    await standInForCitus(pool);
    await distribute(database.address, { shardCount: 4 });
    await pool.query(
      "drop event trigger citus_alter_table; drop event trigger citus_create_table; drop table pg_dist_partition, citus_shards, citus_colocation",
    );
    expect(await dumpSchema(pool)).toBe(before);
  });
});

describe("a table that a migration has made since is distributed when the next server starts", () => {
  test("a sharded one", async () => {
    const { pool, address } = database;
    await standInForCitus(pool);
    await distribute(address, { shardCount: 4 });
    const keys = await foreignKeys();
    // As if card_change were new: a local table.
    await pool.query("delete from pg_dist_partition where logicalrelid = 'card_change'::regclass");
    expect(await migrate(address)).toEqual([]);
    expect((await distributed()).map(({ table }) => table)).toContain("card_change");
    expect(await foreignKeys()).toEqual(keys);
  });

  test("one with a key to a small table, which Citus lists as a local one from the start", async () => {
    const { pool, address } = database;
    await standInForCitus(pool);
    await distribute(address, { shardCount: 4 });
    const keys = await foreignKeys();
    // As if balance_movement were new.
    const { rows } = await pool.query<{ name: string }>(
      "select conname as name from pg_constraint where conrelid = 'balance_movement'::regclass and contype = 'f'",
    );
    expect(rows).toHaveLength(1);
    await pool.query("delete from pg_dist_partition where logicalrelid = 'balance_movement'::regclass");
    await pool.query("alter table balance_movement rename to made_before");
    await pool.query(
      "create table balance_movement (like made_before including all, constraint balance_movement_account_no_fkey foreign key (account_no) references account)",
    );
    await pool.query("drop table made_before");
    const kind =
      "select partmethod::text || repmodel::text as kind from pg_dist_partition where logicalrelid = 'balance_movement'::regclass";
    expect((await pool.query(kind)).rows).toEqual([{ kind: "ns" }]);
    expect(await migrate(address)).toEqual([]);
    expect((await pool.query(kind)).rows).toEqual([{ kind: "nt" }]);
    expect(await foreignKeys()).toEqual(keys);
  });
});

describe("a database is refused", () => {
  test("on a server without Citus, with what to do", async () => {
    await fill();
    const keys = await foreignKeys();
    await expect(distribute(database.address, { shardCount: 4 })).rejects.toThrow(OperatorError);
    await expect(distribute(database.address, { shardCount: 4 })).rejects.toThrow(/Citus/);
    expect(await foreignKeys()).toEqual(keys);
  });

  test("while a server is connected", async () => {
    await standInForCitus(database.pool);
    const server = await connect(database.address, "dks serve");
    try {
      await expect(distribute(database.address, { shardCount: 4 })).rejects.toThrow("Stop them");
    } finally {
      await server.end();
    }
    expect(await distributed()).toEqual([]);
  });

  test("where a table was distributed by hand in another way", async () => {
    const { pool } = database;
    await standInForCitus(pool);
    await pool.query("insert into pg_dist_partition values ('usage_identity', 'h', 'source_no', 7, 's')");
    await expect(distribute(database.address, { shardCount: 4 })).rejects.toThrow(
      "usage_identity is distributed in another way: it should be distributed by record_id",
    );
    expect((await foreignKeys()).length).toBeGreaterThan(8);
  });

  test("where a table of the coordinator was distributed by hand", async () => {
    const { pool } = database;
    await standInForCitus(pool);
    await pool.query("insert into pg_dist_partition values ('call_statistic', 'h', 'client_id', 7, 's')");
    await expect(distribute(database.address, { shardCount: 4 })).rejects.toThrow(
      "call_statistic is distributed in another way: it should be an ordinary table of the coordinator",
    );
  });
});

describe("dks db distribute", () => {
  const command = (...args: string[]) =>
    runDks(["db", "distribute", ...args], { DATABASE_URL: database.address.connectionString });

  test("says what it does and what it has done", async () => {
    await standInForCitus(database.pool);
    const first = await command("--shards", "8", "--json");
    expect(first).toMatchObject({ status: 0 });
    expect(JSON.parse(first.stdout)).toMatchObject({ tables: spreadPlacements.length, cleared: [] });
    expect(first.stderr).toMatch(/^\[1\/\d+\] distributing account$/m);
    expect(first.stderr).toMatch(/adding a foreign key again, of card_package/);
    const again = await command();
    expect(again).toEqual({ status: 0, stdout: `all ${spreadPlacements.length} tables are distributed\n`, stderr: "" });
  });

  test("fails without Citus, and says where the steps are", async () => {
    const outcome = await command();
    expect(outcome.status).toBe(1);
    expect(outcome.stderr).toContain("docs/scale.md");
    expect((await command("--shards", "0")).status).toBe(2);
  });
});
