import { formatMoment } from "../../clock.ts";
import { type BoundEndpoint, handle } from "../../web/endpoint.ts";
import type { AccountService } from "../accounts/accounts.service.ts";
import { type BillingMonth, formatMonth, parseMonth } from "../packages/billing-month.ts";
import { formatHundredths, printAllowance, toHundredths } from "../packages/megabytes.ts";
import { sharePackages } from "../packages/package-shares.ts";
import type { UsageSource } from "../sources/source.ts";
import type { AuditService } from "../usage/audit.service.ts";
import type { UsageCalendar } from "../usage/calendar.ts";
import type { MonthExplanation, RecordExplanation, SourceExplanation } from "../usage/explain.ts";
import { formatInstant } from "../usage/instant.ts";
import type { QuarantineService } from "../usage/quarantine.service.ts";
import type { MonthUsage, UsageService } from "../usage/usage.service.ts";
import {
  listCardMonths,
  listCardPackages,
  listCardRecords,
  showCard,
  showCardHistory,
  showCardUsage,
} from "./card.endpoints.ts";
import { type CardFileService, type CardPackage, type HistoryEntry, noSuchCard } from "./card-file.service.ts";
import type { Card, CardService } from "./cards.service.ts";

/** What the page of one card is made of. */
interface Parts {
  readonly cards: CardService;
  readonly files: CardFileService;
  readonly usage: UsageService;
  readonly audit: AuditService;
  readonly accounts: AccountService;
  readonly quarantine: QuarantineService;
  readonly calendar: UsageCalendar;
}

/** Of each kind, for a number that says whether there is anything to look at. */
const quarantinedMax = 100;
const monthsMax = 24;

export function cardConsole(parts: Parts): BoundEndpoint[] {
  const { cards, files, usage, audit, accounts, calendar } = parts;

  async function find(serialNo: string): Promise<Card> {
    const card = await cards.get(serialNo);
    if (card === undefined) throw noSuchCard(serialNo);
    return card;
  }

  function periodOf(month: BillingMonth, { cycleDay }: Card) {
    return {
      billing_month: formatMonth(month),
      first_day: calendar.day(calendar.lastDayOf(month - 1, cycleDay).number + 1).date,
      last_day: calendar.lastDayOf(month, cycleDay).date,
    };
  }

  return [
    handle(showCard, async ({ params: { serial_no: serialNo } }) => {
      const card = await find(serialNo);
      const [file, figures, explanation, quarantined] = await Promise.all([
        files.get(serialNo),
        cards.figures(card),
        audit.explainCard(card, card.month),
        countQuarantined(parts, serialNo),
      ]);
      return {
        serial_no: card.serialNo,
        custom_no: card.customNo,
        iccid: card.iccid,
        imsi: file.imsi,
        msisdn: file.msisdn,
        carrier: file.carrier,
        account: card.accountNo === null ? null : await presentAccount(accounts, card.accountNo),
        sim_status: card.simStatus,
        gprs_status: card.gprsStatus,
        cycle_day: card.cycleDay,
        ...periodOf(card.month, card),
        ...presentFigures(figures),
        data_as_of: figures.asOf === null ? null : formatMoment(figures.asOf),
        created_at: file.created_at.toISOString(),
        updated_at: file.updated_at.toISOString(),
        source: presentSource(explanation.sources.find(({ counts }) => counts)?.source),
        assigned_source: presentSource(explanation.assigned),
        quarantined,
      };
    }),

    handle(listCardPackages, async ({ params: { serial_no: serialNo } }) => {
      const card = await find(serialNo);
      const packages = await files.packages(serialNo);
      const since = Math.min(card.month, ...packages.map(({ firstMonth }) => firstMonth));
      const months = new Map((await usage.monthsOf(card, since, card.month)).map((one) => [one.month, one]));
      const figures = presentMonthFigures(months.get(card.month));
      const shared = sharePackages(packages, (month) => months.get(month)?.usedBytes ?? 0, card.month);
      return {
        ...periodOf(card.month, card),
        ...figures,
        beyond_bytes: Math.max(0, figures.used_bytes - figures.allowance_bytes),
        list: shared.map(({ term, shares }) => ({
          ...presentPackage(term),
          first_day: periodOf(term.firstMonth, card).first_day,
          last_day: periodOf(term.firstMonth + term.months - 1, card).last_day,
          state: stateOf(term, card.month),
          shares: shares.map(({ month, givenBytes, drawnBytes }) => ({
            billing_month: formatMonth(month),
            given_bytes: givenBytes,
            drawn_bytes: drawnBytes,
          })),
        })),
      };
    }),

    handle(listCardMonths, async ({ params: { serial_no: serialNo } }) => {
      const card = await find(serialNo);
      const months = await usage.monthsOf(card, card.month - monthsMax + 1, card.month);
      const first = months.findIndex(({ month, allowanceBytes, asOf }) => {
        return month === card.month || allowanceBytes > 0 || asOf !== null;
      });
      return {
        list: months
          .slice(first)
          .toReversed()
          .map((one) => ({ ...periodOf(one.month, card), ...presentMonth(one) })),
      };
    }),

    handle(showCardUsage, async ({ params: { serial_no: serialNo }, query }) => {
      const card = await find(serialNo);
      const month = askedMonth(query.month, card);
      const [first, last] = [
        calendar.lastDayOf(month - 1, card.cycleDay).number + 1,
        calendar.lastDayOf(month, card.cycleDay).number,
      ];
      const [explanation, days, [figures]] = await Promise.all([
        audit.explainCard(card, month),
        usage.daysOf(card, first, last),
        usage.monthsOf(card, month, month),
      ]);
      const counting = explanation.sources.find(({ counts }) => counts);
      const counters = new Map(counting?.days.map((day) => [day.date, day]));
      return {
        ...periodOf(month, card),
        ...presentMonth(figures),
        is_current: month === card.month,
        records_kept: explanation.recordsKept,
        assigned_source: presentSource(explanation.assigned),
        days: days.map(({ date, usedBytes, asOf }) => ({
          date,
          used_bytes: usedBytes,
          used_data_value: asOf === null && usedBytes === 0 ? null : megabytes(usedBytes),
          counter: counters.get(date)?.counter ?? null,
          read_at: moment(counters.get(date)?.at ?? null),
        })),
        sources: explanation.sources.map((one) => presentSourceMonth(one, month)),
      };
    }),

    // A card's month at a record every quarter of an hour has 3,000, which lie together in the index: all are read, since
    // what a reading adds is told from the one before it.
    handle(listCardRecords, async ({ params: { serial_no: serialNo }, query }) => {
      const card = await find(serialNo);
      const month = askedMonth(query.month, card);
      const explanation = await audit.explainCard(card, month);
      const asked = sourceAsked(explanation, query.source);
      const records = (asked?.records ?? []).filter(
        (record) =>
          (query.day === undefined || (record.day === query.day && record.countsIn === month)) &&
          (query.unusual !== true || isUnusual(record)),
      );
      const [from, limit] = [query.cursor ?? 0, query.limit ?? 50];
      return {
        billing_month: formatMonth(month),
        records_kept: explanation.recordsKept,
        source: presentSource(asked?.source),
        total: records.length,
        list: records.slice(from, from + limit).map(presentRecord),
        ...(from + limit < records.length ? { next_cursor: from + limit } : {}),
      };
    }),

    handle(showCardHistory, async ({ params: { serial_no: serialNo } }) => {
      const { entries, more } = await files.history(serialNo);
      return { list: entries.map(presentEntry), more };
    }),
  ];
}

/** By everything that names the card in a record. What an ICCID has behind its first 19 digits does not matter there. */
async function countQuarantined({ files, quarantine }: Parts, serialNo: string) {
  const { iccid, imsi, msisdn } = await files.get(serialNo);
  const subjects = [...new Set([serialNo, iccid, imsi, msisdn].filter((subject) => subject !== null))];
  const counted = await Promise.all(
    subjects.map(async (subject) => {
      const counts = await quarantine.counts({ subject }, quarantinedMax);
      return { subject, count: [...counts.values()].reduce((sum, count) => sum + count, 0) };
    }),
  );
  return counted.filter(({ count }) => count > 0);
}

async function presentAccount(accounts: AccountService, accountNo: number) {
  const { name, status } = await accounts.get(accountNo);
  return { account_no: accountNo, name, status };
}

function presentSource(source: UsageSource | undefined) {
  return source === undefined ? null : { name: source.name, kind: source.kind };
}

function presentFigures({ allowanceBytes, usedBytes }: Pick<MonthUsage, "allowanceBytes" | "usedBytes">) {
  return { ...printAllowance(allowanceBytes, usedBytes), allowance_bytes: allowanceBytes, used_bytes: usedBytes };
}

const nothing = { allowanceBytes: 0, usedBytes: 0, isFinal: false, asOf: null, version: 1, closedBytes: null };

function presentMonthFigures(month: MonthUsage | undefined) {
  return presentFigures(month ?? nothing);
}

function presentMonth(month: MonthUsage | undefined) {
  const { isFinal, asOf, version, closedBytes } = month ?? nothing;
  return {
    ...presentMonthFigures(month),
    is_final: isFinal,
    data_as_of: asOf === null ? null : formatMoment(asOf),
    version,
    closed_data_value: closedBytes === null ? null : megabytes(closedBytes),
  };
}

function presentPackage({ productNo, orderNo, name, level, sizeBytes, firstMonth, months, createdAt }: CardPackage) {
  return {
    product_no: productNo,
    order_no: orderNo,
    name,
    level,
    size_bytes: sizeBytes,
    size_data_value: megabytes(sizeBytes),
    first_month: formatMonth(firstMonth),
    last_month: formatMonth(firstMonth + months - 1),
    created_at: createdAt.toISOString(),
  };
}

function stateOf({ firstMonth, months }: CardPackage, month: BillingMonth) {
  if (month < firstMonth) return "not_begun" as const;
  return month < firstMonth + months ? ("in_effect" as const) : ("past" as const);
}

function presentSourceMonth(one: SourceExplanation, month: BillingMonth) {
  const counted = one.records.filter(({ countsIn }) => countsIn === month);
  const last = counted.at(-1);
  return {
    source: { name: one.source.name, kind: one.source.kind },
    counts: one.counts,
    used_bytes: one.usedBytes,
    gap_bytes: one.gapBytes,
    version: one.version,
    closed_bytes: one.closedBytes,
    as_of: moment(one.asOf),
    closes_at: formatInstant(one.closesAt),
    records: {
      counted: counted.length,
      effect_bytes: counted.reduce((sum, { effectBytes }) => sum + effectBytes, 0),
      carried_in: counted.filter((record) => record.month !== month).length,
      carried_out: one.records.length - counted.length,
      corrections: counted.filter(({ corrects }) => corrects !== null).length,
      adjustments: counted.filter(({ adjusts }) => adjusts).length,
      falls: counted.filter(({ fell }) => fell).length,
      last:
        one.source.kind === "reading" && last !== undefined ? { at: formatInstant(last.at), bytes: last.bytes } : null,
    },
  };
}

/** The one that was named, or the one that counts, or the only one there is. */
function sourceAsked({ sources }: MonthExplanation, name: string | undefined): SourceExplanation | undefined {
  return name === undefined ? sources[0] : sources.find(({ source }) => source.name === name);
}

function isUnusual({ month, countsIn, adjusts, fell, corrects }: RecordExplanation): boolean {
  return month !== countsIn || adjusts || fell || corrects !== null;
}

function presentRecord(record: RecordExplanation) {
  return {
    id: record.id,
    start: moment(record.startAt),
    at: formatInstant(record.at),
    received_at: formatInstant(record.receivedAt),
    bytes: record.bytes,
    effect_bytes: record.effectBytes,
    day: record.day,
    own_month: formatMonth(record.month),
    counts_in: formatMonth(record.countsIn),
    adjustment: record.adjusts,
    fell: record.fell,
    corrects: record.corrects,
    attributes: record.attributes,
  };
}

function presentEntry(entry: HistoryEntry) {
  return { kind: entry.kind, at: entry.at.toISOString(), event: presentEvent(entry), ...changeOf(entry) };
}

function changeOf(entry: HistoryEntry): { before: Record<string, unknown>; after: Record<string, unknown> } {
  if (entry.kind === "changed") return { before: entry.change.before, after: entry.change.after };
  if (entry.kind === "act") return { before: entry.event.before ?? {}, after: entry.event.after ?? {} };
  if (entry.kind === "created") return { before: {}, after: {} };
  const { product_no, name, first_month, last_month, size_data_value } = presentPackage(entry.package);
  return { before: {}, after: { product_no, name, first_month, last_month, size_data_value } };
}

function presentEvent({ event }: HistoryEntry) {
  if (event === undefined) return null;
  const fileName = event.action === "import.finish" ? event.after?.["file_name"] : undefined;
  return {
    event_no: event.event_no,
    action: event.action,
    actor_kind: event.actor_kind,
    actor_name: event.actor_name,
    address: event.address,
    job_no: event.object_kind === "job" ? Number(event.object_id) : null,
    file_name: typeof fileName === "string" ? fileName : null,
  };
}

function askedMonth(asked: string | undefined, card: Card): BillingMonth {
  return (asked === undefined ? undefined : parseMonth(asked)) ?? card.month;
}

function megabytes(bytes: number): string {
  return formatHundredths(toHundredths(bytes));
}

function moment(at: number | null): string | null {
  return at === null ? null : formatInstant(at);
}
