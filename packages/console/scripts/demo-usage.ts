import type pg from "pg";
import { systemActor } from "../../server/src/actor.ts";
import type { Services } from "../../server/src/app.ts";
import { type Random, busyness } from "./demo-figures.ts";
import type { DemoCard, DemoInventory } from "./demo-inventory.ts";

const daysBack = 28;
const dayMs = 86_400_000;
const hourMs = 3_600_000;
const batchLines = 2_000;
const by = systemActor("demo");

/**
 * Four weeks of usage, uploaded as a carrier's platform would: deltas by one source, a counter's readings by another, and
 * some records that cannot be counted. What the hours before brought is noted as the intake would have, since its clock
 * cannot be set back.
 */
export async function uploadUsage(
  to: { readonly url: string; readonly pool: pg.Pool; readonly services: Services },
  inventory: DemoInventory,
  { random, nowMs }: { readonly random: Random; readonly nowMs: number },
): Promise<void> {
  const common = { graceSeconds: 6 * 3600, closeAfterSeconds: 72 * 3600 };
  const { sources } = to.services;
  const deltas = await sources.create(
    { name: "onelink-cmcc", kind: "delta", unit: "KB", ...common, expectedEverySeconds: 7_200 },
    by,
  );
  const readings = await sources.create(
    { name: "jasper-cucc", kind: "reading", unit: null, ...common, expectedEverySeconds: 3_600 },
    by,
  );
  await sources.create({ name: "ctwing-ctcc", kind: "delta", unit: "MB", ...common, expectedEverySeconds: null }, by);

  const lines: { deltas: string[]; readings: string[] } = { deltas: [], readings: [] };
  for (const card of inventory.cards) {
    if (card.willUseBytes === 0) continue;
    if (card.carrier === "cucc") lines.readings.push(...readingsOf(card, random, nowMs));
    else lines.deltas.push(...deltasOf(card, random, nowMs));
  }
  lines.deltas.push(...strange(nowMs));
  await upload(to.url, deltas.token, lines.deltas);
  await upload(to.url, readings.token, lines.readings);
  // Once more with another figure: a conflict.
  await upload(
    to.url,
    deltas.token,
    lines.deltas.slice(0, 3).map((line) => line.replace(/"bytes_total":(\d+)/, '"bytes_total":1$1')),
  );
  await noteActivity(to.pool, random, nowMs);
}

/** From Sunday to Saturday: machines work less when people do. */
const weekdays = [0.68, 1.02, 1.08, 1.05, 1.1, 1.15, 0.82];

/** How much of a month's usage falls on the day that was so long ago. */
function weight(random: Random, nowMs: number, back: number): number {
  const weekday = new Date(nowMs + 8 * hourMs - back * dayMs).getUTCDay();
  return ((0.4 + 1.2 * random()) * (weekdays[weekday] ?? 1)) / 30;
}

function deltasOf(card: DemoCard, random: Random, nowMs: number): string[] {
  return Array.from({ length: daysBack }, (_, back) => {
    const end = nowMs - back * dayMs - Math.floor(random() * 3 * hourMs) - 60_000;
    const bytes = Math.round(card.willUseBytes * weight(random, nowMs, back));
    return record("onelink-cmcc", `d-${card.serialNo}-${back}`, "delta", card.serialNo, {
      start: new Date(end - 2 * hourMs).toISOString(),
      end: new Date(end).toISOString(),
      bytes_total: bytes,
    });
  });
}

/** The counter of each day, from zero on at the start of the card's billing month. */
function readingsOf(card: DemoCard, random: Random, nowMs: number): string[] {
  const lines: string[] = [];
  let counter = Math.round(card.willUseBytes * 0.05);
  let month = "";
  for (let back = daysBack - 1; back >= 0; back--) {
    const at = nowMs - back * dayMs - Math.floor(random() * hourMs) - 60_000;
    // In the platform's time zone.
    const [year = 0, monthNo = 0, day = 0] = new Date(at + 8 * hourMs)
      .toISOString()
      .slice(0, 10)
      .split("-")
      .map(Number);
    const now = String(year * 12 + monthNo - (day < card.cycleDay ? 1 : 0));
    if (month !== "" && now !== month) counter = 0;
    month = now;
    counter += Math.round(card.willUseBytes * weight(random, nowMs, back));
    lines.push(
      record("jasper-cucc", `r-${card.serialNo}-${back}`, "reading", card.serialNo, {
        read_at: new Date(at).toISOString(),
        bytes_total: counter,
      }),
    );
  }
  return lines;
}

/** Records of cards that nobody knows, and one that is none. */
function strange(nowMs: number): string[] {
  const end = nowMs - hourMs;
  const data = {
    start: new Date(end - hourMs).toISOString(),
    end: new Date(end).toISOString(),
    bytes_total: 1_048_576,
  };
  return [
    ...Array.from({ length: 12 }, (_, index) =>
      record("onelink-cmcc", `u-${index}`, "delta", String(1_449_900_000_000 + index), data),
    ),
    record("onelink-cmcc", "n-1", "delta", "1440202600007", { ...data, bytes_total: "12,5" }),
    record("onelink-cmcc", "n-2", "delta", "1440202600007", {
      ...data,
      end: new Date(nowMs + 3 * dayMs).toISOString(),
    }),
  ];
}

function record(source: string, id: string, kind: "delta" | "reading", subject: string, data: object): string {
  return JSON.stringify({ specversion: "1.0", id, source, type: `usage.data.${kind}`, subject, data });
}

async function upload(url: string, token: string, lines: readonly string[]): Promise<void> {
  for (let from = 0; from < lines.length; from += batchLines) {
    const response = await fetch(`${url}/ingest/v1/usage`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/x-ndjson" },
      body: lines.slice(from, from + batchLines).join("\n"),
    });
    if (!response.ok) throw new Error(`the upload was answered ${response.status}: ${await response.text()}`);
    await response.arrayBuffer();
  }
}

async function noteActivity(pool: pg.Pool, random: Random, nowMs: number): Promise<void> {
  for (let back = 1; back < 30 * 24; back++) {
    const at = new Date(nowMs - (nowMs % hourMs) - back * hourMs);
    const busy = busyness((at.getUTCHours() + 8) % 24);
    await pool.query(
      `insert into usage_source_activity
        (source_no, hour, accepted, duplicate, conflict, unknown_card, invalid, too_old, too_new)
      select source_no, $1, round(($2::float8 * (case kind when 'delta' then 180 else 90 end))::numeric),
        round(($2::float8 * 9)::numeric), 0, case when $3::boolean then 1 else 0 end, 0, 0, 0
      from usage_source
      where name <> 'ctwing-ctcc'
      on conflict on constraint usage_source_activity_pkey do nothing`,
      [at, busy * (0.8 + 0.4 * random()), random() < 0.06],
    );
  }
}
