-- Up Migration

-- What takes long and is done in the background: imports and exports that staff begin in the console.
create table job (
  job_no bigint generated always as identity,
  kind text collate "C" not null,
  state text collate "C" not null,
  step text collate "C" not null,
  version integer not null default 1,
  parameters jsonb not null,
  progress jsonb,
  check_report jsonb,
  result jsonb,
  problem jsonb,
  created_by jsonb not null,
  confirmed_by jsonb,
  created_at timestamptz not null default now(),
  alive_at timestamptz not null default now(),
  started_at timestamptz,
  finished_at timestamptz,
  runner text collate "C",
  attempts smallint not null default 0,
  constraint job_pkey primary key (job_no),
  constraint job_state_check check (state in ('uploading', 'waiting', 'running', 'checked', 'succeeded', 'failed', 'cancelled')),
  constraint job_step_check check (step in ('check', 'import', 'export')),
  constraint job_finished_check check ((state in ('succeeded', 'failed', 'cancelled')) = (finished_at is not null)),
  constraint job_runner_check check ((state in ('uploading', 'running')) = (runner is not null))
);
create index job_open_idx on job (state, job_no) where state in ('uploading', 'waiting', 'running', 'checked');

comment on column job.version is 'counts the changes of state: who confirms says which one he has seen';
comment on column job.alive_at is 'when the upload or the run last told how far it is';
comment on column job.runner is 'one upload or run in one process: whatever it writes is written on condition that it is still this one';
comment on column job.attempts is 'runs that were begun since the last step was asked for';

-- Input, refused lines and results, so that any process on any machine can go on with a job.
create table job_file (
  job_no bigint not null,
  name text collate "C" not null,
  file_name text not null,
  content_type text collate "C" not null,
  size_bytes bigint,
  constraint job_file_pkey primary key (job_no, name),
  constraint job_file_job_no_fkey foreign key (job_no) references job on delete cascade,
  constraint job_file_name_check check (name in ('input', 'refused', 'export'))
);

comment on column job_file.size_bytes is 'null until all of it is there';

create table job_file_chunk (
  job_no bigint not null,
  name text collate "C" not null,
  chunk_no integer not null,
  bytes bytea not null,
  constraint job_file_chunk_pkey primary key (job_no, name, chunk_no),
  constraint job_file_chunk_file_fkey foreign key (job_no, name) references job_file on delete cascade
);
