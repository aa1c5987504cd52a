-- Up Migration

-- Every call of the signed API and every upload of usage, for some weeks: a partition for each day, by UTC. Moments are
-- milliseconds since 1970, since reading a timestamptz is a quarter of what writing a row costs. Nothing here is unique,
-- and no tree holds more than the refusals: finding the place of one entry costs as much as writing the row.
create table call_log (
  at_ms bigint not null,
  request_id text collate "C" not null,
  client_id text collate "C",
  account_no bigint,
  operation text collate "C" not null,
  errcode integer not null,
  hint text collate "C",
  http_status smallint,
  duration_us integer not null,
  address text collate "C",
  user_agent text,
  parameters text,
  detail_zh text,
  detail_en text
) partition by range (at_ms);
create index call_log_at_ms_idx on call_log
  using brin (at_ms, client_id text_bloom_ops (n_distinct_per_range = 500)) with (pages_per_range = 64);
create index call_log_refused_idx on call_log (at_ms) where errcode <> 0;

comment on column call_log.http_status is 'null: the caller had hung up, and nothing was answered';
comment on column call_log.parameters is 'JSON, as call-line.ts writes it: what was sent, without the signature and whatever could be a secret';

-- Calls that were answered and are not in the log.
create table call_log_gap (
  from_ms bigint not null,
  to_ms bigint not null,
  reason text collate "C" not null,
  calls bigint not null,
  constraint call_log_gap_reason_check check (reason in ('buffer_full', 'not_written', 'strangers'))
);
create index call_log_gap_to_ms_idx on call_log_gap (to_ms);

comment on column call_log_gap.reason is 'buffer_full: the database was away or too slow; not_written: it refused them; strangers: refusals of who had not signed, beyond so many a second';

-- The last batch that each process has written, so that one is not written again when only the answer to its commit was lost.
create table call_log_writer (
  process text collate "C" not null,
  batch_no bigint not null,
  written_at timestamptz not null default now(),
  constraint call_log_writer_pkey primary key (process)
);

-- How often was called what by whom and how it ended, in periods of five minutes, and after some days of an hour.
create table call_statistic (
  at_ms bigint not null,
  operation text collate "C" not null,
  client_id text collate "C" not null,
  errcode integer not null,
  hint text collate "C" not null,
  calls bigint not null,
  duration_us bigint not null,
  constraint call_statistic_pkey primary key (at_ms, operation, client_id, errcode, hint)
);

comment on column call_statistic.client_id is 'empty: none that exists';

-- How long calls took: how many fell into each class of durations, see latency.ts.
create table call_latency (
  at_ms bigint not null,
  operation text collate "C" not null,
  class smallint not null,
  calls bigint not null,
  constraint call_latency_pkey primary key (at_ms, operation, class)
);
