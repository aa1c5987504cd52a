import { mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";
import iconv from "iconv-lite";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type TestDatabase, createTestDatabase } from "../../../test/database.ts";
import { importCards, insertSource } from "../../../test/usage.ts";
import { cardImport } from "../cards/cards.import.ts";
import { importCsv } from "../imports/import-csv.ts";
import type { UsageSource } from "../sources/source.ts";
import { type UsageImportOptions, type UsageImportReport, importUsage } from "./import-usage.ts";
import { type Intake, createIntake } from "./intake.ts";
import type { UsageKind } from "./usage-record.ts";

let database: TestDatabase;
let directory: string;
let intake: Intake;
let source: UsageSource;
const now = Date.parse("2026-11-24T12:00:00+08:00");

beforeAll(async () => {
  database = await createTestDatabase();
  directory = await mkdtemp(join(tmpdir(), "dks-usage-"));
});

beforeEach(async () => {
  await database.pool.query("truncate card, usage_source, usage_record, usage_identity cascade");
  intake = createIntake(database.pool, { clock: () => now, timeZone: "Asia/Shanghai" });
  await importCards(database.pool, [{ serialNo: "1001" }, { serialNo: "1002" }]);
  source = await insertSource(database.pool, { name: "pgw", kind: "delta" });
});

afterAll(async () => {
  await database.drop();
  await rm(directory, { recursive: true, force: true });
});

async function file(name: string, content: string | Uint8Array): Promise<string> {
  const path = join(directory, name);
  await writeFile(path, content);
  return path;
}

function run(path: string, options: UsageImportOptions = {}): Promise<UsageImportReport> {
  return importUsage(intake, source, path, { language: "en", ...options });
}

/** Accepted, duplicates, refused, conflicts, of unknown cards. */
function counts({ accepted, duplicates, refused, conflicts, unknownCards }: UsageImportReport): number[] {
  return [accepted, duplicates, refused, conflicts, unknownCards];
}

async function usedBytes(): Promise<Record<string, number>> {
  const { rows } = await database.pool.query<{ serial_no: string; used_bytes: number }>(
    "select serial_no, used_bytes from usage_month order by 1",
  );
  return Object.fromEntries(rows.map(({ serial_no, used_bytes }) => [serial_no, used_bytes]));
}

const header = "id,subject,start,end,bytes_total";
const hour = "2026-11-24T10:00:00+08:00,2026-11-24T11:00:00+08:00";

function json(id: string, subject: string, bytes: number | string): string {
  const [start, end] = hour.split(",");
  const data = { start, end, bytes_total: bytes };
  return JSON.stringify({ specversion: "1.0", type: "usage.data.delta", id, subject, data });
}

describe("the samples", () => {
  const sample = (format: string) =>
    fileURLToPath(new URL(`../../../../../docs/samples/usage.${format}`, import.meta.url));
  const cards = fileURLToPath(new URL("../../../../../docs/samples/cards.csv", import.meta.url));

  test.each([
    ["csv", "ndjson"],
    ["ndjson", "csv"],
  ])("say the same: after usage.%s, usage.%s has nothing but duplicates", async (first, second) => {
    const inStock = (await readFile(cards, "utf8")).replaceAll(/,10001,[0-9]*,/g, ",,,");
    expect(await importCsv(database.pool, cardImport, inStock)).toMatchObject({ inserted: 5, refused: 0 });
    const report = { file: sample(first), lines: 6, firstRejected: [] };
    expect(await run(sample(first))).toEqual({
      ...report,
      accepted: 6,
      duplicates: 0,
      refused: 0,
      conflicts: 0,
      unknownCards: 0,
    });
    const figures = {
      "87000101": 2 * 1024 * 1024,
      "87000102": 512.25 * 1024,
      "87000103": 1.5 * 1024 ** 3,
      "87000104": 0,
    };
    expect(await usedBytes()).toEqual(figures);
    expect(counts(await run(sample(second)))).toEqual([0, 6, 0, 0, 0]);
    expect(await usedBytes()).toEqual(figures);
  });
});

describe("a file", () => {
  test("of CSV is read as Excel leaves it", async () => {
    const rows = [
      '\u{feff}END;"Start";subject;="id";bytes_total;apn;;',
      '2026-11-24T11:00:00+08:00;2026-11-24T10:00:00+08:00;="1001";\'0001;10;专网;;',
      "",
      ";;;;;;;",
      "2026-11-24T11:00:00+08:00;2026-11-24T10:00:00+08:00; 1002 ;0002;20;;;",
    ];
    const report = await run(await file("excel.csv", rows.join("\r\n")));
    expect([report.lines, ...counts(report)]).toEqual([2, 2, 0, 0, 0, 0]);
    const { rows: records } = await database.pool.query(
      "select record_id, serial_no, bytes, attributes from usage_record order by 1",
    );
    expect(records).toEqual([
      { record_id: "0001", serial_no: "1001", bytes: 10, attributes: { apn: "专网" } },
      { record_id: "0002", serial_no: "1002", bytes: 20, attributes: null },
    ]);
  });

  test.each(["gb18030", "utf16le"])("of CSV may be in %s", async (encoding) => {
    const content = `${header},apn\n1,1001,${hour},10,专网\n`;
    const path = await file(`${encoding}.csv`, iconv.encode(content, encoding, { addBOM: true }));
    expect(counts(await run(path))).toEqual([1, 0, 0, 0, 0]);
    const { rows } = await database.pool.query("select attributes from usage_record");
    expect(rows).toEqual([{ attributes: { apn: "专网" } }]);
  });

  test("may be compressed, and is the same", async () => {
    const csv = `${header}\n1,1001,${hour},10\n2,1002,${hour},20\n`;
    const ndjson = `\u{feff}${json("1", "1001", 10)}\r\n\n${json("2", "1002", "20")}`;
    expect(counts(await run(await file("a.csv.gz", gzipSync(csv))))).toEqual([2, 0, 0, 0, 0]);
    expect(counts(await run(await file("a.ndjson.gz", gzipSync(ndjson))))).toEqual([0, 2, 0, 0, 0]);
    expect(counts(await run(await file("a.jsonl", ndjson)))).toEqual([0, 2, 0, 0, 0]);
    expect(await usedBytes()).toEqual({ "1001": 10, "1002": 20 });
  });

  test("may be of readings", async () => {
    source = await insertSource(database.pool, { name: "onelink", kind: "reading", unit: "KB" });
    const csv = "id,subject,read_at,value\n1,1001,2026-11-23T00:00:00+08:00,1.5\n2,1001,2026-11-24T00:00:00+08:00,2\n";
    expect(counts(await run(await file("readings.csv", csv)))).toEqual([2, 0, 0, 0, 0]);
    expect(await usedBytes()).toEqual({ "1001": 2048 });
  });

  test("of more than one batch takes in each line once, wherever a repeated one is", async () => {
    // The second batch repeats most of the first while that is being written.
    const lines = Array.from({ length: 12_000 }, (_, n) => `${n % 6_000},${1001 + (n % 2)},${hour},${n % 6_000}`);
    const report = await run(await file("batches.csv", `${header}\n${lines.join("\n")}\n`));
    expect([report.lines, ...counts(report)]).toEqual([12_000, 6_000, 6_000, 0, 0, 0]);
    expect(await usedBytes()).toEqual({ "1001": 3_000 * 2_999, "1002": 3_000 * 3_000 });
  });
});

describe("lines that are not taken in", () => {
  test("of a CSV are reported beside it with what they said, the others are taken in, and it can be mended", async () => {
    const lines = [
      `1,1001,${hour},10`,
      `2,8.98600E+19,${hour},10`,
      `1,1001,${hour},11`,
      `9.3E+20,1001,${hour},10`,
      `3,1001,${hour}`,
      `4,007,${hour},10`,
      `1,1001,${hour},10`,
      `5,1001,2025-01-01T00:00:00Z,2025-01-01T00:00:00Z,"1,0"`,
      `6,1001,2025-01-01T00:00:00Z,2025-01-01T00:00:00Z,10`,
      `7,1001,${hour},10`,
    ];
    const path = await file("mend.csv", `${header}\n${lines.join("\n")}\n`);
    const report = await run(path);
    const rejectedFile = join(directory, "mend.rejected.csv");
    expect(report).toMatchObject({ lines: 10, rejectedFile });
    expect(counts(report)).toEqual([2, 1, 5, 1, 1]);
    const [start, end] = hour.split(",");
    const rejected = await readFile(rejectedFile, "utf8");
    const inCsv = rejected.trimEnd().split("\r\n");
    expect(inCsv[0]).toBe(`\u{feff}line,status,reason,${header}`);
    const found = inCsv.slice(1).map((row) => /^(\d+),(\w+),("(?:[^"]|"")*"|[^,]*),(.*)$/.exec(row)?.slice(1));
    const wrapped = `"=""${start}""","=""${end}"""`;
    const longAgo = '"=""2025-01-01T00:00:00Z""","=""2025-01-01T00:00:00Z"""';
    expect(found.map((row) => [row?.[0], row?.[1], row?.[3]])).toEqual([
      ["3", "invalid", `2,"=""8.98600E+19""",${wrapped},10`],
      ["4", "conflict", `1,1001,${wrapped},11`],
      ["5", "invalid", `"=""9.3E+20""",1001,${wrapped},10`],
      ["6", "invalid", `3,1001,${wrapped}`],
      ["7", "unknown_card", `4,"=""007""",${wrapped},10`],
      ["9", "invalid", `5,1001,${longAgo},"1,0"`],
      ["10", "too_old", `6,1001,${longAgo},10`],
    ]);
    expect(report.firstRejected.map(({ line, reason }) => `${line} ${reason}`)).toEqual([
      expect.stringMatching(/^3 subject: "8\.98600E\+19" is in scientific notation/),
      expect.stringMatching(/^4 the id was used for a record with other content/),
      expect.stringMatching(/^5 id: "9\.3E\+20" is in scientific notation/),
      "6 has 4 cells where the first line has 5",
      expect.stringMatching(/^7 no card has the number, ICCID, IMSI or MSISDN 007/),
      expect.stringMatching(/^9 bytes_total: "1,0" must be a whole number/),
      expect.stringMatching(/^10 belongs to a billing month more than 12 months back/),
    ]);
    expect(await usedBytes()).toEqual({ "1001": 20 });

    const mended = rejected
      .replace('"=""8.98600E+19"""', "1002")
      .replace('"=""9.3E+20"""', "930000000000000000001")
      .replace(`3,1001,${wrapped}`, `3,1001,${wrapped},30`);
    expect(counts(await run(await file("mended.csv", mended)))).toEqual([3, 0, 2, 1, 1]);
    expect(await usedBytes()).toEqual({ "1001": 60, "1002": 10 });
  });

  test("of NDJSON are reported with their text", async () => {
    const tooLong = `{"id":"${"x".repeat(70_000)}"}`;
    const lines = [json("1", "1001", 10), "", "{oops", json("2", "1001", -1), tooLong, json("3", "1001", 10)];
    const report = await run(await file("lines.ndjson", lines.join("\n")));
    expect([report.lines, ...counts(report)]).toEqual([5, 2, 0, 3, 0, 0]);
    expect(report.rejectedFile).toBe(join(directory, "lines.ndjson.rejected.csv"));
    const rejected = (await readFile(join(directory, "lines.ndjson.rejected.csv"), "utf8")).split("\r\n");
    expect(rejected[0]).toBe("\u{feff}line,status,reason,record");
    expect(rejected[1]).toMatch(/^3,invalid,.*not valid JSON.*,\{oops$/);
    expect(rejected[2]).toMatch(/^4,invalid,.*is negative.*,"\{""specversion"":/);
    expect(rejected[3]).toMatch(/^5,invalid,.*65536 bytes.*,"\{""id"":""x+"$/);
  });

  test("are in the order of their lines, whichever batch ends first", async () => {
    const bad = Array.from({ length: 15_000 }, (_, n) => `${n},1001,${hour},${n % 3 === 0 ? n : "?"}`);
    await run(await file("order.csv", `${header}\n${bad.join("\n")}\n`));
    const rejected = (await readFile(join(directory, "order.rejected.csv"), "utf8")).trimEnd().split("\r\n").slice(1);
    expect(rejected.map((row) => Number(row.split(",", 1)[0]))).toEqual(
      Array.from({ length: 15_000 }, (_, n) => n + 2).filter((line) => (line - 2) % 3 !== 0),
    );
  });

  test("of an earlier import are no longer reported when there are none", async () => {
    const path = await file("again.csv", `${header}\n1,1001,${hour},?\n`);
    await run(path);
    expect(await readdir(directory)).toContain("again.rejected.csv");
    await writeFile(path, `${header}\n1,1001,${hour},5\n`);
    expect(await run(path)).toMatchObject({ accepted: 1 });
    expect(await readdir(directory)).not.toContain("again.rejected.csv");
  });
});

describe("refused as a whole, with nothing taken in, is", () => {
  const good = `1,1001,${hour},10`;
  test.each<[string, string, string | Buffer, string]>([
    ["a name that says nothing", "usage.txt", good, "must end in .csv, .ndjson or .jsonl"],
    ["an empty file", "empty.csv", "", "is empty"],
    ["a CSV without columns that must be there", "lacks.csv", "id,start\n1,2\n", "its first line lacks subject, end."],
    ["a CSV without figures", "figures.csv", "id,subject,start,end\n", "lacks a column with the usage"],
    ["a CSV with unknown columns", "more.csv", `${header},byte_up\n${good},1\n`, "has unknown columns byte_up"],
    ["a CSV with nothing but blank lines", "blank.csv", "\n\n", "lacks id, subject, start, end"],
    ["a JSON array", "array.ndjson", `[${json("1", "1001", 1)}]`, "is one JSON array"],
    ["NDJSON in UTF-16", "utf16.ndjson", iconv.encode(json("1", "1001", 1), "utf16", { addBOM: true }), "not UTF-8"],
    ["what is not compressed as it says", "plain.csv.gz", `${header}\n${good}\n`, "is not a whole gzip file"],
    ["an Excel workbook", "book.csv", Buffer.from("504b0304140006000800", "hex"), "is an Excel workbook"],
  ])("%s", async (_, name, content, reason) => {
    await expect(run(await file(name, content))).rejects.toThrow(reason);
    const { rowCount } = await database.pool.query("select from usage_identity union all select from usage_quarantine");
    expect(rowCount).toBe(0);
    expect(await readdir(directory)).not.toContain(`${name.replace(/\.csv$/, "")}.rejected.csv`);
  });

  test.each<[UsageKind, string]>([
    ["delta", "lacks start, end"],
    ["reading", "lacks read_at"],
  ])("a CSV that lacks the time of a %s", async (kind, reason) => {
    source = await insertSource(database.pool, { name: `of-${kind}`, kind });
    await expect(run(await file("time.csv", "id,subject,bytes_total\n1,1001,1\n"))).rejects.toThrow(reason);
  });
});

describe("an import that ends in the middle", () => {
  const lines = Array.from({ length: 20_000 }, (_, n) => `${n},1001,${hour},1`);

  test("because the rest cannot be read says what was taken in", async () => {
    const zipped = gzipSync(`${header}\n${lines.join("\n")}\n`);
    const path = await file("cut.ndjson.gz", gzipSync(lines.map((_, n) => json(String(n), "1001", 1)).join("\n")));
    const whole = await readFile(path);
    await writeFile(path, whole.subarray(0, Math.floor(whole.length * 0.7)));
    await expect(run(path)).rejects.toThrow(
      /is not a whole gzip file.*lines were dealt with, and [1-9][0-9]* are taken in/,
    );
    await writeFile(path, whole);
    const report = await run(path);
    expect(report.accepted).toBeGreaterThan(0);
    expect(report.accepted + report.duplicates).toBe(20_000);
    expect(await usedBytes()).toEqual({ "1001": 20_000 });
    expect(counts(await run(await file("cut.csv.gz", zipped)))).toEqual([0, 20_000, 0, 0, 0]);
  });

  test("because it is told to leaves nothing half done, and the next goes on", async () => {
    const path = await file("stop.csv", `${header}\n${lines.join("\n")}\n`);
    const stop = new AbortController();
    const stopped = run(path, { signal: stop.signal, onProgress: () => stop.abort() });
    await expect(stopped).rejects.toThrow(
      "The import was stopped. Of the file, 10000 lines were dealt with, and 10000 are taken in.",
    );
    expect(counts(await run(path))).toEqual([10_000, 10_000, 0, 0, 0]);
    expect(await usedBytes()).toEqual({ "1001": 20_000 });
  });

  test("because the database is gone says so", async () => {
    const broken: Pick<Intake, "takeIn"> = {
      takeIn: () => Promise.reject(Object.assign(new Error("the server is shutting down"), { code: "57P01" })),
    };
    const path = await file("gone.csv", `${header}\n${lines.join("\n")}\n`);
    await expect(importUsage(broken, source, path, { language: "en" })).rejects.toThrow(
      "The database is not available: the server is shutting down. Of the file, 0 lines were dealt with",
    );
  });
});
