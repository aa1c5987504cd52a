import type { Language } from "../../shared/language.tsx";

/** What the build makes of the repository's documents, and what the browser is given of it. */

/** A place of a page that "on this page" lists. */
export interface Heading {
  readonly id: string;
  readonly title: string;
  readonly level: 2 | 3;
}

/** The parts of a page that are alive in the browser; everything else is HTML, made at build time. */
export type Island = "samples" | "signature-example";

export type Block =
  | { readonly html: string }
  /** `of`: the operation that the samples call. */
  | { readonly island: Island; readonly of?: string };

/** A page of the portal in one language. */
export interface Page {
  /** Below /docs: "/", "/signing", "/operations/memberInfo". */
  readonly path: string;
  readonly title: string;
  /** One or two sentences, for those who see a link to it. */
  readonly description: string;
  readonly headings: readonly Heading[];
  readonly blocks: readonly Block[];
}

/** A piece of a page that search finds by itself. */
export interface SearchEntry {
  /** With the anchor. */
  readonly url: string;
  readonly page: string;
  /** Empty for what comes before a page's first heading. */
  readonly heading: string;
  readonly text: string;
}

export interface BuiltPage extends Page {
  readonly search: readonly SearchEntry[];
}

export interface NavigationItem {
  readonly path: string;
  readonly title: string;
}

export interface NavigationGroup {
  readonly title: string;
  readonly items: readonly NavigationItem[];
}

/** Stands in built HTML for the address that the page was loaded from. */
export const originPlaceholder = "http://127.0.0.1:8080";

/** In the order they are offered. */
export const languages: readonly Language[] = ["zh", "en"];
