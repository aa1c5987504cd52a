-- Up Migration

-- Who signs in to the console. The tables are few and small (reference tables on Citus). better-auth reads and writes them
-- too: what it calls user, account, session, verification and twoFactor; it wants their keys to be called id.

create table staff (
  id uuid not null,
  email text collate "C" not null,
  name text not null,
  role text not null,
  status text not null default 'normal',
  must_change_password boolean not null default true,
  two_factor_enabled boolean not null default false,
  version integer not null default 1,
  last_sign_in_at timestamptz,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint staff_pkey primary key (id),
  constraint staff_email_key unique (email),
  constraint staff_email_check check (length(email) between 3 and 254 and email = lower(email)),
  constraint staff_name_check check (length(name) between 1 and 100),
  constraint staff_role_check check (role in ('admin', 'operator', 'viewer')),
  constraint staff_status_check check (status in ('normal', 'suspended'))
);

comment on column staff.must_change_password is 'the password was made by the platform and may do nothing but be changed';
comment on column staff.version is 'counts changes, so that whoever changes an old version is told';

create table staff_credential (
  id uuid not null,
  staff_id uuid not null,
  provider_id text not null default 'credential',
  account_id text not null,
  password text not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint staff_credential_pkey primary key (id),
  constraint staff_credential_staff_id_key unique (staff_id),
  constraint staff_credential_staff_id_fkey foreign key (staff_id) references staff (id),
  constraint staff_credential_account_id_check check (account_id = staff_id::text)
);

comment on column staff_credential.password is 'scrypt: salt and hash';
comment on column staff_credential.account_id is 'better-auth looks for the staff member''s id here too';

create table staff_session (
  id uuid not null,
  staff_id uuid not null,
  token text collate "C" not null,
  ip_address text,
  user_agent text,
  expires_at timestamptz not null,
  created_at timestamptz not null,
  last_seen_at timestamptz not null,
  constraint staff_session_pkey primary key (id),
  constraint staff_session_token_key unique (token),
  constraint staff_session_staff_id_fkey foreign key (staff_id) references staff (id)
);
create index staff_session_staff_id_idx on staff_session (staff_id);

comment on column staff_session.token is 'the cookie has it signed with a key that is not in the database';
comment on column staff_session.expires_at is 'whatever happens; unused, a session ends sooner';

create table staff_two_factor (
  id uuid not null,
  staff_id uuid not null,
  secret text not null,
  backup_codes text not null,
  verified boolean not null,
  failed_verification_count integer not null default 0,
  locked_until timestamptz,
  constraint staff_two_factor_pkey primary key (id),
  constraint staff_two_factor_staff_id_key unique (staff_id),
  constraint staff_two_factor_staff_id_fkey foreign key (staff_id) references staff (id)
);

comment on column staff_two_factor.secret is 'encrypted, like backup_codes, under a key derived from the master key that the number between the dollar signs stands for';
comment on column staff_two_factor.verified is 'false: set up, but no code has been entered yet';
comment on column staff_two_factor.locked_until is 'not used, like failed_verification_count: see staff_sign_in_attempt';

-- What is good for some minutes: a sign-in that waits for its code, and codes that were used already.
create table staff_verification (
  id uuid not null,
  identifier text collate "C" not null,
  value text collate "C" not null,
  expires_at timestamptz not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  constraint staff_verification_pkey primary key (id),
  constraint staff_verification_identifier_key unique (identifier)
);
create index staff_verification_expires_at_idx on staff_verification (expires_at);
create index staff_verification_value_idx on staff_verification (value);

-- Passwords and codes that were tried and did not lead to a sign-in, under the e-mail address they were tried for, whether
-- or not anyone has it, and under the IP address they came from.
create table staff_sign_in_attempt (
  kind text collate "C" not null,
  key text collate "C" not null,
  tried_at timestamptz[] not null,
  locked_until timestamptz,
  last_at timestamptz not null,
  constraint staff_sign_in_attempt_pkey primary key (kind, key),
  constraint staff_sign_in_attempt_kind_check check (kind in ('login', 'address'))
);
create index staff_sign_in_attempt_last_at_idx on staff_sign_in_attempt (last_at);
