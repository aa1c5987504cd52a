-- Up Migration

-- What there is of cards, counted in the background every so often and put here at once: looking at every one of a million
-- cards takes seconds, and nobody who opens a page should wait for that. A small shared table (a reference table on Citus).
create table inventory_summary (
  summary_no smallint not null default 1,
  counted_at timestamptz not null,
  took_ms integer not null,
  format smallint not null,
  figures jsonb not null,
  constraint inventory_summary_pkey primary key (summary_no),
  constraint inventory_summary_summary_no_check check (summary_no = 1)
);

comment on column inventory_summary.counted_at is 'the moment that the figures are of';
comment on column inventory_summary.format is 'of the figures: another one is counted anew';

-- The current months' usage, without reading those of a year before: a month's rows lie together, since they were made in
-- it. A card's row enters it once a month; what usage changes of a row leaves it as it is.
create index usage_month_month_idx on usage_month (month) where counts;
