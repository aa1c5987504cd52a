-- Up Migration

-- Who changed what, when, from where. Written in the transaction of the change; never changed afterwards.
create table audit_event (
  event_no bigint generated always as identity,
  at timestamptz not null default now(),
  actor_kind text collate "C" not null,
  actor_id text collate "C" not null,
  actor_name text not null,
  address text collate "C",
  request_id text collate "C",
  action text collate "C" not null,
  object_kind text collate "C" not null,
  object_id text collate "C" not null,
  before jsonb,
  after jsonb,
  constraint audit_event_pkey primary key (event_no),
  constraint audit_event_actor_kind_check check (actor_kind in ('staff', 'cli', 'system')),
  constraint audit_event_action_check check (action ~ '^[a-z][a-z_]*\.[a-z][a-z_]*$')
);
create index audit_event_at_idx on audit_event (at, event_no);
create index audit_event_object_idx on audit_event (object_kind, object_id, event_no);
create index audit_event_actor_idx on audit_event (actor_kind, actor_id, event_no);
create index audit_event_action_idx on audit_event (action, event_no);

comment on column audit_event.action is 'what was done to which kind of thing, such as client.rotate';
comment on column audit_event.before is 'what the change has replaced; of secrets only that there was one';

create function refuse_audit_change() returns trigger language plpgsql as $$
begin
  raise exception 'audit_event is append-only' using errcode = 'insufficient_privilege';
end $$;

create trigger audit_event_append_only before update or delete or truncate on audit_event
  for each statement execute function refuse_audit_change();
