import type { CallAnswer, CallInput } from "../api.ts";

/** A card as the list has it. */
export type ListedCard = CallAnswer<"GET /cards">["list"][number];
export type CardsAnswer = CallAnswer<"GET /cards">;
export type CardSort = CardsAnswer["sort"];
type Query = CallInput<"GET /cards">["query"];
/** What the list is narrowed to and its order, without where in it: as an export takes it, too. */
export type Listing = Omit<Query, "cursor" | "limit">;

/** The page's address, part by part. */
export const listingNames = ["search", "account", "carrier", "sim", "gprs", "day", "usage", "sort"] as const;
export type ListingState = Readonly<Record<(typeof listingNames)[number], string | undefined>>;

/** Those that narrow the list beside the search. */
export const filterNames = ["account", "carrier", "sim", "gprs", "day", "usage"] as const;

/** The account's place in the address of who wants the cards without one. */
export const inStock = "stock";
export const unused = "unused";
export const usagePercents = [50, 80, 90, 100] as const;

const sorts: readonly CardSort[] = ["serial_no", "created_at", "used", "left", "percent"];

/** An order as the address has it: with a minus in front, the other way round. */
function sortOf(text: string | undefined): { readonly sort: CardSort; readonly descending: boolean } {
  const descending = text?.startsWith("-") ?? false;
  const sort = sorts.find((one) => one === text?.replace(/^-/, ""));
  return sort === undefined ? { sort: "serial_no", descending: false } : { sort, descending };
}

/** What is asked of the server. What somebody has made of an address that is nothing of the kind is passed over. */
export function listingOf(state: ListingState): Listing {
  const { sort, descending } = sortOf(state.sort);
  const account = whole(state.account);
  const [sim, gprs, day, percent] = [state.sim, state.gprs, state.day, state.usage].map(whole);
  return {
    ...(state.search === undefined ? {} : { search: state.search.slice(0, 100) }),
    ...(state.account === inStock ? { in_stock: true } : account === undefined ? {} : { account_no: account }),
    ...(state.carrier === undefined ? {} : { carrier: state.carrier }),
    ...(sim === undefined ? {} : { sim_status: sim }),
    ...(gprs === undefined ? {} : { gprs_status: gprs }),
    ...(day === undefined ? {} : { cycle_day: day }),
    ...(state.usage === unused ? { unused: true } : percent === undefined ? {} : { used_percent_min: percent }),
    ...(sort === "serial_no" ? {} : { sort }),
    ...(descending ? { descending } : {}),
  };
}

function whole(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}
