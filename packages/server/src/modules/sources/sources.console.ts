import type { Language } from "../../text.ts";
import { type BoundEndpoint, handle } from "../../web/endpoint.ts";
import { type BillingMonth, formatMonth, parseMonth } from "../packages/billing-month.ts";
import type { CardAssignment } from "./assignments.ts";
import {
  assignCardsToSource,
  changeSource,
  createSource,
  listSources,
  previewAssignment,
  readSource,
  readSourceActivity,
  rotateSourceToken,
} from "./sources.endpoints.ts";
import type { ActivityPoint, ListedSource, SourceService } from "./sources.service.ts";

export function sourcesConsole(sources: SourceService): BoundEndpoint[] {
  return [
    handle(listSources, async () => {
      const [list, lastDay] = await Promise.all([sources.list(), sources.lastDay()]);
      return {
        list: list.map((source) => ({
          ...presentSource(source),
          last_day: presentActivity(lastDay.get(source.sourceNo) ?? []),
        })),
      };
    }),
    handle(readSource, async ({ params }) => presentSource(await sources.find(params.name))),
    handle(readSourceActivity, async ({ params, query }) => ({
      list: presentActivity(await sources.activity(params.name, query.each)),
    })),
    handle(createSource, ({ body, by }) =>
      sources.create(
        {
          name: body.name,
          kind: body.kind,
          unit: body.unit,
          graceSeconds: body.grace_seconds,
          closeAfterSeconds: body.close_after_seconds,
          expectedEverySeconds: body.expected_every_seconds,
        },
        by,
      ),
    ),
    handle(rotateSourceToken, ({ params, body, by }) =>
      sources.rotate(params.name, { overlapSeconds: body.overlap_seconds, version: body.version }, by),
    ),
    handle(changeSource, ({ params, body, by }) =>
      sources.change(
        params.name,
        {
          version: body.version,
          ...(body.status === undefined ? {} : { status: body.status }),
          ...(body.expected_every_seconds === undefined ? {} : { expectedEverySeconds: body.expected_every_seconds }),
        },
        by,
      ),
    ),
    handle(previewAssignment, async ({ params, body, language }) => ({
      list: presentAssignments(
        await sources.previewAssignments(params.name, body.serial_nos, monthOf(body.from_month)),
        language,
      ),
    })),
    handle(assignCardsToSource, async ({ params, body, by, language }) => ({
      list: presentAssignments(
        await sources.assignAll(params.name, body.serial_nos, monthOf(body.from_month), by),
        language,
      ),
    })),
  ];
}

function monthOf(name: string | undefined): BillingMonth | undefined {
  return name === undefined ? undefined : parseMonth(name);
}

function presentSource(source: ListedSource) {
  return {
    name: source.name,
    kind: source.kind,
    unit: source.unit,
    grace_seconds: source.graceSeconds,
    close_after_seconds: source.closeAfterSeconds,
    status: source.status,
    created_at: source.createdAt.toISOString(),
    version: source.version,
    expected_every_seconds: source.expectedEverySeconds,
    old_token_expires_at: source.oldTokenExpiresAt?.toISOString() ?? null,
    received_at: source.receivedAt?.toISOString() ?? null,
    newest_at: source.newestAt?.toISOString() ?? null,
    lag_seconds: source.lagSeconds,
    late: source.isLate,
  };
}

function presentActivity(points: readonly ActivityPoint[]) {
  return points.map(({ from, figures }) => ({ from: from.toISOString(), figures }));
}

function presentAssignments(cards: readonly CardAssignment[], language: Language) {
  return cards.map(({ serialNo, outcome, fromMonth, before, next, problem }) => ({
    serial_no: serialNo,
    outcome,
    from_month: fromMonth === null ? null : formatMonth(fromMonth),
    before,
    next: next === undefined ? null : { name: next.name, from_month: formatMonth(next.fromMonth) },
    problem: problem?.text[language] ?? null,
  }));
}
