import cluster, { type Worker } from "node:cluster";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as delay } from "node:timers/promises";
import { AggregatorRegistry } from "prom-client";
import { type App, startApp } from "./app.ts";
import { type Config, readConfig } from "./config.ts";
import { ensureDemoIfWanted } from "./cli/demo.ts";
import { firstSteps } from "./cli/first-steps.ts";
import type { Terminal } from "./cli/terminal.ts";
import type { DatabaseAddress } from "./db/database.ts";
import { migrate } from "./db/migrate.ts";
import { openDatabase } from "./db/open.ts";
import { OperatorError } from "./errors.ts";
import { listenProblem } from "./http/listen-problem.ts";
import { type Logger, createLogger } from "./log.ts";
import { type Text, text } from "./text.ts";

/** What the processes of a server tell each other. */
type Message =
  | { readonly type: "start"; readonly database: DatabaseAddress }
  | { readonly type: "ready"; readonly address: AddressInfo }
  | { readonly type: "failed"; readonly problem: Text | string }
  | { readonly type: "taken"; readonly taken: [string, number][] }
  | { readonly type: "stop" };

/**
 * How often processes tell each other whose calls they let through. A client that spreads its calls over all of them
 * gets at most this long's worth too much, once for each process.
 */
const rateSyncMs = 50;

/** Runs the server until it is told to stop, in this process or, with DKS_WORKERS, in several that this one looks after. */
export async function serve(terminal: Terminal): Promise<void> {
  if (cluster.isWorker) return serveAsWorker();
  const stopped = stopSignal();
  const config = readConfig();
  const log = createLogger(config.logLevel);
  const database = await openDatabase(config);
  try {
    await migrate(database.address);
    const demo = await ensureDemoIfWanted(config, database);
    const steps = await firstSteps(config, database.address);
    const server =
      config.workers === 1
        ? await serveAlone(config, database.address, log)
        : await serveByWorkers(config, database.address, log);
    try {
      const url = `http://${hostInUrl(server.address)}:${server.address.port}`;
      const { metricsUrl } = server;
      log.info(
        { url, metrics_url: metricsUrl, workers: config.workers, embedded_database: database.embedded },
        "ready",
      );
      terminal.say(text(`服务已就绪：${url}（按 Ctrl-C 停止）`, `Ready at ${url} (Ctrl-C stops it)`));
      for (const line of steps(url)) terminal.say(line);
      if (demo !== undefined) for (const line of demo(url)) terminal.say(line);
      await Promise.race([stopped, server.failed]);
      log.info("stopping");
    } finally {
      await server.stop();
    }
  } finally {
    await database.close();
  }
  log.info("stopped");
}

interface Running {
  readonly address: AddressInfo;
  readonly metricsUrl: string;
  /** Rejects when the server cannot go on. */
  readonly failed: Promise<never>;
  stop(): Promise<void>;
}

/** The first SIGINT or SIGTERM. A second one ends the process where it stands, for whoever cannot wait. */
function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ["SIGINT", "SIGTERM"] as const)
      process.once(signal, () => {
        resolve();
        process.once(signal, () => process.exit(1));
      });
  });
}

function hostInUrl({ address, family }: AddressInfo): string {
  if (address === "0.0.0.0" || address === "::") return "127.0.0.1";
  return family === "IPv6" ? `[${address}]` : address;
}

async function serveAlone(config: Config, database: DatabaseAddress, log: Logger): Promise<Running> {
  const app = await startApp({ config, database, log });
  try {
    const metrics = await serveMetrics(config, () => app.registry.metrics());
    return {
      address: app.address,
      metricsUrl: metrics.url,
      failed: new Promise(() => {}),
      async stop() {
        await app.stop();
        await metrics.close();
      },
    };
  } catch (error) {
    await app.stop();
    throw error;
  }
}

interface MetricsServer {
  readonly url: string;
  close(): Promise<void>;
}

/** `/metrics` on an address of its own, which is not the public one. */
async function serveMetrics(config: Config, collect: () => Promise<string>): Promise<MetricsServer> {
  const server = createServer((request, response) => {
    if (request.url !== "/metrics") {
      response.writeHead(404).end();
      return;
    }
    collect().then(
      (body) => response.writeHead(200, { "content-type": "text/plain; version=0.0.4; charset=utf-8" }).end(body),
      () => response.writeHead(500).end(),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", (error: Error & { code?: string }) =>
      reject(
        error.code === "EADDRINUSE"
          ? new OperatorError(
              text(
                `指标端口 ${config.metricsPort} 已被占用，请用环境变量 DKS_METRICS_PORT 指定其他端口（0 表示由系统分配）。`,
                `The metrics port ${config.metricsPort} is in use; choose another in DKS_METRICS_PORT (0 takes any free one).`,
              ),
              error,
            )
          : listenProblem(error, config.metricsHost, config.metricsPort),
      ),
    );
    server.listen(config.metricsPort, config.metricsHost, resolve);
  });
  // A TCP server that listens has an address object.
  const address = server.address() as AddressInfo;
  return {
    url: `http://${hostInUrl(address)}:${address.port}/metrics`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** How long a worker has to drain beyond the configured time before it is killed. */
const stopGraceMs = 5_000;

async function serveByWorkers(config: Config, database: DatabaseAddress, log: Logger): Promise<Running> {
  const workers = new Set<Worker>();
  const failure = Promise.withResolvers<never>();
  failure.promise.catch(() => {});
  let stopping = false;

  function fork(): Promise<AddressInfo> {
    return new Promise((resolve, reject) => {
      const worker = cluster.fork();
      workers.add(worker);
      worker.on("message", (message: Message) => {
        if (message.type === "ready") resolve(message.address);
        else if (message.type === "failed") reject(problemOf(message.problem));
        else if (message.type === "taken") for (const other of workers) if (other !== worker) send(other, message);
      });
      worker.once("exit", (status, signal) => {
        workers.delete(worker);
        reject(new Error(`worker ${worker.process.pid} ended (${signal ?? status})`));
        if (stopping) return;
        log.error({ worker: worker.process.pid, status, signal }, "a worker ended; starting another");
        // One that always dies at once must not be started in a tight loop.
        void delay(1000)
          .then(() => (stopping ? undefined : fork()))
          .catch(failure.reject);
      });
      send(worker, { type: "start", database });
    });
  }

  async function stop(): Promise<void> {
    stopping = true;
    await Promise.all(
      [...workers].map(
        (worker) =>
          new Promise<void>((resolve) => {
            const kill = setTimeout(() => worker.process.kill("SIGKILL"), config.drainTimeoutMs + stopGraceMs);
            worker.once("exit", () => {
              clearTimeout(kill);
              resolve();
            });
            send(worker, { type: "stop" });
          }),
      ),
    );
  }

  try {
    const [address] = await Promise.all(Array.from({ length: config.workers }, fork));
    if (address === undefined) throw new Error("no worker");
    const aggregator = new AggregatorRegistry();
    const metrics = await serveMetrics(config, () => aggregator.clusterMetrics());
    return {
      address,
      metricsUrl: metrics.url,
      failed: failure.promise,
      async stop() {
        await stop();
        await metrics.close();
      },
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

function problemOf(problem: Text | string): Error {
  return typeof problem === "string" ? new Error(problem) : new OperatorError(problem);
}

function send(worker: Worker, message: Message): void {
  if (worker.isConnected()) worker.send(message);
}

async function serveAsWorker(): Promise<void> {
  const config = readConfig();
  // Ctrl-C in a terminal reaches every process of the group; the first one decides and tells the others.
  process.on("SIGINT", () => {});
  const stopped = Promise.withResolvers<void>();
  process.once("SIGTERM", () => stopped.resolve());
  // The process that looked after this one is gone: nobody would replace or stop it any more.
  process.once("disconnect", () => stopped.resolve());
  let app: App | undefined;
  const database = await new Promise<DatabaseAddress>((resolve) => {
    process.on("message", (message: Message) => {
      if (message.type === "start") resolve(message.database);
      else if (message.type === "stop") stopped.resolve();
      else if (message.type === "taken") app?.rates.takeElsewhere(new Map(message.taken));
    });
  });
  const log = createLogger(config.logLevel);
  try {
    app = await startApp({ config, database, log });
  } catch (error) {
    sendToPrimary({ type: "failed", problem: error instanceof OperatorError ? error.text : String(error) });
    process.disconnect();
    return;
  }
  AggregatorRegistry.setRegistries([app.registry]);
  // Makes this process answer when the first one collects.
  void new AggregatorRegistry();
  const { rates } = app;
  const sync = setInterval(() => {
    const taken = rates.drainTaken();
    if (taken.size > 0) sendToPrimary({ type: "taken", taken: [...taken] });
  }, rateSyncMs);
  log.info("answering");
  sendToPrimary({ type: "ready", address: app.address });
  await stopped.promise;
  clearInterval(sync);
  await app.stop();
  if (process.connected) process.disconnect();
}

function sendToPrimary(message: Message): void {
  if (process.connected) process.send?.(message);
}
