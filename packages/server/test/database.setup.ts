import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import { openEmbedded } from "../src/db/embedded.ts";
import { migrate } from "../src/db/migrate.ts";
import { databaseUrl, onServer } from "./database-server.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** A server on which databases may be made; `templateName` is a migrated one to clone, and missing on a cluster. */
    readonly databaseServer: { readonly connectionString: string; readonly templateName: string | undefined };
  }
}

/**
 * One PostgreSQL for a run of the tests: the server that DKS_TEST_DATABASE_URL names, or an embedded one of its own. A
 * migrated database on it is the template that every test file clones. With DKS_TEST_CITUS the server named is the
 * coordinator of a cluster, on which every test file gets a distributed database.
 */
export default async function setUp(project: TestProject): Promise<() => Promise<void>> {
  const given = process.env["DKS_TEST_DATABASE_URL"];
  if ((process.env["DKS_TEST_CITUS"] ?? "") !== "") {
    if (given === undefined)
      throw new Error("DKS_TEST_CITUS needs DKS_TEST_DATABASE_URL, the coordinator of a cluster");
    project.provide("databaseServer", { connectionString: given, templateName: undefined });
    return () => Promise.resolve();
  }
  const directory = await mkdtemp(join(tmpdir(), "dks-test-"));
  // Under root the embedded PostgreSQL runs as another user, who has to get through here.
  await chmod(directory, 0o755);
  const embedded =
    given === undefined
      ? // Tests kill processes, never the machine, so nothing is lost without fsync but time.
        await openEmbedded(directory, { settings: { fsync: "off", max_connections: "400" } })
      : undefined;
  const connectionString = given ?? embedded?.address.connectionString ?? "";
  const templateName = `dks_template_${process.pid}_${project.name}`;
  await onServer(connectionString, `create database ${templateName}`);
  await migrate({ connectionString: databaseUrl(connectionString, templateName) });
  project.provide("databaseServer", { connectionString, templateName });
  return async () => {
    await onServer(connectionString, `drop database ${templateName} with (force)`);
    await embedded?.release();
    await rm(directory, { recursive: true, force: true });
  };
}
