import { totalmem } from "node:os";
import type pg from "pg";
import { type DatabaseAddress, connect } from "../../packages/server/src/db/database.ts";
import { monthToDate, parseMonth } from "../../packages/server/src/modules/packages/billing-month.ts";
import { intakeFile } from "../intake-order.ts";
import { type FilledDatabase, createInventory, timeZone } from "../inventory.ts";
import { openOwnPostgres } from "../own-postgres.ts";
import { type TurnProcess, interleaveTurns, startTurns } from "../turns.ts";
import { iso, middleOfMonth } from "../usage-records.ts";
import type { Section } from "./context.ts";
import { figure, intakeOrder } from "./intake.ts";

/**
 * Stated with the figure, since they are not those of `dks serve`: a hundred million rows that are filled in by one
 * transaction need no WAL, and vacuuming them would fall into some rounds and not into others. Their indexes
 * take eight gigabytes, of which records in no order touch any page: they are to be in PostgreSQL's memory.
 */
const settings = {
  shared_buffers: `${Math.floor(totalmem() / 2 ** 21)}MB`,
  wal_level: "minimal",
  max_wal_senders: "0",
  max_wal_size: "64GB",
  checkpoint_timeout: "30min",
  autovacuum: "off",
};

/** Taking usage records in where many are stored already, against where few are: databases of one PostgreSQL. */
export const stored: Section = async ({ scale, scratchDir, progress }) => {
  const { storedFew, storedMany } = scale;
  if (storedMany === undefined) return [];
  const postgres = await openOwnPostgres(scratchDir, "stored", settings);
  const processes: TurnProcess[] = [];
  async function start(name: string, records: number): Promise<TurnProcess> {
    const filled = await createInventory(postgres.address, name, scale.cards);
    progress(`filling in ${records.toLocaleString("en")} records`);
    await storeRecords(filled, records, nowMs);
    const process = startTurns(intakeFile, intakeOrder(filled, scale, nowMs), {
      records: scale.intakeRecords,
      postmasterPid: postgres.postmasterPid,
    });
    processes.push(process);
    return process;
  }
  const nowMs = middleOfMonth(timeZone);
  try {
    const many = await start("many", storedMany);
    const few = await start("few", storedFew);
    // A page is written whole to the WAL at its first change after a checkpoint. With half an hour between two of them, that
    // is one change of some dozens; so it is to be behind most pages of the largest index when the rounds begin.
    for (let turn = 0; turn < storedMany / 50 / scale.intakeRecords; turn++) await many.turn();
    const turns = await interleaveTurns({ many, few }, scale.rounds, progress);
    return [
      figure(
        {
          what: `Usage records a second with ${storedMany.toLocaleString("en")} stored in the month, random ids, indexes warm, fsync on, ${Object.entries(
            settings,
          )
            .map(([name, value]) => `${name} ${value}`)
            .join(", ")}`,
          baseline: `with ${storedFew.toLocaleString("en")} stored`,
          digits: 2,
          goal: "at least 0.8 ×",
        },
        turns.many,
        turns.few,
      ),
    ];
  } finally {
    for (const process of processes) process.stop();
    await postgres.release();
  }
};

/**
 * Stores records of all cards in turn, a quarter of an hour apart, with the month's days as they are: nothing that is taken in
 * later looks at whether they agree. Both tables at once, each on a connection of its own, and their indexes when the rows are there.
 */
async function storeRecords(
  { address, source, inventory }: FilledDatabase,
  records: number,
  nowMs: number,
): Promise<void> {
  const month = iso(nowMs).slice(0, 7);
  const partition = `usage_record_${month.replace("-", "_")}`;
  const [from, to] = [`${month}-01`, monthToDate((parseMonth(month) ?? 0) + 1)];
  // A function of its number, so that both tables are filled at once and agree.
  const recordId = "md5('stored ' || n)::uuid::text";
  const cards = `
    generate_series(1, ${records}) n
    join (select serial_no, row_number() over () - 1 as index from card) c on c.index = n % ${inventory.cardCount}`;
  await Promise.all([
    fillTable(address, {
      create: `
        create table ${partition} (like usage_record including defaults);
        alter table ${partition} add constraint month_is check (month >= '${from}' and month < '${to}' and month is not null)`,
      rows: `
        insert into ${partition}
          (serial_no, at, source_no, record_id, month, day, start_at, bytes, received_at, adjusts)
        select c.serial_no, t.at, ${source.sourceNo}, ${recordId}, '${from}', t.at::date,
          t.at - interval '15 minutes', n % 10000000, t.at, false
        from ${cards}, lateral (
          select timestamptz '${iso(nowMs)}' - n / ${inventory.cardCount} * interval '15 minutes' - n % 900 * interval '1 second' as at
        ) t`,
      // The parent's index finds that of the partition to be its own.
      finish: `
        create index ${partition}_serial_no_idx on ${partition} (serial_no);
        alter table usage_record attach partition ${partition} for values from ('${from}') to ('${to}');
        alter table ${partition} drop constraint month_is`,
    }),
    fillTable(address, {
      create: "truncate usage_identity; alter table usage_identity drop constraint usage_identity_pkey",
      rows: `
        insert into usage_identity (source_no, record_id, fingerprint, serial_no, month)
        select ${source.sourceNo}, ${recordId}, n, c.serial_no, '${from}'
        from ${cards}`,
      finish: "alter table usage_identity add constraint usage_identity_pkey primary key (source_no, record_id)",
    }),
  ]);
  const db = await connect(address, "bench");
  try {
    await warmUp(db, partition);
  } finally {
    await db.end();
  }
}

interface Filling {
  readonly create: string;
  readonly rows: string;
  readonly finish: string;
}

async function fillTable(address: DatabaseAddress, { create, rows, finish }: Filling): Promise<void> {
  const db = await connect(address, "bench");
  try {
    await db.query("set maintenance_work_mem = '2GB'; set timezone = 'UTC'");
    // In one transaction with what created the table, rows are not logged.
    await db.query(`begin; ${create}`);
    await db.query(rows);
    await db.query(finish);
    await db.query("commit");
  } finally {
    await db.end();
  }
}

async function warmUp(db: pg.Client, partition: string): Promise<void> {
  await db.query(`analyze ${partition}`);
  await db.query("analyze usage_identity");
  await db.query("checkpoint");
  await db.query("create extension if not exists pg_prewarm");
  for (const name of ["usage_month", "usage_month_pkey", `${partition}_serial_no_idx`, "usage_identity_pkey"])
    await db.query("select pg_prewarm($1)", [name]);
}
