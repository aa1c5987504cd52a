import { randomBytes } from "node:crypto";
import type pg from "pg";
import { signParameters } from "@dakashi/sdk/signature";
import { systemActor } from "../src/actor.ts";
import { type Services, createServices } from "../src/app.ts";
import type { Clock } from "../src/clock.ts";
import { cardImport } from "../src/modules/cards/cards.import.ts";
import type { ClientService, NewClient } from "../src/modules/clients/clients.service.ts";
import { importCsv } from "../src/modules/imports/import-csv.ts";
import { packageImport } from "../src/modules/packages/packages.import.ts";
import { productImport } from "../src/modules/products/products.import.ts";
import type { IssuedToken, NewSource, SourceService } from "../src/modules/sources/sources.service.ts";
import { type TestDatabase, createTestDatabase } from "./database.ts";
import { startLoggedApp } from "./logged-app.ts";

/** A client of a test server, as its integrator would hold it. */
export interface TestClient {
  readonly client_id: string;
  readonly client_secret: string;
  readonly account_no: string;
}

/** What came back on the wire. */
export interface WireAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The parsed envelope. */
  readonly body: {
    readonly errcode: number;
    readonly errmsg: string;
    readonly data?: Readonly<Record<string, unknown>>;
    readonly hint?: string;
    readonly doc_url?: string;
    readonly server_time?: number;
    readonly request_id: string;
  };
}

/** A real server on a real database of its own, for one test file. */
export interface TestServer {
  readonly url: string;
  readonly database: TestDatabase;
  readonly pool: pg.Pool;
  /** As the command line has them, on the same database. */
  readonly services: Services;
  readonly clients: ClientService;
  readonly sources: SourceService;
  /** Everything that was logged, as text. */
  readonly logged: () => string;
  createAccount(): Promise<string>;
  createClient(client?: Partial<NewClient>): Promise<TestClient>;
  /** A source of deltas, named at random, with the defaults of `dks source create`. */
  createSource(source?: Partial<NewSource>): Promise<IssuedToken>;
  /** Imports cards as a CSV of these rows would be, through the import itself; likewise the others. */
  importCards(rows: readonly Readonly<Record<string, string | number>>[]): Promise<void>;
  importProducts(rows: readonly Readonly<Record<string, string | number>>[]): Promise<void>;
  importPackages(rows: readonly Readonly<Record<string, string | number>>[]): Promise<void>;
  /** Sends a body as it is to a path. */
  post(path: string, body: string | Uint8Array, headers?: Readonly<Record<string, string>>): Promise<WireAnswer>;
  /** Uploads usage records under a source's token, as NDJSON unless the headers say otherwise. */
  ingest(token: string, body: string | Uint8Array, headers?: Readonly<Record<string, string>>): Promise<WireAnswer>;
  /** Signs and sends a call to a path; `parameters` may override every one of its own. */
  call(
    path: string,
    client: TestClient,
    parameters: Readonly<Record<string, string | number>>,
    headers?: Readonly<Record<string, string>>,
  ): Promise<WireAnswer>;
  /** The same to `/v1/member/info`. */
  memberInfo(
    client: TestClient,
    parameters: Readonly<Record<string, string | number>>,
    headers?: Readonly<Record<string, string>>,
  ): Promise<WireAnswer>;
  /** The server's clock, in Unix seconds. */
  now(): number;
  close(): Promise<void>;
}

export interface TestServerOptions {
  readonly clock?: Clock;
  /** Environment variables beside those the harness sets. */
  readonly environment?: Readonly<Record<string, string>>;
}

export async function startTestServer({
  clock = Date.now,
  environment = {},
}: TestServerOptions = {}): Promise<TestServer> {
  const database = await createTestDatabase();
  const app = await startLoggedApp({ database: database.address, clock, environment });
  const { url, config } = app;
  const { pool } = database;
  const services = await createServices(pool, config, clock);
  const { accounts, clients, sources } = services;
  const by = systemActor("test");
  const now = (): number => Math.floor(clock() / 1000);

  async function post(
    path: string,
    body: string | Uint8Array,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<WireAnswer> {
    const response = await fetch(url + path, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: typeof body === "string" ? body : Buffer.from(body),
    });
    const text = await response.text();
    // The tests that read a member of it fail if it is not there.
    return { status: response.status, headers: response.headers, text, body: JSON.parse(text) as WireAnswer["body"] };
  }

  const call: TestServer["call"] = (path, client, parameters, headers) => {
    const all: Record<string, string | number> = { client_id: client.client_id, timestamp: now(), ...parameters };
    return post(path, JSON.stringify({ sign: signParameters(all, client.client_secret), ...all }), headers);
  };

  async function createAccount(): Promise<string> {
    return String(
      await accounts.create({ name: `account ${randomBytes(4).toString("hex")}`, rank: 3, balance: "0.00" }, by),
    );
  }

  return {
    url,
    database,
    pool,
    services,
    clients,
    sources,
    logged: app.logged,
    createAccount,
    async createClient(client = {}) {
      const accountNo = client.accountNo ?? (await createAccount());
      const issued = await clients.create({ allowIps: [], ratePerSecond: null, ...client, accountNo }, by);
      return { client_id: issued.clientId, client_secret: issued.clientSecret, account_no: accountNo };
    },
    createSource: (source = {}) =>
      sources.create(
        {
          name: `source-${randomBytes(4).toString("hex")}`,
          kind: "delta",
          unit: null,
          graceSeconds: 6 * 3600,
          closeAfterSeconds: 72 * 3600,
          ...source,
        },
        systemActor("test"),
      ),
    async importCards(rows) {
      await importAll(
        pool,
        cardImport,
        rows.map((row) => ({ carrier: "cmcc", ...row })),
      );
    },
    async importProducts(rows) {
      await importAll(pool, productImport, rows);
    },
    async importPackages(rows) {
      await importAll(pool, packageImport, rows);
    },
    post,
    ingest: (token, body, headers) =>
      post("/ingest/v1/usage", body, {
        authorization: `Bearer ${token}`,
        "content-type": "application/x-ndjson",
        ...headers,
      }),
    call,
    memberInfo: (client, parameters, headers) => call("/v1/member/info", client, parameters, headers),
    now,
    async close() {
      await app.stop();
      await database.drop();
    },
  };
}

type ImportDefinition = Parameters<typeof importCsv>[1];

async function importAll(
  pool: pg.Pool,
  definition: ImportDefinition,
  rows: readonly Readonly<Record<string, string | number>>[],
): Promise<void> {
  const columns = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  const lines = rows.map((row) => columns.map((column) => row[column] ?? "").join(","));
  const result = await importCsv(pool, definition, `${[columns.join(","), ...lines].join("\n")}\n`);
  if (result.refused > 0) throw new Error(`${result.refused} lines refused`);
}
