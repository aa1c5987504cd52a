import type { Static } from "typebox";
import { formatMoment } from "../../clock.ts";
import { type BoundEndpoint, handle } from "../../web/endpoint.ts";
import { formatMonth } from "../packages/billing-month.ts";
import { printAllowance } from "../packages/megabytes.ts";
import { type cardListing, listCards, listCarriers } from "./card-list.endpoints.ts";
import type { CardListService, CardQuery, ListedCard } from "./card-list.service.ts";
import { usedPercent } from "./cards.service.ts";

export function cardListConsole(list: CardListService): BoundEndpoint[] {
  return [
    handle(listCards, async ({ query }) => {
      const page = { cursor: query.cursor, cardsMax: query.limit ?? 50 };
      const { cards, next, total, sort, sorts, lookedAt, search } = await list.list(cardQueryOf(query), page);
      return {
        list: cards.map(present),
        next_cursor: next,
        total,
        sort,
        sorts: [...sorts],
        looked_at: lookedAt,
        search:
          search === null
            ? null
            : {
                text: search.text,
                tried: [...search.tried],
                found: search.found.map(({ kind, card }) => ({ kind, serial_no: card.serial_no })),
                hidden: search.hidden,
              },
      };
    }),
    handle(listCarriers, async () => ({ list: await list.carriers() })),
  ];
}

/** What is asked for in the words of a call, or of an export's filter. */
export function cardQueryOf(listing: Static<typeof cardListing>): CardQuery {
  return {
    search: listing.search,
    accountNo: listing.in_stock === true ? null : listing.account_no,
    state: {
      ...(listing.carrier === undefined ? {} : { carrier: listing.carrier }),
      ...(listing.sim_status === undefined ? {} : { simStatus: listing.sim_status }),
      ...(listing.gprs_status === undefined ? {} : { gprsStatus: listing.gprs_status }),
      ...(listing.cycle_day === undefined ? {} : { cycleDay: listing.cycle_day }),
    },
    usedPercentMin: listing.used_percent_min,
    isUnused: listing.unused,
    sort: listing.sort ?? "serial_no",
    descending: listing.descending ?? false,
  };
}

function present({ row, month, figures }: ListedCard) {
  return {
    ...row,
    billing_month: formatMonth(month),
    ...printAllowance(figures.allowanceBytes, figures.usedBytes),
    used_percent: usedPercent(figures),
    data_as_of: figures.asOf === null ? null : formatMoment(figures.asOf),
  };
}
