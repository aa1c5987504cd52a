import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type TestDatabase, createTestDatabase } from "../../../test/database.ts";
import { type Outcome, runDks } from "../../../test/dks.ts";
import { delta, importCards, insertSource } from "../../../test/usage.ts";
import type { UsageSource } from "../sources/source.ts";
import { createIntake } from "./intake.ts";
import { parseRecord } from "./record.ts";
import type { SubmittedRecord } from "./usage-record.ts";

let database: TestDatabase;
let directory: string;
let source: UsageSource;
/** A moment ago: the command works by the real clock. */
let end: string;

beforeAll(async () => {
  database = await createTestDatabase();
  directory = await mkdtemp(join(tmpdir(), "dks-quarantine-"));
});
beforeEach(async () => {
  await database.pool.query(
    "truncate card, card_identifier, usage_source, usage_identity, usage_record, usage_month, usage_quarantine cascade",
  );
  source = await insertSource(database.pool, { name: "carrier-a", kind: "delta" });
  end = new Date(Date.now() - 1_000).toISOString();
});
afterAll(async () => {
  await database.drop();
  await rm(directory, { recursive: true, force: true });
});

async function takeIn(...batch: SubmittedRecord[]): Promise<void> {
  await createIntake(database.pool, { clock: Date.now, timeZone: "Asia/Shanghai" }).takeIn(source, batch);
}

function dks(args: readonly string[], language = "C.UTF-8"): Promise<Outcome> {
  return runDks(args, { DATABASE_URL: database.address.connectionString, LC_ALL: language });
}

function quarantine(...args: string[]): Promise<Outcome> {
  return dks(["usage", "quarantine", ...args]);
}

async function json(...args: string[]): Promise<Record<string, unknown>> {
  const { status, stdout, stderr } = await quarantine(...args, "--json");
  expect([status, stderr]).toEqual([0, ""]);
  return JSON.parse(stdout) as Record<string, unknown>; // Compared below.
}

async function cardFile(content: string): Promise<string> {
  const path = join(directory, "cards.csv");
  await writeFile(path, content);
  return path;
}

test("dks card import meters what waited for its cards, and says so", async () => {
  await takeIn(
    delta(source, "a", "89860012345678901234", end, 1),
    delta(source, "b", "89860012345678901234", end, 2),
    delta(source, "c", "1002", end, 3),
  );
  const path = await cardFile("serial_no,carrier,iccid\n1001,cmcc,8986001234567890123\n");
  expect(await dks(["card", "import", path, "--dry-run"])).toMatchObject({ status: 0, stderr: "" });
  const imported = await dks(["card", "import", path]);
  expect([imported.status, imported.stderr]).toEqual([
    0,
    "Usage records that waited for these cards and count now: 2.\n",
  ]);
  expect(await dks(["card", "import", path])).toMatchObject({ status: 0, stderr: "" });
  expect(await json("list")).toMatchObject({ counts: [{ source: "carrier-a", status: "unknown_card", count: 1 }] });
});

test("an import that was killed once its cards were there is made good by importing the same file again", async () => {
  await takeIn(delta(source, "a", "1001", end, 1));
  // All that the killed one did.
  await database.pool.query("insert into card (serial_no, carrier) values ('1001', 'cmcc')");
  const again = await dks(["card", "import", await cardFile("serial_no,carrier\n1001,cmcc\n")]);
  expect([again.status, again.stderr]).toEqual([0, "Usage records that waited for these cards and count now: 1.\n"]);
});

test("records are listed with the reason in the terminal's language, a conflict with both contents", async () => {
  expect((await quarantine("list")).stdout).toBe("Nothing is kept here that matches.\n");
  await importCards(database.pool, [{ serialNo: "1001" }]);
  const conflicting = delta(source, "a", "1001", end, 200);
  await takeIn(delta(source, "a", "1001", end, 100, { apn: "cmiot" }));
  await takeIn(conflicting);
  const content = `{"id":"\u001b[31m\u202e"}`;
  await takeIn(parseRecord(content, source));

  const { entries, counts } = await json("list");
  const at = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
  expect(entries).toEqual([
    expect.objectContaining({ status: "invalid", record_id: "", subject: null, content }),
    {
      entry_id: expect.stringMatching(/^[0-9a-f]{16}$/),
      source: "carrier-a",
      record_id: "a",
      status: "conflict",
      hint: "id_reused",
      reason: "the id was used for a record with other content; both are kept, and no figure has changed",
      subject: "1001",
      received_at: at,
      content: conflicting.content,
      first: { serial_no: "1001", start: at, end, bytes_total: 100, apn: "cmiot", received_at: at },
    },
  ]);
  expect(counts).toEqual([
    { source: "carrier-a", status: "conflict", count: 1 },
    { source: "carrier-a", status: "invalid", count: 1 },
  ]);

  const { stdout } = await quarantine("list", "--status", "conflict");
  expect(stdout).toContain("carrier-a  conflict  a\n");
  expect(stdout).toContain('\n  taken in before: {"serial_no":"1001",');
  expect(stdout).toMatch(/\ncarrier-a conflict: 1\n$/);
  const shown = (await quarantine("list")).stdout;
  expect(shown).toContain("·[31m·");
  // oxlint-disable-next-line no-control-regex -- nothing of it reaches a terminal
  expect(shown).not.toMatch(/[\u0000-\u0009\u000b-\u001f\u202e]/);
  const chinese = await dks(["usage", "quarantine", "list"], "zh_CN.UTF-8");
  expect(chinese.stdout).toContain("该 id 已用于内容不同的记录");
  expect(chinese.stdout).toContain("carrier-a conflict：1 条");
});

test("records are released and discarded, conflicts only discarded", async () => {
  await importCards(database.pool, [{ serialNo: "1001" }]);
  await takeIn(delta(source, "a", "1001", end, 100));
  await takeIn(
    delta(source, "a", "1001", end, 200),
    delta(source, "b", "1002", end, 1),
    delta(source, "c", "1003", end, 1),
  );
  await database.pool.query("insert into card (serial_no, carrier) values ('1002', 'cmcc')");

  expect(await quarantine("release")).toEqual({
    status: 0,
    stdout: "2 tried\n  now counted: 1\n  still without a card: 1\n",
    stderr:
      "Conflicts left: 1. They cannot be released, only discarded; have the carrier send a correction under an id of its own.\n",
  });
  expect(await json("release", "--subject", "1003")).toEqual({
    tried: 1,
    counts: { unknown_card: 1 },
    conflicts_left: 0,
  });
  expect(await quarantine("release", "--status", "conflict")).toMatchObject({
    status: 1,
    stdout: "",
    stderr: expect.stringContaining("A conflict cannot be released"),
  });

  expect(await quarantine("discard")).toMatchObject({
    status: 1,
    stderr: "Say which entries to discard: at least one of --entry, --source, --status and --subject.\n",
  });
  expect(await quarantine("discard", "--source", "carrier-a")).toMatchObject({
    status: 1,
    stdout: "",
    stderr: expect.stringContaining("2 entries match, and nothing was discarded."),
  });
  expect((await quarantine("discard", "--status", "conflict")).stdout).toBe("1 entry discarded\n");
  await takeIn(delta(source, "d", "1004", end, 1));
  const { entries } = await json("list");
  const ids = (entries as { entry_id: string }[]).map(({ entry_id }) => entry_id); // As listed above.
  expect(await json("discard", "--entry", ...ids, "--yes")).toEqual({ discarded: 2 });
  expect(await json("list")).toEqual({ counts: [], entries: [] });
});

describe("what is written wrongly", () => {
  test.each([
    [["list", "--status", "refused"], 2, "must be one of unknown_card, conflict, invalid, too_old, too_new"],
    [["list", "--limit", "0"], 2, "must be a whole number from 1 to 10000"],
    [["list", "--source", "nobody"], 1, "There is no source nobody; dks source list shows those there are."],
    [["release", "--source", "nobody"], 1, "There is no source nobody"],
    [["discard", "--source", "nobody", "--yes"], 1, "There is no source nobody"],
  ])("as %j is refused with what to change", async (args, status, reason) => {
    expect(await quarantine(...args)).toMatchObject({ status, stdout: "", stderr: expect.stringContaining(reason) });
  });
});
