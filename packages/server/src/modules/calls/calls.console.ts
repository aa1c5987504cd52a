import type { Clock } from "../../clock.ts";
import { MissingError, refusals } from "../../errors.ts";
import { secondOfRequestId } from "../../request-id.ts";
import type { Language, Text } from "../../text.ts";
import { type BoundEndpoint, handle } from "../../web/endpoint.ts";
import type { AccountService } from "../accounts/accounts.service.ts";
import { dayMs } from "./call-partitions.ts";
import { callSearchChoices, findCall, searchCalls } from "./calls.endpoints.ts";
import type { CallGap, CallService, LoggedCall } from "./calls.service.ts";

export interface CallConsoleOptions {
  readonly clock: Clock;
  /** For how long calls are kept; 0: they are not logged. */
  readonly keptDays: number;
  /** The paths that are logged. */
  readonly operations: readonly string[];
}

/** Around the second of a call that is not in the log, gaps are looked for so far: a batch waits so long at most. */
const gapAroundMs = 60_000;

export function callConsole(
  calls: CallService,
  accounts: Pick<AccountService, "get">,
  { clock, keptDays, operations }: CallConsoleOptions,
): BoundEndpoint[] {
  return [
    handle(searchCalls, async ({ query }) => {
      // A call of this very moment is before it.
      const toMs = query.to === undefined ? clock() + 1 : Date.parse(query.to);
      const fromMs = query.from === undefined ? keptFromMs(clock(), keptDays) : Date.parse(query.from);
      const page = await calls.search({
        fromMs,
        toMs,
        clientId: query.client_id,
        accountNo: query.account_no,
        operation: query.operation,
        errcode: query.errcode,
        refusedOnly: query.refused,
        address: query.address,
        serialNo: query.serial_no,
        cursor: query.cursor,
        limit: query.limit ?? 50,
      });
      return {
        list: page.calls.map(presentSummary),
        next_cursor: page.nextCursor,
        searched_to: iso(page.searchedToMs),
        searched_from: iso(page.searchedFromMs),
        gaps: page.gaps.map(presentGap),
      };
    }),

    handle(findCall, async ({ params }) => {
      const requestId = params.request_id.trim().toLowerCase();
      const atMs = secondOfRequestId(requestId);
      if (atMs === undefined) return { call: null, at: null, gaps: [] };
      const found = await calls.find(requestId);
      return {
        call:
          found === undefined
            ? null
            : presentCall(found, found.accountNo === null ? null : await nameOf(accounts, found.accountNo)),
        at: iso(atMs),
        gaps:
          found === undefined
            ? (await calls.gaps(atMs - gapAroundMs, atMs + gapAroundMs)).map((each) => presentGap(each))
            : [],
      };
    }),

    handle(callSearchChoices, ({ language }) =>
      Promise.resolve({ kept_days: keptDays, operations: [...operations], errcodes: errcodesIn(language) }),
    ),
  ];
}

/** Days are dropped whole, so the oldest one kept begins at midnight. */
function keptFromMs(nowMs: number, keptDays: number): number {
  return (Math.floor(nowMs / dayMs) - keptDays) * dayMs;
}

async function nameOf(accounts: Pick<AccountService, "get">, accountNo: number): Promise<string | null> {
  try {
    return (await accounts.get(accountNo)).name;
  } catch (error) {
    if (error instanceof MissingError) return null;
    throw error;
  }
}

function errcodesIn(language: Language): { errcode: number; text: string }[] {
  const byCode = new Map<number, string>();
  for (const { errcode, text } of Object.values(refusals))
    if (!byCode.has(errcode)) byCode.set(errcode, text[language]);
  return [...byCode].map(([errcode, text]) => ({ errcode, text })).toSorted((a, b) => a.errcode - b.errcode);
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}

function presentGap({ fromMs, toMs, reason, calls }: CallGap) {
  return { from: iso(fromMs), to: iso(toMs), reason, calls };
}

function presentSummary(call: LoggedCall) {
  return {
    request_id: call.requestId,
    at: iso(call.atMs),
    client_id: call.clientId,
    account_no: call.accountNo,
    operation: call.operation,
    errcode: call.errcode,
    hint: call.hint,
    http_status: call.httpStatus,
    duration_us: call.durationUs,
    address: call.address,
  };
}

function presentCall(call: LoggedCall, accountName: string | null) {
  return {
    ...presentSummary(call),
    account_name: accountName,
    user_agent: call.userAgent,
    parameters:
      call.parameters?.map(({ name, value, length, characters }) => ({
        name,
        value: value ?? null,
        length: length ?? null,
        characters: [...(characters ?? [])],
      })) ?? null,
    errmsg: { zh: messageOf(call, "zh"), en: messageOf(call, "en") },
    detail: call.detail === null ? null : { ...call.detail },
  };
}

/** What AppError.messageIn has told the caller. */
function messageOf({ errcode, operation, detail }: LoggedCall, language: Language): string {
  if (errcode === 0) return "success";
  const own = ownText(errcode, operation)?.[language] ?? "";
  if (detail === null) return own;
  return language === "zh" ? `${own}：${detail.zh}` : `${own}: ${detail.en}`;
}

function ownText(errcode: number, operation: string): Text | undefined {
  if (errcode === refusals.intakeUnavailable.errcode && operation.startsWith("/ingest/"))
    return refusals.intakeUnavailable.text;
  return Object.values(refusals).find((refusal) => refusal.errcode === errcode)?.text;
}
