/** What a browser's tab, a bookmark and a search engine show of a page. */
export interface PageHead {
  readonly path: string;
  readonly title: string;
  readonly description: string;
}

/** Writes it into the document, with where the page is in either language. */
export function writeHead({ path, title, description }: PageHead): void {
  const site = document.documentElement.lang === "en" ? "Dakashi Open Platform" : "大卡师开放平台";
  document.title = `${title} · ${site}`;
  metaDescription().content = description;
  for (const [hreflang, of] of [
    ["zh-CN", "/zh"],
    ["en", "/en"],
    ["x-default", ""],
  ] as const)
    alternate(hreflang).href = `/docs${of}${path === "/" ? "" : path}`;
}

function metaDescription(): HTMLMetaElement {
  const found = document.head.querySelector<HTMLMetaElement>('meta[name="description"]');
  if (found !== null) return found;
  const made = document.createElement("meta");
  made.name = "description";
  return document.head.appendChild(made);
}

function alternate(hreflang: string): HTMLLinkElement {
  const found = document.head.querySelector<HTMLLinkElement>(`link[hreflang="${hreflang}"]`);
  if (found !== null) return found;
  const made = document.createElement("link");
  made.rel = "alternate";
  made.hreflang = hreflang;
  return document.head.appendChild(made);
}
