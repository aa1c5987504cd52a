import sql, { type Sql, join } from "sql-template-tag";
import type { Db } from "../../db/database.ts";
import { invariant } from "../../errors.ts";

/** The channel on which every process is told that credentials have changed; the payload is a client's id, or empty for all. */
export const credentialsChannel = "dks_credentials";

/** How many of a client's secrets are looked at, the newest: those that may verify, and some to name an old one by. */
const secretsRemembered = 4;

export async function insertClient(
  db: Db,
  client: {
    clientId: string;
    accountNo: string;
    allowIps: readonly string[];
    ratePerSecond: number | null;
  },
): Promise<void> {
  await db.query(sql`
    insert into client (client_id, account_no, allow_ips, rate_per_second)
    values (${client.clientId}, ${client.accountNo}, ${client.allowIps}::cidr[], ${client.ratePerSecond})
  `);
}

/** Adds a client's next secret, which is the current one from now on; returns its number. */
export async function insertSecret(
  db: Db,
  secret: { clientId: string; sealed: Buffer; keyId: string },
): Promise<number> {
  const { rows } = await db.query<{ secret_no: number }>(sql`
    insert into client_secret (client_id, secret_no, sealed, key_id)
    select ${secret.clientId}::text, coalesce(max(secret_no), 0) + 1, ${secret.sealed}::bytea, ${secret.keyId}::text
    from client_secret
    where client_id = ${secret.clientId}
    returning secret_no
  `);
  const [row] = rows;
  invariant(row !== undefined, "insert … returning returns a row");
  return row.secret_no;
}

/** Lets the current secret verify for the overlap only. One that already ends sooner keeps its end. */
export async function expireSecrets(db: Db, clientId: string, overlapSeconds: number): Promise<void> {
  await db.query(sql`
    update client_secret
    set expires_at = now() + make_interval(secs => ${overlapSeconds})
    where client_id = ${clientId}
      and (expires_at is null or expires_at > now() + make_interval(secs => ${overlapSeconds}))
  `);
}

/** Ends the overlap of every rotation now; returns the numbers of the secrets that were in one. */
export async function endOverlap(db: Db, clientId: string): Promise<number[]> {
  const { rows } = await db.query<{ secret_no: number }>(sql`
    update client_secret
    set expires_at = now()
    where client_id = ${clientId} and expires_at > now()
    returning secret_no
  `);
  return rows.map(({ secret_no }) => secret_no).sort((one, other) => one - other);
}

/**
 * Locks all secrets of these clients, in the one order in which everybody locks secrets: who changes several of them does
 * this first, and no two wait for each other.
 */
export async function lockSecrets(db: Db, clientIds: readonly string[]): Promise<void> {
  await db.query(sql`
    select 1 from client_secret where client_id = any(${clientIds}::text[]) order by client_id, secret_no for update
  `);
}

export type ClientStatus = "normal" | "suspended";

export interface ClientRow {
  client_id: string;
  account_no: number;
  status: ClientStatus;
  allow_ips: string[];
  rate_per_second: number | null;
  version: number;
  created_at: Date;
}

/** A client, locked for a change of it or of its secrets. */
export async function lockClient(db: Db, clientId: string): Promise<ClientRow | undefined> {
  const { rows } = await db.query<ClientRow>(sql`
    select client_id, account_no, status, allow_ips::text[] as allow_ips, rate_per_second, version, created_at
    from client
    where client_id = ${clientId}
    for update
  `);
  return rows[0];
}

/** Writes what may be changed of a client, and counts its version up. */
export async function updateClient(
  db: Db,
  client: Pick<ClientRow, "client_id" | "status" | "allow_ips" | "rate_per_second">,
): Promise<void> {
  await db.query(sql`
    update client
    set status = ${client.status}, allow_ips = ${client.allow_ips}::cidr[], rate_per_second = ${client.rate_per_second},
      version = version + 1
    where client_id = ${client.client_id}
  `);
}

export interface ClientOfAccountRow extends ClientRow {
  account_name: string;
  account_status: string;
}

export async function selectClient(db: Db, clientId: string): Promise<ClientOfAccountRow | undefined> {
  const { rows } = await db.query<ClientOfAccountRow>(sql`
    select c.client_id, c.account_no, a.name as account_name, a.status as account_status, c.status,
      c.allow_ips::text[] as allow_ips, c.rate_per_second, c.version, c.created_at
    from client c
    join account a on a.account_no = c.account_no
    where c.client_id = ${clientId}
  `);
  return rows[0];
}

export interface ListedClientRow extends ClientRow {
  last_used_at: Date | null;
  /** Whether a secret that is being rotated out still verifies. */
  rotating: boolean;
}

/** An account's clients, the oldest first. */
export async function selectClientsOfAccount(db: Db, accountNo: number, limit: number): Promise<ListedClientRow[]> {
  const { rows } = await db.query<ListedClientRow>(sql`
    select c.client_id, c.account_no, c.status, c.allow_ips::text[] as allow_ips, c.rate_per_second, c.version,
      c.created_at, max(s.last_used_at) as last_used_at, coalesce(bool_or(s.expires_at > now()), false) as rotating
    from client c
    left join client_secret s on s.client_id = c.client_id
    where c.account_no = ${accountNo}
    group by c.client_id
    order by c.created_at, c.client_id
    limit ${limit}
  `);
  return rows;
}

/** What a list of all clients may be narrowed to. */
export interface ClientFilter {
  /** How its id begins, the whole number of its account, or a part of that one's name. */
  readonly search?: string | undefined;
  readonly status?: ClientStatus | undefined;
  /** Only clients that come after this one. */
  readonly after?: string | undefined;
}

export interface FoundClientRow extends ListedClientRow {
  account_name: string;
  account_status: string;
}

/** Of all accounts, the newest first. There are few thousand: they are sorted, and their secrets asked for once cut off. */
export async function selectClients(db: Db, filter: ClientFilter, limit: number): Promise<FoundClientRow[]> {
  const { rows } = await db.query<FoundClientRow>(sql`
    select c.client_id, c.account_no, a.name as account_name, a.status as account_status, c.status,
      c.allow_ips::text[] as allow_ips, c.rate_per_second, c.version, c.created_at,
      (select max(s.last_used_at) from client_secret s where s.client_id = c.client_id) as last_used_at,
      exists (select 1 from client_secret s where s.client_id = c.client_id and s.expires_at > now()) as rotating
    from client c
    join account a on a.account_no = c.account_no
    where ${join([sql`true`, ...conditionsOf(filter)], " and ")}
    order by c.created_at desc, c.client_id desc
    limit ${limit}
  `);
  return rows;
}

function conditionsOf({ search, status, after }: ClientFilter): Sql[] {
  return [
    ...(status === undefined ? [] : [sql`c.status = ${status}`]),
    ...(after === undefined
      ? []
      : [
          sql`(c.created_at, c.client_id) < (select l.created_at, l.client_id from client l where l.client_id = ${after})`,
        ]),
    ...(search === undefined ? [] : [sql`(${join(searchesOf(search), " or ")})`]),
  ];
}

function searchesOf(search: string): Sql[] {
  return [
    sql`a.name ilike ${`%${search.replaceAll(/[\\%_]/g, "\\$&")}%`}`,
    ...(/^\d{1,15}$/.test(search) ? [sql`c.account_no = ${search}::bigint`] : []),
    ...(/^iot[a-z0-9]{0,20}$/.test(search) ? [sql`c.client_id like ${`${search}%`}`] : []),
  ];
}

/** What is known of a secret without opening it. */
export interface SecretRow {
  secret_no: number;
  created_at: Date;
  expires_at: Date | null;
  last_used_at: Date | null;
  expired: boolean;
}

/** The newest first; of the expired only the last few. */
export async function selectSecrets(db: Db, clientId: string): Promise<SecretRow[]> {
  const { rows } = await db.query<SecretRow>(sql`
    select secret_no, created_at, expires_at, last_used_at, coalesce(expires_at <= now(), false) as expired
    from client_secret
    where client_id = ${clientId}
    order by secret_no desc
    limit ${secretsRemembered}
  `);
  return rows;
}

/** Notes when secrets have verified a call; none is set back. The caller has locked them. */
export async function updateLastUses(
  db: Db,
  uses: readonly { readonly clientId: string; readonly secretNo: number; readonly at: Date }[],
): Promise<void> {
  await db.query(sql`
    update client_secret s
    set last_used_at = greatest(s.last_used_at, u.at)
    from unnest(${uses.map(({ clientId }) => clientId)}::text[], ${uses.map(({ secretNo }) => secretNo)}::integer[],
      ${uses.map(({ at }) => at.toISOString())}::timestamptz[]) as u (client_id, secret_no, at)
    where s.client_id = u.client_id and s.secret_no = u.secret_no
  `);
}

/** Tells every process, when the transaction commits, to read a client's credentials anew. */
export async function notifyCredentials(db: Db, clientId: string): Promise<void> {
  await db.query(sql`select pg_notify(${credentialsChannel}, ${clientId})`);
}

/**
 * The same for several. They are given, and not looked up in the same statement: on Citus that might be answered by another
 * node, and be announced where nobody listens.
 */
export async function notifyCredentialsOf(db: Db, clientIds: readonly string[]): Promise<void> {
  await db.query(
    sql`select pg_notify(${credentialsChannel}, client_id) from unnest(${clientIds}::text[]) as client_id`,
  );
}

export async function selectClientIds(db: Db, accountNo: number): Promise<string[]> {
  const { rows } = await db.query<{ client_id: string }>(sql`
    select client_id from client where account_no = ${accountNo}
  `);
  return rows.map(({ client_id }) => client_id);
}

export interface CredentialsRow {
  client_id: string;
  account_no: number;
  client_status: string;
  account_status: string;
  allow_ips: string[];
  rate_per_second: number | null;
  secret_no: number;
  sealed: Buffer;
  key_id: string;
  /** Milliseconds since the epoch; null for the current secret. */
  expires_at_ms: number | null;
}

/** One row for each secret, the newest first; of the expired only the last few, which serve to name them. */
export async function selectCredentials(db: Db, clientIds: readonly string[]): Promise<CredentialsRow[]> {
  const { rows } = await db.query<CredentialsRow>({
    name: "select_credentials",
    text: `
      select c.client_id, c.account_no, c.status as client_status, a.status as account_status,
        c.allow_ips::text[] as allow_ips, c.rate_per_second, s.secret_no, s.sealed, s.key_id,
        (extract(epoch from s.expires_at) * 1000)::bigint as expires_at_ms
      from client c
      join account a on a.account_no = c.account_no
      cross join lateral (
        select secret_no, sealed, key_id, expires_at
        from client_secret
        where client_id = c.client_id
        order by secret_no desc
        limit ${secretsRemembered}
      ) s
      where c.client_id = any($1::text[])
      order by c.client_id, s.secret_no desc`,
    values: [clientIds],
  });
  return rows;
}

export interface SealedRow {
  client_id: string;
  secret_no: number;
  sealed: Buffer;
  key_id: string;
}

/** Locks some of the secrets that are sealed under other keys than `keyId`. */
export async function selectSealedUnderOther(db: Db, keyId: string, limit: number): Promise<SealedRow[]> {
  const { rows } = await db.query<SealedRow>(sql`
    select client_id, secret_no, sealed, key_id
    from client_secret
    where key_id <> ${keyId}
    order by client_id, secret_no
    limit ${limit}
    for update
  `);
  return rows;
}

export async function updateSealed(db: Db, row: SealedRow): Promise<void> {
  await db.query(sql`
    update client_secret
    set sealed = ${row.sealed}, key_id = ${row.key_id}
    where client_id = ${row.client_id} and secret_no = ${row.secret_no}
  `);
}

/** The oldest client of an account, with its newest secret. */
export async function selectFirstOfAccount(db: Db, accountNo: number): Promise<SealedRow | undefined> {
  const { rows } = await db.query<SealedRow>(sql`
    select s.client_id, s.secret_no, s.sealed, s.key_id
    from client c
    join client_secret s on s.client_id = c.client_id
    where c.account_no = ${accountNo}
    order by c.created_at, c.client_id, s.secret_no desc
    limit 1
  `);
  return rows[0];
}
