import { readFileSync, readdirSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, describe, expect, it, test } from "vitest";
import { systemActor } from "../src/actor.ts";
import { type Services, createServices } from "../src/app.ts";
import { type TablePlacement, placements } from "../src/db/distribute.ts";
import { createLogger } from "../src/log.ts";
import { createAuditLog } from "../src/modules/audit/audit.service.ts";
import { type CardListService, createCardList } from "../src/modules/cards/card-list.service.ts";
import { createCardFileService } from "../src/modules/cards/card-file.service.ts";
import { cardImport } from "../src/modules/cards/cards.import.ts";
import { createCardService } from "../src/modules/cards/cards.service.ts";
import { createCredentialStore } from "../src/modules/clients/credentials.ts";
import { createClientService } from "../src/modules/clients/clients.service.ts";
import { addKeyToFile, loadMasterKeys } from "../src/modules/clients/master-key.ts";
import { startSecretUses } from "../src/modules/clients/secret-uses.ts";
import { importCsv } from "../src/modules/imports/import-csv.ts";
import { localDays, parseMonth } from "../src/modules/packages/billing-month.ts";
import { packageImport } from "../src/modules/packages/packages.import.ts";
import { productImport } from "../src/modules/products/products.import.ts";
import type { UsageSource } from "../src/modules/sources/source.ts";
import { createCalendar } from "../src/modules/usage/calendar.ts";
import { selectKept } from "../src/modules/usage/quarantine.queries.ts";
import { createUsageService } from "../src/modules/usage/usage.service.ts";
import { citusProblems, lateWrites } from "./citus-statement.ts";
import { useConsole } from "./console-statements.ts";
import { type TestDatabase, createTestDatabase } from "./database.ts";
import { delta, importCards, insertSource, reading } from "./usage.ts";

const by = systemActor("test");

/**
 * Whether the platform could run on Citus, held on plain PostgreSQL: the schema by its catalogue, the statements by their
 * text as they are really run. Statements that are not run here cannot be looked at, so every query has to be.
 */

let database: TestDatabase;

beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

describe("the schema", () => {
  const byTable = new Map(placements.map((placement) => [placement.table, placement]));

  it("says of every table where it lies on a cluster", async () => {
    const { rows } = await database.pool.query<{ table: string }>(
      `select c.relname as table from pg_class c
      where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition
        and c.relname <> 'schema_migration'
      order by 1`,
    );
    expect(rows.map(({ table }) => table)).toEqual(placements.map(({ table }) => table).sort());
  });

  it("has every table that is spread in docs/scale.md", () => {
    const guide = readFileSync(join(import.meta.dirname, "../../../docs/scale.md"), "utf8");
    const spread = placements.filter(({ isLocal }) => !isLocal).map(({ table }) => table);
    expect(spread.filter((table) => !guide.includes(`\`${table}\``))).toEqual([]);
  });

  it("has a sharded table after the one it lies beside, and small tables before all", () => {
    const late = placements.filter(({ table, isLocal, shardKey, beside }, index) => {
      if (isLocal) return false;
      const before = placements.slice(0, index);
      if (shardKey === null) return before.some((other) => other.shardKey !== null);
      return beside !== table && !before.some((other) => other.table === beside);
    });
    expect(late).toEqual([]);
  });

  it("has the shard key in every unique constraint and index", async () => {
    const { rows } = await database.pool.query<{ table: string; index: string; columns: string[] }>(
      `select c.relname as table, i.indexrelid::regclass::text as index, array_agg(a.attname::text) as columns
      from pg_index i
      join pg_class c on c.oid = i.indrelid and c.relnamespace = 'public'::regnamespace
      join pg_attribute a on a.attrelid = c.oid and a.attnum = any((i.indkey::smallint[])[0:i.indnkeyatts - 1])
      where i.indisunique or i.indisexclusion
      group by c.relname, i.indexrelid`,
    );
    for (const { table, index, columns } of rows) {
      const key = byTable.get(table)?.shardKey ?? null;
      if (key !== null) expect(columns, index).toContain(key);
    }
    expect(rows.length).toBeGreaterThan(placements.length);
  });

  it("has foreign keys only to small tables and, by the shard key, to tables beside; local ones among themselves", async () => {
    const { rows } = await database.pool.query<{ name: string; from: string; to: string; columns: string[][] }>(
      `select k.conname as name, k.conrelid::regclass::text as from, k.confrelid::regclass::text as to,
        (
          select array_agg(array[a.attname::text, b.attname::text])
          from unnest(k.conkey, k.confkey) as pair (own, other)
          join pg_attribute a on a.attrelid = k.conrelid and a.attnum = pair.own
          join pg_attribute b on b.attrelid = k.confrelid and b.attnum = pair.other
        ) as columns
      from pg_constraint k
      where k.contype = 'f'`,
    );
    expect(rows.length).toBeGreaterThan(8);
    const wrong = rows.filter(({ from, to, columns }) => {
      const [own, other] = [byTable.get(from), byTable.get(to)];
      if (own?.isLocal !== other?.isLocal) return true;
      if (other?.shardKey === null) return false;
      return (
        own === undefined ||
        own.beside !== other?.beside ||
        !columns.some(([ownColumn, otherColumn]) => ownColumn === own.shardKey && otherColumn === other?.shardKey)
      );
    });
    expect(wrong).toEqual([]);
  });

  it("has shard keys of one type and collation in a group, never null, and no sequences in sharded tables", async () => {
    const { rows } = await database.pool.query<{
      table: string;
      column: string;
      type: string;
      sequence: boolean;
      not_null: boolean;
    }>(
      `select c.relname as table, a.attname as column, format('%s collate %s', format_type(a.atttypid, a.atttypmod), a.attcollation::regcollation) as type,
        a.attidentity <> '' or coalesce(pg_get_expr(d.adbin, d.adrelid) like '%nextval%', false) as sequence,
        a.attnotnull as not_null
      from pg_attribute a
      join pg_class c on c.oid = a.attrelid
      left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum and a.attgenerated = ''
      where c.relname = any($1) and c.relnamespace = 'public'::regnamespace and a.attnum > 0 and not a.attisdropped`,
      [placements.map(({ table }) => table)],
    );
    const keyOf = ({ table, shardKey }: TablePlacement) =>
      rows.find((row) => row.table === table && row.column === shardKey);
    for (const placement of placements) {
      if (placement.shardKey === null) continue;
      expect(keyOf(placement), placement.table).toMatchObject({ not_null: true });
      const head = byTable.get(placement.beside ?? "");
      expect(keyOf(placement)?.type, placement.table).toBe(head && keyOf(head)?.type);
      expect(rows.filter((row) => row.table === placement.table && row.sequence)).toEqual([]);
    }
  });

  it("has no triggers but on local tables: Citus does not run them on shards", async () => {
    const { rows } = await database.pool.query<{ table: string }>(
      `select tgrelid::regclass::text as table from pg_trigger where not tgisinternal`,
    );
    expect(rows.filter(({ table }) => byTable.get(table)?.isLocal !== true)).toEqual([]);
  });
});

describe("the rules", () => {
  test.each<[string, string, string]>([
    [
      "two groups",
      "select 1 from usage_record r join usage_identity i on i.record_id = r.record_id",
      "sharded differently",
    ],
    [
      "another column",
      "select 1 from card c join card_package p on p.product_no = c.carrier",
      "something else than serial_no",
    ],
    [
      "a limit outward",
      "select 1 from usage_month m where m.source_no = (select a.source_no from card_source a where a.serial_no = m.serial_no limit 1)",
      "a limit",
    ],
    [
      "an aggregate outward",
      "select (select min(r.at) from usage_record r where r.serial_no = m.serial_no) from usage_month m",
      "an aggregate",
    ],
    [
      "an aggregate over an array",
      "select (select json_agg(d.at) from unnest(m.day_at) as d (at)) from usage_month m",
      "an aggregate",
    ],
    ["a fence", "select sum(d.bytes) from (select bytes from usage_record offset 0) d", "brought together"],
    ["a lock", "select 1 from usage_month where serial_no = any($1) for update", "locks rows of several shards"],
    ["a moving row", "update card set serial_no = $1 where serial_no = $2", "by which it is sharded"],
    [
      "a cast",
      "update usage_month m set day_bytes = i.days::bigint[] from unnest($1::text[]) as i (days)",
      "immutable",
    ],
    [
      "a function",
      "insert into card_source values ($1) on conflict (serial_no, from_month) do update set created_at = now()",
      'in "do update set"',
    ],
    [
      "a temporary table",
      "update import_line l set refusal = $1 where l.account_no not in (select account_no from account)",
      "in view of account",
    ],
    [
      "a delete",
      "delete from card_identifier where (value, kind) in (select value, kind from import_stale)",
      "use using",
    ],
    ["nothing", "select from client where client_id = $1", "select 1"],
    ["a value", "insert into card values ((select max(serial_no) from card))", "in values"],
    [
      "a window",
      "select first_value(bytes) over (partition by month order by at) from usage_record",
      "not partitioned by",
    ],
    [
      "a local table",
      "select 1 from call_log l where l.client_id in (select c.account_no::text from card c)",
      "on the coordinator",
    ],
    [
      "an outer join",
      "select 1 from unnest($1::text[]) as k (serial_no) left join card c on c.serial_no = k.serial_no",
      "outer join",
    ],
  ])("see %s", (_name, statement, problem) => {
    expect(citusProblems(statement).join("\n")).toContain(problem);
  });

  test.each<[string, string]>([
    ["a lock of one card", "select cycle_day from card where serial_no = $1 for update"],
    ["a lock of a small table", "select 1 from client where client_id = $1 for update"],
    [
      "a join on the shard key with a small table",
      "select 1 from usage_month u join card c on c.serial_no = u.serial_no join usage_source s on s.source_no = u.source_no",
    ],
    [
      "either side of a set operation",
      "select record_id from usage_identity except select record_id from usage_record",
    ],
    [
      "a page of cards",
      "select 1 from (select serial_no from card order by serial_no limit $1) page join card c on c.serial_no = page.serial_no left join usage_month u on u.serial_no = c.serial_no",
    ],
    ["a local table beside a small one", "select 1 from call_log l join client c on c.client_id = l.client_id"],
    [
      "what only an ordinary table can",
      "delete from staff_sign_in_attempt where (kind, key) in (select kind, key from staff_sign_in_attempt limit 100 for update skip locked)",
    ],
    [
      "a lateral subquery of small tables",
      "select 1 from client c cross join lateral (select sealed from client_secret where client_id = c.client_id limit 4) s",
    ],
  ])("let %s be", (_name, statement) => {
    expect(citusProblems(statement)).toEqual([]);
  });

  test("see a small table that is changed after many cards", () => {
    const cards = "select serial_no from card where serial_no = any($1::text[])";
    const card = "select serial_no from card where serial_no = $1 for update";
    const account = "update account set balance = balance - $1 where account_no = $2";
    const small = new Set(["account"]);
    expect(lateWrites([cards, account], small)).toEqual([expect.stringContaining("changes account after select")]);
    expect(lateWrites([account, cards], small)).toEqual([]);
    expect(lateWrites([card, account], small)).toEqual([]);
    expect(lateWrites([cards, "update client set version = 2 where client_id = $1"], small)).toEqual([]);
  });
});

/** A statement that was run, by which function of which file. */
interface Run {
  readonly file: string;
  readonly name: string;
  readonly statement: string;
  /** By its number; undefined: none was begun. */
  readonly transaction: number | undefined;
}

const modules = join(import.meta.dirname, "../src/modules");

describe("the statements", () => {
  let runs: readonly Run[];

  beforeAll(async () => {
    const recorder = record();
    try {
      await useEverything(database);
    } finally {
      recorder.stop();
    }
    runs = recorder.runs;
  });

  it("are all run here: a query that is missing has to be added to what this file does", () => {
    const done = new Set(runs.map(({ file, name }) => `${file} ${name}`));
    const files = readdirSync(modules, { recursive: true, encoding: "utf8" })
      .map((path) => path.replaceAll("\\", "/"))
      .filter((path) => /\.(queries|import)\.ts$/.test(path));
    const queries = files.flatMap((file) => namesOfQueries(file).map((name) => `${file} ${name}`));
    expect(queries.length).toBeGreaterThan(80);
    expect(queries.filter((query) => !done.has(query))).toEqual([]);
  });

  it("are such as Citus takes", () => {
    const wrong = new Map<string, string[]>();
    for (const { file, name, statement } of runs) {
      const problems = citusProblems(statement);
      if (problems.length > 0) wrong.set(`${file} ${name}`, problems);
    }
    expect(Object.fromEntries(wrong)).toEqual({});
  });

  it("change small tables that sharded ones refer to before they concern several shards", async () => {
    const sharded = placements.filter(({ shardKey }) => shardKey !== null).map(({ table }) => table);
    const { rows } = await database.pool.query<{ table: string }>(
      "select distinct confrelid::regclass::text as table from pg_constraint where contype = 'f' and conrelid = any($1::regclass[])",
      [sharded],
    );
    const referredTo = new Set(rows.map(({ table }) => table).filter((table) => !sharded.includes(table)));
    expect([...referredTo].sort()).toEqual(["account", "product", "usage_source"]);
    const transactions = Map.groupBy(
      runs.filter(({ transaction }) => transaction !== undefined),
      ({ transaction }) => transaction,
    );
    expect(transactions.size).toBeGreaterThan(50);
    const wrong = [...transactions.values()].flatMap((ofOne) =>
      lateWrites(
        ofOne.map(({ statement }) => statement),
        referredTo,
      ),
    );
    expect(wrong).toEqual([]);
  });
});

/** The functions in a file that run a statement themselves. */
function namesOfQueries(file: string): string[] {
  const text = readFileSync(join(modules, file), "utf8");
  return text.split(/^(?=(?:export )?(?:async )?function)/m).flatMap((part) => {
    const name = /^(?:export )?(?:async )?function\*? (\w+)/.exec(part)?.[1];
    return name !== undefined && /\bdb\.query\b|copyRows\(/.test(part) ? [name] : [];
  });
}

/** Notes every statement that goes to the database until it is stopped. */
function record(): { readonly runs: readonly Run[]; stop(): void } {
  const runs: Run[] = [];
  const originals: [object, unknown][] = [];
  const transactions = new WeakMap<object, number>();
  let begun = 0;
  const limit = Error.stackTraceLimit;
  // Behind a query stand the pool, the transaction and whoever runs in it.
  Error.stackTraceLimit = 30;
  for (const prototype of [pg.Client.prototype, pg.Pool.prototype]) {
    const original: unknown = Reflect.get(prototype, "query");
    if (typeof original !== "function") throw new Error("query is a function");
    originals.push([prototype, original]);
    Object.assign(prototype, {
      query(this: unknown, ...args: unknown[]): unknown {
        if (this instanceof pg.Client) {
          if (args[0] === "begin") transactions.set(this, ++begun);
          if (args[0] === "commit" || args[0] === "rollback") transactions.delete(this);
        }
        const run = runOf(args[0], new Error().stack ?? "");
        if (run !== undefined)
          runs.push({ ...run, transaction: this instanceof pg.Client ? transactions.get(this) : undefined });
        return Reflect.apply(original, this, args);
      },
    });
  }
  return {
    runs,
    stop() {
      Error.stackTraceLimit = limit;
      for (const [prototype, query] of originals) Object.assign(prototype, { query });
    },
  };
}

/** The statement, if it is from a query file. */
function runOf(query: unknown, stack: string): Omit<Run, "transaction"> | undefined {
  const statement =
    query !== null && typeof query === "object" && "text" in query && typeof query.text === "string"
      ? query.text
      : query;
  const callers = [...stack.matchAll(/at (?:async )?(\w+) \((?:file:\/\/)?(.*?\.ts)/g)];
  const [, name, path] = callers.find(([, , file = ""]) => /\.(queries|import)\.ts$/.test(file)) ?? [];
  if (name === undefined || path === undefined || typeof statement !== "string") return undefined;
  return { file: path.replaceAll("\\", "/").split("/modules/")[1] ?? "", name, statement };
}

const timeZone = "Asia/Shanghai";
let now = Date.parse("2026-11-24T04:00:00Z");
const clock = () => now;

/** Does whatever the platform can do, once. */
async function useEverything({ pool, address }: TestDatabase): Promise<void> {
  const dataDir = await mkdtemp(join(tmpdir(), "dks-data-"));
  try {
    const services = await createServices(pool, { masterKey: undefined, dataDir, timeZone }, clock);
    await useClients(pool, services, dataDir);
    await useCustomers(pool, services);
    await useImports(pool, services);
    await useIntake(pool, services);
    await useCards(pool);
    await useQuarantine(pool, services);
    await useAudit(pool, services);
    await useConsole({ pool, address }, services, by);
    await useRetention(services);
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
}

async function useClients(pool: pg.Pool, { accounts, clients, sources }: Services, dataDir: string): Promise<void> {
  await accounts.any();
  const accountNo = await accounts.findOrCreate({ name: "one", rank: 3, balance: "0.00" }, by);
  const { clientId } = await clients.create({ accountNo: String(accountNo), allowIps: [], ratePerSecond: null }, by);
  await clients.rotate(clientId, { overlapSeconds: 60 }, by);
  await clients.setStatus(clientId, { status: "normal" }, by);
  await clients.findOfAccount(accountNo);
  await addKeyToFile(dataDir);
  const keys = await loadMasterKeys(undefined, dataDir);
  expect(await createClientService(pool, keys).resealSecrets(by)).toBe(2);
  await createCredentialStore(pool, keys, clock).find(clientId);
  const { token } = await sources.create(
    { name: "made", kind: "delta", unit: null, graceSeconds: 0, closeAfterSeconds: 0 },
    by,
  );
  await sources.rotate("made", { overlapSeconds: 0 }, by);
  await sources.change("made", { status: "suspended" }, by);
  await sources.findByToken(token);
}

/** What staff do in the console with accounts, clients and products. */
async function useCustomers(pool: pg.Pool, { accounts, movements, clients, products }: Services): Promise<void> {
  const accountNo = await accounts.create({ name: "edited", rank: 3, balance: "1.00" }, by);
  await accounts.get(accountNo);
  await accounts.list({ search: "iot1", status: "normal", before: accountNo }, 10);
  await accounts.list({ search: "10001" }, 10);
  await accounts.countCards(accountNo, 10);
  await accounts.update(accountNo, { version: 1, name: "renamed", rank: 1 }, by);
  const { clientId } = await clients.create({ accountNo: String(accountNo), allowIps: [], ratePerSecond: null }, by);
  await accounts.setStatus(accountNo, { version: 2, status: "suspended" }, by);
  await movements.book(accountNo, { kind: "top_up", amount: "1", remark: "", requestNo: "one" }, by);
  await movements.list(accountNo, { kind: "top_up", from: new Date(0), to: new Date(now), before: 9 }, 10);
  await movements.wrongBalances(10);
  await clients.update(clientId, { allowIps: ["10.0.0.0/8"], ratePerSecond: 1 }, by);
  await clients.endOverlap(clientId, {}, by);
  const uses = startSecretUses(pool, createLogger("silent"));
  uses.note({ clientId, secretNo: 1, secret: "", expiresAtMs: null }, now);
  await uses.stop();
  await clients.get(clientId);
  await clients.list({ search: "iot", status: "normal", after: clientId }, 10);
  await clients.list({ search: "10001" }, 10);
  await clients.listOfAccount(accountNo, 10);
  const product = { name: "p", carrier: "cmcc", fee: "1", data_value: "1", month: "1", level: "1" };
  const { product_no: productNo } = await products.create({ product_no: "EDITED", ...product }, by);
  await products.update(productNo, 1, { ...product, fee: "2" }, by);
  await products.list({ search: "P", carrier: "cmcc", level: 1, after: "A" }, 10);
  await products.carriers();
}

const iccids = ["8986001122334455667", "8986001122334455668", "8986001122334455669"] as const;

/** Twice, so that rows are changed too; then lines that are refused, for each of the reasons. */
async function useImports(pool: pg.Pool, { accounts }: Services): Promise<void> {
  const account = await accounts.findByName("one");
  const columns = "serial_no,iccid,msisdn,imsi,carrier,account_no,custom_no,sim_status,cycle_day";
  const files = [
    `1,${iccids[0]},13800000001,460001234567890,cmcc,${account},100001,1,1\n2,${iccids[1]},,,cmcc,${account},100002,,\n`,
    `1,${iccids[1]},,,cmcc,${account},100002,2,\n2,${iccids[0]},,,cucc,${account},100001,,\n8,,,,cmcc,${account},,,\n`,
    `3,${iccids[0]},,,cmcc,,,,\n4,${iccids[2]},,,cmcc,9,,,\n5,${iccids[2]},,,cmcc,,,,\n6,${iccids[2]},,,cmcc,,1000006,,\n7,${iccids[2]},,,cmcc,,,,\n7,,,,cmcc,,,,\n`,
  ];
  for (const lines of files) await importCsv(pool, cardImport, `${columns}\n${lines}`, { skipInvalid: true });
  await importCsv(
    pool,
    productImport,
    "product_no,name,carrier,origin_price,fee,data_value,month,level,eft_type\np,ten,cmcc,1.00,1.00,10,12,3,0\n",
  );
  const report = await importCsv(
    pool,
    packageImport,
    "serial_no,product_no,first_month\n1,p,2026-01\n9,p,2026-01\n1,q,2026-01\n",
    { skipInvalid: true },
  );
  expect(report).toMatchObject({ inserted: 1, refused: 2 });
}

async function useIntake(pool: pg.Pool, { intake, sources }: Services): Promise<void> {
  await importCards(pool, [{ serialNo: "31" }, { serialNo: "32" }, { serialNo: "33" }]);
  const counted = await insertSource(pool, { name: "counted", kind: "delta" });
  const read = await insertSource(pool, { name: "read", kind: "reading" });
  await sources.assign("counted", "33", undefined, by);
  await sources.previewAssignments("counted", ["33"], undefined);
  for (const [source, ...records] of [
    [
      counted,
      delta(counted, "1", "31", "2026-11-20T00:00:00Z", 1),
      delta(counted, "2", iccids[0], "2026-11-20T00:00:00Z", 1),
    ],
    [
      counted,
      delta(counted, "1", "31", "2026-11-20T00:00:00Z", 2),
      delta(counted, "3", "13800000001", "2026-11-21T00:00:00Z", 1),
    ],
    [
      counted,
      delta(counted, "4", "31", "2026-11-22T00:00:00Z", 1),
      delta(counted, "5", "99", "2026-11-21T00:00:00Z", 1),
    ],
    // An adjustment of a closed month, and a first record of one: what the increments cannot say is computed anew.
    [counted, delta(counted, "6", "31", "2026-09-22T00:00:00Z", 1)],
    [counted, delta(counted, "7", "31", "2026-09-23T00:00:00Z", 1)],
    [read, reading(read, "1", "32", "2026-10-31T10:00:00Z", 500)],
    [read, reading(read, "2", "32", "2026-10-31T17:00:00Z", 700), reading(read, "3", "31", "2026-11-20T00:00:00Z", 9)],
    [read, reading(read, "4", "32", "2026-11-02T00:00:00Z", 100)],
    // Older than the last one of the month before: what was carried there comes back.
    [read, reading(read, "5", "32", "2026-10-31T15:00:00Z", 900)],
  ] as const) {
    const taken: UsageSource = source;
    await intake.takeIn(taken, records);
  }
}

async function useCards(pool: pg.Pool): Promise<void> {
  const dayOf = localDays(timeZone);
  const cards = createCardService(
    pool,
    () => dayOf(clock()),
    () => {},
  );
  const { rows } = await pool.query<{ account_no: number }>("select account_no from account");
  const accountNo = rows[0]?.account_no ?? 0;
  await cards.findEach(accountNo, ["1", "100001", iccids[0], "8", "nobody"]);
  await cards.get("1");
  const files = createCardFileService(pool, createAuditLog(pool));
  await files.packages("1");
  expect((await files.history("1")).entries.map(({ kind }) => kind)).toEqual(["package", "changed", "created"]);
  await cards.list({ accountNo, after: "", cardsMax: 10, simStatus: 1, usedPercentMin: null });
  // With limits that few cards exceed, so that every way of finding them is taken.
  await useCardList(createCardList(pool, cards, { countedMax: 1, sortedMax: 1, lookedAtMax: 1, chunkMax: 2 }));
  const usage = createUsageService(pool, { cards, clock, calendar: createCalendar(timeZone) });
  await usage.daily(accountNo, "1", 20_770, 20_780);
  await usage.monthly(accountNo, "1", month("2026-10"), month("2026-11"));
}

async function useCardList(list: CardListService): Promise<void> {
  const all = { state: {}, sort: "serial_no", descending: false } as const;
  for (const query of [
    { ...all, accountNo: null, state: { simStatus: 1 }, usedPercentMin: 1 },
    { ...all, search: "3", state: { carrier: "cmcc" }, descending: true },
    { ...all, search: iccids[0] },
    { ...all, sort: "created_at" as const },
  ])
    await list.list(query, { cursor: undefined, cardsMax: 10 });
  for await (const some of list.walk(all)) expect(some.length).toBeGreaterThan(0);
  await list.count(all);
  await list.carriers();
}

async function useQuarantine(pool: pg.Pool, { quarantine, waiting }: Services): Promise<void> {
  const filter = { source: "counted" };
  expect((await quarantine.list({ ...filter, subject: "99" }, 10)).entries).toHaveLength(1);
  expect((await quarantine.list({ ...filter, status: "conflict" }, 10)).entries[0]?.first).toBeDefined();
  await quarantine.release(filter, by);
  await importCards(pool, [{ serialNo: "99" }]);
  expect((await waiting.run())?.counts.get("accepted")).toBe(1);
  await waiting.run({ waits: true });
  // Asked only where somebody else has released some of the entries meanwhile.
  await selectKept(pool, 1, [{ recordId: "1", entryId: "0" }]);
  expect(await quarantine.discard({ ...filter, status: "conflict" }, { many: false }, by)).toBe(1);
}

/** With something wrong of each kind that a rebuild mends. */
async function useAudit(pool: pg.Pool, { audit }: Services): Promise<void> {
  await pool.query("update usage_month set used_bytes = 77 where serial_no = '31' and month = '2026-11-01'");
  await pool.query("update usage_month set counts = false where serial_no = '32'");
  await pool.query("delete from usage_month where serial_no = '99'");
  const everything = { serialNo: undefined, month: undefined };
  expect((await audit.verify(everything, { onFinding: () => {} })).findings).toBeGreaterThan(2);
  expect((await audit.rebuild(everything)).changed).toBeGreaterThan(2);
  expect((await audit.verify(everything, { onFinding: () => {} })).findings).toBe(0);
  await audit.explain("32", month("2026-10"));
  await audit.gaps(undefined, 10);
  await audit.gaps(month("2026-11"), 10);
}

async function useRetention({ retention }: Services): Promise<void> {
  now = Date.parse("2028-01-15T00:00:00Z");
  await retention.plan(month("2026-10"));
  expect((await retention.drop(month("2026-10"))).months).toHaveLength(1);
}

function month(name: string): number {
  const parsed = parseMonth(name);
  if (parsed === undefined) throw new Error(`${name} is a month`);
  return parsed;
}
