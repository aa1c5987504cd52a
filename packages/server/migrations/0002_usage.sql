-- Up Migration

-- Where usage comes from: a carrier's platform, or whoever reads it out. A small shared table (a reference table on Citus).
create table usage_source (
  source_no integer generated always as identity,
  name text collate "C" not null,
  kind text collate "C" not null,
  unit text collate "C",
  grace_seconds integer not null default 21600,
  close_after_seconds integer not null default 259200,
  status text not null default 'normal',
  token_hash bytea not null,
  old_token_hash bytea,
  old_token_expires_at timestamptz,
  created_at timestamptz not null default now(),
  constraint usage_source_pkey primary key (source_no),
  constraint usage_source_name_key unique (name),
  constraint usage_source_name_check check (name ~ '^[a-z0-9][a-z0-9._-]{0,63}$'),
  constraint usage_source_kind_check check (kind in ('delta', 'reading')),
  constraint usage_source_unit_check check (unit in ('B', 'KB', 'MB', 'GB', 'TB', 'KB-SI', 'MB-SI', 'GB-SI', 'TB-SI')),
  constraint usage_source_grace_seconds_check check (grace_seconds between 0 and 172800),
  constraint usage_source_close_after_seconds_check check (close_after_seconds between 0 and 2592000),
  constraint usage_source_status_check check (status in ('normal', 'suspended'))
);
create index usage_source_token_hash_idx on usage_source (token_hash);
create index usage_source_old_token_hash_idx on usage_source (old_token_hash);

comment on column usage_source.unit is 'of a value that names none; with -SI, 1 KB is 1,000 bytes in all that the source sends, otherwise 1,024';
comment on column usage_source.grace_seconds is 'how long after a month''s start a counter may not have been reset yet';
comment on column usage_source.close_after_seconds is 'how long after a month''s end the month is closed';
comment on column usage_source.token_hash is 'SHA-256 of the token';

-- The source that counts for a card from a month on, where it was assigned. Otherwise the first that reports a month.
create table card_source (
  serial_no text collate "C" not null,
  from_month date not null,
  source_no integer not null,
  created_at timestamptz not null default now(),
  constraint card_source_pkey primary key (serial_no, from_month),
  constraint card_source_serial_no_fkey foreign key (serial_no) references card (serial_no),
  constraint card_source_source_no_fkey foreign key (source_no) references usage_source (source_no),
  constraint card_source_from_month_check check (extract(day from from_month) = 1)
);

-- Every record that was ever taken in, for at least 13 months: what makes a repeated one a duplicate. Sharded by
-- record_id, since two records with one identity may name different cards.
create table usage_identity (
  source_no integer not null,
  record_id text collate "C" not null,
  fingerprint bigint not null,
  serial_no text collate "C" not null,
  month date not null,
  constraint usage_identity_pkey primary key (source_no, record_id)
);

comment on column usage_identity.fingerprint is 'of the record''s content: the first 8 bytes of its SHA-256';
comment on column usage_identity.month is 'with serial_no, where the record is';

-- The records, as they were reported. Nothing here is updated but "carried" and "day" of a reading about a month's start.
create table usage_record (
  serial_no text collate "C" not null,
  at timestamptz not null,
  source_no integer not null,
  record_id text collate "C" not null,
  month date not null,
  day date not null,
  start_at timestamptz,
  bytes bigint not null,
  received_at timestamptz not null,
  adjusts boolean not null,
  carried boolean not null default false,
  corrects text collate "C",
  attributes jsonb
) partition by range (month);
create index usage_record_serial_no_at_idx on usage_record (serial_no, at);

comment on column usage_record.at is 'a delta''s end, a reading''s time';
comment on column usage_record.month is 'the card''s billing month that "at" falls in';
comment on column usage_record.day is 'the day it counts on, in the platform''s time zone';
comment on column usage_record.bytes is 'a delta: used in the period, negative in a correction; a reading: the counter';
comment on column usage_record.adjusts is 'received after its month was closed';
comment on column usage_record.carried is 'a reading whose counter had not been reset yet: it counts in the month before';
comment on column usage_record.corrects is 'the id of the record that it corrects';

-- What a card has used in a billing month by one source, and on which of its days.
create table usage_month (
  serial_no text collate "C" not null,
  month date not null,
  source_no integer not null,
  counts boolean not null,
  version integer not null default 1,
  used_bytes bigint not null default 0,
  as_of timestamptz not null default '-infinity',
  closed_bytes bigint,
  day_bytes bigint[] not null,
  day_at timestamptz[],
  constraint usage_month_pkey primary key (serial_no, month, source_no),
  constraint usage_month_serial_no_fkey foreign key (serial_no) references card (serial_no),
  constraint usage_month_source_no_fkey foreign key (source_no) references usage_source (source_no),
  constraint usage_month_month_check check (extract(day from month) = 1),
  constraint usage_month_day_bytes_check check (array_length(day_bytes, 1) = 31)
) with (fillfactor = 80);
-- One source counts for a card and month: of two that report it first at the same moment, one.
create unique index usage_month_counts_idx on usage_month (serial_no, month) where counts;
-- Short enough to stay in its row, where an update may touch one element without moving the others aside.
alter table usage_month alter column day_bytes set storage plain, alter column day_at set storage plain;

comment on column usage_month.counts is 'whether this source''s figure is the card''s; the others are kept and compared';
comment on column usage_month.version is '1, and one more for every adjustment';
comment on column usage_month.as_of is 'the latest end or reading time';
comment on column usage_month.closed_bytes is 'the figure as it was when the month was closed, once adjustments followed';
comment on column usage_month.day_bytes is 'by day of the calendar month, 1 to 31. Deltas: their sum; readings: the counter at the day''s last reading, null without one';
comment on column usage_month.day_at is 'readings: the time of the day''s last one; null for a source of deltas';

-- Records that changed nothing: of cards not known yet, in conflict with one taken in before, or not acceptable.
create table usage_quarantine (
  source_no integer not null,
  record_id text collate "C" not null,
  entry_id text collate "C" not null,
  status text collate "C" not null,
  reason jsonb not null,
  subject text collate "C",
  content text not null,
  received_at timestamptz not null default now(),
  constraint usage_quarantine_pkey primary key (source_no, record_id, entry_id),
  constraint usage_quarantine_source_no_fkey foreign key (source_no) references usage_source (source_no),
  constraint usage_quarantine_status_check
    check (status in ('unknown_card', 'conflict', 'invalid', 'too_old', 'too_new'))
);
create index usage_quarantine_subject_idx on usage_quarantine (subject) where status = 'unknown_card';

comment on column usage_quarantine.entry_id is 'of status, identity and content, in hexadecimal: the same refusal again is the same row';
comment on column usage_quarantine.reason is 'hint, zh, en';
comment on column usage_quarantine.subject is 'the identifier that no card has, as it is looked up';

-- Carriers name cards by MSISDN and IMSI too. Neither is unique: a number may have been another card's before.
create index card_msisdn_idx on card (msisdn) where msisdn is not null;
create index card_imsi_idx on card (imsi) where imsi is not null;

-- An account's cards page by page; with the status, so that those of one are found without reading the others' rows.
create index card_account_no_serial_no_idx on card (account_no, serial_no) include (sim_status);

-- How far back records and their identities are kept; no row: as far as there ever were any. A small shared table (a
-- reference table on Citus).
create table usage_retention (
  what text collate "C" not null,
  from_month date not null,
  constraint usage_retention_pkey primary key (what),
  constraint usage_retention_what_check check (what in ('record', 'identity')),
  constraint usage_retention_from_month_check check (extract(day from from_month) = 1)
);

comment on column usage_retention.from_month is 'nothing of the kind is there of the billing months before';
