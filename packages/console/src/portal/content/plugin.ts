import { join } from "node:path";
import type { Plugin } from "vite";
import { serializeIndex } from "../search/search-index.ts";
import { repository } from "./documents.ts";
import { languages } from "./page.ts";
import { type Site, buildSite } from "./site.ts";

const prefix = "virtual:portal/";

/**
 * Gives the browser the portal's content as modules, each page in each language one of its own:
 * `virtual:portal/pages`, `navigation`, `samples`, `samples/memberInfo`, `page/zh/signing`, `search/zh`.
 */
export function portalContent(): Plugin {
  let built: Promise<Site> | undefined;
  const site = (): Promise<Site> => (built ??= buildSite());
  return {
    name: "portal-content",
    resolveId: (id) => (id.startsWith(prefix) ? `\0${id}` : undefined),
    async load(id) {
      if (!id.startsWith(`\0${prefix}`)) return undefined;
      return moduleSource(id.slice(prefix.length + 1), await site());
    },
    configureServer(server) {
      const sources = [join(repository, "docs"), join(repository, "examples")];
      server.watcher.add(sources);
      server.watcher.on("change", (file) => {
        if (!sources.some((source) => file.startsWith(source))) return;
        built = undefined;
        server.moduleGraph.invalidateAll();
        server.ws.send({ type: "full-reload" });
      });
    },
  };
}

function moduleSource(name: string, { pages, navigation, samples }: Site): string {
  if (name === "pages") return pagesSource(pages);
  if (name === "navigation") return exported(navigation);
  if (name === "samples") return samplesSource(samples);
  const [kind, code, ...path] = name.split("/");
  const sampled = samples.get(code ?? "");
  if (kind === "samples" && sampled !== undefined) return exported(sampled);
  const language = languages.find((candidate) => candidate === code);
  if (kind === "search" && language !== undefined)
    return exported(serializeIndex(pages[language].flatMap(({ search }) => search)));
  const page = language === undefined ? undefined : pages[language].find((each) => each.path === `/${path.join("/")}`);
  if (kind !== "page" || page === undefined) throw new Error(`there is no ${prefix}${name}`);
  const { search: _, ...shown } = page;
  return exported(shown);
}

function pagesSource(pages: Site["pages"]): string {
  const loaders = languages.map((language) => {
    const entries = pages[language].map(
      ({ path }) => `${JSON.stringify(path)}: () => import(${JSON.stringify(`${prefix}page/${language}${path}`)})`,
    );
    return `${language}: {${entries.join(",")}}`;
  });
  return `export default {${loaders.join(",")}}`;
}

function samplesSource(samples: Site["samples"]): string {
  const entries = [...samples.keys()].map((name) => `${name}: () => import("${prefix}samples/${name}")`);
  return `export default {${entries.join(",")}}`;
}

/** As a string to be parsed, which browsers read faster than a literal of the same size. */
function exported(value: unknown): string {
  const json = JSON.stringify(value);
  return typeof value === "string" ? `export default ${json}` : `export default JSON.parse(${JSON.stringify(json)})`;
}
