import { OperatorError } from "../errors.ts";
import { text } from "../text.ts";
import { type DatabaseAddress, connect } from "./database.ts";
import { openEmbedded } from "./embedded.ts";

/** The database, whichever it is. */
export interface OpenDatabase {
  readonly address: DatabaseAddress;
  readonly embedded: boolean;
  /** Lets go of it. Never throws. */
  close(): Promise<void>;
}

/** The oldest server version that the statements are written for. */
const versionMin = 150_000;

/** Opens the operator's own database, or the embedded one of the data directory. */
export async function openDatabase(config: {
  readonly databaseUrl: string | undefined;
  readonly dataDir: string;
}): Promise<OpenDatabase> {
  if (config.databaseUrl === undefined) {
    const embedded = await openEmbedded(config.dataDir);
    return { address: embedded.address, embedded: true, close: () => embedded.release() };
  }
  const address = { connectionString: config.databaseUrl };
  await refuseUnusable(address);
  return { address, embedded: false, close: () => Promise.resolve() };
}

async function refuseUnusable(address: DatabaseAddress): Promise<void> {
  const client = await connect(address, "dks start").catch((cause: unknown) => {
    if (cause instanceof Error && "code" in cause && cause.code === "ERR_INVALID_URL") throw notUrl(cause);
    const reason =
      cause instanceof Error ? cause.message || ("code" in cause ? String(cause.code) : "") : String(cause);
    throw new OperatorError(
      text(
        `无法连接 DATABASE_URL 指定的数据库：${reason}`,
        `The database that DATABASE_URL names cannot be reached: ${reason}`,
      ),
      cause,
    );
  });
  try {
    const { rows } = await client.query<{ server_version_num: string; server_version: string }>(
      "select current_setting('server_version_num') as server_version_num, current_setting('server_version') as server_version",
    );
    const [row] = rows;
    if (row !== undefined && Number(row.server_version_num) < versionMin)
      throw new OperatorError(
        text(
          `数据库是 PostgreSQL ${row.server_version}，需要 15 或更新版本。`,
          `The database is PostgreSQL ${row.server_version}, and 15 or newer is needed.`,
        ),
      );
  } finally {
    await client.end();
  }
}

/** Mostly a password as somebody's generator made it. The value is not shown, since it has that in it. */
function notUrl(cause: Error): OperatorError {
  return new OperatorError(
    text(
      "DATABASE_URL 不是有效的 URL。请检查端口；用户名和密码中的特殊字符须写成百分号编码：# 写作 %23，/ 写作 %2F，? 写作 %3F，@ 写作 %40。",
      "DATABASE_URL is not a valid URL. Check its port, and percent-encode what is special in user and password: %23 for #, %2F for /, %3F for ?, %40 for @.",
    ),
    cause,
  );
}
