import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type TestDatabase, createTestDatabase } from "../../test/database.ts";
import { connect, createPool, transaction } from "./database.ts";

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

test("a server that is killed in the moment in which it accepts a connection ends nothing but the work on it", async () => {
  // AuthenticationOk, ReadyForQuery and a FATAL ErrorResponse, as PostgreSQL sends them, in one packet.
  const lost = "SFATAL\0C57P01\0Mterminating connection due to unexpected postmaster exit\0\0";
  const length = Buffer.alloc(4);
  length.writeUInt32BE(lost.length + 4);
  const answer = Buffer.concat([Buffer.from("R\0\0\0\x08\0\0\0\0Z\0\0\0\x05IE", "latin1"), length, Buffer.from(lost)]);
  const server = createServer((socket) => {
    socket.on("error", () => {}).once("data", () => socket.end(answer));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const address = { connectionString: `postgresql://dks@127.0.0.1:${port}/dks` };
  const pool = createPool(address, {
    applicationName: "test",
    connectionsMax: 1,
    connectTimeoutMs: 5_000,
    onIdleError: () => {},
  });
  try {
    await expect(transaction(pool, (db) => db.query("select 1"))).rejects.toThrow();
    const client = await connect(address, "test");
    await expect(client.query("select 1")).rejects.toThrow();
    await client.end();
  } finally {
    await pool.end();
    server.close();
  }
});
