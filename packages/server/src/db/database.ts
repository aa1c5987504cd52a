import pg from "pg";

/** Whatever runs a statement: the pool, or the one connection that holds a transaction. */
export interface Db {
  query<Row extends pg.QueryResultRow>(query: pg.QueryConfig): Promise<pg.QueryResult<Row>>;
}

/** How to reach the database. A plain object, so that it can be handed to a worker process. */
export interface DatabaseAddress {
  readonly connectionString: string;
}

/**
 * int8 arrives as a number, since sizes in bytes stay far below 2^53, and a value that does not fit is an error, never
 * rounded; date stays the text it is, since a JavaScript Date would put it in some time zone.
 */
const types: pg.CustomTypesConfig = {
  getTypeParser(oid: number, format?: "text" | "binary") {
    if (oid === pg.types.builtins.INT8) return parseInt8;
    if (oid === pg.types.builtins.DATE) return (value: string) => value;
    return format === "binary" ? pg.types.getTypeParser(oid, format) : pg.types.getTypeParser(oid, "text");
  },
};

function parseInt8(value: string): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number)) throw new RangeError(`int8 out of range: ${value}`);
  return number;
}

/**
 * A bigint column that may hold more than a number can, as the nearest that one can. For statements that answer many at
 * once: one absurd sum, of one card, must not fail the calls about all the others.
 */
export function withinSafeIntegers(column: string): string {
  // Not least and greatest, which take no notice of null.
  return `case
    when ${column} > ${Number.MAX_SAFE_INTEGER} then ${Number.MAX_SAFE_INTEGER}
    when ${column} < ${Number.MIN_SAFE_INTEGER} then ${Number.MIN_SAFE_INTEGER}
    else ${column}
  end as ${column.replace(/^.*\./, "")}`;
}

/** A timestamptz as it arrives: a number is one of PostgreSQL's infinities. */
export type MomentColumn = Date | number;

/** The moment, or null for an infinity. */
export function finiteMoment(moment: MomentColumn): Date | null {
  return moment instanceof Date ? moment : null;
}

export interface PoolOptions {
  readonly applicationName: string;
  readonly connectionsMax: number;
  /** How long a caller waits for a free connection before it is told that the database is not available. */
  readonly connectTimeoutMs: number;
  /** How long a statement may take before its connection is given up: the server may be gone without a word. */
  readonly queryTimeoutMs?: number;
  /** A connection lost while idle; the pool has already replaced it. */
  readonly onIdleError: (error: Error) => void;
}

export function createPool(address: DatabaseAddress, options: PoolOptions): pg.Pool {
  const pool = new pg.Pool({
    connectionString: address.connectionString,
    application_name: options.applicationName,
    max: options.connectionsMax,
    connectionTimeoutMillis: options.connectTimeoutMs,
    keepAlive: true,
    ...(options.queryTimeoutMs === undefined ? {} : { query_timeout: options.queryTimeoutMs }),
    types,
  });
  pool.on("error", options.onIdleError);
  // Before its first user has it: a server that is killed may say so in the same breath in which it says that it is ready.
  pool.on("connect", outliveLoss);
  return pool;
}

/** A connection of its own, for LISTEN, a COPY or an advisory lock. The caller ends it. */
export async function connect(address: DatabaseAddress, applicationName: string): Promise<pg.Client> {
  const client = new pg.Client({
    connectionString: address.connectionString,
    application_name: applicationName,
    connectionTimeoutMillis: 10_000,
    keepAlive: true,
    types,
  });
  outliveLoss(client);
  await client.connect();
  return client;
}

/** A connection that is lost between two statements says so to the whole process if nobody listens. The next statement fails. */
function outliveLoss(client: pg.ClientBase): void {
  client.on("error", () => {});
}

/**
 * Runs `work` in one transaction on one connection. An error rolls back; if even that fails the connection is thrown
 * away, since its state is unknown.
 */
export async function transaction<T>(pool: pg.Pool, work: (db: pg.PoolClient) => Promise<T>): Promise<T> {
  const client = await pool.connect();
  let broken: Error | undefined;
  try {
    await client.query("begin");
    const result = await work(client);
    await client.query("commit");
    return result;
  } catch (error) {
    await client.query("rollback").catch((rollbackError: Error) => {
      broken = rollbackError;
    });
    throw error;
  } finally {
    client.release(broken);
  }
}

/** Whether an error says that the database cannot be reached or is going away, as against a statement that is wrong. */
export function isUnavailable(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = "code" in error && typeof error.code === "string" ? error.code : "";
  // 08: connection exceptions. 57P: shutdowns and start-up. 53: out of connections, memory or disk. 25006: a standby.
  if (/^(08|57P|53)/.test(code) || code === "25006") return true;
  if (/^(ECONNREFUSED|ECONNRESET|ENOENT|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|EHOSTUNREACH|ENETUNREACH)$/.test(code))
    return true;
  // node-postgres reports these without a code.
  return /^(Connection terminated|timeout exceeded when trying to connect|Client was closed|Client has encountered a connection error|Query read timeout|Cannot use a pool after calling end)/.test(
    error.message,
  );
}

/** Whether an error says that a value is none that can be stored: a text with a NUL in it, a day that does not exist. */
export function isUnstorable(error: unknown): boolean {
  return error instanceof Error && "code" in error && /^(22021|22P05|22007|22008)$/.test(String(error.code));
}
