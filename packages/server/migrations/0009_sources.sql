-- Up Migration

alter table usage_source add column version integer not null default 1;
alter table usage_source add column expected_every_seconds integer;
alter table usage_source add constraint usage_source_expected_every_seconds_check
  check (expected_every_seconds between 60 and 2678400);

comment on column usage_source.version is 'one more with every change, for whoever changes what has been read before';
comment on column usage_source.expected_every_seconds is 'without records for so long it is late; null: nobody watches';

-- What a source has sent, hour by hour, and when it was last heard of: for its pages in the console. Each process adds what
-- it took in about once a second, beside the intake's transactions, so that no two batches wait for each other here; a
-- process that is killed loses its last second of it. No figure depends on either. Small shared tables (reference tables
-- on Citus).
create table usage_source_activity (
  source_no integer not null,
  hour timestamptz not null,
  accepted bigint not null,
  duplicate bigint not null,
  conflict bigint not null,
  unknown_card bigint not null,
  invalid bigint not null,
  too_old bigint not null,
  too_new bigint not null,
  constraint usage_source_activity_pkey primary key (source_no, hour),
  constraint usage_source_activity_source_no_fkey foreign key (source_no) references usage_source (source_no)
);

create table usage_source_seen (
  source_no integer not null,
  received_at timestamptz not null,
  newest_at timestamptz,
  constraint usage_source_seen_pkey primary key (source_no),
  constraint usage_source_seen_source_no_fkey foreign key (source_no) references usage_source (source_no)
);

comment on column usage_source_activity.hour is 'its beginning, by UTC';
comment on column usage_source_seen.newest_at is 'the latest end or reading time of a record, none ahead of the clock';

-- The quarantine a page at a time, the newest first: of one status, of all sources and of one.
create index usage_quarantine_status_received_at_idx on usage_quarantine (status, received_at);
create index usage_quarantine_source_no_status_received_at_idx on usage_quarantine (source_no, status, received_at);
-- Beside usage_quarantine_subject_idx, so that each entry is in one of the two.
create index usage_quarantine_other_subject_idx on usage_quarantine (subject) where status <> 'unknown_card';
