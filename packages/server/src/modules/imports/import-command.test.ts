import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { appendFile, mkdir, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type TestDatabase, createTestDatabase } from "../../../test/database.ts";
import { eventually, runDks } from "../../../test/dks.ts";
import { insertAccount } from "../accounts/accounts.queries.ts";

let database: TestDatabase;
let directory: string;
let environment: Record<string, string>;

beforeAll(async () => {
  database = await createTestDatabase();
  directory = await mkdtemp(join(tmpdir(), "dks-import-"));
  environment = { DATABASE_URL: database.address.connectionString };
  // The samples' account: the first of a database.
  expect(await insertAccount(database.pool, { name: "Acme", rank: 3 })).toBe(10_001);
});

beforeEach(async () => {
  await database.pool.query("truncate card, card_identifier, card_package, product cascade");
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

async function count(table: string): Promise<number> {
  const { rows } = await database.pool.query<{ count: number }>(`select count(*) from ${table}`);
  return rows[0]?.count ?? 0;
}

const sample = (name: string) => fileURLToPath(new URL(`../../../../../docs/samples/${name}.csv`, import.meta.url));

test("the samples are imported, and the second time nothing changes", async () => {
  for (const [name, lines] of [
    ["product", 5],
    ["card", 5],
    ["package", 6],
  ] as const) {
    const path = sample(`${name}s`);
    const report = { file: path, lines, inserted: lines, updated: 0, unchanged: 0, refused: 0, dry_run: false };
    const first = await runDks([name, "import", path, "--json"], environment);
    expect([first.status, JSON.parse(first.stdout), first.stderr]).toEqual([0, report, ""]);
    const second = await runDks([name, "import", path, "--json"], environment);
    expect(JSON.parse(second.stdout)).toEqual({ ...report, inserted: 0, unchanged: lines });
  }
});

describe("refused lines", () => {
  const header = "serial_no,iccid,carrier,msisdn\r\n";
  const lines = '1,8.98600E+19,cmcc,\r\n2,89860012345678901234,cmcc,\r\n3,,"c,c",00123\r\n';

  test("are reported beside the file, and nothing is imported", async () => {
    const path = await file("refused.csv", header + lines);
    const outcome = await runDks(["card", "import", path], environment);
    expect(outcome.status).toBe(1);
    expect(outcome.stdout).toBe(`${path}: 3 lines, 0 inserted, 0 updated, 0 unchanged, 2 refused\n`);
    expect(outcome.stderr).toContain("Nothing was imported, because 2 lines are refused.");
    expect(await readFile(join(directory, "refused.rejected.csv"), "utf8")).toBe(
      "\u{feff}line,reason,serial_no,iccid,carrier,msisdn\r\n" +
        '2,"iccid: ""8.98600E+19"" is in scientific notation, for which Excel gave up the digits; format the column as text and export it again from the source",1,"=""8.98600E+19""",cmcc,\r\n' +
        '4,"carrier: ""c,c"" must be 1 to 32 digits, letters, _ or -, such as cmcc, cucc or ctcc",3,,"c,c","=""00123"""\r\n',
    );
    expect(await count("card")).toBe(0);
  });

  test("are skipped on demand, and their file can be mended and imported", async () => {
    const path = await file("mend.csv", header + lines);
    const outcome = await runDks(["card", "import", path, "--skip-invalid", "--json"], environment);
    expect(outcome.status).toBe(0);
    expect(JSON.parse(outcome.stdout)).toMatchObject({
      inserted: 1,
      refused: 2,
      rejected_file: join(directory, "mend.rejected.csv"),
    });
    const rejected = join(directory, "mend.rejected.csv");
    const mended = (await readFile(rejected, "utf8"))
      .replace('"=""8.98600E+19"""', "89860012345678901244")
      .replace(',"c,c",', ",cucc,");
    await writeFile(rejected, mended);
    const second = await runDks(["card", "import", rejected, "--json"], environment);
    expect(JSON.parse(second.stdout)).toMatchObject({ lines: 2, inserted: 2, refused: 0 });
    const { rows } = await database.pool.query("select serial_no, iccid, msisdn from card order by 1");
    expect(rows).toEqual([
      { serial_no: "1", iccid: "89860012345678901244", msisdn: null },
      { serial_no: "2", iccid: "89860012345678901234", msisdn: null },
      { serial_no: "3", iccid: null, msisdn: "00123" },
    ]);
  });

  test("of an earlier attempt are no longer reported when all lines are good", async () => {
    const path = await file("again.csv", "serial_no,carrier\n1,c c\n");
    await runDks(["card", "import", path], environment);
    expect(await readdir(directory)).toContain("again.rejected.csv");
    await writeFile(path, "serial_no,carrier\n1,cmcc\n");
    await runDks(["card", "import", path], environment);
    expect(await readdir(directory)).not.toContain("again.rejected.csv");
  });

  test("that could not be reported leave nothing imported", async () => {
    const path = await file("unwritable.csv", header + lines);
    await mkdir(join(directory, "unwritable.rejected.csv"));
    const outcome = await runDks(["card", "import", path, "--skip-invalid"], environment);
    expect(outcome).toMatchObject({ status: 1, stdout: "", stderr: expect.stringContaining("Nothing was imported.") });
    expect(await count("card")).toBe(0);
  });

  test("take no memory, be they all of a large file", async () => {
    const path = await file("large.csv", "serial_no,carrier\n");
    const piece = "12345678901234567890123456789012,not a carrier\n".repeat(10_000);
    for (let pieces = 0; pieces < 20; pieces++) await appendFile(path, piece);
    const outcome = await runDks(["card", "import", path, "--json"], {
      ...environment,
      // The command alone takes 20 MB of it; the lines as objects, with their reasons, would be more than the rest.
      // A small nursery, without which so small a heap is collected again and again.
      NODE_OPTIONS: "--max-old-space-size=64 --max-semi-space-size=2",
    });
    expect(JSON.parse(outcome.stdout)).toMatchObject({ lines: 200_000, refused: 200_000 });
    const rejected = await readFile(join(directory, "large.rejected.csv"), "utf8");
    expect(rejected.trimEnd().split("\r\n")).toHaveLength(200_001);
  });
});

test("a file that cannot be read, an Excel workbook and a file with other columns are refused with the reason", async () => {
  const workbook = await file("book.xlsx", Buffer.from("504b030414000600080000002100", "hex"));
  const other = await file("other.csv", "卡号,carrier\n1,cmcc\n");
  for (const [path, reason] of [
    [join(directory, "none.csv"), "there is no such file"],
    [directory, "is not a regular file"],
    [workbook, "is an Excel workbook"],
    [other, "lacks serial_no; has unknown columns 卡号"],
  ] as const)
    expect(await runDks(["card", "import", path], environment)).toMatchObject({
      status: 1,
      stdout: "",
      stderr: expect.stringContaining(reason),
    });
});

test("reasons are in Chinese for a Chinese terminal", async () => {
  const path = await file("zh.csv", "serial_no,carrier\n1,\n");
  const outcome = await runDks(["card", "import", path], { ...environment, LC_ALL: "zh_CN.UTF-8" });
  expect(outcome.stderr).toContain("第 2 行：carrier 为空\n");
  expect(outcome.stderr).toContain("因此未导入任何内容");
});

describe("an import that ends in the middle", () => {
  const lines = 20_000;
  let path: string;

  beforeAll(async () => {
    const rows = Array.from({ length: lines }, (_, n) => `${n},8986001234${String(n).padStart(9, "0")}0,cmcc`);
    path = await file("middle.csv", `serial_no,iccid,carrier\n${rows.join("\n")}\n`);
  });

  /** Starts an import, stops it at its first statement that writes to a table, and does something to it there. */
  async function interruptAt(
    table: string,
    interrupt: (child: ChildProcess) => void,
  ): Promise<{ status: number | null; stderr: string }> {
    const blocker = await database.pool.connect();
    try {
      await blocker.query("begin");
      await blocker.query(`lock table ${table} in exclusive mode`);
      const bin = fileURLToPath(new URL("../../../bin/dks.js", import.meta.url));
      const child = spawn(process.execPath, [bin, "card", "import", path], {
        env: { PATH: process.env["PATH"], LC_ALL: "C.UTF-8", ...environment },
        stdio: ["ignore", "ignore", "pipe"],
      });
      let stderr = "";
      child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString()));
      const closed = once(child, "close");
      await eventually(`the import waits for ${table}`, async () => {
        const { rowCount } = await database.pool.query(
          "select from pg_locks where database = (select oid from pg_database where datname = current_database()) and relation = $1::regclass and not granted",
          [table],
        );
        return rowCount === 0 ? undefined : true;
      });
      interrupt(child);
      const [status] = (await closed) as [number | null]; // As the event is documented.
      return { status, stderr };
    } finally {
      await blocker.query("rollback");
      blocker.release();
    }
  }

  test.each(["card", "card_identifier"])(
    "killed before it has written %s, leaves nothing, and the next one does all",
    async (table) => {
      await interruptAt(table, (child) => child.kill("SIGKILL"));
      // The killed one's transaction ends when the server notices; the next import waits for that by itself.
      const outcome = await runDks(["card", "import", path, "--json"], environment);
      expect(JSON.parse(outcome.stdout)).toMatchObject({ inserted: lines, updated: 0, unchanged: 0 });
      expect([await count("card"), await count("card_identifier")]).toEqual([lines, lines]);
    },
  );

  test.each(["SIGINT", "SIGTERM"] as const)("by %s, rolls back and says so", async (signal) => {
    const outcome = await interruptAt("card_identifier", (child) => child.kill(signal));
    expect(outcome).toEqual({ status: 1, stderr: "The import was stopped; nothing was imported.\n" });
    expect([await count("card"), await count("card_identifier")]).toEqual([0, 0]);
  });
});
