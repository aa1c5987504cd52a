import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type TestDatabase, createTestDatabase } from "../../../test/database.ts";
import { delta, insertSource, reading } from "../../../test/usage.ts";
import { systemActor } from "../../actor.ts";
import { cardImport } from "../cards/cards.import.ts";
import { importCsv } from "../imports/import-csv.ts";
import type { UsageSource } from "../sources/source.ts";
import { createSourceService } from "../sources/sources.service.ts";
import { createCalendar } from "./calendar.ts";
import { recordOfCsv } from "./csv-record.ts";
import { importUsage } from "./import-usage.ts";
import { createIntake } from "./intake.ts";
import { createQuarantineService } from "./quarantine.service.ts";
import { parseRecord } from "./record.ts";
import { createWaitingRelease } from "./waiting.ts";

const by = systemActor("test");
const start = Date.parse("2026-11-24T12:00:00+08:00");

let database: TestDatabase;
let deltas: UsageSource;
let readings: UsageSource;
let now: number;

beforeAll(async () => {
  database = await createTestDatabase();
});
beforeEach(async () => {
  await database.pool.query(
    "truncate card, card_identifier, usage_source, usage_identity, usage_record, usage_month, usage_quarantine cascade",
  );
  deltas = await insertSource(database.pool, { name: "d", kind: "delta" });
  readings = await insertSource(database.pool, { name: "r", kind: "reading" });
  now = start;
});
afterAll(() => database.drop());

/** What one process has; a second call gives what another one has. */
function parts() {
  const { pool } = database;
  const options = { clock: () => now, timeZone: "Asia/Shanghai" };
  const intake = createIntake(pool, options);
  const sources = createSourceService(pool, options);
  const listSources = () => sources.list();
  return {
    intake,
    quarantine: createQuarantineService(pool, { intake, listSources, calendar: createCalendar(options.timeZone) }),
    waiting: createWaitingRelease(pool, { intake, listSources }),
  };
}

/** Imports cards as `dks card import` does, up to the commit: as if it were killed then. */
async function importCards(header: string, ...lines: string[]): Promise<void> {
  const report = await importCsv(
    database.pool,
    cardImport,
    `carrier,${header}\n${lines.map((line) => `cmcc,${line}\n`).join("")}`,
  );
  expect(report.refused).toBe(0);
}

async function rows(query: string): Promise<unknown[]> {
  return (await database.pool.query<Record<string, unknown>>(query)).rows;
}

async function figures(): Promise<unknown[]> {
  return rows("select serial_no, month::text, used_bytes, version, closed_bytes from usage_month order by 1, 2");
}

async function kept(): Promise<unknown[]> {
  return rows(
    "select record_id, status, reason->>'hint' as hint, subject from usage_quarantine order by record_id, status, content",
  );
}

/** Neither more nor fewer identities and records than figures speak of. */
async function takenIn(): Promise<unknown> {
  const [row] = await rows(
    `select (select count(*) from usage_identity) as identities, (select count(*) from usage_record) as records,
      (select coalesce(sum(bytes), 0)::bigint from usage_record) as bytes`,
  );
  return row;
}

describe("records that wait for their card", () => {
  test.each([
    ["serial_no", "87000001", "87000001"],
    ["an ICCID with its check digit, the card's without", "89860012345678901234", "8986001234567890123"],
    ["an ICCID without its check digit, the card's with", "8986001234567890123", "89860012345678901234"],
    ["an ICCID in lower case", "89860a12345678901234", "89860A12345678901234"],
    ["an ICCID with another check digit", "89860012345678901239", "89860012345678901234"],
    ["IMSI", "460001234567890", "460001234567890"],
    ["MSISDN", "1064812345678", "1064812345678"],
  ])("by %s are metered once it is imported, and once only", async (named, subject, ofCard) => {
    const { intake, waiting } = parts();
    const batch = [
      delta(deltas, "a", subject, "2026-11-23T10:00:00+08:00", 100),
      delta(deltas, "b", subject, "2026-11-24T10:00:00+08:00", 20),
    ];
    expect((await intake.takeIn(deltas, batch)).map(({ status }) => status)).toEqual(["unknown_card", "unknown_card"]);
    expect(await waiting.run()).toEqual({ counts: new Map(), after: "" });
    expect(await figures()).toEqual([]);

    const column = named.includes("ICCID") ? "iccid" : named === "serial_no" ? undefined : named.toLowerCase();
    if (column === undefined) await importCards("serial_no", ofCard);
    else await importCards(`serial_no,${column}`, `1001,${ofCard}`);
    expect(await waiting.run()).toEqual({ counts: new Map([["accepted", 2]]), after: "" });
    expect(await waiting.run()).toEqual({ counts: new Map(), after: "" });
    expect(await figures()).toEqual([
      {
        serial_no: column === undefined ? ofCard : "1001",
        month: "2026-11-01",
        used_bytes: 120,
        version: 1,
        closed_bytes: null,
      },
    ]);
    expect(await kept()).toEqual([]);
    expect((await intake.takeIn(deltas, batch)).map(({ status }) => status)).toEqual(["duplicate", "duplicate"]);
    expect(await takenIn()).toEqual({ identities: 2, records: 2, bytes: 120 });
  });

  test("count once although several processes release them while the source sends them again", async () => {
    const { intake } = parts();
    const ids = Array.from({ length: 300 }, (_, index) => `r${index}`);
    const subject = (index: number) => `10${String(index % 20).padStart(2, "0")}`;
    const batch = ids.map((id, index) => delta(deltas, id, subject(index), "2026-11-24T10:00:00+08:00", index + 1));
    await intake.takeIn(deltas, batch);
    await importCards("serial_no", ...Array.from({ length: 20 }, (_, index) => subject(index)));
    const processes = [parts(), parts(), parts()];
    await Promise.all([
      ...processes.map(({ waiting }) => waiting.run({ waits: true })),
      ...processes.map(({ quarantine }) => quarantine.release({}, by)),
      ...processes.flatMap((process) => [
        process.intake.takeIn(deltas, batch),
        process.intake.takeIn(deltas, batch.toReversed()),
      ]),
    ]);
    const bytes = (300 * 301) / 2;
    expect(await takenIn()).toEqual({ identities: 300, records: 300, bytes });
    expect(await rows("select sum(used_bytes)::bigint as used from usage_month")).toEqual([{ used: bytes }]);
    await parts().waiting.run();
    expect(await kept()).toEqual([]);
  });

  test("are never both discarded and counted", async () => {
    for (let round = 0; round < 10; round++) {
      const { intake, quarantine } = parts();
      const ids = Array.from({ length: 50 }, (_, index) => `${round}-${index}`);
      const card = `20${round}`;
      await intake.takeIn(
        deltas,
        ids.map((id) => delta(deltas, id, card, "2026-11-24T10:00:00+08:00", 1)),
      );
      await importCards("serial_no", card);
      const [released, discarded] = await Promise.all([
        quarantine.release({}, by),
        parts().quarantine.discard({ source: "d" }, { many: true }, by),
      ]);
      expect((released.counts.get("accepted") ?? 0) + discarded).toBe(50);
      const [used] = await rows(`select count(*) from usage_record where serial_no = '${card}'`);
      expect(used).toEqual({ count: released.counts.get("accepted") ?? 0 });
    }
  });

  test("of one id are taken in as they came: the first counts, one that differs is a conflict", async () => {
    const { intake, waiting } = parts();
    for (const bytes of [100, 50, 200])
      await intake.takeIn(deltas, [delta(deltas, "a", "1001", "2026-11-24T10:00:00+08:00", bytes)]);
    await importCards("serial_no", "1001");
    const pass = await waiting.run();
    expect(pass?.counts).toEqual(
      new Map([
        ["accepted", 1],
        ["conflict", 2],
      ]),
    );
    expect(await takenIn()).toEqual({ identities: 1, records: 1, bytes: 100 });
    expect(await kept()).toEqual([
      { record_id: "a", status: "conflict", hint: "id_reused", subject: "1001" },
      { record_id: "a", status: "conflict", hint: "id_reused", subject: "1001" },
    ]);
  });

  test("go into a closed month as an adjustment, and the figure as closed stays", async () => {
    const { intake, waiting } = parts();
    await importCards("serial_no,msisdn", "1001,");
    await intake.takeIn(deltas, [
      delta(deltas, "a", "1001", "2026-11-20T10:00:00+08:00", 100),
      delta(deltas, "b", "1064812345678", "2026-11-21T10:00:00+08:00", 20),
    ]);
    now = Date.parse("2026-12-10T00:00:00+08:00");
    await importCards("serial_no,msisdn", "1001,1064812345678");
    await waiting.run();
    expect(await figures()).toEqual([
      { serial_no: "1001", month: "2026-11-01", used_bytes: 120, version: 2, closed_bytes: 100 },
    ]);
  });

  test("that have become too old stay, as that, and with the moment they were received", async () => {
    const { intake, waiting } = parts();
    await intake.takeIn(deltas, [delta(deltas, "a", "1001", "2026-11-20T10:00:00+08:00", 100)]);
    const receivedAt = await rows("select received_at from usage_quarantine");
    now = Date.parse("2027-12-10T00:00:00+08:00");
    await importCards("serial_no", "1001");
    expect((await waiting.run())?.counts).toEqual(new Map([["too_old", 1]]));
    expect((await waiting.run())?.counts).toEqual(new Map());
    expect(await kept()).toEqual([{ record_id: "a", status: "too_old", hint: "too_old", subject: "1001" }]);
    expect(await rows("select received_at from usage_quarantine")).toEqual(receivedAt);
    expect(await figures()).toEqual([]);
  });

  test("wait on while several cards have the number, and say so", async () => {
    const { intake, waiting } = parts();
    await intake.takeIn(deltas, [delta(deltas, "a", "1064812345678", "2026-11-24T10:00:00+08:00", 100)]);
    await importCards("serial_no,msisdn", "1001,1064812345678", "1002,1064812345678");
    expect((await waiting.run())?.counts).toEqual(new Map([["unknown_card", 1]]));
    // Once it says so, it is let be.
    expect((await waiting.run())?.counts).toEqual(new Map());
    expect(await kept()).toEqual([
      { record_id: "a", status: "unknown_card", hint: "card_ambiguous", subject: "1064812345678" },
    ]);
    await importCards("serial_no,msisdn", "1002,1064800000000");
    expect((await waiting.run())?.counts).toEqual(new Map([["accepted", 1]]));
    expect(await figures()).toMatchObject([{ serial_no: "1001", used_bytes: 100 }]);
  });

  test("as readings of a counter come to its last one, in whatever order they are released", async () => {
    const { intake, waiting } = parts();
    for (const [id, at, bytes] of [
      ["c", "2026-11-23T10:00:00+08:00", 900],
      ["a", "2026-11-21T10:00:00+08:00", 100],
      ["b", "2026-11-22T10:00:00+08:00", 300],
    ] as const)
      await intake.takeIn(readings, [reading(readings, id, "460001234567890", at, bytes)]);
    await importCards("serial_no,imsi", "1001,460001234567890");
    await waiting.run();
    expect(await figures()).toMatchObject([{ serial_no: "1001", used_bytes: 900 }]);
  });

  test("hold up no other when one of them fails for a reason of ours", async () => {
    const { intake, waiting } = parts();
    const cards = Array.from({ length: 20 }, (_, index) => String(1001 + index));
    await intake.takeIn(
      deltas,
      cards.map((card) => delta(deltas, card, card, "2026-11-24T10:00:00+08:00", 1)),
    );
    await importCards("serial_no", ...cards);
    await database.pool.query("alter table usage_month add constraint test_check check (serial_no <> '1007')");
    try {
      await expect(waiting.run()).rejects.toThrow("test_check");
    } finally {
      await database.pool.query("alter table usage_month drop constraint test_check");
    }
    expect(await kept()).toMatchObject([{ record_id: "1007", status: "unknown_card" }]);
    expect(await takenIn()).toEqual({ identities: 19, records: 19, bytes: 19 });
    expect((await waiting.run())?.counts).toEqual(new Map([["accepted", 1]]));
  });

  test("from a CSV are read again as its lines were", async () => {
    const { intake, waiting } = parts();
    const line = {
      id: "'0001",
      subject: '="89860012345678901234"',
      start: "2026-11-24T09:00:00+08:00",
      end: "2026-11-24T10:00:00+08:00",
      value: "1.5",
      unit: "KB",
      note: 'its "own" column',
    };
    await intake.takeIn(deltas, [recordOfCsv(line, deltas)]);
    await importCards("serial_no,iccid", "1001,8986001234567890123");
    await waiting.run();
    expect(await figures()).toMatchObject([{ serial_no: "1001", used_bytes: 1536 }]);
    expect((await intake.takeIn(deltas, [recordOfCsv(line, deltas)]))[0]?.status).toBe("duplicate");
  });
});

describe("a pass over what waits", () => {
  test("goes on where the one before ended, and starts over behind the last", async () => {
    const { intake, waiting } = parts();
    const many = 6_000;
    for (const prefix of ["7", "8"])
      await intake.takeIn(
        deltas,
        Array.from({ length: many }, (_, index) =>
          delta(
            deltas,
            `${prefix}${index}`,
            `${prefix}${String(index).padStart(6, "0")}`,
            "2026-11-24T10:00:00+08:00",
            1,
          ),
        ),
      );
    await importCards("serial_no", "8005999");
    const first = await waiting.run({ pagesMax: 2 });
    expect(first).toEqual({ counts: new Map(), after: "8003999" });
    const second = await waiting.run({ after: first?.after ?? "", pagesMax: 2 });
    expect(second).toEqual({ counts: new Map([["accepted", 1]]), after: "" });
  });

  test("is left to another process that is at it, or waits for it", async () => {
    const { intake, waiting } = parts();
    await intake.takeIn(deltas, [delta(deltas, "a", "1001", "2026-11-24T10:00:00+08:00", 1)]);
    await importCards("serial_no", "1001");
    const holder = await database.pool.connect();
    await holder.query("begin");
    await holder.query("select pg_advisory_xact_lock(hashtextextended('dks usage waiting', 0))");
    expect(await waiting.run()).toBeUndefined();
    const waits = waiting.run({ waits: true });
    await holder.query("commit");
    holder.release();
    expect((await waits)?.counts).toEqual(new Map([["accepted", 1]]));
  });

  test("that is stopped leaves the rest to the next", async () => {
    const { intake, waiting } = parts();
    await intake.takeIn(deltas, [delta(deltas, "a", "1001", "2026-11-24T10:00:00+08:00", 1)]);
    await importCards("serial_no", "1001");
    expect((await waiting.run({ signal: AbortSignal.abort() }))?.counts).toEqual(new Map());
    expect((await waiting.run())?.counts).toEqual(new Map([["accepted", 1]]));
  });
});

describe("what is kept", () => {
  const hostile = `"'); drop table card; -- \u0000 \\ \t \u202e 😀 `.repeat(50);

  test("may be anything, is listed as it was, and stays as it is when it is tried again", async () => {
    const { intake, quarantine } = parts();
    const contents = [
      hostile,
      JSON.stringify({ specversion: "1.0", id: "quoted", subject: `${"x".repeat(39)}😀`, note: hostile }),
      JSON.stringify({ specversion: "1.0", id: "half", type: "usage.data.delta", subject: "\ud800" }),
      `{"specversion":"1.0","id":"a\u0000b"}`,
      `{"specversion":"1.0","id":"big","padding":"${"'\\u0000".repeat(9_000)}"}`,
      "[".repeat(60_000),
      "",
    ];
    const results = await intake.takeIn(
      deltas,
      contents.map((content) => parseRecord(content, deltas)),
    );
    expect(new Set(results.map(({ status }) => status))).toEqual(new Set(["invalid"]));
    const { entries, counts } = await quarantine.list({}, 50);
    expect(counts).toEqual([{ source: "d", status: "invalid", count: contents.length }]);
    expect(new Set(entries.map(({ content }) => content))).toEqual(
      new Set(contents.map((content) => content.replaceAll("\u0000", "\ufffd"))),
    );
    const before = await rows("select * from usage_quarantine order by entry_id");
    expect(await quarantine.release({}, by)).toEqual({ counts: new Map([["invalid", contents.length]]), conflicts: 0 });
    expect(await rows("select * from usage_quarantine order by entry_id")).toEqual(before);
  });

  test("with a NUL that was replaced is not taken in as another record", async () => {
    const { intake, quarantine } = parts();
    await importCards("serial_no", "1001");
    const { content } = delta(deltas, "a_b", "1001", "2026-11-24T10:00:00+08:00", 1);
    await intake.takeIn(deltas, [parseRecord(content.replace("a_b", "a\u0000b"), deltas)]);
    expect(await quarantine.release({}, by)).toEqual({ counts: new Map([["invalid", 1]]), conflicts: 0 });
    expect(await takenIn()).toMatchObject({ records: 0 });
  });

  test("under an id that a spreadsheet has mangled is not taken in: the file may have been imported with the right one", async () => {
    const { intake, quarantine } = parts();
    await importCards("serial_no", "1001");
    const directory = await mkdtemp(join(tmpdir(), "dks-quarantine-"));
    try {
      for (const id of ["9.3E+20", "930000000000000000001"]) {
        const path = join(directory, "usage.csv");
        const line = `${id},1001,2026-11-24T09:00:00+08:00,2026-11-24T10:00:00+08:00,100`;
        await writeFile(path, `id,subject,start,end,bytes_total\n${line}\n`);
        await importUsage(intake, deltas, path);
      }
    } finally {
      await rm(directory, { recursive: true });
    }
    expect(await quarantine.release({}, by)).toEqual({ counts: new Map([["invalid", 1]]), conflicts: 0 });
    expect(await figures()).toMatchObject([{ serial_no: "1001", used_bytes: 100 }]);
  });

  test("as a conflict is listed beside what was taken in, is not released, and changes no figure", async () => {
    const { intake, quarantine } = parts();
    await importCards("serial_no", "1001");
    await intake.takeIn(deltas, [delta(deltas, "a", "1001", "2026-11-24T10:00:00+08:00", 100, { apn: "cmiot" })]);
    const second = delta(deltas, "a", "1001", "2026-11-24T11:00:00+08:00", 7);
    await intake.takeIn(deltas, [second, parseRecord("{}", deltas)]);
    const { entries } = await quarantine.list({ status: "conflict" }, 50);
    expect(entries).toMatchObject([
      {
        source: "d",
        recordId: "a",
        status: "conflict",
        hint: "id_reused",
        content: second.content,
        first: {
          serialNo: "1001",
          start: "2026-11-24T01:00:00.000Z",
          at: "2026-11-24T02:00:00.000Z",
          bytes: 100,
          corrects: null,
          attributes: { apn: "cmiot" },
        },
      },
    ]);
    await expect(quarantine.release({ status: "conflict" }, by)).rejects.toThrow("A conflict cannot be released");
    expect(await quarantine.release({ entryIds: entries.map(({ entryId }) => entryId) }, by)).toEqual({
      counts: new Map(),
      conflicts: 1,
    });
    expect(await takenIn()).toEqual({ identities: 1, records: 1, bytes: 100 });
  });

  test("is found by source, status, subject and entry, the newest first", async () => {
    const { intake, quarantine } = parts();
    await intake.takeIn(deltas, [delta(deltas, "a", "89860012345678901234", "2026-11-24T10:00:00+08:00", 1)]);
    await intake.takeIn(deltas, [delta(deltas, "b", "1002", "2026-11-24T10:00:00+08:00", 1)]);
    await intake.takeIn(readings, [reading(readings, "c", "1002", "2026-11-24T23:00:00+08:00", 1)]);
    async function found(filter: Parameters<typeof quarantine.list>[0], limit = 50): Promise<string> {
      return (await quarantine.list(filter, limit)).entries.map(({ recordId }) => recordId).join(" ");
    }
    expect(await found({})).toBe("c b a");
    expect(await found({}, 2)).toBe("c b");
    expect(await found({ source: "d" })).toBe("b a");
    expect(await found({ status: "too_new" })).toBe("c");
    expect(await found({ subject: "8986001234567890123" })).toBe("a");
    expect(await found({ subject: "1002" })).toBe("c b");
    expect(await found({ subject: "1002", source: "d" })).toBe("b");
    const [newest] = (await quarantine.list({}, 1)).entries;
    expect(await found({ entryIds: [newest?.entryId ?? ""] })).toBe("c");
    await expect(quarantine.list({ source: "nobody" }, 50)).rejects.toThrow("There is no source nobody");
  });

  test("ahead of time can be released when its time has come", async () => {
    const { intake, quarantine } = parts();
    await importCards("serial_no", "1001");
    await intake.takeIn(deltas, [delta(deltas, "a", "1001", "2026-11-24T23:00:00+08:00", 5)]);
    expect((await quarantine.release({ source: "d" }, by)).counts).toEqual(new Map([["too_new", 1]]));
    now += 86_400_000;
    expect((await quarantine.release({ source: "d" }, by)).counts).toEqual(new Map([["accepted", 1]]));
    expect(await kept()).toEqual([]);
    expect(await figures()).toMatchObject([{ used_bytes: 5 }]);
  });

  test("is discarded one by one, or several when told so, and never without saying which", async () => {
    const { intake, quarantine } = parts();
    for (const id of ["a", "b", "c"])
      await intake.takeIn(deltas, [delta(deltas, id, "1002", "2026-11-24T10:00:00+08:00", 1)]);
    await expect(quarantine.discard({}, { many: true }, by)).rejects.toThrow("Say which entries to discard");
    await expect(quarantine.discard({ source: "d" }, { many: false }, by)).rejects.toThrow("3 entries match");
    expect(await kept()).toHaveLength(3);
    const [newest] = (await quarantine.list({}, 1)).entries;
    expect(await quarantine.discard({ entryIds: [newest?.entryId ?? ""] }, { many: false }, by)).toBe(1);
    expect(await quarantine.discard({ status: "conflict" }, { many: false }, by)).toBe(0);
    expect(await quarantine.discard({ source: "d", status: "unknown_card" }, { many: true }, by)).toBe(2);
    expect(await kept()).toEqual([]);
  });
});
