import sql from "sql-template-tag";
import type { Db } from "../../db/database.ts";

/** The channel on which every process is told that credentials have changed; the payload is a client's id, or empty for all. */
export const credentialsChannel = "dks_credentials";

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

/** Adds a client's next secret, which is the current one from now on. */
export async function insertSecret(db: Db, secret: { clientId: string; sealed: Buffer; keyId: string }): Promise<void> {
  await db.query(sql`
    insert into client_secret (client_id, secret_no, sealed, key_id)
    select ${secret.clientId}::text, coalesce(max(secret_no), 0) + 1, ${secret.sealed}::bytea, ${secret.keyId}::text
    from client_secret
    where client_id = ${secret.clientId}
  `);
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

/** Sets a client's status; tells whether there is such a client. Locks it, so that rotations come one after another. */
export async function updateStatus(db: Db, clientId: string, status: "normal" | "suspended"): Promise<boolean> {
  const { rowCount } = await db.query(sql`update client set status = ${status} where client_id = ${clientId}`);
  return rowCount === 1;
}

/** Locks a client for a change of its secrets; tells whether there is such a client. */
export async function lockClient(db: Db, clientId: string): Promise<boolean> {
  const { rowCount } = await db.query(sql`select 1 from client where client_id = ${clientId} for update`);
  return rowCount === 1;
}

/** Tells every process, when the transaction commits, to read a client's credentials anew. */
export async function notifyCredentials(db: Db, clientId: string): Promise<void> {
  await db.query(sql`select pg_notify(${credentialsChannel}, ${clientId})`);
}

export interface CredentialsRow {
  client_id: string;
  account_no: number;
  client_status: string;
  account_status: string;
  allow_ips: string[];
  rate_per_second: number | null;
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
        c.allow_ips::text[] as allow_ips, c.rate_per_second, s.sealed, s.key_id,
        (extract(epoch from s.expires_at) * 1000)::bigint as expires_at_ms
      from client c
      join account a on a.account_no = c.account_no
      cross join lateral (
        select secret_no, sealed, key_id, expires_at
        from client_secret
        where client_id = c.client_id
        order by secret_no desc
        limit 4
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
