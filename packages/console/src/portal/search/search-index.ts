import MiniSearch, { type Options, type SearchResult } from "minisearch";
import type { SearchEntry } from "../content/page.ts";
import { tokenize, tokenizeQuery } from "./tokenize.ts";

/** One result: a place in a page, with the terms of its text that matched. */
export interface Found extends SearchEntry {
  readonly terms: readonly string[];
}

/** Results of one page, the best page first. */
export interface FoundPage {
  readonly page: string;
  readonly results: readonly Found[];
}

const options: Options<SearchEntry & { id: number }> = {
  fields: ["page", "heading", "text"],
  storeFields: ["url", "page", "heading", "text"],
  tokenize,
  // Terms come lower-case out of tokenize.
  processTerm: (term) => term,
  searchOptions: {
    tokenize: tokenizeQuery,
    combineWith: "AND",
    boost: { heading: 6, page: 3 },
    // A single Chinese character finds the pairs it begins, and half a word the word. Short numbers find no long ones.
    prefix: (term) => !/^\d{1,2}$/.test(term),
  },
};

/** Runs at build time. */
export function serializeIndex(entries: readonly SearchEntry[]): string {
  const index = new MiniSearch(options);
  index.addAll(entries.map((entry, id) => ({ ...entry, id })));
  return JSON.stringify(index);
}

export type SearchIndex = (query: string) => FoundPage[];

const resultsMax = 30;
const resultsPerPageMax = 5;

export function loadIndex(json: string): SearchIndex {
  const index = MiniSearch.loadJSON(json, options);
  return (query) => {
    const results = searchOf(index, query).slice(0, resultsMax).map(foundOf);
    return [...Map.groupBy(results, ({ page }) => page)].map(([page, found]) => ({
      page,
      results: found
        .toSorted((a, b) => Number(isPageOf(query, b)) - Number(isPageOf(query, a)))
        .slice(0, resultsPerPageMax),
    }));
  };
}

/**
 * What has all of the terms; failing that, all of the parts of words that are joined by underscores; failing that, most
 * of the terms: of 签名大写 the pair in the middle, 名大, stands nowhere.
 */
function searchOf(index: MiniSearch<SearchEntry & { id: number }>, query: string): SearchResult[] {
  const all = index.search(query);
  if (all.length > 0) return all;
  const parts = index.search(query.replaceAll("_", " "));
  if (parts.length > 0) return parts;
  const termsMin = (tokenizeQuery(query).length + 1) / 2;
  return index.search(query, { combineWith: "OR" }).filter(({ queryTerms }) => queryTerms.length >= termsMin);
}

/** Whether a result is the very page that is called what was asked for: 55004, say, goes before its hints. */
function isPageOf(query: string, { heading, page }: Found): boolean {
  return heading === "" && page.toLowerCase().includes(query.toLowerCase());
}

function foundOf(result: SearchResult): Found {
  // The fields are those that were stored.
  const { url, page, heading, text, terms } = result as SearchResult & SearchEntry;
  return { url, page, heading, text, terms };
}
