import { connect } from "../src/db/database.ts";

/** Runs a statement on the server that the tests use, outside any test's database. */
export async function onServer(connectionString: string, statement: string): Promise<void> {
  const client = await connect({ connectionString }, "dks test");
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}

/** The same server, another database. */
export function databaseUrl(connectionString: string, name: string): string {
  const url = new URL(connectionString);
  url.pathname = `/${name}`;
  return url.href;
}
