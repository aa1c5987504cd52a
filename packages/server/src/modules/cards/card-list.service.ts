import type { Db } from "../../db/database.ts";
import { FieldError } from "../../errors.ts";
import { text } from "../../text.ts";
import {
  type CardMatch,
  type CardState,
  type ListedCardRow,
  countMatching,
  selectByCreation,
  selectListedCards,
  selectMatching,
  selectNextCarrier,
  selectNextState,
} from "./card-list.queries.ts";
import { type IdentifierSearch, searchIdentifier } from "./card-search.ts";
import { type CardFigures, type CardService, hasUsedPercent } from "./cards.service.ts";

export const cardSorts = ["serial_no", "created_at", "used", "left", "percent"] as const;
export type CardSort = (typeof cardSorts)[number];

/** Which cards a list shows and in what order. */
export interface CardQuery {
  /** As typed: an identifier, or how a serial_no begins. */
  readonly search?: string | undefined;
  /** Null: in stock. */
  readonly accountNo?: number | null | undefined;
  readonly state: Partial<CardState>;
  /** At least so much of its allowance has been used, in percent. */
  readonly usedPercentMin?: number | undefined;
  /** Only cards that have used nothing in the billing month that they are in. */
  readonly isUnused?: boolean | undefined;
  readonly sort: CardSort;
  readonly descending: boolean;
}

export interface ListedCard {
  readonly row: ListedCardRow;
  readonly month: number;
  readonly figures: CardFigures;
}

export interface CardListPage {
  readonly cards: readonly ListedCard[];
  /** Where the next page begins; null: this is the last. */
  readonly next: string | null;
  /** How many there are; null where only looking at every card could tell. */
  readonly total: { readonly count: number; readonly more: boolean } | null;
  /** The order that they really are in: by serial_no where there are too many for another. */
  readonly sort: CardSort;
  /** The orders that there are few enough cards for. */
  readonly sorts: readonly CardSort[];
  /** How many cards were looked at for a page that is not full although there may be more; null if it is as it should be. */
  readonly lookedAt: number | null;
  readonly search: (IdentifierSearch & { readonly hidden: number }) | null;
}

export interface CardListService {
  /** Throws a FieldError for a cursor that was not given out for such a query. */
  list(
    query: CardQuery,
    page: { readonly cursor: string | undefined; readonly cardsMax: number },
  ): Promise<CardListPage>;
  /** All of it, some at a time, in constant memory. */
  walk(query: CardQuery): AsyncGenerator<readonly ListedCard[]>;
  /** How many walk will come to, counted however long that takes; null where only looking at every card could tell. */
  count(query: CardQuery): Promise<number | null>;
  carriers(): Promise<string[]>;
}

/** How much work one call may make. */
export interface CardListLimits {
  readonly countedMax: number;
  readonly sortedMax: number;
  readonly lookedAtMax: number;
  readonly chunkMax: number;
}

const defaultLimits: CardListLimits = {
  // Matching cards are counted for every page: some milliseconds.
  countedMax: 10_000,
  // Of so many cards the figures are computed to put them in order: some hundredths of a second.
  sortedMax: 2_000,
  // Of cards that have used so much, sought by looking at each: about a seventh of a second.
  lookedAtMax: 10_000,
  // At a time, so that other calls are answered in between.
  chunkMax: 1_000,
};

/** Beyond this many states a walk along one index with a filter is no worse than a union of as many. */
const statesMax = 200;

/** A query with what was found out for it before its first card. */
interface Plan {
  readonly query: CardQuery;
  readonly match: CardMatch;
  readonly search: CardListPage["search"];
  /** The cards that the search names, which come first. */
  readonly named: readonly ListedCardRow[];
  /** Whether nothing but the named ones can be in the list. */
  readonly namedOnly: boolean;
}

/**
 * The console's list of cards, whoever's they are. What an index knows is asked of an index, so that a page costs the same
 * with a million cards as with a thousand. What follows from a card's packages and usage is nowhere stored, and so no
 * index knows it: cards are put in order by it where there are few enough to compute it for all of them, and sought by it
 * by looking at one after the other, so many at a time.
 */
export function createCardList(
  db: Db,
  cards: CardService,
  { countedMax, sortedMax, lookedAtMax, chunkMax }: CardListLimits = defaultLimits,
): CardListService {
  async function planOf(query: CardQuery): Promise<Plan> {
    const { search: typed, accountNo, state } = query;
    const found = typed === undefined ? undefined : await searchIdentifier(db, typed);
    const named = found?.found.map(({ card }) => card).filter((card) => isMeant(card, query)) ?? [];
    const states = accountNo === undefined && asksState(state) ? await statesOf(state) : undefined;
    return {
      query,
      match: {
        accountNo,
        state,
        states,
        range:
          found === undefined || found.tried.length === 0 ? undefined : { from: found.text, below: after(found.text) },
        except: named.map(({ serial_no }) => serial_no),
      },
      search: found === undefined ? null : { ...found, hidden: found.found.length - named.length },
      named,
      namedOnly: found?.tried.length === 0 || states?.length === 0,
    };
  }

  /** Those of the states that there are which fit; undefined if there are too many for it to be of use. */
  async function statesOf(wanted: Partial<CardState>): Promise<CardState[] | undefined> {
    const states: CardState[] = [];
    let walked = 0;
    for (let next = await selectNextState(db, undefined); next !== undefined; next = await selectNextState(db, next)) {
      if (++walked > statesMax) return undefined;
      if (isIn(next, wanted)) states.push(next);
    }
    return states;
  }

  async function withFigures(serialNos: readonly string[]): Promise<ListedCard[]> {
    const [rows, looked] = await Promise.all([selectListedCards(db, serialNos), cards.look(serialNos)]);
    const bySerialNo = new Map(rows.map((row) => [row.serial_no, row]));
    return serialNos.flatMap((serialNo) => {
      const row = bySerialNo.get(serialNo);
      const one = looked.get(serialNo);
      return row === undefined || one === undefined ? [] : [{ row, month: one.card.month, figures: one.figures }];
    });
  }

  async function namedCards({ query, named }: Plan): Promise<ListedCard[]> {
    const all = await withFigures(named.map(({ serial_no }) => serial_no));
    return all.filter(({ figures }) => hasUsage(figures, query));
  }

  async function figuresOf(serialNos: readonly string[]): Promise<Map<string, CardFigures>> {
    const all = new Map<string, CardFigures>();
    for (let from = 0; from < serialNos.length; from += chunkMax)
      for (const [serialNo, { figures }] of await cards.look(serialNos.slice(from, from + chunkMax)))
        all.set(serialNo, figures);
    return all;
  }

  /** All cards of a query of which there are few, in its order. */
  async function allInOrder({ query, match }: Plan): Promise<Place[]> {
    const { sort, descending } = query;
    const serialNos = await selectMatching(db, match, { after: "", descending, max: sortedMax });
    const byFigures = asksUsage(query) || sort === "used" || sort === "left" || sort === "percent";
    const [figures, rows] = await Promise.all([
      byFigures ? figuresOf(serialNos) : new Map<string, CardFigures>(),
      sort === "created_at" ? selectListedCards(db, serialNos) : [],
    ]);
    const createdAt = new Map(rows.map((row) => [row.serial_no, row.created_at]));
    return serialNos
      .flatMap((serialNo) => {
        const own = figures.get(serialNo);
        if (byFigures && (own === undefined || !hasUsage(own, query))) return [];
        return [{ serialNo, value: valueOf(sort, own, createdAt.get(serialNo)) }];
      })
      .toSorted((one, other) => compare(one, other, query));
  }

  /** The next cards in the order that an index has, whatever they have used. */
  async function nextInOrder({ match, query }: Plan, place: Place | undefined, max: number): Promise<Place[]> {
    const { descending, sort } = query;
    if (sort !== "created_at") {
      const serialNos = await selectMatching(db, match, { after: place?.serialNo ?? "", descending, max });
      return serialNos.map((serialNo) => ({ serialNo, value: "" }));
    }
    const behind = place === undefined ? undefined : { createdAt: String(place.value), serialNo: place.serialNo };
    const rows = await selectByCreation(db, behind, { descending, max });
    return rows.map((row) => ({ serialNo: row.serial_no, value: row.created_at }));
  }

  /** Those of the cards that have used as much as is asked for. */
  async function narrowed(places: readonly Place[], query: CardQuery): Promise<readonly Place[]> {
    if (!asksUsage(query)) return places;
    const figures = await figuresOf(places.map(({ serialNo }) => serialNo));
    return places.filter(({ serialNo }) => {
      const own = figures.get(serialNo);
      return own !== undefined && hasUsage(own, query);
    });
  }

  function sortsOf({ query, match }: Plan, counted: number): readonly CardSort[] {
    if (counted <= sortedMax) return cardSorts;
    const isAll = query.accountNo === undefined && match.range === undefined && !asksState(query.state);
    return isAll ? ["serial_no", "created_at"] : ["serial_no"];
  }

  async function list(
    asked: CardQuery,
    { cursor, cardsMax }: { readonly cursor: string | undefined; readonly cardsMax: number },
  ): Promise<CardListPage> {
    const found = await planOf(asked);
    const counted = found.namedOnly ? 0 : await countMatching(db, found.match, countedMax + 1);
    const sorts = sortsOf(found, counted);
    const query = { ...asked, sort: sorts.includes(asked.sort) ? asked.sort : "serial_no" };
    const plan = { ...found, query };
    const place = cursor === undefined ? undefined : readCursor(cursor, query.sort);
    const named = found.named.length === 0 ? [] : await namedCards(plan);
    // They stand before all others, on the first page only, and take nothing of its room.
    const first = place === undefined ? named : [];
    async function page(
      places: readonly Place[],
      next: Place | undefined,
    ): Promise<Pick<CardListPage, "cards" | "next">> {
      const rest = await withFigures(places.map(({ serialNo }) => serialNo));
      return { cards: [...first, ...rest], next: next === undefined ? null : writeCursor(next, query) };
    }
    const answer = { sort: query.sort, sorts, search: plan.search, lookedAt: null };

    if (plan.namedOnly)
      return { ...answer, ...(await page([], undefined)), total: { count: named.length, more: false } };
    if (counted <= sortedMax && (query.sort !== "serial_no" || asksUsage(query))) {
      const all = await allInOrder(plan);
      const rest = place === undefined ? all : all.filter((one) => compare(one, place, query) > 0);
      const shown = rest.slice(0, cardsMax);
      return {
        ...answer,
        ...(await page(shown, rest.length > cardsMax ? shown.at(-1) : undefined)),
        total: { count: named.length + all.length, more: false },
      };
    }
    if (asksUsage(query)) {
      const { shown, next, lookedAt } = await look(plan, place, cardsMax);
      return { ...answer, ...(await page(shown, next)), lookedAt, total: null };
    }
    // One more than the page has, to know whether there is another.
    const places = await nextInOrder(plan, place, cardsMax + 1);
    const shown = places.slice(0, cardsMax);
    return {
      ...answer,
      ...(await page(shown, places.length > cardsMax ? shown.at(-1) : undefined)),
      total: { count: named.length + Math.min(counted, countedMax), more: counted > countedMax },
    };
  }

  /** Looks at one card after the other until the page is full, the last was seen, or it has taken long enough. */
  async function look(
    plan: Plan,
    from: Place | undefined,
    cardsMax: number,
  ): Promise<{ shown: readonly Place[]; next: Place | undefined; lookedAt: number | null }> {
    const shown: Place[] = [];
    let last = from;
    for (let lookedAt = 0; ;) {
      const places = await nextInOrder(plan, last, chunkMax);
      for (const place of await narrowed(places, plan.query)) {
        if (shown.length === cardsMax) return { shown, next: shown.at(-1), lookedAt: null };
        shown.push(place);
      }
      if (places.length < chunkMax) return { shown, next: undefined, lookedAt: null };
      last = places.at(-1);
      lookedAt += places.length;
      if (lookedAt >= lookedAtMax) return { shown, next: last, lookedAt: shown.length < cardsMax ? lookedAt : null };
    }
  }

  async function* walk(asked: CardQuery): AsyncGenerator<readonly ListedCard[]> {
    const found = await planOf(asked);
    if (found.named.length > 0) yield await namedCards(found);
    if (found.namedOnly) return;
    const counted = await countMatching(db, found.match, countedMax + 1);
    const query = { ...asked, sort: sortsOf(found, counted).includes(asked.sort) ? asked.sort : "serial_no" };
    const plan = { ...found, query };
    if (counted <= sortedMax) {
      const all = await allInOrder(plan);
      for (let from = 0; from < all.length; from += chunkMax)
        yield await withFigures(all.slice(from, from + chunkMax).map(({ serialNo }) => serialNo));
      return;
    }
    for (let last: Place | undefined, isLast = false; !isLast;) {
      const places = await nextInOrder(plan, last, chunkMax);
      yield await withFigures((await narrowed(places, query)).map(({ serialNo }) => serialNo));
      isLast = places.length < chunkMax;
      last = places.at(-1);
    }
  }

  return {
    list,
    walk,
    async count(query) {
      const plan = await planOf(query);
      if (asksUsage(query)) return null;
      return plan.named.length + (plan.namedOnly ? 0 : await countMatching(db, plan.match, null));
    },
    async carriers() {
      const carriers: string[] = [];
      for (let next = await selectNextCarrier(db, ""); next !== undefined; next = await selectNextCarrier(db, next)) {
        carriers.push(next);
        if (carriers.length === statesMax) break;
      }
      return carriers;
    },
  };
}

function asksState(state: Partial<CardState>): boolean {
  return Object.values(state).some((value) => value !== undefined);
}

function isMeant(card: ListedCardRow, { accountNo, state }: CardQuery): boolean {
  return (
    (accountNo === undefined || card.account_no === accountNo) &&
    isIn(
      {
        carrier: card.carrier,
        simStatus: card.sim_status,
        gprsStatus: card.gprs_status,
        cycleDay: card.cycle_day,
      },
      state,
    )
  );
}

function isIn(state: CardState, wanted: Partial<CardState>): boolean {
  return (
    (wanted.carrier ?? state.carrier) === state.carrier &&
    (wanted.simStatus ?? state.simStatus) === state.simStatus &&
    (wanted.gprsStatus ?? state.gprsStatus) === state.gprsStatus &&
    (wanted.cycleDay ?? state.cycleDay) === state.cycleDay
  );
}

function asksUsage({ usedPercentMin, isUnused }: CardQuery): boolean {
  return usedPercentMin !== undefined || isUnused === true;
}

function hasUsage(figures: CardFigures, { usedPercentMin, isUnused }: CardQuery): boolean {
  return (
    (usedPercentMin === undefined || hasUsedPercent(figures, usedPercentMin)) &&
    (isUnused !== true || figures.usedBytes === 0)
  );
}

/** Where a card stands in an order: by the value that it is about, and of equal ones by serial_no. */
interface Place {
  readonly value: string | number;
  readonly serialNo: string;
}

function valueOf(sort: CardSort, figures: CardFigures | undefined, createdAt: string | undefined): string | number {
  if (sort === "created_at") return createdAt ?? "";
  if (sort === "serial_no" || figures === undefined) return "";
  const { allowanceBytes, usedBytes } = figures;
  if (sort === "used") return usedBytes;
  if (sort === "left") return Math.max(0, allowanceBytes - usedBytes);
  // Of nothing, anything is more than all of it.
  return allowanceBytes > 0 ? usedBytes / allowanceBytes : usedBytes > 0 ? Number.MAX_VALUE : -1;
}

function compare(a: Place, b: Place, { descending }: CardQuery): number {
  const order = byValue(a.value, b.value) || byValue(a.serialNo, b.serialNo);
  return descending ? -order : order;
}

function byValue(a: string | number, b: string | number): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function writeCursor({ value, serialNo }: Place, { sort }: CardQuery): string {
  return sort === "serial_no" ? serialNo : `${value}~${serialNo}`;
}

function readCursor(cursor: string, sort: CardSort): Place {
  const [, , value, serialNo] = /^((.{1,40})~)?([0-9A-Za-z]{1,32})$/.exec(cursor) ?? [];
  const isMoment =
    /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{6}Z$/.test(value ?? "") && !Number.isNaN(Date.parse(value ?? ""));
  const isOfSort =
    sort === "serial_no"
      ? value === undefined
      : sort === "created_at"
        ? isMoment
        : value !== undefined && Number.isFinite(Number(value));
  if (serialNo === undefined || !isOfSort)
    throw new FieldError(
      "cursor",
      text("列表的顺序已变，请回到最前重新翻页。", "The order of the list has changed; go back to the first page."),
    );
  return { value: sort === "serial_no" || sort === "created_at" ? (value ?? "") : Number(value), serialNo };
}

/** The first text behind all that begin so, in the order of bytes that serial_no has. */
function after(prefix: string): string {
  return prefix.slice(0, -1) + String.fromCharCode((prefix.at(-1) ?? "").charCodeAt(0) + 1);
}
