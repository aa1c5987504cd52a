import { Counter, Gauge, Histogram, type Registry, collectDefaultMetrics } from "prom-client";
import type pg from "pg";

/** What the hot path reports. Cheap: a map look-up and an addition each. */
export interface CallMetrics {
  /** A call to `operation` (its path; empty for an unknown one) was answered with `errcode` after so long. */
  called(operation: string, errcode: number, elapsedMs: number): void;
  /** A gathered look-up was sent with so many keys. */
  batched(size: number): void;
  /** So many usage records of a source ended with `status`. */
  tookIn(source: string, status: string, count: number): void;
  /** So many calls are not in the log of the calls. */
  leftOutOfLog(reason: string, count: number): void;
}

export function createMetrics(registry: Registry, pool: pg.Pool): CallMetrics {
  collectDefaultMetrics({ register: registry });
  const requests = new Counter({
    name: "dks_requests_total",
    help: "Calls of the signed API by operation and errcode",
    labelNames: ["operation", "errcode"],
    registers: [registry],
  });
  const duration = new Histogram({
    name: "dks_request_duration_seconds",
    help: "Time from the first byte of a call's headers to its answer",
    labelNames: ["operation"],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5],
    registers: [registry],
  });
  const batches = new Histogram({
    name: "dks_lookup_batch_size",
    help: "Keys in one gathered look-up",
    buckets: [1, 2, 4, 8, 16, 32, 64, 128, 256, 512],
    registers: [registry],
  });
  const usageRecords = new Counter({
    name: "dks_usage_records_total",
    help: "Usage records that were sent, by source and what became of them",
    labelNames: ["source", "status"],
    registers: [registry],
  });
  const leftOut = new Counter({
    name: "dks_call_log_dropped_total",
    help: "Calls that were answered and are not in the call log, by reason",
    labelNames: ["reason"],
    registers: [registry],
  });
  const connections = new Gauge({
    name: "dks_db_connections",
    help: "Connections of the database pool by state; waiting is requests for one",
    labelNames: ["state"],
    registers: [registry],
    collect() {
      this.set({ state: "idle" }, pool.idleCount);
      this.set({ state: "busy" }, pool.totalCount - pool.idleCount);
      this.set({ state: "waiting" }, pool.waitingCount);
    },
  });
  // Registered by being made; named only so that it is not made for nothing.
  void connections;

  return {
    called(operation, errcode, elapsedMs) {
      requests.inc({ operation, errcode });
      duration.observe({ operation }, elapsedMs / 1000);
    },
    batched(size) {
      batches.observe(size);
    },
    tookIn(source, status, count) {
      usageRecords.inc({ source, status }, count);
    },
    leftOutOfLog(reason, count) {
      leftOut.inc({ reason }, count);
    },
  };
}
