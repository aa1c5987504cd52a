import { type BoundEndpoint, handle } from "../../web/endpoint.ts";
import { type CsvCell, csvStream } from "../exports/csv.ts";
import {
  bookMovement,
  createAccount,
  exportMovements,
  listAccounts,
  listMovements,
  setAccountStatus,
  showAccount,
  updateAccount,
} from "./accounts.endpoints.ts";
import type { AccountRow } from "./accounts.queries.ts";
import type { AccountService } from "./accounts.service.ts";
import type { MovementFilter, MovementRow } from "./movements.queries.ts";
import type { MovementService } from "./movements.service.ts";

/** As far as the cards of one account are counted whenever its page is shown: some milliseconds in the index. */
const cardsCountedMax = 10_000;

export function accountConsole(accounts: AccountService, movements: MovementService): BoundEndpoint[] {
  return [
    handle(listAccounts, async ({ query }) => {
      const limit = query.limit ?? 50;
      const filter = { search: query.search?.trim(), status: query.status, before: query.cursor };
      const rows = await accounts.list(filter, limit + 1);
      const list = rows.slice(0, limit).map((row) => ({ ...presentAccount(row), clients: row.clients }));
      return { list, ...nextCursor(rows.length > limit, list.at(-1)?.account_no) };
    }),

    handle(createAccount, async ({ body, by }) => {
      const accountNo = await accounts.create({ ...body, balance: "0.00" }, by);
      return presentAccount(await accounts.get(accountNo));
    }),

    handle(showAccount, async ({ params }) => {
      const row = await accounts.get(params.account_no);
      const cards = await accounts.countCards(params.account_no, cardsCountedMax + 1);
      return {
        ...presentAccount(row),
        cards: Math.min(cards, cardsCountedMax),
        cards_more: cards > cardsCountedMax,
      };
    }),

    handle(updateAccount, async ({ params, body, by }) =>
      presentAccount(await accounts.update(params.account_no, body, by)),
    ),

    handle(setAccountStatus, async ({ params, body, by }) =>
      presentAccount(await accounts.setStatus(params.account_no, body, by)),
    ),

    handle(listMovements, async ({ params, query }) => {
      const limit = query.limit ?? 50;
      await accounts.get(params.account_no);
      const filter = { ...filterOf(query), before: query.cursor };
      const rows = await movements.list(params.account_no, filter, limit + 1);
      const list = rows.slice(0, limit).map(presentMovement);
      return { list, ...nextCursor(rows.length > limit, list.at(-1)?.movement_no) };
    }),

    handle(exportMovements, async ({ params, query }) => {
      await accounts.get(params.account_no);
      return {
        fileName: `account-${params.account_no}-movements.csv`,
        contentType: "text/csv; charset=utf-8",
        stream: csvStream(exportedColumns, exported(movements.walk(params.account_no, filterOf(query)))),
      };
    }),

    handle(bookMovement, async ({ params, body, by }) => {
      const { request_no: requestNo, ...asked } = body;
      const { movement, repeated } = await movements.book(params.account_no, { ...asked, requestNo }, by);
      return { movement: presentMovement(movement), repeated };
    }),
  ];
}

/** What comes in and goes out apart, as a ledger has it: a minus in front would look like a formula to a spreadsheet. */
const exportedColumns = [
  "movement_no",
  "at",
  "kind",
  "amount_in",
  "amount_out",
  "balance_after",
  "remark",
  "request_no",
  "actor_kind",
  "actor_id",
  "actor_name",
];

async function* exported(rows: AsyncIterable<MovementRow>): AsyncIterable<CsvCell[]> {
  for await (const row of rows)
    yield [
      row.movement_no,
      row.at.toISOString(),
      row.kind,
      row.amount.startsWith("-") ? null : row.amount,
      row.amount.startsWith("-") ? row.amount.slice(1) : null,
      row.balance_after,
      row.remark,
      row.request_no,
      row.actor_kind,
      row.actor_id,
      row.actor_name,
    ];
}

interface MovementFilters {
  readonly kind?: MovementRow["kind"];
  readonly from?: string;
  readonly to?: string;
}

function filterOf({ kind, from, to }: MovementFilters): MovementFilter {
  return {
    kind,
    from: from === undefined ? undefined : new Date(from),
    to: to === undefined ? undefined : new Date(to),
  };
}

function nextCursor(more: boolean, last: number | undefined): { next_cursor?: number } {
  return more && last !== undefined ? { next_cursor: last } : {};
}

function presentAccount({ account_no, name, rank, balance, status, version, created_at }: AccountRow) {
  return { account_no, name, rank, balance, status, version, created_at: created_at.toISOString() };
}

function presentMovement({ actor_id: _actor_id, at, ...row }: MovementRow) {
  return { ...row, at: at.toISOString() };
}
