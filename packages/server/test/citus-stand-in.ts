import type pg from "pg";

/**
 * Makes a stand-in for Citus in a database of plain PostgreSQL, where there is no cluster to run the tests on: functions
 * and a catalogue of the same names, which hold tables to what Citus's documentation says of them, and refuse in its words.
 *
 * - A unique constraint or index contains the shard key.
 * - A table with a foreign key from or to a table that is local is not distributed.
 * - A new table with a foreign key to one that is on every node is listed, as a local table, and may still be distributed.
 * - The rows move to the shards; a copy stays behind until it is truncated, and cannot be while a local table refers to it.
 *
 * What it cannot show is how the server's statements fare: DKS_TEST_CITUS runs the tests on a real cluster.
 */
export async function standInForCitus(pool: pg.Pool): Promise<void> {
  await pool.query(standIn);
}

/** What the shards hold of a table, as JSON, in no particular order. */
export async function rowsInShards(pool: pg.Pool, table: string): Promise<unknown[]> {
  const { rows } = await pool.query<{ content: unknown }>("select content from citus_shards where table_name = $1", [
    table,
  ]);
  return rows.map(({ content }) => content);
}

/** Lets the nth change of a table from now on fail, as if the connection to a worker broke. */
export async function failCall(pool: pg.Pool, nth: number): Promise<void> {
  await pool.query("select setval('citus_calls_left', $1)", [nth]);
}

const standIn = `
  create table pg_dist_partition (
    logicalrelid regclass primary key,
    partmethod "char" not null,
    partkey text,
    colocationid integer not null,
    repmodel "char" not null
  );
  create table citus_shards (table_name text not null, content jsonb not null);
  create table citus_colocation (id integer generated always as identity, shard_count integer);
  create sequence citus_calls_left minvalue -1000000 maxvalue 1000000 start 1000000 increment -1;

  create function citus_count_call() returns void language plpgsql as $$
  begin
    if nextval('citus_calls_left') = 0 then
      raise exception 'connection to the remote node failed' using errcode = '08006';
    end if;
  end $$;

  create function citus_alter_table() returns event_trigger language plpgsql as $$
  begin
    perform citus_count_call();
  end $$;
  create event trigger citus_alter_table on ddl_command_start when tag in ('ALTER TABLE')
    execute function citus_alter_table();

  create function citus_create_table() returns event_trigger language plpgsql as $$
  begin
    insert into pg_dist_partition
    select distinct c.objid::regclass, 'n'::"char", null, 0, 's'::"char"
    from pg_event_trigger_ddl_commands() c
    join pg_constraint k on k.conrelid = c.objid and k.contype = 'f'
    join pg_dist_partition p on p.logicalrelid = k.confrelid and p.partmethod = 'n'
    on conflict do nothing;
  end $$;
  create event trigger citus_create_table on ddl_command_end when tag in ('CREATE TABLE')
    execute function citus_create_table();

  create function column_to_column_name(regclass, text) returns text language sql as 'select $2';

  create function citus_begin_call(called regclass) returns void language plpgsql as $$
  begin
    perform citus_count_call();
    delete from pg_dist_partition where logicalrelid = called and partmethod = 'n' and repmodel = 's';
    if exists (select from pg_dist_partition where logicalrelid = called) then
      raise exception 'table "%" is already distributed', called;
    end if;
    if exists (
      select from pg_constraint k
      where k.contype = 'f' and called in (k.conrelid, k.confrelid)
        and exists (
          select from unnest(array[k.conrelid, k.confrelid]) as r (relid)
          where r.relid <> called and not exists (select from pg_dist_partition p where p.logicalrelid = r.relid)
        )
    ) then
      raise exception 'cannot create foreign key constraint since relations are not colocated or not referencing a reference table';
    end if;
  end $$;

  create function citus_move_rows(moved regclass) returns void language plpgsql as $$
  begin
    execute format('insert into citus_shards select %L, to_jsonb(t) from %s t', moved, moved);
  end $$;

  create function create_reference_table(table_name regclass) returns void language plpgsql as $$
  begin
    perform citus_begin_call(table_name);
    insert into pg_dist_partition values (table_name, 'n', null, 1, 't');
    perform citus_move_rows(table_name);
  end $$;

  create function create_distributed_table(
    table_name regclass, distribution_column text, distribution_type text default 'hash',
    colocate_with text default 'default', shard_count integer default null
  ) returns void language plpgsql as $$
  declare
    group_id integer;
  begin
    perform citus_begin_call(table_name);
    if shard_count is not null and colocate_with not in ('default', 'none') then
      raise exception 'Cannot use colocate_with with a table and shard_count at the same time';
    end if;
    if exists (
      select from pg_index i
      where i.indrelid = table_name and i.indisunique and not exists (
        select from pg_attribute a
        where a.attrelid = i.indrelid and a.attname = distribution_column
          and a.attnum = any((i.indkey::smallint[])[0:i.indnkeyatts - 1])
      )
    ) then
      raise exception 'cannot create constraint on "%"', table_name
        using detail = 'Distributed relations cannot have UNIQUE, EXCLUDE, or PRIMARY KEY constraints that do not include the partition column';
    end if;
    if colocate_with = 'none' then
      insert into citus_colocation (shard_count)
      values (coalesce(create_distributed_table.shard_count, 32)) returning id + 1 into group_id;
    else
      select colocationid into strict group_id from pg_dist_partition where logicalrelid = colocate_with::regclass;
    end if;
    insert into pg_dist_partition values (table_name, 'h', distribution_column, group_id, 's');
    perform citus_move_rows(table_name);
  end $$;

  create function truncate_local_data_after_distributing_table(table_name regclass) returns void language plpgsql as $$
  begin
    perform citus_count_call();
    if not exists (select from pg_dist_partition where logicalrelid = table_name) then
      raise exception 'supplied parameter is not a distributed relation';
    end if;
    if exists (
      select from pg_constraint k
      where k.contype = 'f' and k.confrelid = table_name
        and not exists (select from pg_dist_partition p where p.logicalrelid = k.conrelid)
    ) then
      raise exception 'cannot truncate a table referenced in a foreign key constraint by a local table';
    end if;
    execute format('truncate %s cascade', table_name);
  end $$;`;
