import type { Language } from "../../shared/language.tsx";
import { documentPages, documents, errorsDocument, type Places, readSections, repository, tools } from "./documents.ts";
import { createCodeBlocks } from "./highlight.ts";
import { operationPage, operationPlaces, readOperations, readSampledOperations } from "./operations.ts";
import { type BuiltPage, type NavigationGroup, languages } from "./page.ts";
import { errorPages, explanationsOf, refusalPlaces } from "./refusals.ts";
import { type Sample, readSamples } from "./samples.ts";

/** All that the portal shows, in both languages. */
export interface Site {
  readonly pages: Record<Language, readonly BuiltPage[]>;
  readonly navigation: Record<Language, readonly NavigationGroup[]>;
  /** By operationId. */
  readonly samples: ReadonlyMap<string, readonly Sample[]>;
}

/**
 * Makes the portal's content of the repository: docs/*.md, docs/openapi.json, the server's table of error codes and the
 * files of examples/. Throws where they do not fit together, so that a build cannot show what is not so.
 */
export async function buildSite(): Promise<Site> {
  const codeBlocks = await createCodeBlocks();
  const operations = readOperations(repository);
  const nowhere: Places = { operations: new Map(), refusals: new Map() };
  const places: Places = {
    operations: operationPlaces(operations),
    refusals: refusalPlaces(explanationsOf(await readSections(errorsDocument, "zh", codeBlocks, nowhere))),
  };

  const documented = await Promise.all(documents.map((document) => documentPages(document, codeBlocks, places)));
  const pagesIn = async (language: Language): Promise<BuiltPage[]> => [
    ...documented.map((page) => page[language]),
    ...operations.map((operation) => operationPage(operation, language, codeBlocks)),
    ...errorPages(language, await readSections(errorsDocument, language, codeBlocks, places)),
  ];
  const pages = { zh: await pagesIn("zh"), en: await pagesIn("en") };
  for (const language of languages) checkLinks(pages[language], language);
  return {
    pages,
    navigation: { zh: navigation("zh", pages.zh), en: navigation("en", pages.en) },
    samples: new Map(
      await Promise.all(
        readSampledOperations(repository).map(
          async (operation) => [operation.name, await readSamples(repository, operation, codeBlocks)] as const,
        ),
      ),
    ),
  };
}

function navigation(language: Language, pages: readonly BuiltPage[]): NavigationGroup[] {
  const item = (path: string): { path: string; title: string } => {
    const page = pages.find((candidate) => candidate.path === path);
    if (page === undefined) throw new Error(`no page ${path}`);
    return { path, title: page.title };
  };
  const zh = language === "zh";
  return [
    { title: zh ? "入门" : "Start", items: ["/", "/conventions", "/signing", "/samples"].map(item) },
    {
      title: zh ? "接口" : "Operations",
      items: pages.filter(({ path }) => path.startsWith("/operations/")).map(({ path }) => item(path)),
    },
    { title: zh ? "工具" : "Tools", items: tools.map(({ path, title }) => ({ path, title: title[language] })) },
    { title: zh ? "参考" : "Reference", items: ["/errors", "/usage", "/metering", "/changelog"].map(item) },
  ];
}

/** Every link within the portal leads to a page, and to a place in it. */
function checkLinks(pages: readonly BuiltPage[], language: Language): void {
  const ids = new Map(pages.map((page) => [page.path, idsOf(page)]));
  for (const page of pages)
    for (const [, href = ""] of htmlOf(page).matchAll(/ href="([^"]*)"/g)) {
      if (/^(https?:|\/openapi\.json$|\/docs\/signature-vectors\.json$)/.test(href)) continue;
      if (tools.some(({ path }) => href.replace(/\?.*$/, "") === `/docs${path}`)) continue;
      const [path = "", hash = ""] = decodeURI(href)
        .replace(/^\/docs/, "")
        .split("#");
      const target = ids.get(path === "" ? page.path : path);
      // A language's tab is no place in the page.
      if (target === undefined || (hash !== "" && path !== "/samples" && !target.has(hash)))
        throw new Error(`the link ${decodeURI(href)} in ${page.path} (${language}) leads nowhere`);
    }
}

export function htmlOf(page: BuiltPage): string {
  return page.blocks.map((block) => ("html" in block ? block.html : "")).join("");
}

export function idsOf(page: BuiltPage): Set<string> {
  return new Set([...htmlOf(page).matchAll(/ id="([^"]*)"/g)].map((match) => match[1] ?? ""));
}
