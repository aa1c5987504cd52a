import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { randomBytes } from "node:crypto";
import type pg from "pg";
import { from as copyFrom } from "pg-copy-streams";
import { systemClock } from "../packages/server/src/clock.ts";
import { type DatabaseAddress, connect, createPool } from "../packages/server/src/db/database.ts";
import { migrate } from "../packages/server/src/db/migrate.ts";
import { insertAccount } from "../packages/server/src/modules/accounts/accounts.queries.ts";
import { createClientService } from "../packages/server/src/modules/clients/clients.service.ts";
import { loadMasterKeys } from "../packages/server/src/modules/clients/master-key.ts";
import { localDays, monthToDate } from "../packages/server/src/modules/packages/billing-month.ts";
import type { UsageSource } from "../packages/server/src/modules/sources/source.ts";
import { createSourceService } from "../packages/server/src/modules/sources/sources.service.ts";
import { iccid, packageMonths, serialNo, sizesMb, totalMb, usedMb } from "./cards.ts";
import { systemActor } from "../packages/server/src/actor.ts";

/** A client that signs calls, as the load generator and the baselines know it. */
export interface BenchClient {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly accountNo: number;
}

/** What a contender serves and what may be asked of it. */
export interface Inventory {
  readonly cardCount: number;
  /** Card number `index` belongs to the account of client `index % clients.length`. */
  readonly clients: readonly BenchClient[];
  /** Up to when the usage of every card is known, in seconds since the epoch. */
  readonly usageAsOfSeconds: number;
}

/** The source of the cards' usage. */
export interface BenchSource extends UsageSource {
  readonly token: string;
}

/** A database with cards in it. */
export interface FilledDatabase {
  readonly address: DatabaseAddress;
  readonly inventory: Inventory;
  readonly source: BenchSource;
}

/** What the source is called, and its records say. */
export const sourceName = "bench";

const clientCount = 20;

/** The master key of every database here, and so of every server under test. */
export const masterKey = randomBytes(32).toString("base64");

/** The time zone of the servers under test. */
export const timeZone = "Asia/Shanghai";

/**
 * Creates a database of that name beside `admin`'s, with that many cards, each with one package that is in effect and with
 * usage in the current month.
 */
export async function createInventory(
  admin: DatabaseAddress,
  name: string,
  cardCount: number,
): Promise<FilledDatabase> {
  const server = await connect(admin, "bench");
  await server.query(`create database ${name}`);
  await server.end();
  const url = new URL(admin.connectionString);
  url.pathname = `/${name}`;
  const address = { connectionString: url.href };
  await migrate(address);
  const { clients, source } = await createCallers(address);
  const inventory = { cardCount, clients, usageAsOfSeconds: Math.floor(systemClock() / 1000) };
  await fill(address, inventory, source);
  return { address, inventory, source };
}

async function createCallers(address: DatabaseAddress): Promise<{ clients: BenchClient[]; source: BenchSource }> {
  const pool = createPool(address, {
    applicationName: "bench",
    connectionsMax: 4,
    connectTimeoutMs: 10_000,
    onIdleError: () => {},
  });
  try {
    const service = createClientService(pool, await loadMasterKeys(masterKey, ""));
    const clients = await Promise.all(
      Array.from({ length: clientCount }, async (_, index) => {
        const accountNo = await insertAccount(pool, { name: `bench ${index}`, rank: 3 });
        const issued = await service.create(
          { accountNo: String(accountNo), allowIps: [], ratePerSecond: null },
          systemActor("bench"),
        );
        return { ...issued, accountNo };
      }),
    );
    const sources = createSourceService(pool, { clock: systemClock, timeZone });
    const { token } = await sources.create(
      { name: sourceName, kind: "delta", unit: null, graceSeconds: 6 * 3600, closeAfterSeconds: 72 * 3600 },
      systemActor("bench"),
    );
    return { clients, source: { ...(await sources.findNormal(sourceName)), token } };
  } finally {
    await pool.end();
  }
}

async function fill(address: DatabaseAddress, inventory: Inventory, source: UsageSource): Promise<void> {
  const { clients, cardCount } = inventory;
  const db = await connect(address, "bench");
  try {
    const addConstraints = await dropConstraints(db);
    const createIndexes = await dropIndexes(db);
    await db.query(`
      insert into product (product_no, name, carrier, origin_price, fee, size_bytes, months, level, eft_type)
      select 'p' || size_mb, size_mb || ' MB', 'cmcc', 10, 10, size_mb * 1048576::bigint, ${packageMonths}, 1, 0
      from unnest('{${sizesMb.join(",")}}'::bigint[]) as size_mb`);
    const today = localDays(timeZone)(inventory.usageAsOfSeconds * 1000);
    const firstMonth = monthToDate(today.month - 2);
    await copyLines(db, "card (serial_no, iccid, carrier, account_no)", cardCount, (index) => {
      // Every index of clients is below its length.
      const { accountNo } = clients[index % clients.length] as BenchClient;
      return `${serialNo(index)}\t${iccid(index)}\tcmcc\t${accountNo}\n`;
    });
    await copyLines(db, "card_identifier (value, kind, qualifier, serial_no)", cardCount, (index) => {
      const whole = iccid(index);
      return `${whole.slice(10, 19)}\ticcid\t${whole.slice(0, 10)}\t${serialNo(index)}\n`;
    });
    await copyLines(
      db,
      "card_package (serial_no, product_no, first_month, name, months, level, size_bytes)",
      cardCount,
      (index) => {
        const sizeMb = totalMb(index);
        return `${serialNo(index)}\tp${sizeMb}\t${firstMonth}\t${sizeMb} MB\t${packageMonths}\t1\t${sizeMb * 1_048_576}\n`;
      },
    );
    const asOf = new Date(inventory.usageAsOfSeconds * 1000).toISOString();
    const [daysBefore, daysAfter] = ["0,".repeat(today.day - 1), ",0".repeat(31 - today.day)];
    await copyLines(
      db,
      "usage_month (serial_no, month, source_no, counts, used_bytes, as_of, day_bytes)",
      cardCount,
      (index) => {
        const usedBytes = usedMb(index) * 1_048_576;
        return `${serialNo(index)}\t${monthToDate(today.month)}\t${source.sourceNo}\tt\t${usedBytes}\t${asOf}\t{${daysBefore}${usedBytes}${daysAfter}}\n`;
      },
    );
    await addConstraints();
    await createIndexes();
    await createPlainClients(db, clients);
    await db.query("vacuum (analyze, freeze)");
    await db.query("checkpoint");
  } finally {
    await db.end();
  }
}

/** The tables that have rows for every card, and card_source, which refers to one of them. */
const filledTables = ["card", "card_identifier", "card_package", "card_source", "usage_month"];

/**
 * Takes the keys off those tables and returns what puts them back as they were: building an index over millions of
 * rows at once is several times as fast as inserting them in no order.
 */
async function dropConstraints(db: pg.Client): Promise<() => Promise<void>> {
  const { rows: constraints } = await db.query<{ table: string; name: string; kind: string; definition: string }>(
    `
    select conrelid::regclass::text as table, conname as name, contype as kind, pg_get_constraintdef(oid) as definition
    from pg_constraint
    where conrelid = any($1::regclass[]) and contype in ('p', 'f')
    order by contype`,
    [filledTables],
  );
  // Foreign keys, f, are dropped before the primary keys, p, that they refer to, and added after them.
  for (const { table, name } of constraints) await db.query(`alter table ${table} drop constraint ${name}`);
  return async () => {
    await db.query("set maintenance_work_mem = '1GB'");
    for (const { table, name, kind, definition } of constraints.toReversed())
      // Every row is known to refer to what is there.
      await db.query(`alter table ${table} add constraint ${name} ${definition}${kind === "f" ? " not valid" : ""}`);
  };
}

/** The same for the indexes that are no keys. */
async function dropIndexes(db: pg.Client): Promise<() => Promise<void>> {
  const { rows: indexes } = await db.query<{ name: string; definition: string }>(
    `
    select indexrelid::regclass::text as name, pg_get_indexdef(indexrelid) as definition
    from pg_index
    where indrelid = any($1::regclass[]) and not exists (select from pg_constraint where conindid = indexrelid)`,
    [filledTables],
  );
  for (const { name } of indexes) await db.query(`drop index ${name}`);
  return async () => {
    for (const { definition } of indexes) await db.query(definition);
  };
}

/** Brings what a look-up reads into the database's memory, as a day of service does. */
export async function warm(address: DatabaseAddress): Promise<void> {
  const db = await connect(address, "bench");
  try {
    await db.query("create extension if not exists pg_prewarm");
    await db.query(
      `select pg_prewarm(name)
      from unnest('{card,card_pkey,card_package,card_package_pkey,usage_month,usage_month_counts_idx}'::text[]) as name`,
    );
  } finally {
    await db.end();
  }
}

/** The clients as the plain server keeps them: with the secret in the clear. */
async function createPlainClients(db: pg.Client, clients: readonly BenchClient[]): Promise<void> {
  await db.query(
    "create table plain_client (client_id text primary key, account_no bigint not null, secret text not null)",
  );
  await db.query(
    `insert into plain_client (client_id, account_no, secret)
    select * from unnest($1::text[], $2::bigint[], $3::text[])`,
    [
      clients.map(({ clientId }) => clientId),
      clients.map(({ accountNo }) => accountNo),
      clients.map(({ clientSecret }) => clientSecret),
    ],
  );
}

const linesPerChunk = 2_000;

/** Copies lines in COPY's text format, made one by one, into `table`. */
export async function copyLines(
  db: pg.Client,
  table: string,
  count: number,
  line: (index: number) => string,
): Promise<void> {
  function* chunks(): Generator<Buffer> {
    for (let from = 0; from < count; from += linesPerChunk) {
      let chunk = "";
      for (let index = from; index < Math.min(count, from + linesPerChunk); index++) chunk += line(index);
      yield Buffer.from(chunk);
    }
  }
  const sink = db.query(copyFrom(`copy ${table} from stdin`));
  await pipeline(Readable.from(chunks(), { objectMode: false }), sink);
}
