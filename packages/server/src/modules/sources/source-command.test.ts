import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type TestDatabase, createTestDatabase } from "../../../test/database.ts";
import { type Outcome, runDks } from "../../../test/dks.ts";
import { currentMonths, formatMonth } from "../packages/billing-month.ts";

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});
beforeEach(async () => {
  await database.pool.query("truncate card, usage_source cascade");
});
afterAll(() => database.drop());

function source(...args: string[]): Promise<Outcome> {
  return runDks(["source", ...args], { DATABASE_URL: database.address.connectionString });
}

async function json(...args: string[]): Promise<unknown> {
  const { status, stdout, stderr } = await source(...args, "--json");
  expect([status, stderr]).toEqual([0, ""]);
  return JSON.parse(stdout);
}

test("a source is created, listed, rotated, suspended and resumed", async () => {
  expect((await source("list")).stdout).toBe("No sources yet; dks source create makes one.\n");
  const created = await json("create", "--name", "onelink-a", "--kind", "reading", "--unit", "KB");
  expect(created).toEqual({ name: "onelink-a", token: expect.stringMatching(/^dus_[A-Za-z0-9]{40}$/) });
  await json("create", "--name", "1nce", "--kind", "delta", "--grace", "0h", "--close-after", "90m");

  expect(await json("rotate", "onelink-a", "--overlap", "48h")).toEqual({
    name: "onelink-a",
    token: expect.stringMatching(/^dus_[A-Za-z0-9]{40}$/),
  });
  expect(await json("suspend", "1nce")).toEqual({ name: "1nce", status: "suspended" });
  expect(await json("suspend", "1nce")).toEqual({ name: "1nce", status: "suspended" });
  expect(await json("suspend", "onelink-a")).toEqual({ name: "onelink-a", status: "suspended" });
  expect(await json("resume", "onelink-a")).toEqual({ name: "onelink-a", status: "normal" });

  const at = expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
  expect(await json("list")).toEqual({
    sources: [
      {
        name: "1nce",
        kind: "delta",
        unit: null,
        grace_seconds: 0,
        close_after_seconds: 5_400,
        status: "suspended",
        created_at: at,
      },
      {
        name: "onelink-a",
        kind: "reading",
        unit: "KB",
        grace_seconds: 21_600,
        close_after_seconds: 259_200,
        status: "normal",
        created_at: at,
      },
    ],
  });
  expect((await source("list")).stdout.replaceAll(/\d{4}-\S+Z/g, "…")).toBe(
    [
      "name       kind     unit  grace  close_after  status     created_at",
      "1nce       delta    -     0h     90m          suspended  …",
      "onelink-a  reading  KB    6h     72h          normal     …",
      "",
    ].join("\n"),
  );
});

test("the token is shown once, with the word to keep it", async () => {
  const outcome = await source("create", "--name", "a", "--kind", "delta");
  expect(outcome).toEqual({
    status: 0,
    stdout: expect.stringMatching(/^name {3}a\ntoken {2}dus_[A-Za-z0-9]{40}\n$/),
    stderr: "The token is shown only now; keep it safe.\n",
  });
});

describe("what is written wrongly", () => {
  test.each([
    ["--name", "OneLink", "must be 1 to 64 lower-case letters, digits, dots, underscores or hyphens"],
    ["--name", "-a", "must be 1 to 64 lower-case letters"],
    ["--name", "a".repeat(65), "must be 1 to 64 lower-case letters"],
    ["--kind", "counter", "must be delta (what was used in a period) or reading (where a counter stood)"],
    ["--unit", "kb", "must be one of B, KB, MB, GB, TB, KB-SI, MB-SI, GB-SI, TB-SI, in capitals"],
    ["--grace", "6", "must be like 24h, 30m, 45s or 7d, and at most 48h"],
    ["--grace", "49h", "and at most 48h"],
    ["--close-after", "31d", "must be like 24h, 30m, 45s or 7d, and at most 30d"],
  ])("as %s %s is refused with what to change", async (option, value, reason) => {
    const given = { "--name": "a", "--kind": "delta", [option]: value };
    // Not as two arguments, of which a value with a hyphen in front would be another option.
    const outcome = await source("create", ...Object.entries(given).map((pair) => pair.join("=")));
    expect(outcome).toMatchObject({ status: 2, stdout: "", stderr: expect.stringContaining(reason) });
  });

  test.each([
    [["create", "--name", "a"], "error: required option '--kind <kind>' not specified"],
    [["rotate", "a", "--overlap", "soon"], "must be like 24h, 30m, 45s or 7d, and at most a year"],
    [["assign", "a"], "error: required option '--card <serial_no>' not specified"],
    [["assign", "a", "--card", "1", "--from", "2026-13"], "must be a billing month, such as 2026-12"],
    [["assign", "a", "--card", "1", "--from", "2026-12-01"], "must be a billing month, such as 2026-12"],
  ])("as %j is refused with what to change", async (args, reason) => {
    expect(await source(...args)).toMatchObject({ status: 2, stdout: "", stderr: expect.stringContaining(reason) });
  });
});

test("a name that is taken and one that nobody has are told, with what to do", async () => {
  await source("create", "--name", "a", "--kind", "delta");
  expect(await source("create", "--name", "a", "--kind", "delta")).toEqual({
    status: 1,
    stdout: "",
    stderr: "There is a source a already. Choose another name, or give that one a new token.\n",
  });
  for (const args of [
    ["rotate", "b"],
    ["suspend", "b"],
    ["resume", "b"],
    ["assign", "b", "--card", "1"],
  ])
    expect(await source(...args)).toEqual({
      status: 1,
      stdout: "",
      stderr: "There is no source b; dks source list shows those there are, dks source create makes one.\n",
    });
});

test("a card is assigned from the current month on, and a later assignment is pointed out", async () => {
  await database.pool.query("insert into card (serial_no, carrier, cycle_day) values ('87000001', 'cucc', 27)");
  for (const name of ["a", "b"]) await source("create", "--name", name, "--kind", "delta");
  expect(await json("assign", "b", "--card", "87000001", "--from", "2999-12")).toEqual({
    name: "b",
    serial_no: "87000001",
    from_month: "2999-12",
  });
  const month = () => formatMonth(currentMonths(Date.now, "Asia/Shanghai")(27));
  const before = month();
  const outcome = await source("assign", "a", "--card", "87000001");
  // The command may run in the month after, should it end just here.
  const expected = [before, month()].map((from) => `from ${from} on, source a counts for card 87000001\n`);
  expect(expected).toContain(outcome.stdout);
  expect(outcome).toMatchObject({
    status: 0,
    stderr:
      "Source b, assigned before, takes over in 2999-12; to replace that too, run this again with --from 2999-12.\n",
  });
  expect(await source("assign", "a", "--card", "87000002")).toMatchObject({
    status: 1,
    stderr: expect.stringContaining("There is no card with the serial_no 87000002."),
  });
});

test("help explains the units, in the terminal's language", async () => {
  const help = await source("create", "--help");
  expect(help.status).toBe(0);
  expect(help.stdout).toContain("of KB-SI, MB-SI, GB-SI and\nTB-SI it is 1,000");
  expect(help.stdout).toContain("(default: 6h)");
  const chinese = await runDks(["source", "create", "--help"], { LC_ALL: "zh_CN.UTF-8" });
  expect(chinese.stdout).toContain("KB-SI、MB-SI、GB-SI、TB-SI 按 1000 进位");
  expect(chinese.stdout).toContain("（默认：72h）");
});
