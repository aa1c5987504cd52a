import { refusals } from "../../errors.ts";
import { type Language, type Text, text } from "../../text.ts";
import { type BoundEndpoint, handle } from "../../web/endpoint.ts";
import type { CallStatistics } from "../calls/calls.service.ts";
import type { HeavyCards } from "./inventory-figures.ts";
import { readOverview, readOverviewCalls } from "./overview.endpoints.ts";
import type { Overview, OverviewService } from "./overview.service.ts";

export function overviewConsole(overview: OverviewService): BoundEndpoint[] {
  return [
    handle(readOverview, async () => {
      const read = await overview.read();
      return { inventory: presentInventory(read), counting: read.isCounting, set_up: read.setUp };
    }),
    handle(readOverviewCalls, async ({ query, language }) => {
      const statistics = await overview.calls(query.range);
      const { stepMs, totals, steps } = statistics;
      return {
        step_ms: stepMs,
        totals: presentCalls(totals),
        steps: steps.map((step) => ({ at: new Date(step.atMs).toISOString(), ...presentCalls(step) })),
        refusals: presentRefusals(statistics, language),
      };
    }),
  ];
}

function presentInventory({ summary, accountNames }: Overview) {
  if (summary === undefined) return null;
  const { countedAt, tookMs, figures } = summary;
  const nameOf = (accountNo: number | null) => (accountNo === null ? null : (accountNames.get(accountNo) ?? null));
  const heavy = ({ cards, top }: HeavyCards) => ({
    cards,
    top: top.map(({ serialNo, accountNo, usedBytes, allowanceBytes }) => ({
      serial_no: serialNo,
      account_no: accountNo,
      account_name: nameOf(accountNo),
      used_bytes: usedBytes,
      allowance_bytes: allowanceBytes,
    })),
  });
  return {
    counted_at: countedAt.toISOString(),
    took_ms: tookMs,
    cards: figures.cards,
    in_stock: figures.inStock,
    by_sim_status: figures.bySimStatus.map(({ key, cards }) => ({ sim_status: key, cards })),
    by_carrier: {
      largest: figures.byCarrier.largest.map(({ key, cards }) => ({ carrier: key, cards })),
      others: figures.byCarrier.others,
    },
    by_account: {
      largest: figures.byAccount.largest.map(({ key, cards }) => ({
        account_no: key,
        account_name: nameOf(key),
        cards,
      })),
      others: figures.byAccount.others,
    },
    cycles: figures.cycles.map(({ cycleDay, month, from, to, cards, allowanceBytes, usedBytes, days }) => ({
      cycle_day: cycleDay,
      month,
      from,
      to,
      cards,
      allowance_bytes: allowanceBytes,
      used_bytes: usedBytes,
      days: [...days],
    })),
    usage_as_of: figures.usageAsOf,
    near: heavy(figures.near),
    over: heavy(figures.over),
    over_without_allowance: figures.overWithoutAllowance,
  };
}

function presentCalls(figures: {
  readonly calls: number;
  readonly refused: number;
  readonly p50Us?: number;
  readonly p95Us?: number;
  readonly p99Us?: number;
}) {
  const { calls, refused, p50Us, p95Us, p99Us } = figures;
  return { calls, refused, p50_us: p50Us ?? null, p95_us: p95Us ?? null, p99_us: p99Us ?? null };
}

function presentRefusals({ steps, refusals: refused }: CallStatistics, language: Language) {
  const places = new Map(steps.map(({ atMs }, index) => [atMs, index]));
  return [...Map.groupBy(refused, ({ errcode }) => errcode)]
    .map(([errcode, ofCode]) => {
      const counts = steps.map(() => 0);
      const hints = new Map<string, number>();
      for (const { atMs, hint, calls } of ofCode) {
        const place = places.get(atMs) ?? 0;
        counts[place] = (counts[place] ?? 0) + calls;
        hints.set(hint, (hints.get(hint) ?? 0) + calls);
      }
      return {
        errcode,
        text: textOf(errcode)[language],
        calls: counts.reduce((sum, count) => sum + count, 0),
        steps: counts,
        hints: [...hints].map(([hint, calls]) => ({ hint, calls })).toSorted((a, b) => b.calls - a.calls),
      };
    })
    .toSorted((a, b) => b.calls - a.calls || a.errcode - b.errcode);
}

function textOf(errcode: number): Text {
  return (
    Object.values(refusals).find((refusal) => refusal.errcode === errcode)?.text ??
    text(String(errcode), String(errcode))
  );
}
