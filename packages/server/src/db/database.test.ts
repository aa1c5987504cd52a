import { afterAll, beforeAll, expect, test } from "vitest";
import { type TestDatabase, createTestDatabase } from "../../test/database.ts";
import { transaction } from "./database.ts";

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase({ empty: true });
});
afterAll(() => database.drop());

test("a connection that is lost between two statements fails its transaction, not the process", async () => {
  const { pool } = database;
  const lost = transaction(pool, async (db) => {
    const { rows } = await db.query<{ pid: number }>("select pg_backend_pid() as pid");
    // Not events.once, which would hear the error too.
    const ended = new Promise((resolve) => db.once("end", resolve));
    await pool.query("select pg_terminate_backend($1)", [rows[0]?.pid]);
    await ended;
  });
  await expect(lost).rejects.toThrow();
  expect(await transaction(pool, () => Promise.resolve("works"))).toBe("works");
});
