import { readFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join, posix } from "node:path";
import type { Language } from "../../shared/language.tsx";
import { descriptionOf, escapeHtml, textOf } from "./anchors.ts";
import type { CodeBlocks } from "./highlight.ts";
import { type LinkTargets, type Section, renderMarkdown } from "./markdown.ts";
import { type Block, type BuiltPage, type Heading, type Island, languages } from "./page.ts";
import { sampleFiles } from "./samples.ts";

/** The checkout that the portal is built from. */
export const repository = join(import.meta.dirname, "../../../../..");

/** A document of the repository that is a page of the portal. */
interface Document {
  readonly path: string;
  readonly files: Record<Language, string>;
  /** Shown behind the section of this title. */
  readonly island?: { readonly name: Island; readonly after: Record<Language, string> };
  /** Where hints in the text are not those of refused calls. */
  readonly ownHints?: true;
}

function inDocs(name: string): Record<Language, string> {
  return { zh: `docs/${name}.zh-CN.md`, en: `docs/${name}.md` };
}

export const documents: readonly Document[] = [
  {
    path: "/",
    files: inDocs("quick-start"),
    island: { name: "samples", after: { zh: "3. 放进您的程序", en: "3. From your program" } },
  },
  { path: "/conventions", files: inDocs("conventions") },
  {
    path: "/signing",
    files: inDocs("signing"),
    island: { name: "signature-example", after: { zh: "一个完整的例子", en: "An example" } },
  },
  {
    path: "/samples",
    files: { zh: "examples/README.zh-CN.md", en: "examples/README.md" },
    island: { name: "samples", after: { zh: "各语言示例", en: "Language samples" } },
  },
  { path: "/usage", files: inDocs("usage-figures") },
  { path: "/metering", files: inDocs("metering"), ownHints: true },
  { path: "/changelog", files: inDocs("api-changelog") },
];

/** Pages that are applications rather than text. */
export const tools = [
  { path: "/debugger", title: { zh: "签名调试器", en: "Signature debugger" } },
  { path: "/explorer", title: { zh: "在线调试", en: "API explorer" } },
] as const;

export const errorsDocument = inDocs("errors");

/** What links and inline code can lead to, beside the documents. */
export interface Places {
  /** Paths of operations' pages, by operationId and by the operation's own path. */
  readonly operations: ReadonlyMap<string, string>;
  /** Addresses of explanations, by errcode and by hint. */
  readonly refusals: ReadonlyMap<string, string>;
}

/** Parts of documents that have a better place in the portal. */
const elsewhere: Readonly<Record<string, string>> = {
  "docs/signing.md#error-codes": "/docs/errors",
  "docs/openapi.json": "/openapi.json",
  "docs/signature-vectors.json": "/docs/signature-vectors.json",
};

function linkTargets(file: string, language: Language, places: Places, ownHints: boolean): LinkTargets {
  const repositoryPath = (href: string): string => posix.join(posix.dirname(file), href.replace(/#.*$/, ""));
  return {
    titleOf(href) {
      const source = readFileSync(join(repository, repositoryPath(href)), "utf8");
      return /^# (.*)$/m.exec(source)?.[1];
    },
    resolve(href) {
      if (/^(https?:|#)/.test(href)) return href;
      const [relative = "", hash = ""] = decodeURI(href).split("#");
      const target = repositoryPath(relative);
      const suffix = hash === "" ? "" : `#${hash}`;
      const known = elsewhere[target + suffix];
      if (known !== undefined) return known;
      if (target === "docs/openapi.json") return places.operations.get(hash);
      if (Object.values(errorsDocument).includes(target))
        return hash === "" ? "/docs/errors" : places.refusals.get(hash);
      const sample = sampleFiles.find((candidate) => `examples/${candidate.file}` === target);
      if (sample !== undefined) return `/docs/samples#${sample.language}`;
      const document = documents.find(({ files }) => Object.values(files).includes(target));
      return document === undefined ? undefined : `/docs${document.path}${suffix}`;
    },
    nameOf: (code) => tools.find(({ path }) => code === `/docs${path}`)?.title[language],
    ofCode(code) {
      if (ownHints && !/^\d+$/.test(code)) return places.operations.get(code);
      return places.operations.get(code) ?? places.refusals.get(code);
    },
  };
}

export async function readSections(
  files: Record<Language, string>,
  language: Language,
  codeBlocks: CodeBlocks,
  places: Places,
  ownHints = false,
): Promise<Section[]> {
  const file = files[language];
  const source = await readFile(join(repository, file), "utf8");
  return renderMarkdown(source, language, codeBlocks, linkTargets(file, language, places, ownHints));
}

export async function documentPages(
  document: Document,
  codeBlocks: CodeBlocks,
  places: Places,
): Promise<Record<Language, BuiltPage>> {
  const [zh = [], en = []] = await Promise.all(
    languages.map((language) => readSections(document.files, language, codeBlocks, places, document.ownHints === true)),
  );
  return { zh: documentPage(document, "zh", zh, en), en: documentPage(document, "en", en, zh) };
}

function documentPage(
  { path, island, files }: Document,
  language: Language,
  sections: readonly Section[],
  translated: readonly Section[],
): BuiltPage {
  const [title] = sections;
  if (title?.level !== 1) throw new Error(`${files[language]} does not begin with a title`);
  // A link to a section leads there in the other language too, as long as both are built alike.
  const alike =
    sections.length === translated.length && sections.every(({ level }, at) => level === translated[at]?.level);
  const blocks: Block[] = [];
  let html = "";
  for (const [at, section] of sections.entries()) {
    const other = alike && section.level > 1 ? translated[at]?.id : undefined;
    if (other !== undefined && !sections.some(({ id }) => id === other))
      html += `<span id="${escapeHtml(other)}"></span>`;
    html += section.headingHtml + section.html;
    if (section.title !== island?.after[language]) continue;
    blocks.push({ html }, { island: island.name, ...(island.name === "samples" ? { of: "memberInfo" } : {}) });
    html = "";
  }
  if (island !== undefined && blocks.length === 0)
    throw new Error(`${files[language]} has no section "${island.after[language]}" for ${island.name}`);
  blocks.push({ html });
  return {
    path,
    title: title.title,
    description: descriptionOf(sections.map(({ html }) => html).join("")),
    headings: headingsOf(sections),
    blocks,
    search: sections.map((section) => ({
      url: section.level === 1 ? path : `${path}#${section.id}`,
      page: title.title,
      heading: section.level === 1 ? "" : section.title,
      text: textOf(section.html),
    })),
  };
}

function headingsOf(sections: readonly Section[]): Heading[] {
  return sections.flatMap(({ id, title, level }) => (level === 2 || level === 3 ? [{ id, title, level }] : []));
}
