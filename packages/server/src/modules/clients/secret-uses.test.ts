import { Writable } from "node:stream";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../../test/database.ts";
import { startSecondServer } from "../../../test/second-server.ts";
import { type TestServer, startTestServer } from "../../../test/server.ts";
import { systemActor } from "../../actor.ts";
import { createLogger } from "../../log.ts";
import type { KnownSecret } from "./credentials.ts";
import { startSecretUses } from "./secret-uses.ts";

const by = systemActor("test");
const environment = { DKS_MASTER_KEY: Buffer.alloc(32, 7).toString("base64") };
const log = createLogger("silent");
let server: TestServer;

function sinkOf(lines: string[]): Writable {
  return new Writable({
    write(chunk: Buffer, _encoding, done) {
      lines.push(chunk.toString());
      done();
    },
  });
}

beforeAll(async () => {
  server = await startTestServer({ environment });
});
afterAll(() => server.close());

/** By the secret's number, in milliseconds; null for never. */
async function lastUses(clientId: string): Promise<Record<number, number | null>> {
  const { secrets } = await server.clients.get(clientId);
  return Object.fromEntries(secrets.map(({ secret_no, last_used_at }) => [secret_no, last_used_at?.getTime() ?? null]));
}

describe("the last use of a secret", () => {
  test("is that of the call it verified last, the old one's and the new one's apart, once the server has stopped", async () => {
    const client = await server.createClient();
    const rotated = await server.clients.rotate(client.client_id, { overlapSeconds: 3600 }, by);
    const renewed = { ...client, client_secret: rotated.clientSecret };
    let now = Date.now();
    const second = await startSecondServer({ database: server.database.address, environment, clock: () => now });
    try {
      await second.memberInfo(client, "1");
      now += 1_000;
      const oldUsedAt = now;
      await second.memberInfo(client, "1");
      expect(await lastUses(client.client_id)).toEqual({ 1: null, 2: null });
      now += 10_000;
      // Refused for the address, but signed with the secret all the same.
      await server.clients.update(client.client_id, { allowIps: ["203.0.113.7"], ratePerSecond: null }, by);
      await expect.poll(async () => (await second.memberInfo(renewed, "1")).body.errcode).toBe(55003);
      const newUsedAt = now;
      now += 1_000;
      await second.memberInfo({ ...client, client_secret: "wrong" }, "1");
      await second.close();
      expect(await lastUses(client.client_id)).toEqual({ 1: oldUsedAt, 2: newUsedAt });
    } finally {
      await second.close().catch(() => {});
    }
  });

  test("is not set back by a process that writes late", async () => {
    const { client_id: clientId } = await server.createClient();
    const [early, late] = [startSecretUses(server.pool, log), startSecretUses(server.pool, log)];
    early.note(secretOf(clientId), 1_000_000);
    late.note(secretOf(clientId), 2_000_000);
    await late.flush();
    await early.stop();
    expect(await lastUses(clientId)).toEqual({ 1: 2_000_000 });
    early.note(secretOf(clientId), 1_500_000);
    late.note(secretOf(clientId), 3_000_000);
    late.note(secretOf(clientId), 2_500_000);
    await Promise.all([early.stop(), late.stop()]);
    expect(await lastUses(clientId)).toEqual({ 1: 3_000_000 });
  });

  test("is written by many processes at once, beside rotations, without any of them being in another's way", async () => {
    const clients = await Promise.all(Array.from({ length: 20 }, () => server.createClient()));
    for (const { client_id: clientId } of clients) await server.clients.rotate(clientId, { overlapSeconds: 3600 }, by);
    const lines: string[] = [];
    const processes = Array.from({ length: 4 }, () =>
      startSecretUses(server.pool, createLogger("warn", sinkOf(lines))),
    );
    for (let round = 1; round <= 5; round++) {
      for (const [index, uses] of processes.entries())
        for (const { client_id: clientId } of index % 2 === 0 ? clients : clients.toReversed())
          for (const secretNo of index < 2 ? [1, 2] : [2, 1])
            uses.note(secretOf(clientId, secretNo), round * 1_000 + index);
      await Promise.all([
        ...processes.map((uses) => uses.flush()),
        ...clients.map(({ client_id: clientId }) => server.clients.rotate(clientId, { overlapSeconds: 3600 }, by)),
      ]);
    }
    await Promise.all(processes.map((uses) => uses.stop()));
    expect(lines).toEqual([]);
    for (const { client_id: clientId } of clients) {
      const { rows } = await server.pool.query(
        "select secret_no, last_used_at from client_secret where client_id = $1 and secret_no <= 2 order by secret_no",
        [clientId],
      );
      expect(rows).toEqual([1, 2].map((secret_no) => ({ secret_no, last_used_at: new Date(5_003) })));
    }
  });

  test("that could not be written is written the next time", async () => {
    const { client_id: clientId } = await server.createClient();
    const away: TestDatabase = await createTestDatabase({ empty: true });
    const lines: string[] = [];
    const uses = startSecretUses(away.pool, createLogger("warn", sinkOf(lines)));
    uses.note(secretOf(clientId), 5_000_000);
    await uses.flush();
    expect(lines.join("")).toContain("could not note when secrets were last used");
    await away.pool.query("create table client_secret (client_id text, secret_no integer, last_used_at timestamptz)");
    await away.pool.query("insert into client_secret values ($1, 1)", [clientId]);
    await uses.stop();
    const { rows } = await away.pool.query("select last_used_at from client_secret");
    expect(rows).toEqual([{ last_used_at: new Date(5_000_000) }]);
    await away.drop();
  });
});

function secretOf(clientId: string, secretNo = 1): KnownSecret {
  return { clientId, secretNo, secret: "", expiresAtMs: null };
}
