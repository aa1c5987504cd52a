import type { AddressInfo } from "node:net";
import type pg from "pg";
import { Registry } from "prom-client";
import { parseAddressList } from "./address-list.ts";
import { type Clock, systemClock } from "./clock.ts";
import type { Config } from "./config.ts";
import { type DatabaseAddress, createPool } from "./db/database.ts";
import { listen } from "./db/listen.ts";
import { createAuthenticator } from "./http/authenticate.ts";
import { createMetrics } from "./http/metrics.ts";
import { openApiPage, probePages } from "./http/pages.ts";
import { createFailureLimiter, createRateLimiter, type RateLimiter } from "./http/rate-limit.ts";
import { createHttpServer } from "./http/server.ts";
import type { Logger } from "./log.ts";
import { type AccountService, createAccountService } from "./modules/accounts/accounts.service.ts";
import { cardRoutes } from "./modules/cards/cards.routes.ts";
import { createCardService } from "./modules/cards/cards.service.ts";
import { credentialsChannel } from "./modules/clients/clients.queries.ts";
import { type ClientService, createClientService } from "./modules/clients/clients.service.ts";
import { createCredentialStore } from "./modules/clients/credentials.ts";
import { loadMasterKeys } from "./modules/clients/master-key.ts";
import { currentMonths } from "./modules/packages/billing-month.ts";

/** A server that answers, and what its process has to know of it. */
export interface App {
  readonly address: AddressInfo;
  readonly registry: Registry;
  readonly rates: RateLimiter;
  /** Answers what is under way and lets go of everything. */
  stop(): Promise<void>;
}

/** What the command line does its work with. */
export interface Services {
  readonly accounts: AccountService;
  readonly clients: ClientService;
}

/** Builds the services that need nothing but the database and the master keys. */
export async function createServices(
  pool: pg.Pool,
  config: { readonly masterKey: string | undefined; readonly dataDir: string },
): Promise<Services> {
  const keys = await loadMasterKeys(config.masterKey, config.dataDir);
  return { accounts: createAccountService(pool), clients: createClientService(pool, keys) };
}

export interface AppOptions {
  readonly config: Config;
  readonly database: DatabaseAddress;
  readonly log: Logger;
  readonly clock?: Clock;
}

/** Builds the server from its parts, in the order they need each other, and starts it. The schema must be up to date. */
export async function startApp({ config, database, log, clock = systemClock }: AppOptions): Promise<App> {
  const keys = await loadMasterKeys(config.masterKey, config.dataDir);
  const pool = createPool(database, {
    applicationName: "dks serve",
    connectionsMax: config.dbConnections,
    connectTimeoutMs: 3_000,
    queryTimeoutMs: 5_000,
    onIdleError: (err) => log.warn({ err }, "lost an idle database connection"),
  });
  const registry = new Registry();
  const metrics = createMetrics(registry, pool);

  const credentials = createCredentialStore(pool, keys, clock);
  const listener = await listen(
    database,
    credentialsChannel,
    (clientId) => credentials.drop(clientId),
    () => credentials.drop(""),
  );
  const cards = createCardService(pool, (size) => metrics.batched(size));
  const rates = createRateLimiter(clock);

  const routes = [...cardRoutes(cards, currentMonths(clock, config.timeZone))];
  const server = createHttpServer({
    routes,
    pages: { ...probePages(pool), "/openapi.json": openApiPage() },
    authenticate: createAuthenticator({
      credentials,
      clock,
      rates,
      failures: createFailureLimiter(clock, config.failuresPerMinute),
      defaultRatePerSecond: config.ratePerSecond,
      trustedProxies: parseAddressList(config.trustProxy),
      onOldSecret: (clientId) => log.debug({ client_id: clientId }, "signed with a secret that is being rotated out"),
    }),
    metrics,
    log,
  });
  async function letGo(): Promise<void> {
    await listener.close();
    await pool.end();
  }

  try {
    return {
      address: await server.listen(config.host, config.port),
      registry,
      rates,
      async stop() {
        await server.drain(config.drainTimeoutMs);
        await letGo();
      },
    };
  } catch (error) {
    await letGo();
    throw error;
  }
}
