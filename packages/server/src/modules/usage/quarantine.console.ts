import { MissingError } from "../../errors.ts";
import { type Language, text } from "../../text.ts";
import { type BoundEndpoint, handle } from "../../web/endpoint.ts";
import { formatMonth } from "../packages/billing-month.ts";
import type { UsageSource } from "../sources/source.ts";
import type { ActResult, EntryKeyOfSource } from "./quarantine-acts.ts";
import type { ComparedRecord, Conflict } from "./quarantine-conflict.ts";
import {
  countQuarantine,
  discardMatching,
  discardQuarantined,
  matchQuarantine,
  readQuarantineEntry,
  releaseMatching,
  releaseQuarantined,
  searchQuarantine,
} from "./quarantine.endpoints.ts";
import type { QuarantineSearch, QuarantineService } from "./quarantine.service.ts";
import type { RefusedStatus } from "./usage-record.ts";

/** The page's head shows no more than that there are so many. */
const countMax = 10_000;

/** So many results are answered one by one. */
const resultsMax = 500;

export function quarantineConsole(
  quarantine: QuarantineService,
  listSources: () => Promise<readonly UsageSource[]>,
): BoundEndpoint[] {
  async function presentActed(results: readonly ActResult[], language: Language) {
    const names = new Map((await listSources()).map(({ sourceNo, name }) => [sourceNo, name]));
    const counts = Map.groupBy(results, ({ outcome }) => outcome);
    const staysFirst = results.toSorted((a, b) => Number(a.reason === null) - Number(b.reason === null));
    return {
      counts: [...counts].map(([outcome, of]) => ({ outcome, count: of.length })),
      results: staysFirst.slice(0, resultsMax).map((result) => ({
        key: formatKey(result),
        source: names.get(result.sourceNo) ?? "",
        record_id: result.recordId,
        outcome: result.outcome,
        reason: result.reason?.[language] ?? null,
      })),
    };
  }

  return [
    handle(searchQuarantine, async ({ query, language }) => {
      const names = new Map((await listSources()).map(({ sourceNo, name }) => [sourceNo, name]));
      const { rows, next } = await quarantine.search(filterOf(query), {
        after: query.cursor === undefined ? undefined : parseCursor(query.cursor),
        limit: query.limit ?? 50,
      });
      return {
        list: rows.map((row) => ({
          key: formatKey({ sourceNo: row.source_no, recordId: row.record_id, entryId: row.entry_id }),
          source: names.get(row.source_no) ?? "",
          record_id: row.record_id,
          status: row.status,
          hint: row.reason.hint,
          reason: row.reason[language],
          subject: row.subject,
          received_at: row.received_at,
        })),
        ...(next === undefined ? {} : { next_cursor: formatCursor(next), searched_to: next.received_at }),
      };
    }),
    handle(countQuarantine, async ({ query }) => {
      const counts = await quarantine.counts(filterOf(query), countMax);
      const of = (status: RefusedStatus) => counts.get(status) ?? 0;
      return {
        count_max: countMax,
        counts: {
          unknown_card: of("unknown_card"),
          conflict: of("conflict"),
          invalid: of("invalid"),
          too_old: of("too_old"),
          too_new: of("too_new"),
        },
      };
    }),
    handle(readQuarantineEntry, async ({ query, language }) => {
      const entryKey = parseKey(query.key);
      const entry = await quarantine.find(entryKey);
      return {
        key: query.key,
        source: entry.source,
        record_id: entry.recordId,
        status: entry.status,
        hint: entry.hint,
        reason: entry.reason[language],
        subject: entry.subject,
        received_at: entry.receivedAt,
        content: entry.content,
        conflict: entry.conflict === null ? null : presentConflict(entry.conflict),
      };
    }),
    handle(matchQuarantine, ({ query }) => quarantine.matching(filterOf(query), query.act)),
    handle(releaseQuarantined, async ({ body, by, language }) =>
      presentActed(await quarantine.releaseEach(body.keys.map(parseKey), by), language),
    ),
    handle(discardQuarantined, async ({ body, by, language }) =>
      presentActed(await quarantine.discardEach(body.keys.map(parseKey), by), language),
    ),
    handle(releaseMatching, async ({ body: { filter, ...found }, by, language }) =>
      presentActed(await quarantine.releaseMatching(filterOf(filter), found, by), language),
    ),
    handle(discardMatching, async ({ body: { filter, ...found }, by, language }) =>
      presentActed(await quarantine.discardMatching(filterOf(filter), found, by), language),
    ),
  ];
}

interface Filters {
  readonly source?: string;
  readonly status?: RefusedStatus;
  readonly hint?: string;
  readonly subject?: string;
  readonly from?: string;
  readonly before?: string;
  readonly text?: string;
}

function filterOf({ source, status, hint, subject, from, before, text: sought }: Filters): QuarantineSearch {
  return {
    ...(source === undefined ? {} : { source }),
    ...(status === undefined ? {} : { status }),
    ...(hint === undefined ? {} : { hint }),
    ...(subject === undefined ? {} : { subject }),
    ...(from === undefined ? {} : { from: new Date(from) }),
    ...(before === undefined ? {} : { before: new Date(before) }),
    ...(sought === undefined ? {} : { text: sought }),
  };
}

function presentConflict({ taken, refused, figure }: Conflict) {
  return {
    taken: taken === null ? null : { ...presentCompared(taken), received_at: taken.receivedAt.toISOString() },
    refused: refused === null ? null : presentCompared(refused),
    figure:
      figure === null
        ? null
        : { used_bytes: figure.usedBytes, counts: figure.counts, instead_bytes: figure.insteadBytes },
  };
}

function presentCompared({ serialNo, month, start, at, bytes, corrects, attributes }: ComparedRecord) {
  return {
    serial_no: serialNo,
    month: month === null ? null : formatMonth(month),
    start,
    at,
    bytes,
    corrects,
    attributes: Object.fromEntries(Object.entries(attributes).map(([name, value]) => [name, String(value)])),
  };
}

/** A record's id may be of any characters, and as long as no path takes. */
function formatKey({ sourceNo, recordId, entryId }: EntryKeyOfSource): string {
  return encode([sourceNo, recordId, entryId]);
}

function parseKey(given: string): EntryKeyOfSource {
  const [sourceNo, recordId, entryId] = decode(given);
  if (!isNumber(sourceNo) || typeof recordId !== "string" || typeof entryId !== "string") throw noSuchKey();
  return { sourceNo, recordId, entryId };
}

type Position = NonNullable<Parameters<QuarantineService["search"]>[1]["after"]>;

function formatCursor({ received_at, source_no, record_id, entry_id }: Position): string {
  return encode([source_no, record_id, entry_id, received_at]);
}

function parseCursor(given: string): Position {
  const [source_no, record_id, entry_id, received_at] = decode(given);
  if (!isNumber(source_no) || typeof record_id !== "string" || typeof entry_id !== "string") throw noSuchKey();
  if (typeof received_at !== "string" || Number.isNaN(Date.parse(received_at))) throw noSuchKey();
  return { received_at, source_no, record_id, entry_id };
}

function isNumber(value: unknown): value is number {
  return Number.isInteger(value) && Number(value) >= 0 && Number(value) < 2 ** 31;
}

function encode(values: readonly (string | number)[]): string {
  return Buffer.from(JSON.stringify(values)).toString("base64url");
}

function decode(given: string): readonly unknown[] {
  try {
    const values: unknown = JSON.parse(Buffer.from(given, "base64url").toString());
    return Array.isArray(values) ? values : [];
  } catch {
    return [];
  }
}

function noSuchKey(): MissingError {
  return new MissingError(text("链接无效，请从列表重新打开", "this link is not valid; open it from the list again"));
}
