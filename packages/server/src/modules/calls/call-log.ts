import { setTimeout as delay } from "node:timers/promises";
import type { AddressList } from "../../address-list.ts";
import { isUnavailable } from "../../db/database.ts";
import { refusals } from "../../errors.ts";
import type { EndedCall } from "../../http/call.ts";
import { clientAddress } from "../../http/client-address.ts";
import type { Logger } from "../../log.ts";
import type { CredentialStore } from "../clients/credentials.ts";
import { callLine, durationUs, knownClientId, knownOperation } from "./call-line.ts";
import { dayOf } from "./call-partitions.ts";
import { createCallStatistics } from "./call-statistics.ts";
import type { Batch, CallWriter } from "./call-writer.ts";
import type { GapReason, GapRow } from "./calls.queries.ts";

/** Writes down every call, behind its back: nothing a call does ever waits for it. */
export interface CallLog {
  ended(call: EndedCall): void;
  /** Writes what is left, for so long at most. */
  stop(timeoutMs: number): Promise<void>;
}

export interface CallLogOptions {
  readonly writer: CallWriter;
  readonly credentials: Pick<CredentialStore, "peek">;
  readonly trustedProxies: AddressList;
  /** So many calls are left out. */
  readonly onLeftOut: (reason: GapReason, count: number) => void;
  readonly log: Logger;
}

/** How long a call waits for others to be written with. Four transactions a second are a fifth of a percent of a core. */
const writeEveryMs = 250;

/**
 * How often the sums are written. Each row of them costs the database several calls' worth, and with a thousand clients
 * there are as many rows as calls in a quarter of a second, but hardly more in ten seconds.
 */
const figuresEveryMs = 10_000;

/**
 * Lines are kept as the bytes that are sent, outside of the garbage collector's reach, in pages of 1 MB: some 5,000 calls.
 * Sixteen of them are what is held while the database is away, four seconds of the most a process can answer.
 */
const pageBytes = 1024 * 1024;
const pagesMax = 16;
/** Those kept for use again. */
const pagesIdleMax = 2;

/**
 * What callers whose signature was not verified can have written, in each process: anyone can make such calls, so without
 * this they could fill the disk. A thousand at once, and some twenty a second for ever, a gigabyte a day.
 */
const strangersBurst = 1_000;
const strangersPerSecond = 20;

/** What the database refuses is tried so often, in case it is something that passes. What it is not there for, for ever. */
const refusedTriesMax = 3;
const retryMsMin = 250;
const retryMsMax = 5_000;

interface Page {
  readonly bytes: Buffer;
  used: number;
  calls: number;
  fromMs: number;
  toMs: number;
  readonly days: Set<number>;
}

/** A batch that is not written yet, and the page that its lines are in. */
interface Waiting {
  readonly batch: Batch;
  readonly page: Page | undefined;
}

export function createCallLog(options: CallLogOptions): CallLog {
  const { writer, log } = options;
  const statistics = createCallStatistics();
  const strangers = createAllowance(strangersBurst, strangersPerSecond);
  const gaps = new Map<GapReason, GapRow>();
  const idle: Buffer[] = [];
  const queue: Waiting[] = [];
  const stopping = new AbortController();
  let giveUpAt = Number.POSITIVE_INFINITY;
  let page: Page | undefined;
  let pages = 0;
  let batchNo = 0;
  let figuresDueAt = 0;
  let linesTimer: NodeJS.Timeout | undefined;
  let figuresTimer: NodeJS.Timeout | undefined;
  let work: Promise<void> | undefined;

  function ended(call: EndedCall): void {
    try {
      note(call);
    } catch (err) {
      // The call has been answered, and must not be what ends the process.
      log.error({ err, request_id: call.requestId }, "a call could not be logged");
    }
    linesTimer ??= setTimeout(linesDue, writeEveryMs).unref();
  }

  function note(call: EndedCall): void {
    const { request, socket, caller, notes, refusal, atMs } = call;
    const clientId = call.parameters?.["client_id"];
    const known = clientId === undefined ? undefined : options.credentials.peek(clientId);
    statistics.count({
      at_ms: atMs,
      operation: knownOperation(call),
      client_id: knownClientId(call, known),
      errcode: refusal === undefined ? 0 : refusals[refusal.refusal].errcode,
      hint: refusal?.hint ?? "",
      duration_us: durationUs(call),
    });
    if (caller === undefined && notes?.["source"] === undefined && !strangers.take())
      return leaveOut("strangers", call);
    const address =
      request === undefined ? (socket?.remoteAddress ?? "") : clientAddress(request, options.trustedProxies);
    const line = callLine(call, known, address);
    if (!append(line, atMs)) leaveOut("buffer_full", call);
  }

  /** False: there is no room for it. */
  function append(line: string, atMs: number): boolean {
    // A character is at most three bytes in UTF-8, and a line that does not fit would be cut without a word.
    if (page !== undefined && page.bytes.length - page.used < line.length * 3) seal();
    page ??= newPage();
    if (page === undefined) return false;
    page.used += page.bytes.write(line, page.used);
    page.calls++;
    page.fromMs = Math.min(page.fromMs, atMs);
    page.toMs = Math.max(page.toMs, atMs);
    page.days.add(dayOf(atMs));
    return true;
  }

  function newPage(): Page | undefined {
    if (pages >= pagesMax) return undefined;
    pages++;
    const bytes = idle.pop() ?? Buffer.allocUnsafeSlow(pageBytes);
    return { bytes, used: 0, calls: 0, fromMs: Number.MAX_SAFE_INTEGER, toMs: 0, days: new Set() };
  }

  function leaveOut(
    reason: GapReason,
    { atMs }: { readonly atMs: number },
    to: number = atMs,
    calls: number = 1,
  ): void {
    options.onLeftOut(reason, calls);
    const gap = gaps.get(reason);
    gaps.set(reason, {
      reason,
      from_ms: Math.min(gap?.from_ms ?? atMs, atMs),
      to_ms: Math.max(gap?.to_ms ?? to, to),
      calls: (gap?.calls ?? 0) + calls,
    });
  }

  function linesDue(): void {
    linesTimer = undefined;
    seal();
    awaitFigures();
  }

  /** What has been counted is written even if no call comes any more. */
  function awaitFigures(): void {
    if (stopping.signal.aborted || figuresTimer !== undefined || !hasFigures()) return;
    const waitMs = Math.max(writeEveryMs, figuresDueAt - performance.now());
    figuresTimer = setTimeout(() => {
      figuresTimer = undefined;
      seal();
      awaitFigures();
    }, waitMs).unref();
  }

  function hasFigures(): boolean {
    return !statistics.isEmpty || gaps.size > 0;
  }

  /** Makes a batch of what there is, and has it written. */
  function seal(): void {
    // While batches wait the sums go on being summed up: a database that is away makes them larger, and no more.
    const figuresAreDue =
      hasFigures() && (stopping.signal.aborted || (queue.length === 0 && performance.now() >= figuresDueAt));
    if (page === undefined && !figuresAreDue) return;
    const batch: Batch = {
      batchNo: ++batchNo,
      lines: page === undefined ? new Uint8Array() : page.bytes.subarray(0, page.used),
      calls: page?.calls ?? 0,
      fromMs: page?.fromMs ?? 0,
      toMs: page?.toMs ?? 0,
      days: page?.days ?? new Set(),
      figures: figuresAreDue ? statistics.take() : undefined,
      gaps: figuresAreDue ? [...gaps.values()] : [],
    };
    if (figuresAreDue) {
      gaps.clear();
      figuresDueAt = performance.now() + figuresEveryMs;
    }
    queue.push({ batch, page });
    page = undefined;
    work ??= writeAll().finally(() => (work = undefined));
  }

  async function writeAll(): Promise<void> {
    let tries = 0;
    for (let next = queue[0]; next !== undefined && performance.now() < giveUpAt; next = queue[0]) {
      const { batch } = next;
      try {
        await writer.write(batch);
      } catch (err) {
        if (tries === 0) log.warn({ err, calls: batch.calls }, "calls cannot be logged for now");
        tries++;
        if (isUnavailable(err) || isPassing(err) || tries < refusedTriesMax) {
          const waitMs = Math.min(retryMsMax, retryMsMin * 2 ** (tries - 1));
          await delay(waitMs, undefined, { signal: stopping.signal, ref: false }).catch(() => delay(retryMsMin));
          continue;
        }
        log.error({ err, calls: batch.calls }, "calls were not logged: the database refuses them");
        if (batch.calls > 0) {
          leaveOut("not_written", { atMs: batch.fromMs }, batch.toMs, batch.calls);
          // It was a line that was refused, most likely: the sums are none the worse, and nothing was claimed under the number.
          tries = 0;
          queue[0] = { batch: { ...batch, lines: new Uint8Array(), calls: 0, days: new Set() }, page: undefined };
          free(next.page);
          continue;
        }
      }
      tries = 0;
      queue.shift();
      free(next.page);
    }
  }

  function free(written: Page | undefined): void {
    if (written === undefined) return;
    pages--;
    if (idle.length < pagesIdleMax) idle.push(written.bytes);
  }

  return {
    ended,
    async stop(timeoutMs) {
      giveUpAt = performance.now() + timeoutMs;
      stopping.abort();
      clearTimeout(linesTimer);
      clearTimeout(figuresTimer);
      seal();
      // What a statement that hangs leaves is let go of with its connection.
      await Promise.race([work, delay(timeoutMs, undefined, { ref: false })]);
      const calls = queue.reduce((sum, { batch }) => sum + batch.calls, 0);
      if (calls > 0) log.warn({ calls }, "calls are not in the log: the database is away");
    },
  };
}

/** Deadlocks, and locks or time that others have taken: nothing is wrong with what was to be written. */
function isPassing(error: unknown): boolean {
  return error instanceof Error && "code" in error && /^(40|55P03$|57014$)/.test(String(error.code));
}

/** So much at once, and so much a second beyond. */
function createAllowance(burst: number, perSecond: number): { take(): boolean } {
  let left = burst;
  let filledAt = performance.now();
  return {
    take() {
      const now = performance.now();
      left = Math.min(burst, left + ((now - filledAt) * perSecond) / 1000);
      filledAt = now;
      if (left < 1) return false;
      left--;
      return true;
    },
  };
}
