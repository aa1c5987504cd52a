-- Up Migration

-- What has changed a card, value by value, and by which entry of the audit log, which says who it was. A new card has no
-- row: the entry that brought it is named by the card itself, and so for packages. An import of 1,000,000 new cards
-- therefore writes none, and one that changes half of them 500,000, by one statement in its own transaction.
--
-- No key to card or audit_event: each would be checked row by row. Nothing refers to these rows and no figure depends on
-- them, so that old ones may be deleted by `at` whenever they are too many.
create table card_change (
  serial_no text collate "C" not null,
  event_no bigint not null,
  at timestamptz not null default now(),
  before jsonb not null,
  after jsonb not null,
  constraint card_change_pkey primary key (serial_no, event_no)
);

comment on column card_change.event_no is 'the entry of audit_event that it belongs to';
comment on column card_change.before is 'of the values that have changed what they were; those that were empty are missing';

alter table card add column event_no bigint;
alter table card_package add column event_no bigint;

comment on column card.event_no is 'the entry of audit_event by which it came; null: before those were kept, or by no import';
comment on column card_package.event_no is 'the entry of audit_event by which it came; null: before those were kept, or by no import';
