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
import { cardsChannel } from "./modules/cards/cards.import.ts";
import { cardRoutes } from "./modules/cards/cards.routes.ts";
import { createCardService } from "./modules/cards/cards.service.ts";
import { credentialsChannel } from "./modules/clients/clients.queries.ts";
import { type ClientService, createClientService } from "./modules/clients/clients.service.ts";
import { createCredentialStore } from "./modules/clients/credentials.ts";
import { loadMasterKeys } from "./modules/clients/master-key.ts";
import { localDays } from "./modules/packages/billing-month.ts";
import { type SourceService, createSourceService } from "./modules/sources/sources.service.ts";
import { type AuditService, createAuditService } from "./modules/usage/audit.service.ts";
import { createCalendar } from "./modules/usage/calendar.ts";
import { createMeteredCards } from "./modules/usage/metered-cards.ts";
import { batchesAtOnce, createIngest, ingestPath } from "./modules/usage/ingest.ts";
import { type Intake, createIntake } from "./modules/usage/intake.ts";
import { type QuarantineService, createQuarantineService } from "./modules/usage/quarantine.service.ts";
import { type RetentionService, createRetentionService } from "./modules/usage/retention.service.ts";
import { usageRoutes } from "./modules/usage/usage.routes.ts";
import { createUsageService } from "./modules/usage/usage.service.ts";
import { type WaitingJob, startWaitingJob } from "./modules/usage/waiting.job.ts";
import { type WaitingRelease, createWaitingRelease } from "./modules/usage/waiting.ts";

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
  readonly sources: SourceService;
  readonly intake: Intake;
  readonly quarantine: QuarantineService;
  readonly waiting: WaitingRelease;
  readonly audit: AuditService;
  readonly retention: RetentionService;
}

/** Builds the services that need nothing but the database and the master keys. */
export async function createServices(
  pool: pg.Pool,
  config: { readonly masterKey: string | undefined; readonly dataDir: string; readonly timeZone: string },
  clock: Clock = systemClock,
): Promise<Services> {
  const keys = await loadMasterKeys(config.masterKey, config.dataDir);
  const sources = createSourceService(pool, { clock, timeZone: config.timeZone });
  const intake = createIntake(pool, { clock, timeZone: config.timeZone });
  const listSources = () => sources.list();
  const audit = createAuditService(pool, { listSources, clock, timeZone: config.timeZone });
  return {
    accounts: createAccountService(pool),
    clients: createClientService(pool, keys),
    sources,
    intake,
    quarantine: createQuarantineService(pool, { intake, listSources }),
    waiting: createWaitingRelease(pool, { intake, listSources }),
    audit,
    retention: createRetentionService(pool, { audit, clock, timeZone: config.timeZone }),
  };
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
  // Of its own, so that uploads never take a connection from a call; and a batch takes longer than a call's statement may.
  const intakePool = createPool(database, {
    applicationName: "dks intake",
    connectionsMax: batchesAtOnce,
    connectTimeoutMs: 3_000,
    queryTimeoutMs: 60_000,
    onIdleError: (err) => log.warn({ err }, "lost an idle database connection"),
  });
  // One connection holds the lock of the one process that is at it, the other writes.
  const releasePool = createPool(database, {
    applicationName: "dks release",
    connectionsMax: 2,
    connectTimeoutMs: 3_000,
    queryTimeoutMs: 60_000,
    onIdleError: (err) => log.warn({ err }, "lost an idle database connection"),
  });
  const registry = new Registry();
  const metrics = createMetrics(registry, pool);

  const credentials = createCredentialStore(pool, keys, clock);
  const metered = createMeteredCards();
  let waiting: WaitingJob | undefined;
  const listener = await listen(
    database,
    {
      [credentialsChannel]: (clientId) => credentials.drop(clientId),
      [cardsChannel]: () => {
        metered.forgetAll();
        waiting?.wake();
      },
    },
    () => {
      credentials.drop("");
      metered.forgetAll();
      waiting?.wake();
    },
  );
  const dayOf = localDays(config.timeZone);
  const cards = createCardService(
    pool,
    () => dayOf(clock()),
    (size) => metrics.batched(size),
  );
  const usage = createUsageService(pool, { cards, clock, calendar: createCalendar(config.timeZone) });
  const rates = createRateLimiter(clock);

  const routes = [...cardRoutes(cards), ...usageRoutes(usage)];
  const sources = createSourceService(pool, { clock, timeZone: config.timeZone });
  const ingest = createIngest({
    intake: createIntake(intakePool, { clock, timeZone: config.timeZone, metered }),
    findSourceByToken: (token) => sources.findByToken(token),
    onTakenIn: (source, status, count) => metrics.tookIn(source, status, count),
  });
  const server = createHttpServer({
    routes,
    uploads: { [ingestPath]: ingest },
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
    await waiting?.stop();
    await releasePool.end();
    await intakePool.end();
    await pool.end();
  }

  try {
    waiting = startWaitingJob(
      createWaitingRelease(releasePool, {
        intake: createIntake(releasePool, { clock, timeZone: config.timeZone }),
        listSources: () => sources.list(),
      }),
      log,
    );
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
