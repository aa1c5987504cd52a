import fc from "fast-check";
import iconv from "iconv-lite";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type TestDatabase, createTestDatabase } from "../../../test/database.ts";
import { insertAccount } from "../accounts/accounts.queries.ts";
import { cardImport } from "../cards/cards.import.ts";
import { iccidKey } from "../cards/identifier.ts";
import { packageImport } from "../packages/packages.import.ts";
import { productImport } from "../products/products.import.ts";
import { type ImportOptions, type ImportReport, importCsv } from "./import-csv.ts";

let database: TestDatabase;
let account: number;
let otherAccount: number;

beforeAll(async () => {
  database = await createTestDatabase();
  account = await insertAccount(database.pool, { name: "Acme", rank: 3 });
  otherAccount = await insertAccount(database.pool, { name: "Globex", rank: 3 });
});

beforeEach(async () => {
  await database.pool.query("truncate card, card_identifier, card_package, product, usage_source cascade");
});

afterAll(() => database.drop());

async function importCards(csv: string | Uint8Array, options: ImportOptions = {}): Promise<ImportReport> {
  return importCsv(database.pool, cardImport, csv, { language: "en", ...options });
}

function counts({ inserted, updated, unchanged, refused }: ImportReport): number[] {
  return [inserted, updated, unchanged, refused];
}

async function cards() {
  const { rows } = await database.pool.query<Record<string, unknown>>(`
    select serial_no, iccid, msisdn, imsi, carrier, account_no, custom_no, sim_status, cycle_day from card order by 1`);
  return rows;
}

async function identifiers() {
  const { rows } = await database.pool.query<Record<string, unknown>>(
    "select value, kind, qualifier, serial_no from card_identifier order by 1, 2, 3",
  );
  return rows;
}

/** What card_identifier must hold, given the cards. */
async function identifiersOfCards() {
  const { rows } = await database.pool.query<Record<"serial_no" | "iccid" | "custom_no" | "account_no", string>>(
    "select serial_no, iccid, custom_no, account_no::text from card",
  );
  const expected = rows.flatMap(({ serial_no, iccid, custom_no, account_no }) => [
    ...(iccid === null ? [] : [{ ...iccidKey(iccid), kind: "iccid", serial_no }]),
    ...(custom_no === null ? [] : [{ value: custom_no, kind: "custom_no", qualifier: account_no, serial_no }]),
  ]);
  const order = (row: { value: string; kind: string; qualifier: string }) =>
    `${row.value} ${row.kind} ${row.qualifier}`;
  return expected.toSorted((a, b) => (order(a) < order(b) ? -1 : 1));
}

/** Every version of every row: an import that changes nothing leaves these as they are. */
async function rowVersions(table: string): Promise<unknown[]> {
  const { rows } = await database.pool.query<Record<string, unknown>>(
    `select ctid, xmin, * from ${table} order by ctid`,
  );
  return rows;
}

describe("cards", () => {
  test("are inserted with their identifiers, defaults by carrier, columns in any order", async () => {
    const csv = `\u{feff}carrier,iccid,SERIAL_NO,account_no,custom_no\r\ncmcc,89860012345678901234,87000001,${account},123456\r\n\r\ncucc,8986001234567890987f,87000002,,\r\n`;
    expect(counts(await importCards(csv))).toEqual([2, 0, 0, 0]);
    expect(await cards()).toEqual([
      { ...emptyCard, serial_no: "87000001", iccid: "89860012345678901234", account_no: account, custom_no: "123456" },
      { ...emptyCard, serial_no: "87000002", iccid: "8986001234567890987F", carrier: "cucc", cycle_day: 27 },
    ]);
    expect(await identifiers()).toEqual([
      { value: "123456", kind: "custom_no", qualifier: String(account), serial_no: "87000001" },
      { value: "567890123", kind: "iccid", qualifier: "8986001234", serial_no: "87000001" },
      { value: "567890987", kind: "iccid", qualifier: "8986001234", serial_no: "87000002" },
    ]);
  });

  test("imported again change nothing, not even a row's version", async () => {
    const csv = `serial_no,carrier,iccid,account_no,custom_no\n1,cmcc,89860012345678901234,${account},123456\n2,cucc,,,\n`;
    await importCards(csv);
    const before = [await rowVersions("card"), await rowVersions("card_identifier")];
    expect(counts(await importCards(csv))).toEqual([0, 0, 2, 0]);
    expect([await rowVersions("card"), await rowVersions("card_identifier")]).toEqual(before);
  });

  test("keep what an empty cell or an absent column says nothing about", async () => {
    await importCards(
      `serial_no,carrier,iccid,msisdn,sim_status,cycle_day\n1,cucc,89860012345678901234,13800000001,2,5\n`,
    );
    expect(counts(await importCards("serial_no,carrier,msisdn,iccid\n1,cmcc,13800000002,\n"))).toEqual([0, 1, 0, 0]);
    expect(await cards()).toEqual([
      {
        ...emptyCard,
        serial_no: "1",
        iccid: "89860012345678901234",
        msisdn: "13800000002",
        carrier: "cmcc",
        sim_status: 2,
        cycle_day: 5,
      },
    ]);
    expect(counts(await importCards("serial_no,carrier,sim_status\n1,cmcc,3\n"))).toEqual([0, 1, 0, 0]);
    expect((await cards())[0]).toMatchObject({ sim_status: 3, cycle_day: 5 });
  });

  test("take their identifiers along when ICCID, custom number or account change", async () => {
    await importCards(`serial_no,carrier,iccid,account_no,custom_no\n1,cmcc,89860012345678901234,${account},123456\n`);
    await importCards(`serial_no,carrier,account_no\n1,cmcc,${otherAccount}\n`);
    expect(await identifiers()).toEqual(await identifiersOfCards());
    await importCards(`serial_no,carrier,iccid,custom_no\n1,cmcc,89860099999999999999,654321\n`);
    expect(await identifiers()).toEqual(await identifiersOfCards());
    expect(await identifiers()).toHaveLength(2);
  });

  test("may exchange their ICCIDs and custom numbers within one file", async () => {
    const line = (serial: number, other: number) =>
      `${serial},cmcc,898600123456789012${other}0,${account},12345${other}\n`;
    const header = "serial_no,carrier,iccid,account_no,custom_no\n";
    await importCards(header + line(1, 1) + line(2, 2) + line(3, 3));
    expect(counts(await importCards(header + line(1, 2) + line(2, 3) + line(3, 1)))).toEqual([0, 3, 0, 0]);
    expect(await identifiers()).toEqual(await identifiersOfCards());
    expect((await cards()).map(({ custom_no }) => custom_no)).toEqual(["123452", "123453", "123451"]);
  });

  test("are not given an ICCID whose holder's own line is refused, nor are those who waited for theirs", async () => {
    const header = "serial_no,carrier,iccid,account_no\n";
    await importCards(
      `${header}1,cmcc,89860012345678901210,\n2,cmcc,89860012345678901220,\n3,cmcc,89860012345678901230,\n`,
    );
    const report = await importCards(
      `${header}1,cmcc,89860012345678901220,\n2,cmcc,89860012345678901230,\n3,cmcc,89860012345678901240,1\n`,
      { skipInvalid: true },
    );
    expect(counts(report)).toEqual([0, 0, 0, 3]);
    expect(report.firstRefused.map(({ reason }) => reason)).toEqual([
      expect.stringContaining("iccid: card 2 has it already"),
      expect.stringContaining("iccid: card 3 has it already"),
      "account_no: there is no account 1",
    ]);
  });

  test.each<[string, string[], [number, string][]]>([
    ["an unknown account", ["1,cmcc,,999,"], [[2, "account_no: there is no account 999"]]],
    ["a custom number without an account", ["1,cmcc,,,123456"], [[2, "custom_no: the card has no account"]]],
    [
      "an ICCID in scientific notation",
      ["1,cmcc,8.98600E+19,,"],
      [[2, 'iccid: "8.98600E+19" is in scientific notation']],
    ],
    ["a number with decimals", ["1,cmcc,89860012345678901234.0,,"], [[2, "has decimals"]]],
    ["every fault of a line", ["_,c c,12,x,1"], [[2, 'serial_no: "_" must be 1 to 32 digits or letters; iccid: ']]],
    ["an empty carrier", ["1,,,,"], [[2, "carrier is empty"]]],
    ["a line with too few cells", ["1,cmcc"], [[2, "has 2 cells where the first line has 5"]]],
    ["a line with too many", ["1,cmcc,,,,x"], [[2, "has 6 cells where the first line has 5"]]],
    [
      "a second line that says something else of a card",
      ["1,cmcc,,,", "1,cmcc,,,", "1,cucc,,,"],
      [[4, "is for the same row as line 2 and says something else"]],
    ],
    [
      "a second card with the first 19 digits of an ICCID",
      ["1,cmcc,89860012345678901234,,", "2,cmcc,89860012345678901235,,", "3,cmcc,8986001234567890123,,"],
      [
        [3, "iccid: the same as that of card 1 on line 2"],
        [4, "iccid: the same as that of card 1 on line 2"],
      ],
    ],
    [
      "an ICCID that a card in the database has",
      ["1,cmcc,89860000000000000001,,"],
      [[2, "iccid: card 9 has it already"]],
    ],
    [
      "a repeat of a refused line",
      ["1,cmcc,,999,", "2,cmcc,89860000000000000001,,", "2,cmcc,89860000000000000001,,"],
      [
        [2, "there is no account 999"],
        [3, "card 9 has it already"],
        [4, "the same as line 3: iccid: card 9 has it already"],
      ],
    ],
    [
      "a cell over several lines, where it begins",
      ['1,"cm', 'cc",,,', "2,c c,,,"],
      [
        [2, 'carrier: "cm·cc" must be'],
        [4, 'carrier: "c c" must be'],
      ],
    ],
  ])("%s is refused", async (_what, lines, reasons) => {
    await importCards("serial_no,carrier,iccid\n9,cmcc,89860000000000000009\n");
    const report = await importCards(`serial_no,carrier,iccid,account_no,custom_no\n${lines.join("\n")}\n`);
    expect(report.firstRefused).toEqual(
      reasons.map(([line, reason]) => ({ line, reason: expect.stringContaining(reason) })),
    );
    expect(counts(report)).toEqual([0, 0, 0, reasons.length]);
    expect(await cards()).toHaveLength(1);
  });

  test("a custom number is another card's only within its account", async () => {
    const csv = `serial_no,carrier,account_no,custom_no\n1,cmcc,${account},123456\n2,cmcc,${otherAccount},123456\n3,cmcc,${account},123456\n`;
    const report = await importCards(csv, { skipInvalid: true });
    expect(counts(report)).toEqual([2, 0, 0, 1]);
    expect(report.firstRefused).toEqual([
      { line: 4, reason: expect.stringContaining("custom_no: the same as that of card 1") },
    ]);
  });

  test("digits keep what people put around them out, and 20 digits stay 20 digits", async () => {
    const csv =
      'serial_no,carrier,iccid\n1,cmcc,="89860012345678901234"\n"=""2""",cmcc,"\t89860012345678901244"\n\'3, cmcc ,\'89860012345678901254\n';
    expect(counts(await importCards(csv))).toEqual([3, 0, 0, 0]);
    expect((await cards()).map(({ serial_no, iccid }) => [serial_no, iccid])).toEqual([
      ["1", "89860012345678901234"],
      ["2", "89860012345678901244"],
      ["3", "89860012345678901254"],
    ]);
  });

  test("separated by tabs or semicolons are read as well", async () => {
    expect(counts(await importCards("serial_no;carrier\n1;cmcc\n"))).toEqual([1, 0, 0, 0]);
    const unicodeText = iconv.encode("serial_no\tcarrier\r\n2\tcmcc\r\n", "utf-16le", { addBOM: true });
    expect(counts(await importCards(unicodeText))).toEqual([1, 0, 0, 0]);
  });

  test.each([
    ["serial,carrier,carrier\n", "lacks serial_no; has unknown columns serial; repeats columns carrier"],
    ["\n", "lacks serial_no, carrier"],
    ['serial_no,carrier\n1,"cmcc\n2,cmcc\n', "a quote that is never closed (near line 2)"],
  ])("a file %j is refused as a whole", async (csv, reason) => {
    await expect(importCards(csv)).rejects.toThrow(reason);
    expect(await cards()).toEqual([]);
  });

  test("a quote that is never closed, long before the end of a file, is told of with its line", async () => {
    const many = "1,cmcc\n".repeat(50_000);
    const csv = `serial_no,carrier\n${many}2,"cmcc\n${many}`;
    await expect(importCards(csv)).rejects.toThrow("a quote that is never closed (near line 50002)");
    expect(await cards()).toEqual([]);
  });

  test("a dry run reports the same and writes nothing", async () => {
    const csv = "serial_no,carrier\n1,cmcc\n2,c c\n";
    const dry = await importCards(csv, { dryRun: true, skipInvalid: true });
    expect(await cards()).toEqual([]);
    expect({ ...dry, dryRun: false }).toEqual(await importCards(csv, { skipInvalid: true }));
  });

  test("keep the day on which their months start once they have usage", async () => {
    const csv = (day: number) => `serial_no,carrier,cycle_day\n1,cmcc,${day}\n2,cmcc,${day}\n3,cmcc,\n`;
    await importCards(csv(1));
    await meter("1");
    await meter("3");
    expect(counts(await importCards(csv(1)))).toEqual([0, 0, 3, 0]);
    const report = await importCards(csv(27), { skipInvalid: true });
    expect(counts(report)).toEqual([0, 1, 1, 1]);
    expect(report.firstRefused).toEqual([
      { line: 2, reason: "cycle_day: the card has usage already, so its billing months keep starting on day 1" },
    ]);
    expect((await cards()).map(({ cycle_day }) => cycle_day)).toEqual([1, 27, 1]);
    expect(counts(await importCards("serial_no,carrier\n1,cucc\n"))).toEqual([0, 1, 0, 0]);
  });

  test("that keep it give up no ICCID on that line either", async () => {
    await importCards("serial_no,carrier,iccid\n1,cmcc,89860012345678901234\n");
    await meter("1");
    const csv = "serial_no,carrier,iccid,cycle_day\n1,cmcc,89860012345678901244,5\n2,cmcc,89860012345678901234,\n";
    const { firstRefused } = await importCards(csv, { skipInvalid: true });
    expect(firstRefused.map(({ line, reason }) => `${line} ${reason.split(":")[0]}`)).toEqual([
      "2 cycle_day",
      "3 iccid",
    ]);
  });

  test("an import that is stopped while it reads leaves nothing behind", async () => {
    const stop = new AbortController();
    const lines = Array.from({ length: 50_000 }, (_, index) => `${index},cmcc`).join("\n");
    const importing = importCards(`serial_no,carrier\n${lines}\n`, {
      signal: stop.signal,
      onProgress: () => stop.abort(),
    });
    await expect(importing).rejects.toThrow("The import was stopped; nothing was imported.");
    expect(await cards()).toEqual([]);
  });

  test("an import that is stopped while the database works leaves nothing behind", async () => {
    const blocker = await database.pool.connect();
    await blocker.query("begin");
    await blocker.query("lock table card in exclusive mode");
    const stop = new AbortController();
    const importing = importCards("serial_no,carrier\n1,cmcc\n", { signal: stop.signal });
    const outcome = importing.catch((error: unknown) => error);
    await untilWaiting("insert into card");
    stop.abort();
    expect(await outcome).toMatchObject({ message: "The import was stopped; nothing was imported." });
    await blocker.query("rollback");
    blocker.release();
    expect(await cards()).toEqual([]);
  });
});

/** Gives a card usage in two months, by a source of its own. */
async function meter(serialNo: string): Promise<void> {
  await database.pool.query(
    `with source as (
      insert into usage_source (name, kind, token_hash) values (lower($1), 'delta', '') returning source_no
    )
    insert into usage_month (serial_no, month, source_no, counts, day_bytes)
    select $1, month, source_no, true, array_fill(0::bigint, array[31])
    from source, unnest(array['2026-10-01', '2026-11-01']::date[]) month`,
    [serialNo],
  );
}

const emptyCard = {
  iccid: null,
  msisdn: null,
  imsi: null,
  carrier: "cmcc",
  account_no: null,
  custom_no: null,
  sim_status: 1,
  cycle_day: 1,
};

async function untilWaiting(query: string): Promise<void> {
  for (;;) {
    const { rowCount } = await database.pool.query(
      "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock' and ltrim(query, e' \\n') like $1",
      [`${query}%`],
    );
    if (rowCount !== 0) return;
  }
}

describe("any set of cards", () => {
  const header = "serial_no,carrier,iccid,account_no,custom_no,sim_status\n";

  test("gives the same tables however it is split into files, in whatever order they come, however often", async () => {
    const row = fc.record({
      serial: fc.integer({ min: 1, max: 60 }),
      iccid: fc.boolean(),
      custom: fc.boolean(),
      status: fc.constantFrom("", 0, 1, 2),
      account: fc.constantFrom(
        "",
        () => account,
        () => otherAccount,
      ),
    });
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(row, { selector: ({ serial }) => serial, minLength: 1, maxLength: 30 }).chain((rows) =>
          fc.record({
            rows: fc.constant(rows),
            fileOf: fc.array(fc.nat(3), { minLength: rows.length, maxLength: rows.length }),
            files: fc.array(fc.nat(3), { maxLength: 6 }).map((order) => [...order, 0, 1, 2, 3]),
          }),
        ),
        async ({ rows, fileOf, files }) => {
          const lines = rows.map(({ serial, iccid, custom, status, account: of }) => {
            const owner = typeof of === "function" ? of() : of;
            const number = String(serial).padStart(6, "0");
            return `${serial},cmcc,${iccid ? `8986001234567${number}0` : ""},${owner},${custom && owner !== "" ? number : ""},${status}\n`;
          });
          await database.pool.query("truncate card, card_identifier, card_package cascade");
          await importCards(header + lines.join(""));
          const whole = [await cards(), await identifiers()];
          await database.pool.query("truncate card, card_identifier, card_package cascade");
          for (const file of files) {
            const part = lines.filter((_, index) => fileOf[index] === file);
            const report = await importCards(header + [...part, ...part].join(""));
            expect(report.refused).toBe(0);
          }
          expect([await cards(), await identifiers()]).toEqual(whole);
          expect(await identifiers()).toEqual(await identifiersOfCards());
        },
      ),
      { numRuns: 25 },
    );
  });

  test("that contend for few ICCIDs and custom numbers leaves identifiers that are exactly the cards'", async () => {
    const line = fc.record({
      serial: fc.integer({ min: 1, max: 4 }),
      iccid: fc.constantFrom("", 1, 2, 3, 4),
      custom: fc.constantFrom("", 1, 2, 3),
      account: fc.constantFrom(
        "",
        () => account,
        () => otherAccount,
        "1",
      ),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(line, { maxLength: 5 }), { minLength: 1, maxLength: 4 }), async (files) => {
        await database.pool.query("truncate card, card_identifier, card_package cascade");
        for (const lines of files) {
          const csv = lines.map(
            ({ serial, iccid, custom, account: of }) =>
              `${serial},cmcc,${iccid === "" ? "" : `898600123456789012${iccid}0`},${typeof of === "function" ? of() : of},${custom === "" ? "" : `10000${custom}`},\n`,
          );
          const report = await importCards(header + csv.join(""), { skipInvalid: true });
          expect(report.inserted + report.updated + report.unchanged + report.refused).toBe(lines.length);
          expect(await identifiers()).toEqual(await identifiersOfCards());
        }
      }),
      { numRuns: 60 },
    );
  });

  test("imported at once with an overlapping one ends as if one had come after the other", async () => {
    const lines = (from: number, status: number, step: 1 | -1) => {
      const numbers = Array.from({ length: 2000 }, (_, index) => from + index);
      const ordered = step === 1 ? numbers : numbers.toReversed();
      return header + ordered.map((n) => `${n},cmcc,89860012345${String(n).padStart(8, "0")},,,${status}\n`).join("");
    };
    const reports = await Promise.all([
      importCards(lines(0, 0, 1)),
      importCards(lines(1000, 2, -1)),
      importCards(lines(500, 3, 1)),
    ]);
    expect(reports.map(({ refused }) => refused)).toEqual([0, 0, 0]);
    expect(reports.reduce((sum, { inserted }) => sum + inserted, 0)).toBe(3000);
    expect(await cards()).toHaveLength(3000);
    expect(await identifiers()).toEqual(await identifiersOfCards());
    // Each of the three is whole where no later one covered it.
    const statuses = new Map((await cards()).map(({ serial_no, sim_status }) => [Number(serial_no), sim_status]));
    expect([statuses.get(0), statuses.get(2999)]).toEqual([0, 2]);
    expect(new Set(Array.from({ length: 500 }, (_, n) => statuses.get(1000 + n))).size).toBe(1);
  });
});

describe("products and packages", () => {
  const products = "product_no,name,carrier,origin_price,fee,data_value,month,level,eft_type\n";

  test("a product's defaults, sizes and Chinese name in GB18030 are stored as they are meant", async () => {
    const csv = iconv.encode(`${products}p1,移动流量 10G 月包,cmcc,,3.00,10240.5,12,1,\n`, "gb18030");
    expect(counts(await importCsv(database.pool, productImport, csv))).toEqual([1, 0, 0, 0]);
    const { rows } = await database.pool.query(
      "select name, origin_price, fee, size_bytes, months, eft_type from product",
    );
    expect(rows).toEqual([
      {
        name: "移动流量 10G 月包",
        origin_price: "3.00",
        fee: "3.00",
        size_bytes: 10_737_942_528,
        months: 12,
        eft_type: 0,
      },
    ]);
    expect(counts(await importCsv(database.pool, productImport, csv))).toEqual([0, 0, 1, 0]);
  });

  test("what a product is changed to holds for packages ordered afterwards only", async () => {
    await importCards("serial_no,carrier\n1,cmcc\n");
    await importCsv(database.pool, productImport, `${products}p1,old,cmcc,4,3,10,12,1,0\n`);
    const first = "serial_no,product_no,first_month\n1,p1,2026-11\n1,p1,2026-11\n";
    expect(counts(await importCsv(database.pool, packageImport, first))).toEqual([1, 0, 1, 0]);
    expect(counts(await importCsv(database.pool, productImport, `${products}p1,new,cmcc,4,3,20,1,2,0\n`))).toEqual([
      0, 1, 0, 0,
    ]);
    expect(counts(await importCsv(database.pool, packageImport, `${first}1,p1,2026-12\n`))).toEqual([1, 0, 2, 0]);
    const { rows } = await database.pool.query(
      "select first_month, name, months, size_bytes, level from card_package order by 1",
    );
    expect(rows).toEqual([
      { first_month: "2026-11-01", name: "old", months: 12, size_bytes: 10_485_760, level: 1 },
      { first_month: "2026-12-01", name: "new", months: 1, size_bytes: 20_971_520, level: 2 },
    ]);
  });

  test("a package of an unknown card or product, or with a month that Excel has rewritten, is refused", async () => {
    await importCards("serial_no,carrier\n1,cmcc\n");
    await importCsv(database.pool, productImport, `${products}p1,one,cmcc,4,3,10,12,1,0\n`);
    const csv = "first_month,serial_no,product_no\n2026-11,2,p1\n2026-11,1,p2\nNov-26,1,p1\n2026-13,1,p1\n";
    const report = await importCsv(database.pool, packageImport, csv, { language: "en" });
    expect(report.firstRefused).toEqual([
      { line: 2, reason: "serial_no: there is no card 2; import the cards first" },
      { line: 3, reason: "product_no: there is no product p2; import the products first" },
      { line: 4, reason: expect.stringContaining('first_month: "Nov-26" must be a month') },
      { line: 5, reason: expect.stringContaining('first_month: "2026-13" must be a month') },
    ]);
  });
});
