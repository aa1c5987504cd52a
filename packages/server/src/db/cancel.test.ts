import type pg from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from "vitest";
import { type TestDatabase, createTestDatabase } from "../../test/database.ts";
import { cancelOnAbort } from "./cancel.ts";
import { type Db, connect } from "./database.ts";

let database: TestDatabase;
let connection: pg.Client;

beforeAll(async () => {
  database = await createTestDatabase({ empty: true });
});
beforeEach(async () => {
  connection = await connect(database.address, "dks test");
});
afterEach(() => connection.end());
afterAll(() => database.drop());

/** Cancels through the pool, or not at all, and tells how often it was asked to. */
function canceller(isAway = false): Db & { times: number } {
  return {
    times: 0,
    async query(query) {
      const result = isAway ? Promise.reject(new Error("the database is away")) : database.pool.query(query);
      await result.finally(() => this.times++);
      return result;
    },
  };
}

test("a statement is cancelled although the first cancellation found the connection between two", async () => {
  const stopping = new AbortController();
  const through = canceller();
  const stopWatching = await cancelOnAbort(stopping.signal, connection, through);
  stopping.abort();
  await expect.poll(() => through.times).toBe(1);
  await expect(connection.query("select pg_sleep(600)")).rejects.toMatchObject({ code: "57014" });
  await stopWatching();
  // What comes next on the connection is left alone.
  await connection.query("select pg_sleep(0.3)");
});

test("a statement is cancelled if the signal was aborted before", async () => {
  const stopWatching = await cancelOnAbort(AbortSignal.abort(), connection, canceller());
  await expect(connection.query("select pg_sleep(600)")).rejects.toMatchObject({ code: "57014" });
  await stopWatching();
});

test("a cancellation that fails is tried again, until nobody watches", async () => {
  const stopping = new AbortController();
  const through = canceller(true);
  const stopWatching = await cancelOnAbort(stopping.signal, connection, through);
  stopping.abort();
  await expect.poll(() => through.times).toBeGreaterThan(2);
  await stopWatching();
  const { times } = through;
  await connection.query("select pg_sleep(0.3)");
  expect(through.times).toBe(times);
});

test("nothing is cancelled once nobody watches", async () => {
  const stopping = new AbortController();
  const through = canceller();
  const stopWatching = await cancelOnAbort(stopping.signal, connection, through);
  await stopWatching();
  stopping.abort();
  await connection.query("select pg_sleep(0.3)");
  expect(through.times).toBe(0);
});
