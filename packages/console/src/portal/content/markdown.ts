import createMarkdownIt, { type MarkdownIt, type Token } from "markdown-it";
import type { Language } from "../../shared/language.tsx";
import { anchorLink, escapeHtml, slugOf, textOf } from "./anchors.ts";
import type { CodeBlocks } from "./highlight.ts";

/** A heading with what follows it up to the next one; the first of a document is its title. */
export interface Section {
  readonly level: number;
  readonly title: string;
  readonly id: string;
  /** The heading itself, and then the rest. */
  readonly headingHtml: string;
  readonly html: string;
}

/** Where things are in the portal, asked for while a document is rendered. */
export interface LinkTargets {
  /** The portal's address of a link in a document, such as "metering.md#units"; undefined if it is not shown here. */
  resolve(href: string): string | undefined;
  /** What is shown for a link whose text is but a file's name. */
  titleOf(href: string): string | undefined;
  /** What a page of the portal is called that an inline code gives the address of, such as "/docs/debugger". */
  nameOf(code: string): string | undefined;
  /** The portal's address of what an inline code names: an error code, a hint, an operation's path. */
  ofCode(code: string): string | undefined;
}

/** Renders the repository's documents. HTML within them is not taken over; comments are dropped. */
export function renderMarkdown(
  source: string,
  language: Language,
  codeBlocks: CodeBlocks,
  targets: LinkTargets,
): Section[] {
  const markdown = createMarkdownIt({ html: false, linkify: false });
  addLinks(markdown, targets);
  addRowAnchors(markdown);
  markdown.renderer.rules.fence = (tokens, index) => {
    const token = tokens[index];
    return codeBlocks.block(token?.content ?? "", token?.info.trim() ?? "", language);
  };
  markdown.renderer.rules.softbreak = (tokens, index) => {
    const before =
      tokens
        .slice(0, index)
        .findLast(({ content }) => content !== "")
        ?.content.at(-1) ?? "";
    const after =
      tokens
        .slice(index)
        .find(({ content }) => content !== "")
        ?.content.at(0) ?? "";
    return isUnspaced(before, after) ? "" : "\n";
  };
  markdown.renderer.rules.table_open = () => '<div class="table" tabindex="0"><table>\n';
  markdown.renderer.rules.table_close = () => "</table></div>\n";

  const tokens = markdown.parse(prepared(source), {});
  const sections: Section[] = [];
  const seen = new Map<string, number>();
  let start = 0;
  for (let at = 0; at <= tokens.length; at++) {
    const isEnd = at === tokens.length;
    if (!isEnd && (tokens[at]?.type !== "heading_open" || tokens[at]?.level !== 0)) continue;
    if (at > start || isEnd) {
      const section = readSection(start, at);
      if (section !== undefined) sections.push(section);
    }
    start = at;
  }
  return sections;

  function readSection(from: number, to: number): Section | undefined {
    const open = tokens[from];
    const inline = tokens[from + 1];
    if (open?.type !== "heading_open" || inline === undefined) return undefined;
    const level = Number(open.tag.slice(1));
    const inner = markdown.renderer.renderInline(inline.children ?? [], markdown.options, {});
    const title = textOf(inner);
    const slug = slugOf(title);
    const repeated = seen.get(slug) ?? 0;
    seen.set(slug, repeated + 1);
    const id = repeated === 0 ? slug : `${slug}-${repeated}`;
    return {
      level,
      title,
      id,
      headingHtml: heading(level, id, inner),
      html: markdown.renderer.render(tokens.slice(from + 3, to), markdown.options, {}),
    };
  }
}

/** What a heading names may be linked elsewhere; the heading links to itself instead, unless it is the title. */
function heading(level: number, id: string, inner: string): string {
  const plain = inner.replace(/<\/?a\b[^>]*>/g, "");
  return level === 1
    ? `<h1>${plain}</h1>\n`
    : `<h${level} id="${escapeHtml(id)}">${anchorLink(id)}${plain}</h${level}>\n`;
}

/** A line break within Chinese text, or at its punctuation, is none of the text's; elsewhere it is a space. */
function isUnspaced(before: string, after: string): boolean {
  const punctuation = /[\u3000-\u303f\uff00-\uffef“”…—]/;
  const han = /\p{Script=Han}/u;
  return punctuation.test(before) || punctuation.test(after) || (han.test(before) && han.test(after));
}

/** Without what is there for readers of the repository: comments, the link to the other language, lists of the sections. */
function prepared(source: string): string {
  return source
    .replace(/<!--[\s\S]*?-->\n?/g, "")
    .replace(/^\[(?:中文|English)\]\([^)]*\)\n/m, "")
    .replace(/^(?:\[[^\]]*\]\(#[^)]*\)(?: ·\s*|\n))+$/m, "");
}

function addLinks(markdown: MarkdownIt, targets: LinkTargets): void {
  markdown.core.ruler.push("portal_links", (state) => {
    for (const block of state.tokens) {
      const children = block.children;
      if (children === null) continue;
      let inLink = false;
      const linked: typeof children = [];
      for (const [at, token] of children.entries()) {
        if (token.type === "link_open") {
          const href = String(token.attrGet("href") ?? "");
          const target = targets.resolve(href);
          const inner = children[at + 1];
          if (target !== undefined && inner !== undefined && /^[\w-]+(\.zh-CN)?\.md$|^examples\/$/.test(inner.content))
            inner.content = targets.titleOf(href) ?? inner.content;
          inLink = target !== undefined;
          if (target === undefined) continue;
          token.attrSet("href", target);
          if (/^https?:/.test(target)) token.attrSet("rel", "noreferrer");
        } else if (token.type === "link_close") {
          if (!inLink) continue;
          inLink = false;
        }
        if (inLink) linked.push(token);
        else if (token.type === "text") linked.push(...linkErrcodes(token));
        else if (token.type === "code_inline") linked.push(...linkCode(token));
        else linked.push(token);
      }
      block.children = linked;
    }

    function link(token: Token, target: string | undefined): Token[] {
      if (target === undefined) return [token];
      const open = new state.Token("link_open", "a", 1);
      open.attrSet("href", target);
      return [open, token, new state.Token("link_close", "a", -1)];
    }

    function linkCode(token: Token): Token[] {
      const name = targets.nameOf(token.content);
      if (name === undefined) return link(token, targets.ofCode(token.content));
      const named = new state.Token("text", "", 0);
      named.content = name;
      return link(named, token.content);
    }

    function linkErrcodes(token: Token): Token[] {
      return token.content.split(/\b(5\d{4})\b/).flatMap((content) => {
        const part = new state.Token("text", "", 0);
        part.content = content;
        return link(part, /^5\d{4}$/.test(content) ? targets.ofCode(content) : undefined);
      });
    }
  });
}

/** Rows of tables of hints are found by the hint: each name in a row's first cell becomes a place to link to. */
function addRowAnchors(markdown: MarkdownIt): void {
  markdown.core.ruler.push("portal_row_anchors", (state) => {
    let ofHints = false;
    let inFirst = false;
    for (const [index, token] of state.tokens.entries()) {
      if (token.type === "thead_open") ofHints = state.tokens[index + 3]?.content === "`hint`";
      else if (token.type === "tr_open") inFirst = true;
      else if (token.type === "td_close") inFirst = false;
      else if (token.type === "inline" && ofHints && inFirst)
        for (const child of token.children ?? []) if (child.type === "code_inline") child.attrSet("id", child.content);
    }
  });
}
