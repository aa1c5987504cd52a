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
import { accountConsole } from "./modules/accounts/accounts.console.ts";
import { type AccountService, createAccountService } from "./modules/accounts/accounts.service.ts";
import { type MovementService, createMovementService } from "./modules/accounts/movements.service.ts";
import { auditConsole } from "./modules/audit/audit.console.ts";
import { createAuditLog } from "./modules/audit/audit.service.ts";
import { createCallLog } from "./modules/calls/call-log.ts";
import { createCallWriter } from "./modules/calls/call-writer.ts";
import { callConsole } from "./modules/calls/calls.console.ts";
import { startCallLogJob } from "./modules/calls/calls.job.ts";
import { createCallService } from "./modules/calls/calls.service.ts";
import { cardListConsole } from "./modules/cards/card-list.console.ts";
import { createCardList } from "./modules/cards/card-list.service.ts";
import { cardConsole } from "./modules/cards/card.console.ts";
import { createCardFileService } from "./modules/cards/card-file.service.ts";
import { cardExport } from "./modules/cards/cards.export.ts";
import { cardsChannel } from "./modules/cards/cards.import.ts";
import { cardRoutes } from "./modules/cards/cards.routes.ts";
import { createCardService } from "./modules/cards/cards.service.ts";
import { clientConsole } from "./modules/clients/clients.console.ts";
import { credentialsChannel } from "./modules/clients/clients.queries.ts";
import { type ClientService, createClientService } from "./modules/clients/clients.service.ts";
import { createCredentialStore } from "./modules/clients/credentials.ts";
import { loadMasterKeys } from "./modules/clients/master-key.ts";
import { startSecretUses } from "./modules/clients/secret-uses.ts";
import type { ExportDefinitions } from "./modules/jobs/export-job.ts";
import { type JobRunner, runnerConnections, startJobRunner } from "./modules/jobs/job-runner.ts";
import { jobsConsole } from "./modules/jobs/jobs.console.ts";
import { jobsChannel } from "./modules/jobs/jobs.queries.ts";
import { createJobService } from "./modules/jobs/jobs.service.ts";
import {
  countingConnections,
  countingTimeoutMs,
  createInventorySummaries,
} from "./modules/overview/inventory-summary.ts";
import { overviewConsole } from "./modules/overview/overview.console.ts";
import { startInventoryJob } from "./modules/overview/overview.job.ts";
import { createOverviewService } from "./modules/overview/overview.service.ts";
import { localDays } from "./modules/packages/billing-month.ts";
import { productConsole } from "./modules/products/products.console.ts";
import { type ProductService, createProductService } from "./modules/products/products.service.ts";
import { notingActivity, startSourceActivity } from "./modules/sources/activity.ts";
import { sourcesConsole } from "./modules/sources/sources.console.ts";
import { type SourceService, createSourceService } from "./modules/sources/sources.service.ts";
import { createSignIn } from "./modules/staff/sign-in.ts";
import { staffConsole } from "./modules/staff/staff.console.ts";
import { type StaffService, createStaffService } from "./modules/staff/staff.service.ts";
import { type AuditService, createAuditService } from "./modules/usage/audit.service.ts";
import { createCalendar } from "./modules/usage/calendar.ts";
import { createMeteredCards } from "./modules/usage/metered-cards.ts";
import { batchesAtOnce, createIngest, ingestPath } from "./modules/usage/ingest.ts";
import { type Intake, createIntake } from "./modules/usage/intake.ts";
import { quarantineConsole } from "./modules/usage/quarantine.console.ts";
import { type QuarantineService, createQuarantineService } from "./modules/usage/quarantine.service.ts";
import { type RetentionService, createRetentionService } from "./modules/usage/retention.service.ts";
import { usageRoutes } from "./modules/usage/usage.routes.ts";
import { createUsageService } from "./modules/usage/usage.service.ts";
import { type WaitingJob, startWaitingJob } from "./modules/usage/waiting.job.ts";
import { type WaitingRelease, createWaitingRelease } from "./modules/usage/waiting.ts";
import { operations } from "./operations.ts";
import { type WebApplication, createWebApplication } from "./web/web-application.ts";

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
  readonly movements: MovementService;
  readonly clients: ClientService;
  readonly products: ProductService;
  readonly sources: SourceService;
  readonly intake: Intake;
  readonly quarantine: QuarantineService;
  readonly waiting: WaitingRelease;
  readonly audit: AuditService;
  readonly retention: RetentionService;
  readonly staff: StaffService;
}

/** Builds the services that need nothing but the database and the master keys. */
export async function createServices(
  pool: pg.Pool,
  config: { readonly masterKey: string | undefined; readonly dataDir: string; readonly timeZone: string },
  clock: Clock = systemClock,
): Promise<Services> {
  const keys = await loadMasterKeys(config.masterKey, config.dataDir);
  const clients = createClientService(pool, keys);
  const sources = createSourceService(pool, { clock, timeZone: config.timeZone });
  const intake = createIntake(pool, { clock, timeZone: config.timeZone });
  const listSources = () => sources.list();
  const audit = createAuditService(pool, { listSources, clock, timeZone: config.timeZone });
  return {
    accounts: createAccountService(pool, { announceCredentials: (db, no) => clients.announceOfAccount(db, no) }),
    movements: createMovementService(pool),
    clients,
    products: createProductService(pool),
    sources,
    intake,
    quarantine: createQuarantineService(pool, { intake, listSources, calendar: createCalendar(config.timeZone) }),
    waiting: createWaitingRelease(pool, { intake, listSources }),
    audit,
    retention: createRetentionService(pool, { audit, clock, timeZone: config.timeZone }),
    staff: createStaffService(pool, keys, clock),
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
  function poolOf(applicationName: string, connectionsMax: number, queryTimeoutMs: number): pg.Pool {
    return createPool(database, {
      applicationName,
      connectionsMax,
      connectTimeoutMs: 3_000,
      queryTimeoutMs,
      onIdleError: (err) => log.warn({ err }, "lost an idle database connection"),
    });
  }
  const pool = poolOf("dks serve", config.dbConnections, 5_000);
  // Of its own, so that uploads never take a connection from a call; and a batch takes longer than a call's statement may.
  const intakePool = poolOf("dks intake", batchesAtOnce, 60_000);
  // One connection holds the lock of the one process that is at it, the other writes.
  const releasePool = poolOf("dks release", 2, 60_000);
  const callLogPool = poolOf("dks call log", 2, 10_000);
  const registry = new Registry();
  const metrics = createMetrics(registry, pool);
  const trustedProxies = parseAddressList(config.trustProxy);

  const keys = await loadMasterKeys(config.masterKey, config.dataDir);
  const credentials = createCredentialStore(pool, keys, clock);
  const secretUses = startSecretUses(pool, log);
  const metered = createMeteredCards();
  const console = await startConsole({ config, database, log, clock });
  let waiting: WaitingJob | undefined;
  const listener = await listen(
    database,
    {
      [credentialsChannel]: (clientId) => credentials.drop(clientId),
      [cardsChannel]: () => {
        metered.forgetAll();
        waiting?.wake();
      },
      [jobsChannel]: (jobNo) => (jobNo === "" ? console.jobs.wake() : console.jobs.ended(Number(jobNo))),
    },
    () => {
      credentials.drop("");
      metered.forgetAll();
      waiting?.wake();
      console.jobs.wake();
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
  const activity = startSourceActivity(pool, {
    clock,
    onProblem: (err) => log.warn({ err }, "could not note what sources have sent"),
  });
  const ingest = createIngest({
    intake: notingActivity(createIntake(intakePool, { clock, timeZone: config.timeZone, metered }), activity),
    findSourceByToken: (token) => sources.findByToken(token),
    onTakenIn: (source, status, count) => metrics.tookIn(source, status, count),
  });
  const callLog =
    config.callLogDays === 0
      ? undefined
      : createCallLog({
          writer: createCallWriter(callLogPool),
          credentials,
          trustedProxies,
          onLeftOut: (reason, count) => metrics.leftOutOfLog(reason, count),
          log,
        });
  const callLogJob = startCallLogJob(callLogPool, { days: config.callLogDays, clock, log });
  const server = createHttpServer({
    routes,
    uploads: { [ingestPath]: ingest },
    pages: { ...probePages(pool), "/openapi.json": openApiPage() },
    web: console.web,
    authenticate: createAuthenticator({
      credentials,
      clock,
      rates,
      failures: createFailureLimiter(clock, config.failuresPerMinute),
      defaultRatePerSecond: config.ratePerSecond,
      trustedProxies,
      onVerified: (secret, atMs) => secretUses.note(secret, atMs),
      onOldSecret: (clientId) => log.debug({ client_id: clientId }, "signed with a secret that is being rotated out"),
    }),
    clock,
    onEnded: (call) => callLog?.ended(call),
    metrics,
    log,
  });
  async function letGo(): Promise<void> {
    await listener.close();
    await waiting?.stop();
    await secretUses.stop();
    await activity.stop();
    await callLog?.stop(callLogStopMs);
    await callLogJob.stop();
    await console.stop();
    await Promise.all([callLogPool, releasePool, intakePool, pool].map((one) => one.end()));
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

/** How long a stop waits for the last calls to be logged. */
const callLogStopMs = 5_000;

/** What staff are served with. It has connections of its own: however long its statements take, no call waits for one. */
interface ConsoleParts {
  readonly web: WebApplication;
  readonly jobs: JobRunner;
  stop(): Promise<void>;
}

async function startConsole({ config, database, log, clock = systemClock }: AppOptions): Promise<ConsoleParts> {
  const onIdleError = (err: Error): void => log.warn({ err }, "lost an idle database connection");
  const pool = createPool(database, {
    applicationName: "dks console",
    connectionsMax: 4,
    connectTimeoutMs: 3_000,
    queryTimeoutMs: 30_000,
    onIdleError,
  });
  // An import is one transaction whose statements take minutes: no limit.
  const jobsPool = createPool(database, {
    applicationName: "dks jobs",
    connectionsMax: runnerConnections,
    connectTimeoutMs: 3_000,
    onIdleError,
  });
  const countingPool = createPool(database, {
    applicationName: "dks overview",
    connectionsMax: countingConnections,
    connectTimeoutMs: 3_000,
    queryTimeoutMs: countingTimeoutMs,
    onIdleError,
  });
  const keys = await loadMasterKeys(config.masterKey, config.dataDir);
  const services = await createServices(pool, config, clock);
  const summaries = createInventorySummaries(pool, countingPool, { clock, timeZone: config.timeZone });
  const calls = createCallService(pool, clock);
  const inventoryJob = startInventoryJob(summaries, { clock, log });
  const dayOf = localDays(config.timeZone);
  const calendar = createCalendar(config.timeZone);
  const auditLog = createAuditLog(pool);
  function cardsOf(db: pg.Pool) {
    return createCardService(
      db,
      () => dayOf(clock()),
      () => {},
    );
  }
  const cards = cardsOf(pool);
  const exports: ExportDefinitions = {
    card_export: cardExport(createCardList(jobsPool, cardsOf(jobsPool)), { timeZone: config.timeZone }),
  };
  const jobService = createJobService(pool, { uploadBytesMax: config.uploadMaxMb * 1_048_576, exports });
  const web = await createWebApplication({
    endpoints: [
      ...overviewConsole(
        createOverviewService(pool, { summaries, job: inventoryJob, calls, uploadPaths: [ingestPath], clock }),
      ),
      ...staffConsole(services.staff, { timeZone: config.timeZone }),
      ...accountConsole(services.accounts, services.movements),
      ...clientConsole(services.clients, { defaultRatePerSecond: config.ratePerSecond }),
      ...cardConsole({
        cards,
        files: createCardFileService(pool, auditLog),
        usage: createUsageService(pool, { cards, clock, calendar }),
        audit: services.audit,
        accounts: services.accounts,
        quarantine: services.quarantine,
        calendar,
      }),
      ...productConsole(services.products),
      ...cardListConsole(createCardList(pool, cards)),
      ...sourcesConsole(services.sources),
      ...quarantineConsole(services.quarantine, () => services.sources.list()),
      ...jobsConsole(jobService),
      ...auditConsole(auditLog),
      ...callConsole(calls, services.accounts, {
        clock,
        keptDays: config.callLogDays,
        operations: [...operations.map(({ path }) => path), ingestPath],
      }),
    ],
    signIn: createSignIn(pool, { keys, clock }),
    publicUrl: config.publicUrl,
    trustedProxies: parseAddressList(config.trustProxy),
    log,
  });
  const jobs = startJobRunner({ pool: jobsPool, exports, log });
  return {
    web,
    jobs,
    async stop() {
      await web.close();
      await jobs.stop();
      await inventoryJob.stop();
      await jobsPool.end();
      await countingPool.end();
      await pool.end();
    },
  };
}
