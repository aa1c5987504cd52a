/** What the portal shows is what the repository says, all of it. */
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { languages as sampleLanguages } from "../../../examples/languages.ts";
import { languageFor } from "../../../examples/operations.ts";
import { refusals } from "../../server/src/errors.ts";
import { operations } from "../../server/src/operations.ts";
import { repository } from "../src/portal/content/documents.ts";
import { readSampledOperations } from "../src/portal/content/operations.ts";
import type { BuiltPage } from "../src/portal/content/page.ts";
import { type Site, buildSite, htmlOf, idsOf } from "../src/portal/content/site.ts";

let site: Site;

beforeAll(async () => {
  site = await buildSite();
});

function page(path: string, language: "zh" | "en"): BuiltPage {
  const found = site.pages[language].find((each) => each.path === path);
  if (found === undefined) throw new Error(`there is no page ${path} in ${language}`);
  return found;
}

function textOfHtml(html: string): string {
  return html
    .replace(/<[^>]*>/g, "")
    .replace(/&#x([0-9a-f]+);/gi, (_, code: string) => String.fromCodePoint(Number.parseInt(code, 16)))
    .replace(/&#(\d+);/g, (_, code: string) => String.fromCodePoint(Number(code)))
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&quot;", '"')
    .replaceAll("&amp;", "&");
}

describe.each(["zh", "en"] as const)("in %s", (language) => {
  test("every operation has a page, with each of its parameters and codes", () => {
    for (const operation of operations) {
      const { title } = page(`/operations/${operation.name}`, language);
      expect(title).toBe(operation.summary[language]);
      const ids = idsOf(page(`/operations/${operation.name}`, language));
      for (const name of Object.keys(operation.parameters.properties)) expect(ids).toContain(name);
      const html = htmlOf(page(`/operations/${operation.name}`, language));
      for (const refusal of operation.refusals) expect(html).toContain(`/docs/errors/${refusals[refusal].errcode}"`);
    }
  });

  test("every refusal that the server's code can make is explained where its doc_url leads", () => {
    const metering = idsOf(page("/metering", language));
    const sources = globSync("packages/{server/src,sdk/src}/**/*.ts", { cwd: repository })
      .filter((file) => !file.endsWith(".test.ts"))
      .map((file) => readFileSync(join(repository, file), "utf8"));
    const hints = new Set(
      sources.flatMap((source) => [...source.matchAll(/\bhint: "(\w+)"/g)].map(([, hint]) => hint ?? "")),
    );
    expect(hints.size).toBeGreaterThan(40);
    const explained = new Set(
      Object.values(refusals).flatMap(({ errcode }) => [...idsOf(page(`/errors/${errcode}`, language))]),
    );
    // What a usage record is refused with stands in a table of its own; who has hung up is answered nothing.
    const unexplained = [...hints].filter((hint) => !explained.has(hint) && !metering.has(hint));
    expect(unexplained.filter((hint) => !hint.endsWith("_broken_off"))).toEqual([]);
  });

  test("every page has a title and a description of its own", () => {
    const titles = site.pages[language].map(({ title }) => title);
    expect(new Set(titles).size).toBe(titles.length);
    for (const { path, description } of site.pages[language]) {
      expect(description.length, path).toBeGreaterThan(7);
      expect(description, path).not.toMatch(/[<>]|&#/);
    }
  });

  test("everything is found by search under an address that there is", () => {
    for (const { path, search } of site.pages[language]) {
      expect(search.length, path).toBeGreaterThan(0);
      for (const { url } of search) {
        const [target = "", hash] = url.split("#");
        expect(target).toBe(path);
        if (hash !== undefined) expect(idsOf(page(path, language)), url).toContain(hash);
      }
    }
  });
});

test("the samples of every operation are the files of examples/, in seven languages", () => {
  const sampled = readSampledOperations(repository);
  expect([...site.samples.keys()]).toEqual(operations.map(({ name }) => name));
  for (const operation of sampled) {
    const samples = site.samples.get(operation.name) ?? [];
    expect(samples).toHaveLength(7);
    for (const [at, sample] of samples.entries()) {
      const language = sampleLanguages[at];
      if (language === undefined) throw new Error("more samples than languages");
      const { file } = languageFor(language, operation);
      const source = readFileSync(join(repository, "examples", file), "utf8");
      expect(`${textOfHtml(sample.html)}\n`, file).toBe(source);
    }
  }
});
