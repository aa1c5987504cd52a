-- Up Migration

-- Two people may edit the same record: a change names the version it was made in view of, and an older one is refused.
alter table account add column version integer not null default 1;
alter table client add column version integer not null default 1;
alter table product add column version integer not null default 1;

comment on column account.version is 'counted up by every edit; not by movements of the balance, which hold in whatever order they come';
comment on column client.version is 'counted up by every edit and every change of its secrets';
comment on column product.version is 'counted up by every edit';

alter table client_secret add column last_used_at timestamptz;

comment on column client_secret.last_used_at is 'when it last verified a call, to about half a minute; null: not since that is recorded';

-- Every change of an account's balance, written in the transaction that makes it. A small shared table (a reference table
-- on Citus).
create table balance_movement (
  account_no bigint not null,
  movement_no integer not null,
  kind text collate "C" not null,
  amount numeric(12, 2) not null,
  balance_after numeric(12, 2) not null,
  remark text not null,
  request_no text collate "C" not null,
  actor_kind text collate "C" not null,
  actor_id text collate "C" not null,
  actor_name text not null,
  at timestamptz not null default now(),
  constraint balance_movement_pkey primary key (account_no, movement_no),
  constraint balance_movement_request_no_key unique (account_no, request_no),
  constraint balance_movement_account_no_fkey foreign key (account_no) references account (account_no),
  constraint balance_movement_kind_check check (kind in ('opening', 'top_up', 'correction')),
  constraint balance_movement_amount_check check (amount <> 0),
  constraint balance_movement_balance_after_check check (balance_after >= 0),
  constraint balance_movement_remark_check check (length(remark) <= 200)
);

comment on column balance_movement.movement_no is 'counts up from 1 in each account, without gaps';
comment on column balance_movement.amount is 'what it adds to the balance; below zero what it takes';
comment on column balance_movement.request_no is 'made by whoever asks for it: asked for again, it is not booked again';

insert into balance_movement
  (account_no, movement_no, kind, amount, balance_after, remark, request_no, actor_kind, actor_id, actor_name, at)
select account_no, 1, 'opening', balance, balance, '', 'opening', 'system', 'migration', 'migration', now()
from account
where balance <> 0;
