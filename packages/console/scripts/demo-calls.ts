import type pg from "pg";
import { signParameters } from "@dakashi/sdk/signature";
import type { LatencyFigure, StatisticFigure } from "../../server/src/modules/calls/call-statistics.ts";
import { addLatencies, addStatistics } from "../../server/src/modules/calls/calls.queries.ts";
import { latencyClass } from "../../server/src/modules/calls/latency.ts";
import { type Random, busyness, pick } from "./demo-figures.ts";
import type { DemoInventory } from "./demo-inventory.ts";

const hourMs = 3_600_000;
const periodMs = 300_000;

/** Real calls, some of them refused for the usual reasons: what the call log shows. */
export async function makeCalls(url: string, { clients, cards }: DemoInventory, random: Random): Promise<void> {
  for (let count = 0; count < 240; count++) {
    const client = clients[Math.floor(random() ** 2 * clients.length)];
    const card = cards[Math.floor(random() * cards.length)];
    if (client === undefined || card === undefined) continue;
    const kind = random();
    const own = cards.find(({ accountNo }) => accountNo === client.accountNo) ?? card;
    const parameters: Record<string, string | number> = {
      client_id: client.clientId,
      timestamp: Math.floor(Date.now() / 1000) - (kind < 0.03 ? 900 : 0),
      serial_no: kind < 0.08 ? "1440999999999" : own.serialNo,
    };
    const sign = signParameters(parameters, client.clientSecret);
    const wrong = kind > 0.97 ? sign.toLowerCase() : kind > 0.94 ? sign.replaceAll("A", "B") : sign;
    await fetch(`${url}${kind > 0.92 && kind < 0.94 ? "/v1/member/infos" : "/v1/member/info"}`, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        "user-agent": pick(random, ["okhttp/4.12.0", "python-requests/2.32.3", "Go-http-client/2.0"]),
      },
      body: JSON.stringify({ ...parameters, sign: wrong }),
    }).then((response) => response.arrayBuffer());
  }
}

/** Of all calls, by account: the largest first. */
const clientParts = [0.4, 0.2, 0.13, 0.1, 0.08, 0.05, 0.03, 0.01];

const usual = [
  { errcode: 55005, hint: "card_unknown", part: 0.012 },
  { errcode: 55004, hint: "sign_mismatch", part: 0.006 },
  { errcode: 55006, hint: "timestamp_outside_window", part: 0.004 },
  { errcode: 55012, hint: "called_too_often", part: 0.003 },
  { errcode: 55003, hint: "address_not_allowed", part: 0.002 },
] as const;

/** What was counted of the calls of thirty days: by hours, and of the last three days by five minutes, as the platform keeps it. */
export async function noteStatistics(
  pool: pg.Pool,
  { clients }: DemoInventory,
  random: Random,
  nowMs: number,
): Promise<void> {
  const statistics: StatisticFigure[] = [];
  const latencies: LatencyFigure[] = [];
  const fineFromMs = nowMs - (nowMs % hourMs) - 72 * hourMs;
  for (let atMs = fineFromMs - 27 * 24 * hourMs; atMs < nowMs; atMs += atMs < fineFromMs ? hourMs : periodMs) {
    const lengthMs = atMs < fineFromMs ? hourMs : periodMs;
    const hour = (new Date(atMs).getUTCHours() + 8) % 24;
    const calls = Math.round((lengthMs / 1000) * 1.6 * busyness(hour) * (0.85 + 0.3 * random()));
    const operation = "/v1/member/info";
    // An integrator with a wrong clock, three days ago.
    const trouble = atMs > nowMs - 8 * hourMs && atMs < nowMs - 5 * hourMs ? 6 : 1;
    for (const [index, { clientId }] of clients.entries()) {
      const ofClient = Math.round(calls * (clientParts[index] ?? 0));
      if (ofClient === 0) continue;
      const common = { at_ms: atMs, operation, client_id: clientId, duration_us: ofClient * 900 };
      statistics.push({ ...common, errcode: 0, hint: "", calls: ofClient });
      for (const { errcode, hint, part } of usual) {
        const refused = Math.round(ofClient * part * 2 * random() * (errcode === 55006 ? trouble * 2 : trouble));
        if (refused > 0) statistics.push({ ...common, errcode, hint, calls: refused });
      }
    }
    for (let share = 0; share < 20; share++) {
      const us = 420 * Math.exp(random() ** 3 * 2.8) * (1 + 0.5 * busyness(hour));
      latencies.push({ at_ms: atMs, operation, class: latencyClass(us), calls: Math.ceil(calls / 20) });
    }
  }
  for (let from = 0; from < statistics.length; from += 5_000)
    await addStatistics(pool, statistics.slice(from, from + 5_000));
  await addLatencies(pool, summed(latencies));
}

/** One row for each key, since a statement may change a row only once. */
function summed(figures: readonly LatencyFigure[]): LatencyFigure[] {
  const rows = new Map<string, LatencyFigure>();
  for (const figure of figures) {
    const key = `${figure.at_ms} ${figure.operation} ${figure.class}`;
    const row = rows.get(key);
    if (row === undefined) rows.set(key, { ...figure });
    else row.calls += figure.calls;
  }
  return [...rows.values()];
}
