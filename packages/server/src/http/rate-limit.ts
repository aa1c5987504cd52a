import type { Clock } from "../clock.ts";
import { failureKey } from "./client-address.ts";

/**
 * A token bucket for each client: it holds one second's worth of calls, and refills steadily, so that a burst of a
 * whole second's calls passes and the long-term rate holds.
 */
export interface RateLimiter {
  /** Takes one call off the client's bucket; returns the milliseconds until one is there again, 0 if it was taken. */
  take(clientId: string, ratePerSecond: number): number;
  /** Calls since the last time this was asked, by client: what other processes are told. */
  drainTaken(): Map<string, number>;
  /** Takes off what other processes let through. */
  takeElsewhere(taken: ReadonlyMap<string, number>): void;
}

interface Bucket {
  tokens: number;
  ratePerSecond: number;
  filledAt: number;
}

export function createRateLimiter(clock: Clock): RateLimiter {
  const buckets = new Map<string, Bucket>();
  let taken = new Map<string, number>();

  function fill(bucket: Bucket, now: number): void {
    const gained = (Math.max(0, now - bucket.filledAt) * bucket.ratePerSecond) / 1000;
    bucket.tokens = Math.min(bucket.ratePerSecond, bucket.tokens + gained);
    bucket.filledAt = now;
  }

  return {
    take(clientId, ratePerSecond) {
      const now = clock();
      let bucket = buckets.get(clientId);
      if (bucket === undefined) {
        // Only known clients get here, so the map is bounded by their number.
        bucket = { tokens: ratePerSecond, ratePerSecond, filledAt: now };
        buckets.set(clientId, bucket);
      }
      bucket.ratePerSecond = ratePerSecond;
      fill(bucket, now);
      if (bucket.tokens < 1) return Math.max(1, Math.ceil(((1 - bucket.tokens) * 1000) / ratePerSecond));
      bucket.tokens -= 1;
      taken.set(clientId, (taken.get(clientId) ?? 0) + 1);
      return 0;
    },
    drainTaken() {
      const drained = taken;
      taken = new Map();
      return drained;
    },
    takeElsewhere(elsewhere) {
      const now = clock();
      for (const [clientId, count] of elsewhere) {
        const bucket = buckets.get(clientId);
        if (bucket === undefined) continue;
        fill(bucket, now);
        // Not into debt beyond a second: what was let through elsewhere cannot be undone by silencing this process.
        bucket.tokens = Math.max(-bucket.ratePerSecond, bucket.tokens - count);
      }
    },
  };
}

/** Counts failed authentications by address, a minute at a time. */
export interface FailureLimiter {
  /** Counts one; returns the milliseconds until the address is answered in full again, 0 while it is within its limit. */
  fail(address: string): number;
}

const windowMs = 60_000;

export function createFailureLimiter(clock: Clock, perMinute: number): FailureLimiter {
  let windowEnd = 0;
  // Cleared every minute. What one minute can bring in is bounded by what the server can refuse in one.
  const failures = new Map<string, number>();
  return {
    fail(address) {
      const now = clock();
      if (now >= windowEnd || now < windowEnd - windowMs) {
        failures.clear();
        windowEnd = now + windowMs;
      }
      const key = failureKey(address);
      const count = (failures.get(key) ?? 0) + 1;
      failures.set(key, count);
      return count > perMinute ? windowEnd - now : 0;
    },
  };
}
