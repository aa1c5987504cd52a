import { connect } from "../src/db/database.ts";
import { databaseUrl, onServer } from "./database-server.ts";

/** A node of the cluster that the tests run on, as its coordinator lists it in pg_dist_node. */
interface Node {
  readonly host: string;
  readonly port: number;
  readonly isCoordinator: boolean;
}

/** Few, so that a database for each test file is made in a moment. */
export const testShardCount = 4;

/**
 * Makes a database on the coordinator and every worker and connects them to a cluster of their own: to Citus, each
 * database is one. The nodes are those of the database that DKS_TEST_DATABASE_URL names; the workers must be reachable
 * from here under the host and port that are registered there, with the same user and password.
 */
export async function createClusterDatabase(connectionString: string, name: string): Promise<void> {
  const nodes = await selectNodes(connectionString);
  for (const node of nodes) await onServer(nodeUrl(connectionString, node), `create database ${name}`);
  for (const node of nodes)
    await onServer(databaseUrl(nodeUrl(connectionString, node), name), "create extension citus");
  const client = await connect({ connectionString: databaseUrl(connectionString, name) }, "dks test");
  try {
    for (const { host, port, isCoordinator } of nodes)
      await client.query(
        isCoordinator ? "select citus_set_coordinator_host($1, $2)" : "select citus_add_node($1, $2)",
        [host, port],
      );
  } finally {
    await client.end();
  }
}

export async function dropClusterDatabase(connectionString: string, name: string): Promise<void> {
  // The coordinator first: it keeps connections to the others.
  for (const node of await selectNodes(connectionString))
    await onServer(nodeUrl(connectionString, node), `drop database ${name} with (force)`);
}

/** The coordinator first. */
async function selectNodes(connectionString: string): Promise<Node[]> {
  const client = await connect({ connectionString }, "dks test");
  try {
    const { rows } = await client.query<Node>(
      `select nodename as host, nodeport as port, groupid = 0 as "isCoordinator"
      from pg_dist_node where isactive and noderole = 'primary' order by groupid`,
    );
    if (rows[0]?.isCoordinator !== true || rows.length === 1)
      throw new Error(
        "DKS_TEST_CITUS needs a cluster: in the database that DKS_TEST_DATABASE_URL names, register the coordinator with citus_set_coordinator_host and the workers with citus_add_node",
      );
    return rows;
  } finally {
    await client.end();
  }
}

function nodeUrl(connectionString: string, { host, port, isCoordinator }: Node): string {
  if (isCoordinator) return connectionString;
  const url = new URL(connectionString);
  url.hostname = host;
  url.port = String(port);
  return url.href;
}
