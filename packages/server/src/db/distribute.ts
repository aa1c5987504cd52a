import type pg from "pg";
import { OperatorError } from "../errors.ts";
import { text } from "../text.ts";
import type { DatabaseAddress } from "./database.ts";
import { applyMigrations, withSchemaLock } from "./migrations.ts";

/** Where a table lies on a Citus cluster. */
export interface TablePlacement {
  readonly table: string;
  /** On the coordinator alone, as an ordinary table: no statement joins it with a sharded one, nor any key. */
  readonly isLocal: boolean;
  /** The column by whose value a row finds its shard; null: it is whole, on every node ("reference table") or locally. */
  readonly shardKey: string | null;
  /** The table whose shards this one's lie beside; itself: the first of such a group. Null for a small table. */
  readonly beside: string | null;
}

function onEveryNode(table: string): TablePlacement {
  return { table, isLocal: false, shardKey: null, beside: null };
}

function onCoordinator(table: string): TablePlacement {
  return { table, isLocal: true, shardKey: null, beside: null };
}

function sharded(table: string, shardKey: string, beside = table): TablePlacement {
  return { table, isLocal: false, shardKey, beside };
}

/** Every table of the schema; those that are distributed in the order in which they are. */
export const placements: readonly TablePlacement[] = [
  onEveryNode("account"),
  onEveryNode("client"),
  onEveryNode("client_secret"),
  onEveryNode("product"),
  onEveryNode("usage_source"),
  onEveryNode("usage_retention"),
  onEveryNode("inventory_summary"),
  onEveryNode("balance_movement"),
  onEveryNode("usage_source_activity"),
  onEveryNode("usage_source_seen"),
  sharded("card", "serial_no"),
  sharded("card_package", "serial_no", "card"),
  sharded("card_change", "serial_no", "card"),
  sharded("card_source", "serial_no", "card"),
  sharded("usage_month", "serial_no", "card"),
  sharded("usage_record", "serial_no", "card"),
  sharded("card_identifier", "value"),
  // What is known of a record by its id alone: two with one id may name different cards.
  sharded("usage_identity", "record_id"),
  sharded("usage_quarantine", "record_id", "usage_identity"),
  // Who signs in, what they have changed and begun, and what was called: see docs/decisions/0023-tables-on-the-coordinator.md.
  onCoordinator("staff"),
  onCoordinator("staff_credential"),
  onCoordinator("staff_session"),
  onCoordinator("staff_two_factor"),
  onCoordinator("staff_verification"),
  onCoordinator("staff_sign_in_attempt"),
  onCoordinator("audit_event"),
  onCoordinator("job"),
  onCoordinator("job_file"),
  onCoordinator("job_file_chunk"),
  onCoordinator("call_log"),
  onCoordinator("call_log_gap"),
  onCoordinator("call_log_writer"),
  onCoordinator("call_statistic"),
  onCoordinator("call_latency"),
];

/** The tables that `dks db distribute` spreads over the nodes. */
export const spreadPlacements: readonly TablePlacement[] = placements.filter(({ isLocal }) => !isLocal);

/** The oldest version of Citus that takes an identity column of type integer (usage_source.source_no). */
const citusVersionMin = 12;

/** As many as Citus makes by itself. A shard moves as a whole, so it is also how many nodes the cards can be spread over. */
export const shardCountDefault = 32;

export interface DistributeStep {
  readonly kind: "distribute" | "clear" | "connect";
  /** The table that is dealt with now; for "connect" the one that gets its foreign key back. */
  readonly table: string;
  /** Steps that are done, and how many there are. */
  readonly done: number;
  readonly total: number;
}

export interface DistributeOptions {
  /** Of every group of sharded tables; those that exist keep theirs. */
  readonly shardCount: number;
  /** Told before each step. */
  readonly onStep?: (step: DistributeStep) => void;
}

export interface DistributeReport {
  /** The tables that were distributed by this run. */
  readonly distributed: readonly string[];
  /** Those whose local rows were cleared away. */
  readonly cleared: readonly string[];
  readonly foreignKeys: number;
  /** Tables that are distributed now. */
  readonly tables: number;
}

/**
 * Spreads the database over the nodes of a Citus cluster, rows and all, after bringing the schema up to date. What there is
 * to do is read from the catalogue, so that a run which was broken off anywhere is finished by the next, and one on a
 * distributed database does nothing. No server may be running meanwhile: keys between tables are missing for a time.
 *
 * Throws an OperatorError where Citus is missing or too old, where others are connected, and where a table is distributed
 * in some other way.
 */
export function distribute(address: DatabaseAddress, options: DistributeOptions): Promise<DistributeReport> {
  return withSchemaLock(address, "dks distribute", async (client) => {
    await refuseWithoutCitus(client);
    await applyMigrations(client);
    await refuseOthers(client);
    return distributeTables(client, options);
  });
}

/**
 * On a distributed database, distributes the tables that a migration has just made; on any other does nothing. The caller
 * holds the schema's lock. Throws an OperatorError where `dks db distribute` was begun and not finished.
 */
export async function distributeNewTables(client: pg.Client): Promise<void> {
  if (!(await hasCitus(client))) return;
  if (await hasDroppedKeys(client))
    throw new OperatorError(
      text(
        "数据库的分片尚未完成。请再次运行 dks db distribute，它会接着做完；完成之前不能启动服务。",
        "The distribution of this database is not finished. Run dks db distribute again, which does the rest; no server can start before.",
      ),
    );
  const states = await tableStates(client);
  if (states.every(({ isDistributed }) => isDistributed) || !states.some(({ isDistributed }) => isDistributed)) return;
  await distributeTables(client, { shardCount: shardCountDefault });
}

/**
 * One step after the other, each committed by itself. Foreign keys stand in the way of distributing either of their
 * tables, so they go first and come back last; which ones, a table remembers meanwhile.
 */
async function distributeTables(
  client: pg.Client,
  { shardCount, onStep }: DistributeOptions,
): Promise<DistributeReport> {
  // A server set up for short requests would cut off what copies a table.
  await client.query("set statement_timeout = 0");
  const states = await tableStates(client);
  const missing = states.filter(({ isDistributed }) => !isDistributed);
  if (missing.length > 0) await dropForeignKeys(client, missing);
  const keys = await selectDroppedKeys(client);
  const filled = states.filter(({ keepsLocalRows }) => keepsLocalRows);
  const total = missing.length + filled.length + keys.length;
  let done = 0;
  function begin(kind: DistributeStep["kind"], table: string): void {
    onStep?.({ kind, table, done: done++, total });
  }

  for (const { placement } of missing) {
    begin("distribute", placement.table);
    await distributeTable(client, placement, shardCount);
  }
  // Before the keys are back, which would be checked against these rows.
  for (const { placement } of filled) {
    begin("clear", placement.table);
    await client.query("select truncate_local_data_after_distributing_table($1::regclass)", [placement.table]);
  }
  for (const key of keys) {
    begin("connect", key.table_name);
    await restoreForeignKey(client, key);
  }
  await client.query(`drop table if exists ${droppedKeys}`);
  return {
    distributed: missing.map(({ placement }) => placement.table),
    cleared: filled.map(({ placement }) => placement.table),
    foreignKeys: keys.length,
    tables: states.length,
  };
}

async function distributeTable(
  client: pg.Client,
  { table, shardKey, beside }: TablePlacement,
  shardCount: number,
): Promise<void> {
  if (shardKey === null) await client.query("select create_reference_table($1::regclass)", [table]);
  else if (beside === table)
    await client.query(
      "select create_distributed_table($1::regclass, $2::text, colocate_with => 'none', shard_count => $3::integer)",
      [table, shardKey, shardCount],
    );
  else
    await client.query("select create_distributed_table($1::regclass, $2::text, colocate_with => $3::text)", [
      table,
      shardKey,
      beside,
    ]);
  // Otherwise each shard is planned for as if it were empty, until autovacuum comes by.
  await client.query(`analyze ${table}`);
}

interface TableState {
  readonly placement: TablePlacement;
  readonly isDistributed: boolean;
  /** Whether rows from before it is distributed are on the coordinator's disk, or may be then. */
  readonly keepsLocalRows: boolean;
}

/** How the catalogue describes a table: 'h' with a shard key, 'n' without one, and then 't' if it is on every node. */
interface CatalogueRow {
  table_name: string;
  method: string | null;
  replication: string | null;
  shard_key: string | null;
  colocation_id: number | null;
  local_bytes: number;
}

/**
 * The state of every table there is that is to be spread. Throws an OperatorError for one that is distributed otherwise than
 * it should be, or should not be.
 */
async function tableStates(client: pg.Client): Promise<TableState[]> {
  const { rows } = await client.query<CatalogueRow>(
    `select t.name as table_name, p.partmethod::text as method, p.repmodel::text as replication,
      case when p.partmethod = 'h' then column_to_column_name(p.logicalrelid, p.partkey::text) end as shard_key,
      p.colocationid as colocation_id,
      (
        select coalesce(sum(pg_relation_size(c.oid)), 0)::bigint
        from pg_class c
        where c.relkind = 'r' and (c.oid = to_regclass(t.name)
          or c.oid in (select i.inhrelid from pg_inherits i where i.inhparent = to_regclass(t.name)))
      ) as local_bytes
    from unnest($1::text[]) as t (name)
    left join pg_dist_partition p on p.logicalrelid = to_regclass(t.name)
    where to_regclass(t.name) is not null`,
    [placements.map(({ table }) => table)],
  );
  const byTable = new Map(rows.map((row) => [row.table_name, row]));
  return placements.flatMap((placement) => {
    const row = byTable.get(placement.table);
    if (row === undefined) return [];
    if (placement.isLocal) {
      if (!isLocalTable(row)) throw distributedOtherwise(placement);
      return [];
    }
    const isDistributed = !isLocalTable(row);
    if (isDistributed && !isAsPlaced(row, placement, byTable)) throw distributedOtherwise(placement);
    // One that is listed has its rows in a shard, whose size is not told here; without its keys it is an ordinary table again.
    const isListed = !isDistributed && row.method !== null;
    return [{ placement, isDistributed, keepsLocalRows: row.local_bytes > 0 || isListed }];
  });
}

function isAsPlaced(
  row: CatalogueRow,
  { shardKey, beside }: TablePlacement,
  byTable: ReadonlyMap<string, CatalogueRow>,
): boolean {
  if (shardKey === null) return row.method === "n" && row.replication === "t";
  return (
    row.method === "h" && row.shard_key === shardKey && row.colocation_id === byTable.get(beside ?? "")?.colocation_id
  );
}

/**
 * Citus may list a local table, too: without a shard key, and without copies. It does so by itself with one that a migration
 * has made with a foreign key to a table that is whole on every node.
 */
function isLocalTable({ method, replication }: CatalogueRow): boolean {
  return method === null || (method === "n" && replication === "s");
}

/** Remembers the foreign keys that were dropped: while it is there, the distribution is not finished. */
const droppedKeys = "distribution_foreign_key";

interface DroppedKeyRow {
  table_name: string;
  name: string;
  definition: string;
}

/** Drops the keys from and to these tables, and remembers them in the same transaction. */
async function dropForeignKeys(client: pg.Client, tables: readonly TableState[]): Promise<void> {
  const names = tables.map(({ placement }) => placement.table);
  await inTransaction(client, async () => {
    await client.query(`
      create table if not exists ${droppedKeys} (
        table_name text not null,
        name text not null,
        definition text not null,
        constraint ${droppedKeys}_pkey primary key (table_name, name)
      )`);
    const { rows } = await client.query<DroppedKeyRow>(
      `insert into ${droppedKeys} (table_name, name, definition)
      select k.conrelid::regclass::text, k.conname, pg_get_constraintdef(k.oid)
      from pg_constraint k
      where k.contype = 'f' and k.conparentid = 0
        and (k.conrelid = any($1::regclass[]) or k.confrelid = any($1::regclass[]))
      returning table_name, name, definition`,
      [names],
    );
    for (const { table_name, name } of rows) await client.query(`alter table ${table_name} drop constraint ${name}`);
  });
}

async function hasDroppedKeys(client: pg.Client): Promise<boolean> {
  const { rows } = await client.query<{ exists: boolean }>("select to_regclass($1) is not null as exists", [
    droppedKeys,
  ]);
  return rows[0]?.exists === true;
}

async function selectDroppedKeys(client: pg.Client): Promise<DroppedKeyRow[]> {
  if (!(await hasDroppedKeys(client))) return [];
  const { rows } = await client.query<DroppedKeyRow>(
    `select table_name, name, definition from ${droppedKeys} order by table_name, name`,
  );
  return rows;
}

/** Checks every row, on its node. */
async function restoreForeignKey(client: pg.Client, { table_name, name, definition }: DroppedKeyRow): Promise<void> {
  await inTransaction(client, async () => {
    await client.query(`alter table ${table_name} add constraint ${name} ${definition}`);
    await client.query(`delete from ${droppedKeys} where table_name = $1 and name = $2`, [table_name, name]);
  });
}

async function inTransaction(client: pg.Client, work: () => Promise<void>): Promise<void> {
  await client.query("begin");
  try {
    await work();
    await client.query("commit");
  } catch (error) {
    await client.query("rollback").catch(() => {});
    throw error;
  }
}

async function hasCitus(client: pg.Client): Promise<boolean> {
  const { rows } = await client.query<{ exists: boolean }>(
    "select to_regclass('pg_dist_partition') is not null as exists",
  );
  return rows[0]?.exists === true;
}

async function refuseWithoutCitus(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ available: boolean; version: string | null }>(`
    select exists (select from pg_available_extensions where name = 'citus') as available,
      (select extversion from pg_extension where extname = 'citus') as version`);
  const version = rows[0]?.version ?? null;
  if (version !== null && Number.parseInt(version, 10) < citusVersionMin)
    throw new OperatorError(
      text(
        `数据库的 Citus 版本是 ${version}，需要 ${citusVersionMin} 或更新版本。`,
        `The database has Citus ${version}, and ${citusVersionMin} or newer is needed.`,
      ),
    );
  if (await hasCitus(client)) return;
  throw new OperatorError(
    rows[0]?.available === true
      ? text(
          "此数据库尚未启用 Citus。请在此数据库和每个工作节点的同名数据库中执行 create extension citus，用 citus_set_coordinator_host 和 citus_add_node 登记各节点，然后重试；步骤见 docs/scale.md。",
          "Citus is not enabled in this database. Run create extension citus in it and in the database of the same name on each worker, register the nodes with citus_set_coordinator_host and citus_add_node, and try again: docs/scale.md has the steps.",
        )
      : text(
          "数据库服务器未安装 Citus。请让 DATABASE_URL 指向安装了 Citus 扩展的 PostgreSQL（集群的协调节点）；步骤见 docs/scale.md。",
          "The database server does not have Citus. Let DATABASE_URL name a PostgreSQL with the extension Citus, the coordinator of a cluster: docs/scale.md has the steps.",
        ),
  );
}

/** Servers and commands, by what they call themselves. */
async function refuseOthers(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ count: number }>(`
    select count(*)::integer as count
    from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid()
      and application_name in ('dks', 'dks serve', 'dks intake', 'dks release', 'dks listen', 'dks console', 'dks jobs', 'dks call log')`);
  const count = rows[0]?.count ?? 0;
  if (count > 0)
    throw new OperatorError(
      text(
        `还有 ${count} 个连接属于运行中的服务或命令。请先停止它们，再进行分片。`,
        `Servers or commands are still connected, by ${count} connections. Stop them before the database is distributed.`,
      ),
    );
}

function distributedOtherwise({ table, isLocal, shardKey, beside }: TablePlacement): OperatorError {
  const [zh, en] = isLocal
    ? ["应是仅在协调节点上的普通表", "it should be an ordinary table of the coordinator"]
    : shardKey === null
      ? ["应为参考表（reference table）", "it should be a reference table"]
      : [
          `应按 ${shardKey} 分片${beside === table ? "" : `，并与 ${beside} 同位（colocated）`}`,
          `it should be distributed by ${shardKey}${beside === table ? "" : ` and colocated with ${beside}`}`,
        ];
  return new OperatorError(
    text(
      `表 ${table} 的分布方式不符：${zh}。请先用 undistribute_table 还原，再重试。`,
      `The table ${table} is distributed in another way: ${en}. Take that back with undistribute_table and try again.`,
    ),
  );
}
