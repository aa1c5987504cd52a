import { readFile } from "node:fs/promises";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type TestDatabase, createTestDatabase } from "../../test/database.ts";
import { dumpSchema } from "./dump-schema.ts";
import { migrate } from "./migrate.ts";

let database: TestDatabase;

beforeEach(async () => {
  database = await createTestDatabase({ empty: true });
});
afterEach(() => database.drop());

describe("migrating", () => {
  it("is done once by processes that start at once, and all of them find it done", async () => {
    const done = await Promise.all(Array.from({ length: 8 }, () => migrate(database.address)));
    const [applied = [], ...others] = done.filter((names) => names.length > 0);
    expect(applied[0]).toBe("0001_inventory");
    expect(others).toEqual([]);
    expect(await migrate(database.address)).toEqual([]);
  });

  it("leads to the committed schema, on this version of PostgreSQL as on any other", async () => {
    await migrate(database.address);
    const committed = await readFile(new URL("../../schema.sql", import.meta.url), "utf8");
    expect(await dumpSchema(database.pool)).toBe(committed);
  });

  it("leaves nothing behind when it fails, and succeeds once the cause is gone", async () => {
    // The last table of the first migration is in the way.
    await database.pool.query("create table card_package (obstacle text)");
    await expect(migrate(database.address)).rejects.toThrow("card_package");
    const { rows } = await database.pool.query<{ count: number }>(
      "select count(*)::int as count from pg_tables where schemaname = 'public' and tablename in ('account', 'card', 'client')",
    );
    expect(rows).toEqual([{ count: 0 }]);
    await database.pool.query("drop table card_package");
    expect(await migrate(database.address)).not.toEqual([]);
  });
});
