import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type ConsoleSession, openConsoleSession } from "../../../test/console-session.ts";
import { type TestServer, startTestServer } from "../../../test/server.ts";

const hourMs = 3_600_000;
const start = Date.parse("2026-11-24T12:00:00+08:00");

let server: TestServer;
let now = start;
let operator: ConsoleSession;
let colleague: ConsoleSession;
let viewer: ConsoleSession;
let source: { readonly name: string; readonly token: string };

beforeAll(async () => {
  server = await startTestServer({ clock: () => now });
  [operator, colleague, viewer] = await Promise.all([
    openConsoleSession(server, "operator", "李雷"),
    openConsoleSession(server, "operator", "韩梅梅"),
    openConsoleSession(server, "viewer"),
  ]);
});
beforeEach(async () => {
  source = await server.createSource();
});
afterAll(() => server.close());

interface Head {
  readonly key: string;
  readonly record_id: string;
  readonly status: string;
  readonly hint: string;
  readonly reason: string;
  readonly subject: string | null;
  readonly received_at: string;
}

function delta(id: string, subject: string, bytes = 1, more: object = {}): string {
  return JSON.stringify({
    specversion: "1.0",
    id,
    type: "usage.data.delta",
    subject,
    data: {
      start: new Date(now - 2 * hourMs).toISOString(),
      end: new Date(now - hourMs).toISOString(),
      bytes_total: bytes,
      ...more,
    },
  });
}

async function send(...records: readonly string[]): Promise<void> {
  expect((await server.ingest(source.token, records.join("\n"))).body.errcode).toBe(0);
}

/** A card past the import, which would have what waits for it counted by itself. */
async function addCard(serialNo: string): Promise<void> {
  await server.pool.query("insert into card (serial_no, carrier) values ($1, 'cmcc')", [serialNo]);
}

async function search(more = ""): Promise<{ list: Head[]; next_cursor?: string; searched_to?: string }> {
  const { status, body } = await viewer.get(`/quarantine?source=${source.name}${more}`);
  expect(status).toBe(200);
  return body;
}

async function ids(more = ""): Promise<string[]> {
  return (await search(more)).list.map(({ record_id }) => record_id);
}

async function keys(more = ""): Promise<string[]> {
  return (await search(more)).list.map(({ key }) => key);
}

async function audited() {
  const { body } = await viewer.get(`/audit?object_id=${encodeURIComponent(source.name)}`);
  return (body.list as { action: string; actor_name: string; before: unknown; after: unknown }[]).filter(({ action }) =>
    action.startsWith("quarantine."),
  );
}

async function used(serialNo: string): Promise<number> {
  const { rows } = await server.pool.query<{ used: number }>(
    "select coalesce(sum(used_bytes), 0)::bigint as used from usage_month where serial_no = $1",
    [serialNo],
  );
  return rows[0]?.used ?? -1;
}

/** Puts many entries there at once, all received at the same moment. */
async function addEntries(count: number, more: { hint?: string; content?: string } = {}): Promise<void> {
  const { hint = "card_unknown", content = "{}" } = more;
  await server.pool.query(
    `insert into usage_quarantine (source_no, record_id, entry_id, status, reason, subject, content, received_at)
    select source_no, 'many-' || lpad(i::text, 6, '0'), md5(i::text), 'too_old',
      jsonb_build_object('hint', $3::text, 'zh', '原因', 'en', 'reason'), '8' || i, $4, '2026-11-01T00:00:00Z'
    from usage_source, generate_series(1, $2::integer) as i where name = $1`,
    [source.name, count, hint, content],
  );
}

describe("the quarantine", () => {
  test("is read by anyone who is signed in, and acted on by operators only", async () => {
    await send(delta("a", "70000001"));
    const [key = ""] = await keys();
    const filter = { source: source.name };
    for (const [path, body] of [
      ["/quarantine/release", { keys: [key] }],
      ["/quarantine/discard", { keys: [key] }],
      ["/quarantine/release-matching", { filter, count: 1, until: new Date(now).toISOString() }],
      ["/quarantine/discard-matching", { filter, count: 1, until: new Date(now).toISOString() }],
    ] as const) {
      const { status, body: refusal } = await viewer.call("POST", path, body);
      expect([status, refusal.error.code], path).toEqual([403, "role_too_low"]);
    }
    expect((await viewer.get(`/quarantine/matching?act=discard&source=${source.name}`)).status).toBe(403);
    expect(await ids()).toEqual(["a"]);
    expect(await audited()).toEqual([]);
  });

  test("is narrowed by status, reason, card, text and time, and says how many there are of each status", async () => {
    await server.importCards([{ serial_no: "70000010" }]);
    await send(
      delta("known", "70000010"),
      delta("unknown", "89860099999999999991"),
      delta("known", "70000010", 2),
      delta("negative", "70000010", -5),
      delta("future", "70000010", 1, { end: new Date(now + 3 * hourMs).toISOString() }),
      delta("past", "70000010", 1, { start: "2024-01-01T00:00:00Z", end: "2024-01-01T01:00:00Z" }),
    );
    expect((await ids()).toSorted()).toEqual(["future", "known", "negative", "past", "unknown"]);
    expect(await ids("&status=conflict")).toEqual(["known"]);
    expect(await ids("&hint=bytes_negative")).toEqual(["negative"]);
    expect(await ids("&subject=8986009999999999999")).toEqual(["unknown"]);
    expect(await ids("&subject=8986009999999999999&status=too_old")).toEqual([]);
    expect(await ids("&text=FUTURE")).toEqual(["future"]);
    expect(await ids(`&text=${encodeURIComponent("%")}`)).toEqual([]);
    // All of one batch were received at one moment, by the database's clock.
    const [{ received_at: at } = { received_at: "" }] = (await search()).list;
    const next = new Date(Date.parse(at) + 1).toISOString();
    expect(await ids(`&from=${next}`)).toEqual([]);
    expect(await ids(`&before=${new Date(Date.parse(at)).toISOString()}`)).toEqual([]);
    expect(await ids(`&from=${new Date(Date.parse(at)).toISOString()}&before=${next}`)).toHaveLength(5);
    const counts = { unknown_card: 1, conflict: 1, invalid: 1, too_old: 1, too_new: 1 };
    expect((await viewer.get(`/quarantine/counts?source=${source.name}`)).body).toEqual({ count_max: 10_000, counts });
    expect((await viewer.get(`/quarantine/counts?source=${source.name}&subject=70000010`)).body.counts).toMatchObject({
      unknown_card: 0,
      conflict: 1,
    });
  });

  test("refuses filters, cursors and keys that are none, as what they are", async () => {
    for (const [path, status] of [
      ["/quarantine?status=lost", 422],
      ["/quarantine?from=yesterday", 422],
      ["/quarantine?from=2026-13-45T00:00:00Z", 422],
      ["/quarantine?limit=501", 422],
      ["/quarantine?cursor=xyz", 404],
      [`/quarantine?cursor=${Buffer.from('[1,"a","b","2026-99-01"]').toString("base64url")}`, 404],
      [`/quarantine?cursor=${Buffer.from('[1e300,"a","b","2026-11-01"]').toString("base64url")}`, 404],
      ["/quarantine/entry?key=xyz", 404],
      [`/quarantine/entry?key=${Buffer.from('[1,"a\\u0000","b"]').toString("base64url")}`, 422],
      [`/quarantine/entry?key=${Buffer.from('[2147483647,"a","b"]').toString("base64url")}`, 404],
      ["/quarantine?source=nobody", 422],
      [`/quarantine?text=${encodeURIComponent("a\u0000b")}`, 422],
      [`/quarantine?subject=${encodeURIComponent("a\u0000b")}`, 422],
      [`/quarantine?cursor=${Buffer.from('[1,"a","b","2026-02-30"]').toString("base64url")}`, 422],
    ] as const) {
      const answer = await viewer.get(path);
      expect(answer.status, `${path} ${JSON.stringify(answer.body)}`).toBe(status);
    }
  });

  test("is paged through, each entry once, where thousands were received at one moment", async () => {
    await addEntries(2_345);
    const seen: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await search(`&limit=500${cursor === undefined ? "" : `&cursor=${cursor}`}`);
      seen.push(...page.list.map(({ record_id }) => record_id));
      // Arrives meanwhile, before what has been seen.
      if (cursor === undefined) await send(delta("new", "79999999"));
      cursor = page.next_cursor;
    } while (cursor !== undefined);
    expect(seen).toEqual(Array.from({ length: 2_345 }, (_, index) => `many-${String(index + 1).padStart(6, "0")}`));
  });

  test("is searched for what is rare a piece at a time, and tells how far it has come", async () => {
    await addEntries(25_000, { content: '{"note":"hay"}' });
    await server.pool.query(
      `update usage_quarantine set content = '{"note":"needle"}', received_at = '2026-10-01T00:00:00Z'
      where record_id = 'many-013000' and source_no = (select source_no from usage_source where name = $1)`,
      [source.name],
    );
    const first = await search("&text=needle");
    expect(first.list).toEqual([]);
    expect(first.searched_to).toBe("2026-11-01T00:00:00.000000Z");
    const second = await search(`&text=needle&cursor=${first.next_cursor}`);
    expect(second.list.map(({ record_id }) => record_id)).toEqual(["many-013000"]);
    expect(second.next_cursor).toBeUndefined();
    expect((await viewer.get(`/quarantine/counts?source=${source.name}`)).body.counts.too_old).toBe(10_000);
  });

  test("shows an entry as it was sent, and its reason in the language that was asked for", async () => {
    const sent = `{"specversion":"1.0","id":"<b>","subject":"1", "note":"</script><img src=x>\\u202e"}`;
    await send(sent);
    const [key = ""] = await keys();
    const { body } = await viewer.get(`/quarantine/entry?key=${key}`);
    expect(body).toMatchObject({
      record_id: "<b>",
      status: "invalid",
      content: sent,
      conflict: null,
      source: source.name,
    });
    expect(body.reason).toMatch(/^type is missing/);
  });
});

describe("a conflict", () => {
  test("is shown beside what counts, with the figure as it is and as it would be", async () => {
    await server.importCards([{ serial_no: "70000020" }, { serial_no: "70000021" }]);
    await send(delta("before", "70000020", 1_000), delta("twice", "70000020", 100, { apn: "cmiot" }));
    await send(delta("twice", "70000020", 250, { apn: "cmnet", rat: "NR" }));
    const [key = ""] = await keys();
    const { body } = await viewer.get(`/quarantine/entry?key=${key}`);
    const end = new Date(now - hourMs).toISOString();
    const shared = {
      serial_no: "70000020",
      month: "2026-11",
      start: new Date(now - 2 * hourMs).toISOString(),
      at: end,
      corrects: null,
    };
    expect(body.conflict).toEqual({
      taken: { ...shared, bytes: 100, attributes: { apn: "cmiot" }, received_at: new Date(now).toISOString() },
      refused: { ...shared, bytes: 250, attributes: { apn: "cmnet", rat: "NR" } },
      figure: { used_bytes: 1_100, counts: true, instead_bytes: 1_250 },
    });
  });

  test("about another card says no figure that would come of it, and one that cannot be compared says so", async () => {
    await server.importCards([{ serial_no: "70000022" }, { serial_no: "70000023" }]);
    await send(delta("twice", "70000022", 100));
    await send(delta("twice", "70000023", 250));
    const [key = ""] = await keys();
    expect((await viewer.get(`/quarantine/entry?key=${key}`)).body.conflict).toMatchObject({
      taken: { serial_no: "70000022" },
      refused: { serial_no: "70000023" },
      figure: { used_bytes: 100, instead_bytes: null },
    });
    await server.pool.query("delete from usage_record where record_id = 'twice' and serial_no = '70000022'");
    expect((await viewer.get(`/quarantine/entry?key=${key}`)).body.conflict).toMatchObject({
      taken: null,
      refused: { bytes: 250 },
      figure: null,
    });
  });

  test("of readings says none either: only a later reading decides", async () => {
    await server.importCards([{ serial_no: "70000024" }]);
    source = await server.createSource({ kind: "reading" });
    const reading = (bytes: number) =>
      JSON.stringify({
        specversion: "1.0",
        id: "twice",
        type: "usage.data.reading",
        subject: "70000024",
        data: { read_at: new Date(now - hourMs).toISOString(), bytes_total: bytes },
      });
    await send(reading(100));
    await send(reading(250));
    const [key = ""] = await keys();
    expect((await viewer.get(`/quarantine/entry?key=${key}`)).body.conflict).toMatchObject({
      taken: { start: null, bytes: 100 },
      refused: { start: null, bytes: 250 },
      figure: { used_bytes: 100, counts: true, instead_bytes: null },
    });
  });

  test("is not released, alone or with others, and the reason says what to do", async () => {
    await server.importCards([{ serial_no: "70000025" }]);
    await send(delta("twice", "70000025", 100));
    await send(delta("twice", "70000025", 250), delta("waits", "70000026"));
    await addCard("70000026");
    const { body } = await operator.call("POST", "/quarantine/release", { keys: await keys() });
    expect(
      body.counts.toSorted((a: { outcome: string }, b: { outcome: string }) => a.outcome.localeCompare(b.outcome)),
    ).toEqual([
      { outcome: "accepted", count: 1 },
      { outcome: "conflict", count: 1 },
    ]);
    expect(body.results[0]).toMatchObject({
      record_id: "twice",
      outcome: "conflict",
      reason: expect.stringContaining("in corrects"),
    });
    expect([await used("70000025"), await used("70000026")]).toEqual([100, 1]);
    const matching = await operator.get(`/quarantine/matching?act=release&source=${source.name}&status=conflict`);
    expect([matching.status, matching.body.error.code]).toEqual([422, "refused"]);
    expect((await operator.get(`/quarantine/matching?act=release&source=${source.name}`)).body.count).toBe(0);
  });
});

describe("releasing", () => {
  test("counts what may be counted, says of the rest what is wrong with it now, and is recorded with who asked", async () => {
    await send(delta("waits", "70000030", 5), delta("still", "70000031"), "{}");
    await addCard("70000030");
    const { body } = await operator.call("POST", "/quarantine/release", { keys: await keys() });
    const outcomes = Object.fromEntries(
      body.results.map((result: Head & { outcome: string }) => [result.record_id, result.outcome]),
    );
    expect(outcomes).toEqual({ waits: "accepted", still: "unknown_card", "": "invalid" });
    // Those that stay come first, with the reason.
    expect(body.results[2]).toMatchObject({ record_id: "waits", reason: null });
    expect(body.results[0].reason).not.toBeNull();
    expect(await used("70000030")).toBe(5);
    expect((await ids()).toSorted()).toEqual(["", "still"]);
    const { body: log } = await viewer.get("/audit?action=quarantine.release");
    expect(log.list[0]).toMatchObject({ actor_name: "李雷", after: { entries: 3 } });
    expect(log.list[0].after.records).toContain(`${source.name}/waits`);
  });

  test("by two at once counts each record once, and tells one of them that it is gone or a duplicate", async () => {
    const count = 300;
    await send(...Array.from({ length: count }, (_, index) => delta(`r-${index}`, "70000032", 1)));
    await addCard("70000032");
    const all = await keys("&limit=500");
    const answers = await Promise.all(
      [operator, colleague].map((session) => session.call("POST", "/quarantine/release", { keys: all })),
    );
    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    const accepted = answers.flatMap(({ body }) => body.results).filter((result) => result.outcome === "accepted");
    expect(accepted).toHaveLength(count);
    expect(await used("70000032")).toBe(count);
    expect(await ids()).toEqual([]);
  });

  test("while somebody discards the same never does both", async () => {
    for (let round = 0; round < 5; round++) {
      const serialNo = `7000004${round}`;
      await send(...Array.from({ length: 50 }, (_, index) => delta(`${round}-${index}`, serialNo, 1)));
      await addCard(serialNo);
      const all = await keys("&limit=500");
      const [released, discarded] = await Promise.all([
        operator.call("POST", "/quarantine/release", { keys: all }),
        colleague.call("POST", "/quarantine/discard", { keys: all.toReversed() }),
      ]);
      const count = (body: { counts: { outcome: string; count: number }[] }, outcome: string): number =>
        body.counts.find((each) => each.outcome === outcome)?.count ?? 0;
      const accepted = count(released.body, "accepted");
      expect(accepted + count(discarded.body, "discarded")).toBe(50);
      expect(await used(serialNo)).toBe(accepted);
      expect(await ids()).toEqual([]);
    }
  });

  test("of what somebody has dealt with already says that it is gone", async () => {
    await send(delta("a", "70000050"));
    const chosen = { keys: await keys() };
    await colleague.call("POST", "/quarantine/discard", chosen);
    for (const path of ["/quarantine/release", "/quarantine/discard"])
      expect((await operator.call("POST", path, chosen)).body.counts).toEqual([{ outcome: "gone", count: 1 }]);
    const { status, body } = await viewer.get(`/quarantine/entry?key=${chosen.keys[0]}`);
    expect([status, body.error.code]).toEqual([404, "missing"]);
  });

  test("of all that match takes the oldest first: of one id the first to arrive counts", async () => {
    for (const bytes of [100, 50]) {
      await send(delta("same", "70000051", bytes));
      now += 1_000;
    }
    await addCard("70000051");
    const filter = { source: source.name };
    const { count, until } = (await operator.get(`/quarantine/matching?act=release&source=${source.name}`)).body;
    expect(count).toBe(2);
    const { body } = await operator.call("POST", "/quarantine/release-matching", { filter, count, until });
    expect(body.counts.map(({ outcome }: { outcome: string }) => outcome).toSorted()).toEqual(["accepted", "conflict"]);
    expect(await used("70000051")).toBe(100);
    expect(await audited()).toMatchObject([
      { action: "quarantine.release", actor_name: "李雷", after: { entries: 2, filter } },
    ]);
  });
});

describe("discarding all that match", () => {
  test("spares what was received after it was counted", async () => {
    await send(delta("a", "70000060"), delta("b", "70000060"));
    const { count, until } = (await operator.get(`/quarantine/matching?act=discard&source=${source.name}`)).body;
    now += 1_000;
    await send(delta("c", "70000060"));
    const { body } = await operator.call("POST", "/quarantine/discard-matching", {
      filter: { source: source.name },
      count,
      until,
    });
    expect(body.counts).toEqual([{ outcome: "discarded", count: 2 }]);
    expect(await ids()).toEqual(["c"]);
    expect(await audited()).toMatchObject([
      {
        action: "quarantine.discard",
        actor_name: "李雷",
        before: { entries: 2, until, filter: { source: source.name } },
      },
    ]);
  });

  test("does nothing if they are not as many as was told, and says how many there are", async () => {
    await send(delta("a", "70000061"), delta("b", "70000061"));
    const matched = (await operator.get(`/quarantine/matching?act=discard&source=${source.name}`)).body;
    await colleague.call("POST", "/quarantine/discard", { keys: (await keys()).slice(0, 1) });
    const filter = { source: source.name };
    const { status, body } = await operator.call("POST", "/quarantine/discard-matching", {
      filter,
      count: matched.count,
      until: matched.until,
    });
    expect([status, body.error.code]).toEqual([409, "conflict"]);
    expect(body.error.message).toContain("There were 2 entries that match and are 1 now");
    expect(await ids()).toHaveLength(1);
  });

  test("by two at once is done once, and the other is told", async () => {
    await addEntries(1_000);
    const filter = { source: source.name };
    const { count, until } = (await operator.get(`/quarantine/matching?act=discard&source=${source.name}`)).body;
    const answers = await Promise.all(
      [operator, colleague].map((session) =>
        session.call("POST", "/quarantine/discard-matching", { filter, count, until }),
      ),
    );
    expect(answers.map(({ status }) => status).toSorted()).toEqual([200, 409]);
    expect(await ids()).toEqual([]);
    expect(await audited()).toHaveLength(1);
  });

  test("takes tens of thousands in goes of 10,000, each told before", async () => {
    await addEntries(25_000);
    const filter = { source: source.name, status: "too_old" };
    const told: [number, boolean][] = [];
    for (;;) {
      const { count, more, until } = (
        await operator.get(`/quarantine/matching?act=discard&source=${source.name}&status=too_old`)
      ).body;
      told.push([count, more]);
      if (count === 0) break;
      const { body } = await operator.call("POST", "/quarantine/discard-matching", { filter, count, until });
      expect(body.counts).toEqual([{ outcome: "discarded", count }]);
      expect(body.results).toHaveLength(500);
    }
    expect(told).toEqual([
      [10_000, true],
      [10_000, true],
      [5_000, false],
      [0, false],
    ]);
  });

  test("releases tens of thousands likewise, each counted once", async () => {
    const count = 12_000;
    await send(...Array.from({ length: count }, (_, index) => delta(`m-${index}`, "70000070", 1)));
    await addCard("70000070");
    const filter = { source: source.name };
    for (const expected of [10_000, 2_000]) {
      const matched = (await operator.get(`/quarantine/matching?act=release&source=${source.name}`)).body;
      expect(matched.count).toBe(expected);
      const { body } = await operator.call("POST", "/quarantine/release-matching", {
        filter,
        count: matched.count,
        until: matched.until,
      });
      expect(body.counts).toEqual([{ outcome: "accepted", count: expected }]);
    }
    expect(await used("70000070")).toBe(count);
  });
});
