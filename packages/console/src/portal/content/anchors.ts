/** The id of a heading, as GitHub makes it, so that links within the repository's documents lead to the same place here. */
export function slugOf(title: string): string {
  return title
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\p{M}_\- ]/gu, "")
    .replaceAll(" ", "-");
}

export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (char) => `&#${char.charCodeAt(0)};`);
}

/** The text of built HTML, for search. */
export function textOf(html: string): string {
  return html
    .replace(/<button[\s\S]*?<\/button>|<a class="anchor"[\s\S]*?<\/a>/g, "")
    .replace(/<\/(p|li|tr|pre|dd|dt|div|h[1-6])>/g, "\n")
    .replace(/<\/t[dh]>/g, " ")
    .replace(/<[^>]*>/g, "")
    .replace(/&#(\d+);/g, (_, code: string) => String.fromCharCode(Number(code)))
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&quot;", '"')
    .replaceAll("&amp;", "&")
    .replace(/[ \t]+/g, " ")
    .replace(/\s*\n\s*/g, "\n")
    .trim();
}

/** The beginning of built HTML that describes it: its first paragraph, if that is not too long its first sentences. */
export function descriptionOf(html: string): string {
  const [, paragraph = ""] = /<p>([\s\S]*?)<\/p>/.exec(html) ?? [];
  const text = textOf(paragraph)
    .replace(/\s+/g, " ")
    .replace(/[:：]$/, "");
  if (text.length <= descriptionLengthMax) return text;
  const cut = text.slice(0, descriptionLengthMax);
  const end = Math.max(cut.lastIndexOf("。"), cut.lastIndexOf(". "), cut.lastIndexOf("；"));
  return end > 20 ? cut.slice(0, end + 1) : `${cut}…`;
}

/** About what search engines show. */
const descriptionLengthMax = 160;

/** The link beside a heading or a parameter, by which one gets its address. */
export function anchorLink(id: string): string {
  return `<a class="anchor" href="#${escapeHtml(id)}" aria-hidden="true" tabindex="-1">#</a>`;
}
