import { randomUUID } from "node:crypto";
import type pg from "pg";
import type { Actor } from "../src/actor.ts";
import type { Services } from "../src/app.ts";
import { cancelOnAbort } from "../src/db/cancel.ts";
import { type DatabaseAddress, transaction } from "../src/db/database.ts";
import { createLogger } from "../src/log.ts";
import { createAuditLog } from "../src/modules/audit/audit.service.ts";
import { createCallPartitions } from "../src/modules/calls/call-partitions.ts";
import { createCallWriter } from "../src/modules/calls/call-writer.ts";
import { keepCallLog, startCallLogJob } from "../src/modules/calls/calls.job.ts";
import { createCallService } from "../src/modules/calls/calls.service.ts";
import { cardSorts, createCardList } from "../src/modules/cards/card-list.service.ts";
import { createCardService } from "../src/modules/cards/cards.service.ts";
import { startSecretUses } from "../src/modules/clients/secret-uses.ts";
import { deletePartialFiles } from "../src/modules/jobs/job-files.queries.ts";
import { deleteUpload, giveBackRun, tellProgress } from "../src/modules/jobs/jobs.queries.ts";
import { startInventoryJob } from "../src/modules/overview/overview.job.ts";
import { createInventorySummaries } from "../src/modules/overview/inventory-summary.ts";
import { createOverviewService } from "../src/modules/overview/overview.service.ts";
import { deleteActivityBefore } from "../src/modules/sources/activity.queries.ts";
import { startSourceActivity } from "../src/modules/sources/activity.ts";
import { deleteOldAttempts, lockAttempts, updateAttempts } from "../src/modules/staff/attempts.queries.ts";
import {
  deleteEndedSessions,
  deleteUsedCode,
  insertUsedCode,
  selectChallenged,
  selectSignedIn,
  updateLastSeen,
} from "../src/modules/staff/sessions.queries.ts";
import { lockStaffByEmail, updateLastSignIn, updateTwoFactorSecrets } from "../src/modules/staff/staff.queries.ts";
import { selectFigure } from "../src/modules/usage/quarantine.queries.ts";
import { cardsCsv, clerk, jobIn, jobService, startRunner, uploadFile } from "./jobs.ts";

/** Does whatever staff can do in the console, and what the server does for it, once. */
export async function useConsole(
  { pool, address }: { readonly pool: pg.Pool; readonly address: DatabaseAddress },
  services: Services,
  by: Actor,
): Promise<void> {
  await useCustomers(pool, services, by);
  await useProducts(services, by);
  await useSources(pool, services, by);
  await useStaff(pool, services, by);
  await useCallLog(pool);
  await useCardList(pool);
  await useOverview(pool);
  await useJobs(pool, address);
  const audit = createAuditLog(pool);
  await drain(audit.walk({}));
  await audit.actions();
}

async function useCustomers(pool: pg.Pool, services: Services, by: Actor): Promise<void> {
  const { accounts, movements, clients } = services;
  const accountNo = await accounts.create({ name: "customer", rank: 3, balance: "5.00" }, by);
  const account = await accounts.update(accountNo, { version: 1, name: "customers", rank: 2 }, by);
  await accounts.setStatus(accountNo, { version: account.version, status: "suspended" }, by);
  await accounts.list({ search: "iot", status: "suspended" }, 10);
  await accounts.countCards(accountNo, 10);
  const topUp = { kind: "top_up", amount: "1.00", remark: "", requestNo: "1" } as const;
  await movements.book(accountNo, topUp, by);
  await movements.book(accountNo, topUp, by);
  await movements.list(accountNo, { kind: "top_up" }, 10);
  await movements.wrongBalances(10);
  const { clientId } = await clients.create({ accountNo: String(accountNo), allowIps: [], ratePerSecond: null }, by);
  await clients.rotate(clientId, { overlapSeconds: 60 }, by);
  await clients.endOverlap(clientId, {}, by);
  await clients.update(
    clientId,
    { version: (await clients.get(clientId)).version, allowIps: [], ratePerSecond: 5 },
    by,
  );
  await clients.listOfAccount(accountNo, 10);
  await clients.list({}, 10);
  const uses = startSecretUses(pool, createLogger("silent"));
  uses.note({ clientId, secretNo: 1, secret: "", expiresAtMs: null }, Date.now());
  await uses.stop();
}

async function useProducts({ products }: Services, by: Actor): Promise<void> {
  const given = {
    name: "ten",
    carrier: "cmcc",
    origin_price: "1.00",
    fee: "1.00",
    data_value: "10",
    month: "1",
    level: "1",
    eft_type: "0",
  };
  const { version } = await products.create({ product_no: "made", ...given }, by);
  await products.update("made", version, { ...given, name: "eleven" }, by);
  await products.get("made");
  await products.list({ search: "ten" }, 10);
  await products.carriers();
}

async function useSources(pool: pg.Pool, { sources, quarantine }: Services, by: Actor): Promise<void> {
  const activity = startSourceActivity(pool, {
    clock: Date.now,
    onProblem: (error) => {
      throw error;
    },
  });
  const { sourceNo } = await sources.find("counted");
  activity.note(sourceNo, [], []);
  await activity.stop();
  await deleteActivityBefore(pool, new Date(0));
  await sources.lastDay();
  await sources.activity("counted", "day");
  await sources.change("counted", { expectedEverySeconds: 3600 }, by);
  const { rows } = await quarantine.search({}, { after: undefined, limit: 10 });
  await quarantine.counts({}, 10);
  for (const { source_no, record_id, entry_id } of rows)
    await quarantine.find({ sourceNo: source_no, recordId: record_id, entryId: entry_id });
  await selectFigure(pool, { serialNo: "31", month: "2026-11-01", sourceNo });
}

async function useStaff(pool: pg.Pool, { staff }: Services, by: Actor): Promise<void> {
  const one = await staff.create({ email: "one@example.com", name: "one", role: "admin" }, by);
  const { staffId } = await staff.create({ email: "two@example.com", name: "two", role: "admin" }, by);
  const { version } = await staff.find(staffId);
  await staff.update(staffId, { version, name: "three" }, by);
  await staff.reset(staffId, { keepTotp: false }, by);
  await staff.suspend(staffId, by);
  await staff.resume(staffId, by);
  await staff.list();
  await staff.any();
  await staff.idOf(one.email);
  await staff.sessions(staffId);
  const sessionId = randomUUID();
  const now = new Date();
  await pool.query(
    `insert into staff_session (id, staff_id, token, expires_at, created_at, last_seen_at)
    values ($1, $2, 'token', $3, $3, $3)`,
    [sessionId, staffId, now],
  );
  await selectSignedIn(pool, "token", { now, idleSince: now });
  await updateLastSeen(pool, sessionId, now);
  await staff.endSession(staffId, sessionId, by);
  await staff.endSessions(staffId, by);
  await deleteEndedSessions(pool, staffId, { now, idleSince: now });
  await selectChallenged(pool, "challenge", now);
  await insertUsedCode(pool, { id: randomUUID(), identifier: "code", now, until: now });
  await deleteUsedCode(pool, "code");
  await transaction(pool, async (db) => {
    await lockAttempts(db, "login", "x", now);
    await updateAttempts(db, "login", "x", { triedAt: [now], lockedUntil: null });
    await lockStaffByEmail(db, one.email);
    await updateLastSignIn(db, staffId, now);
  });
  await deleteOldAttempts(pool, now);
  await staff.resealSecrets();
  await updateTwoFactorSecrets(pool, { id: randomUUID(), secret: "", backup_codes: "" });
}

async function useCallLog(pool: pg.Pool): Promise<void> {
  const atMs = Date.now();
  const figures = { at_ms: atMs - (atMs % 300_000), operation: "/v1/member/info", calls: 1 };
  await createCallWriter(pool).write({
    batchNo: 1,
    lines: Buffer.from(`${atMs}\tr-1\t\\N\t\\N\t/v1/member/info\t0\t\\N\t200\t1\t\\N\t\\N\t\\N\t\\N\t\\N\n`),
    calls: 1,
    fromMs: atMs,
    toMs: atMs,
    days: new Set([Math.floor(atMs / 86_400_000)]),
    figures: {
      statistics: [{ ...figures, client_id: "", errcode: 0, hint: "", duration_us: 1 }],
      latencies: [{ ...figures, class: 0 }],
    },
    gaps: [{ from_ms: atMs, to_ms: atMs, reason: "strangers", calls: 1 }],
  });
  const calls = createCallService(pool, Date.now);
  await calls.search({
    fromMs: atMs - 1_000,
    toMs: atMs + 1,
    limit: 10,
    accountNo: 1,
    clientId: "c",
    operation: "o",
    errcode: 1,
    requestId: "r",
    address: "a",
    serialNo: "1",
  });
  await calls.statistics({ fromMs: atMs - 1_000_000, toMs: atMs, stepMs: 300_000 });
  await createCallPartitions(pool).ensure([1]);
  await keepCallLog(pool, { days: 1, clock: Date.now });
  await startCallLogJob(pool, { days: 1, clock: Date.now, log: createLogger("silent") }).stop();
}

async function useCardList(pool: pg.Pool): Promise<void> {
  const cards = createCardService(
    pool,
    () => ({ month: 24_322, day: 24 }),
    () => {},
  );
  const list = createCardList(pool, cards);
  for (const sort of cardSorts) {
    const query = { search: "1", state: { carrier: "cmcc" }, accountNo: 1, sort, descending: true };
    await list.list(query, { cursor: undefined, cardsMax: 10 });
    await list.list({ state: {}, sort, descending: false }, { cursor: undefined, cardsMax: 10 });
  }
  await drain(list.walk({ state: {}, sort: "serial_no", descending: false }));
  await list.count({ state: {}, sort: "serial_no", descending: false });
  await list.carriers();
}

async function useOverview(pool: pg.Pool): Promise<void> {
  const calls = createCallService(pool, Date.now);
  const summaries = createInventorySummaries(pool, pool, { clock: Date.now, timeZone: "Asia/Shanghai" });
  const job = startInventoryJob(summaries, { clock: Date.now, log: createLogger("silent") });
  try {
    await summaries.count(0, new AbortController().signal);
    await summaries.read();
    await createOverviewService(pool, { summaries, job, calls, uploadPaths: [], clock: Date.now }).read();
  } finally {
    await job.stop();
  }
  await transaction(pool, async (db) => {
    const stopWatching = await cancelOnAbort(AbortSignal.abort(), db, pool);
    await stopWatching();
  });
}

async function useJobs(pool: pg.Pool, address: DatabaseAddress): Promise<void> {
  const jobs = jobService(pool);
  const running = await startRunner(address);
  try {
    const { job_no: jobNo } = await uploadFile(jobs, cardsCsv(2, 55_000_001));
    const { version } = await jobIn(jobs, jobNo, "checked");
    await jobs.confirm({ jobNo, version, skipInvalid: false, by: clerk });
    await jobIn(jobs, jobNo, "succeeded");
    await drain((await jobs.file(jobNo, "input")).content);
    const cancelled = await uploadFile(jobs, cardsCsv(2, 56_000_001));
    await jobIn(jobs, cancelled.job_no, "checked");
    await jobs.cancel(cancelled.job_no, clerk);
    await jobs.search({ kind: "card_import", states: ["cancelled"], createdBy: clerk.id, beforeJob: 9 }, 10);
    await deletePartialFiles(pool, jobNo);
    await tellProgress(pool, jobNo, "nobody", null);
    await giveBackRun(pool, jobNo, "nobody");
    await deleteUpload(pool, jobNo, "nobody");
  } finally {
    await running.stop();
  }
}

async function drain(rows: AsyncIterable<unknown>): Promise<void> {
  const iterator = rows[Symbol.asyncIterator]();
  while ((await iterator.next()).done !== true);
}
