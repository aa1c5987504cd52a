import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type ConsoleSession, openConsoleSession } from "../../../test/console-session.ts";
import { type TestServer, startTestServer } from "../../../test/server.ts";

const hourMs = 3_600_000;
const start = Date.parse("2026-11-15T12:00:00+08:00");

let server: TestServer;
/** Moves on by hand, as nothing here waits. */
let now = start;
let admin: ConsoleSession;
let operator: ConsoleSession;
let viewer: ConsoleSession;

beforeAll(async () => {
  server = await startTestServer({ clock: () => now });
  [admin, operator, viewer] = await Promise.all([
    openConsoleSession(server, "admin", "王芳"),
    openConsoleSession(server, "operator"),
    openConsoleSession(server, "viewer"),
  ]);
});
afterAll(() => server.close());

let named = 0;

function newSource(more: object = {}) {
  named += 1;
  return {
    name: `carrier-${named}`,
    kind: "delta",
    unit: null,
    grace_seconds: 21_600,
    close_after_seconds: 259_200,
    expected_every_seconds: null,
    ...more,
  };
}

async function created(more: object = {}): Promise<{ name: string; token: string }> {
  const { status, body } = await admin.call("POST", "/sources", newSource(more));
  expect(status).toBe(200);
  return body as { name: string; token: string };
}

async function read(name: string) {
  const { status, body } = await viewer.get(`/sources/${name}`);
  expect(status).toBe(200);
  return body as Record<string, unknown> & { version: number };
}

function delta(id: string, subject: string, endMs = now - hourMs, bytes = 1): string {
  return JSON.stringify({
    specversion: "1.0",
    id,
    type: "usage.data.delta",
    subject,
    data: { start: new Date(endMs - hourMs).toISOString(), end: new Date(endMs).toISOString(), bytes_total: bytes },
  });
}

/** What the audit log has of a source, the newest first. */
async function audited(name: string) {
  const { body } = await viewer.get(`/audit?object_id=${name}`);
  return body.list as { action: string; actor_name: string; before: unknown; after: unknown }[];
}

describe("a source", () => {
  test("is made by an admin only, who is given its token once", async () => {
    for (const session of [operator, viewer]) {
      const { status, body } = await session.call("POST", "/sources", newSource());
      expect([status, body.error.code]).toEqual([403, "role_too_low"]);
    }
    const { name, token } = await created({ kind: "reading", unit: "KB", expected_every_seconds: 3_600 });
    expect(token).toMatch(/^dus_[A-Za-z0-9]{40}$/);
    expect((await server.ingest(token, "")).body.errcode).toBe(0);
    expect(await read(name)).toMatchObject({
      kind: "reading",
      unit: "KB",
      status: "normal",
      version: 1,
      expected_every_seconds: 3_600,
      old_token_expires_at: null,
    });
    const everything = JSON.stringify([
      await admin.get("/sources"),
      await admin.get(`/sources/${name}`),
      await audited(name),
    ]);
    expect(everything).not.toContain(token);
    expect(server.logged()).not.toContain(token);
    expect((await audited(name))[0]).toMatchObject({
      action: "source.create",
      actor_name: "王芳",
      before: null,
      after: { kind: "reading", unit: "KB", expected_every_seconds: 3_600 },
    });
  });

  test("has a name of its own, and the form is told which field will not do", async () => {
    const { name } = await created();
    const { status, body } = await admin.call("POST", "/sources", newSource({ name }));
    expect([status, body.error.code, body.error.field]).toEqual([422, "refused", "name"]);
    for (const [field, wrong] of [
      ["name", "Mit Leerzeichen"],
      ["name", "../etc"],
      ["kind", "counter"],
      ["unit", "MiB/s"],
      ["grace_seconds", -1],
      ["close_after_seconds", 31 * 86_400],
      ["expected_every_seconds", 59],
    ] as const) {
      const refused = await admin.call("POST", "/sources", newSource({ [field]: wrong }));
      expect([refused.status, refused.body.error.field], `${field} ${wrong}`).toEqual([422, field]);
    }
  });

  test("that is not there is said to be missing, whatever is wanted of it", async () => {
    const assignment = { serial_nos: ["1"] };
    const answers = await Promise.all([
      admin.get("/sources/nobody"),
      admin.get("/sources/nobody/activity?each=hour"),
      admin.call("PATCH", "/sources/nobody", { version: 1 }),
      admin.call("POST", "/sources/nobody/rotate", { version: 1, overlap_seconds: 0 }),
      admin.call("POST", "/sources/nobody/assignments", assignment),
      admin.call("POST", "/sources/nobody/assignments/preview", assignment),
    ]);
    expect(answers.map(({ status, body }) => [status, body.error.code])).toEqual(answers.map(() => [404, "missing"]));
  });

  test("is rotated by an admin only: the old token holds beside the new until the overlap ends", async () => {
    const { name, token } = await created();
    const body = { version: 1, overlap_seconds: 3_600 };
    expect((await operator.call("POST", `/sources/${name}/rotate`, body)).status).toBe(403);
    const rotated = await admin.call("POST", `/sources/${name}/rotate`, body);
    const holds = async () =>
      Promise.all([token, rotated.body.token].map(async (each) => (await server.ingest(each, "")).status));
    const at = now;
    expect(await holds()).toEqual([200, 200]);
    expect(await read(name)).toMatchObject({ version: 2, old_token_expires_at: new Date(at + hourMs).toISOString() });
    now = at + hourMs;
    expect(await holds()).toEqual([401, 200]);
    expect(await read(name)).toMatchObject({ old_token_expires_at: null });
    const [event] = await audited(name);
    expect(event).toMatchObject({
      action: "source.rotate",
      after: { old_token_expires_at: new Date(at + hourMs).toISOString() },
    });
    expect(JSON.stringify(event)).not.toMatch(/dus_/);
  });

  test("is suspended and resumed by an operator, from the next call on", async () => {
    const { name, token } = await created();
    expect((await viewer.call("PATCH", `/sources/${name}`, { version: 1, status: "suspended" })).status).toBe(403);
    expect((await operator.call("PATCH", `/sources/${name}`, { version: 1, status: "suspended" })).status).toBe(204);
    expect((await server.ingest(token, "{}")).body.hint).toBe("source_suspended");
    expect((await operator.call("PATCH", `/sources/${name}`, { version: 2, status: "normal" })).status).toBe(204);
    expect((await server.ingest(token, "")).body.errcode).toBe(0);
    expect((await audited(name)).slice(0, 2)).toMatchObject([
      { action: "source.change", before: { status: "suspended" }, after: { status: "normal" } },
      { action: "source.change", before: { status: "normal" }, after: { status: "suspended" } },
    ]);
  });

  test("is not changed, rotated or recorded by the second of two who have seen the same version", async () => {
    const { name } = await created();
    const answers = await Promise.all([
      operator.call("PATCH", `/sources/${name}`, { version: 1, expected_every_seconds: 600 }),
      admin.call("PATCH", `/sources/${name}`, { version: 1, expected_every_seconds: 1_200 }),
      admin.call("POST", `/sources/${name}/rotate`, { version: 1, overlap_seconds: 60 }),
    ]);
    expect(answers.map(({ status }) => status).filter((status) => status === 409)).toHaveLength(2);
    expect((await read(name)).version).toBe(2);
    expect(await audited(name)).toHaveLength(2);
    const late = await admin.call("PATCH", `/sources/${name}`, { version: 1, status: "suspended" });
    expect(late.body.error.message).toContain(`Somebody else has changed the source ${name}`);
  });

  test("that is saved as it is keeps its version and is not recorded", async () => {
    const { name } = await created({ expected_every_seconds: 600 });
    const same = { version: 1, expected_every_seconds: 600, status: "normal" };
    expect((await operator.call("PATCH", `/sources/${name}`, same)).status).toBe(204);
    expect((await read(name)).version).toBe(1);
    expect(await audited(name)).toHaveLength(1);
  });
});

describe("what a source sends", () => {
  /** Makes the server write down what it has noted, as it does once a second. */
  async function untilHeard(name: string): Promise<void> {
    await expect.poll(async () => (await read(name))["received_at"], { timeout: 10_000 }).not.toBeNull();
  }

  test("is counted by the hour and by what became of it, and tells how far behind it is", async () => {
    await server.importCards([{ serial_no: "87000001" }]);
    const { name, token } = await created();
    expect(await read(name)).toMatchObject({ received_at: null, newest_at: null, lag_seconds: null });
    const first = delta("a", "87000001", now - 2 * hourMs);
    await server.ingest(
      token,
      [
        first,
        first,
        delta("a", "87000001", now - 2 * hourMs, 9),
        delta("b", "87999999"),
        "{}",
        delta("c", "87000001", now + 2 * hourMs),
      ].join("\n"),
    );
    await untilHeard(name);
    const figures = { accepted: 1, duplicate: 1, conflict: 1, unknown_card: 1, invalid: 1, too_old: 0, too_new: 1 };
    const nothing = { accepted: 0, duplicate: 0, conflict: 0, unknown_card: 0, invalid: 0, too_old: 0, too_new: 0 };
    for (const [each, points] of [
      ["hour", 24],
      ["day", 30],
    ] as const) {
      const { list } = (await viewer.get(`/sources/${name}/activity?each=${each}`)).body;
      expect(list).toHaveLength(points);
      expect(list.at(-1).figures).toEqual(figures);
      expect(list.at(-2).figures).toEqual(nothing);
    }
    const { list } = (await viewer.get("/sources")).body;
    const listed = list.find((each: { name: string }) => each.name === name);
    expect(listed.last_day.at(-1).figures).toEqual(figures);
    // The one ahead of the clock says nothing about how late the figures are; the one of no card does.
    expect(listed).toMatchObject({ lag_seconds: 3_600, newest_at: new Date(now - hourMs).toISOString() });
    expect((await viewer.get(`/sources/${name}/activity?each=minute`)).body.error.field).toBe("each");
  });

  test("is late once nothing has come for longer than expected, unless the source is suspended", async () => {
    const { name, token } = await created({ expected_every_seconds: 600 });
    const silent = await created({ expected_every_seconds: 600 });
    const unwatched = await created();
    const late = async (): Promise<unknown> =>
      Promise.all([name, silent.name, unwatched.name].map(async (each) => (await read(each))["late"]));
    // A source that has never sent anything is measured from when it was made, by the database's clock.
    await server.pool.query("update usage_source set created_at = $1 where name = any($2)", [
      new Date(now),
      [name, silent.name, unwatched.name],
    ]);
    now += 590_000;
    await server.ingest(token, delta("a", "87000001"));
    await untilHeard(name);
    expect(await late()).toEqual([false, false, false]);
    now += 600_000;
    expect(await late()).toEqual([false, true, false]);
    now += 1_000;
    expect(await late()).toEqual([true, true, false]);
    await operator.call("PATCH", `/sources/${silent.name}`, { version: 1, status: "suspended" });
    expect(await late()).toEqual([true, false, false]);
  });
});

describe("cards", () => {
  test("are assigned by operators after a preview that changes nothing: from the current month, or behind usage", async () => {
    await server.importCards([
      { serial_no: "88000001" },
      { serial_no: "88000002" },
      { serial_no: "88000003", cycle_day: 27 },
    ]);
    const [one, other] = [await created(), await created()];
    await server.ingest(one.token, delta("used", "88000002"));
    const path = `/sources/${other.name}/assignments`;
    const body = { serial_nos: ["88000001", "88000002", "88000003", "88999999"] };
    expect((await viewer.call("POST", `${path}/preview`, body)).status).toBe(403);
    expect((await viewer.call("POST", path, body)).status).toBe(403);
    const outcomes = [
      { serial_no: "88000001", outcome: "assigned", from_month: "2026-11", before: null, next: null, problem: null },
      { serial_no: "88000002", outcome: "assigned", from_month: "2026-12", before: null, next: null, problem: null },
      { serial_no: "88000003", outcome: "assigned", from_month: "2026-10", before: null, next: null, problem: null },
      {
        serial_no: "88999999",
        outcome: "refused",
        from_month: null,
        before: null,
        next: null,
        problem: expect.stringContaining("There is no card with the serial_no 88999999"),
      },
    ];
    const assigned = "select count(*) as count from card_source where serial_no like '88%'";
    expect((await operator.call("POST", `${path}/preview`, body)).body.list).toEqual(outcomes);
    expect((await server.pool.query(assigned)).rows).toEqual([{ count: 0 }]);
    expect((await operator.call("POST", path, body)).body.list).toEqual(outcomes);
    expect((await server.pool.query(assigned)).rows).toEqual([{ count: 3 }]);
    const again = (await operator.call("POST", path, body)).body.list;
    expect(again.map(({ outcome }: { outcome: string }) => outcome)).toEqual([
      "unchanged",
      "unchanged",
      "unchanged",
      "refused",
    ]);
    // The second time nothing was assigned, and nothing is recorded.
    expect((await audited(other.name)).map(({ action }) => action)).toEqual(["source.assign_cards", "source.create"]);
    expect((await audited(other.name))[0]?.after).toEqual({
      from_month: null,
      cards: 3,
      serial_nos: ["88000001", "88000002", "88000003"],
    });
  });

  test("are assigned from a month that is named, where none of them has usage then", async () => {
    const { name } = await created();
    const { list } = (
      await operator.call("POST", `/sources/${name}/assignments`, {
        serial_nos: ["88000001", "88000002"],
        from_month: "2026-11",
      })
    ).body;
    expect(list).toMatchObject([
      { outcome: "assigned", from_month: "2026-11", before: expect.stringMatching(/^carrier-/) },
      { outcome: "refused", problem: expect.stringContaining("the earliest possible is 2026-12") },
    ]);
    for (const wrong of [
      { serial_nos: [] },
      { serial_nos: ["1", "1"] },
      { serial_nos: ["1".repeat(33)] },
      { serial_nos: Array.from({ length: 5_001 }, (_, index) => String(index)) },
      { serial_nos: ["1"], from_month: "2026-13" },
    ])
      expect((await operator.call("POST", `/sources/${name}/assignments`, wrong)).status).toBe(422);
  });

  test("that two assign at once, to two sources, in two orders, are one's or the other's, all of them", async () => {
    const serialNos = Array.from({ length: 200 }, (_, index) => `89${String(index).padStart(6, "0")}`);
    await server.importCards(serialNos.map((serial_no) => ({ serial_no })));
    const [one, other] = [await created(), await created()];
    const answers = await Promise.all([
      operator.call("POST", `/sources/${one.name}/assignments`, { serial_nos: serialNos }),
      admin.call("POST", `/sources/${other.name}/assignments`, { serial_nos: serialNos.toReversed() }),
    ]);
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    const { rows } = await server.pool.query<{ name: string; count: number }>(
      "select s.name, count(*) as count from card_source c join usage_source s using (source_no) where c.serial_no like '89%' group by s.name",
    );
    expect(rows).toEqual([{ name: expect.stringMatching(/^carrier-/), count: 200 }]);
  });
});
